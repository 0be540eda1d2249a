import { expect, vi } from 'vitest'
import type { AzureFirewall } from '../../../src/cloud/simulator/resource.ts'
import type { MachineSketch } from '../../../src/cloud/simulator/estate/sketch.ts'
import { useRig, within } from './rig.ts'

/** The public address of the firewall. */
export const front = '198.51.100.1'

/** A rig behind one firewall, which publishes port 8443 of the machine `plain`. */
export function useFirewallRig(machines: readonly MachineSketch[]) {
  const nat = [{ name: 'https', port: 443, to: 'plain', toPort: 8443 }]
  const rig = useRig(machines, 5, { name: 'fw', publicAddresses: [front], nat })
  const firewallId = () => rig.machine('plain').firewallId ?? ''
  return {
    rig,
    firewallId,
    firewall: () => rig.simulator.read(firewallId()) as AzureFirewall,
    firewallWrites: () => rig.writesOf(firewallId()),
    /** What each boundary was seen to show for the grant. */
    statuses: async (grantId: string) => {
      const { rows } = await rig.database.store.pool.query<{ kind: string; status: string }>(
        `select b.kind::text, e.status::text from enforcements e join boundaries b on b.id = e.boundary_id
          where grant_id = $1 order by b.kind`,
        [grantId],
      )
      return rows.map(({ kind, status }) => `${kind} ${status}`)
    },
    /** Waits until the machine's port is closed. */
    closed: (name: string) => vi.waitFor(() => expect(rig.passes(name)).toBe(false), within),
  }
}
