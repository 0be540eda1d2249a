/** What an Azure Firewall shows besides its NAT rules. */
export interface FirewallShown {
  /** The priorities that its rule collections of any sort have, ours too: no two may have the same. */
  readonly priorities: readonly number[]
}
