import type { UnsupportedReason } from './words.ts'

/** Why a machine cannot be guarded, for whoever is to change that. */
export interface UnsupportedMeaning {
  /** What was found. */
  readonly cause: string
  /** What to do so that it can be guarded: the next inventory sync finds it done. */
  readonly cure: string
}

export const unsupportedMeanings: Readonly<Record<UnsupportedReason, UnsupportedMeaning>> = {
  NO_NETWORK_SECURITY_GROUP: {
    cause:
      'No boundary stands before any of its interfaces, neither a group nor a firewall: there is nothing to write rules to.',
    cure: 'Associate a network security group with its interface or its subnet.',
  },
  BOUNDARY_NOT_VISIBLE: {
    cause:
      'A boundary on the path of one of its interfaces is not shown to the gateway, which could neither open nor close it.',
    cure: 'Let the identity of the gateway read and write that boundary: for a network security group, Microsoft.Network/networkSecurityGroups/read and /write at its resource group.',
  },
  CLASSIC: {
    cause: 'It was deployed through the classic model, whose endpoints the gateway cannot write.',
    cure: 'Migrate it to Azure Resource Manager.',
  },
  NO_PRIVATE_ADDRESS: {
    cause: 'No private address of it is known, so that no rule could name it.',
    cure: 'Give one of its interfaces a private address, or attach an interface that has one.',
  },
  FIREWALL_MANAGED_BY_POLICY: {
    cause:
      'The firewall of its network keeps its rules in a policy (Firewall Manager), where the gateway does not write.',
    cure: 'Give the firewall rules of its own (classic rules), or move the machine to a network without that firewall.',
  },
  DISABLED_BY_POLICY: {
    cause:
      'A policy of its subscription, its resource group or what they belong to turns just-in-time access off: an assignment of Azure Policy sets the effect of “Management ports of virtual machines should be protected with just-in-time network access control” to Disabled.',
    cure: 'Set that effect to AuditIfNotExists in the assignment, exclude the machine’s scope from it, or assign the policy nearer to the machine.',
  },
  OTHER: {
    cause: 'The cloud shows something of it that the gateway cannot guard.',
    cure: 'Look at the machine and its interfaces at the cloud, and have the account synced once they are as they should be.',
  },
}
