import { randomUUID } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { startEnforcer } from '../../src/enforcer/enforcer.ts'
import { desiredRules } from '../../src/firewall/desired.ts'
import { lookFor } from '../../src/firewall/look.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { startKeepingOpenPorts } from '../../src/inventory/keep-open-ports.ts'
import { silentLog } from '../../src/log/log.ts'
import { claimAccounts } from '../../src/store/inventory/claim-account.ts'
import { completeSync } from '../../src/store/inventory/complete.ts'
import { clearStage, readMoment, stagePage } from '../../src/store/inventory/stage.ts'
import { markOpenPortsDue, takeOpenPortsDue } from '../../src/store/open-ports/due.ts'
import { recordOpenPorts } from '../../src/store/open-ports/record.ts'
import { systemClock } from '../../src/time/clock.ts'
import { foreignNat } from '../firewall/azure-firewall/worlds.ts'
import { foreignRule } from '../firewall/rules.ts'
import { useDatabase } from '../support/database.ts'
import {
  firewallId,
  firewallPages,
  nsgId,
  pagesOf,
  vmId,
  type HandFirewall,
  type HandMachine,
} from './support/hand-cloud.ts'
import { ada, useSync } from './support/sync-rig.ts'

const database = useDatabase()
const { rows } = useSync(database)

const opening = (name: string, port: number, given: Partial<Rule> = {}) =>
  foreignRule(300 + (port % 100), { name, protocol: 'TCP', ports: [{ first: port, last: port }], ...given })
const ssh = opening('allow-ssh', 22)
const rdp = opening('allow-rdp', 3_389)
const https = opening('allow-https', 443)

let etag = 0
/** Has the account synced: these machines behind these groups, whose rules others may have changed. */
async function sync(
  machines: readonly HandMachine[],
  groups: Readonly<Record<string, readonly Rule[]>>,
  ...firewalls: readonly HandFirewall[]
): Promise<void> {
  const { store } = database
  const owner = randomUUID()
  await store.pool.query('update accounts set next_sync_at = gateway_now()')
  const [claim] = await claimAccounts(store, owner, { leaseMs: 60_000, resyncMs: 60_000 }, 1)
  if (claim === undefined) throw new Error('the account is claimed by somebody else')
  await clearStage(store, claim)
  const at = await readMoment(store)
  const boundaries = Object.entries(groups).map(([name, rules]) => ({ name, etag: String((etag += 1)), rules }))
  const gates = firewalls.flatMap((firewall) => firewallPages({ ...firewall, etag: String((etag += 1)) }))
  for (const page of [...pagesOf(machines, boundaries), ...gates]) {
    const ids = page.items.map((item) =>
      'boundaryId' in item && page.kind === 'boundaries' ? { ...item, id: item.boundaryId } : item,
    )
    await stagePage(store, claim, page.kind, at, ids as { readonly id: string }[])
  }
  expect(await completeSync(store, owner, claim, { resyncMs: 60_000, lookFor })).toBe(true)
}

/** What is known to be open of a machine, in short. */
async function open(name: string): Promise<string[]> {
  const [found] = await rows('select ports from open_ports where vm_id = $1', vmId(name))
  return ((found?.['ports'] ?? []) as { first: number; last: number; rules: { ruleName: string }[] }[]).map(
    ({ first, last, rules }) =>
      `${first === last ? first : `${first}-${last}`} ${rules.map((one) => one.ruleName).join(' ')}`,
  )
}

let heard = '0'
/** What the log says of exposures since the last look, in its order. */
async function said(): Promise<string[]> {
  const facts = await rows(
    `select position::text, kind, vm_id, detail from activities
     where kind in ('ExposureFound', 'ExposureCleared') and position > $1 order by position`,
    heard,
  )
  heard = (facts.at(-1)?.['position'] as string | undefined) ?? heard
  return facts.map(({ kind, vm_id: id, detail }) =>
    [kind, id.split('/').at(-1), detail.port, detail.ruleName, detail.guarded ? 'guarded' : 'not guarded'].join(' '),
  )
}

const web = { name: 'web', subnetNsg: 'front' }
const desk = { name: 'desk', subnetNsg: 'front', address: '10.0.0.9', more: { os: 'WINDOWS' as const } }

describe('a sync', () => {
  it('finds what rules leave open of each machine, and by which rule', async () => {
    await sync(
      [web, { name: 'both', subnetNsg: 'front', ownNsg: 'own' }, { name: 'shut', ownNsg: 'own', address: '10.0.0.8' }],
      {
        front: [ssh, https],
        own: [ssh],
      },
    )
    expect(await open('web')).toEqual(['22 allow-ssh', '443 allow-https'])
    expect(await open('both')).toEqual(['22 allow-ssh allow-ssh'])
    expect(await open('shut')).toEqual(['22 allow-ssh'])
  })

  it('finds that rules changed, that a path changed, and that a machine is gone', async () => {
    await sync([web, desk], { front: [https], own: [ssh] })
    expect(await open('web')).toEqual(['443 allow-https'])
    await sync([web, desk], { front: [], own: [ssh] })
    expect(await open('web')).toEqual([])
    await sync([{ ...web, subnetNsg: 'own' }, desk], { front: [], own: [ssh] })
    expect(await open('web')).toEqual(['22 allow-ssh'])
    await sync([desk], { front: [], own: [ssh] })
    expect(await open('web')).toEqual([])
    expect(await rows('select from reported_exposures')).toEqual([])
  })

  it('writes no row again for what stayed as it was', async () => {
    const versions = () =>
      rows('select vm_id, xmin::text from open_ports union all select vm_id, xmin::text from reported_exposures')
    await sync([web], { front: [ssh] })
    const before = await versions()
    await sync([web], { front: [ssh, foreignRule(900, { access: 'DENY', sources: ['203.0.113.0/24'] })] })
    expect(before).toHaveLength(2)
    expect(await versions()).toEqual(before)
  })
})

describe('what the log says of management ports', () => {
  it('is nothing of what was open before the account came under management', async () => {
    await sync([web], { front: [ssh] })
    expect(await said()).toEqual([])
    expect(await rows('select port, guarded, rule_name from reported_exposures')).toEqual([
      { port: 22, guarded: false, rule_name: 'allow-ssh' },
    ])
  })

  it('is that a management port was opened to any source, and that it is so no longer', async () => {
    await sync([web], { front: [] })
    await sync([web], { front: [ssh] })
    expect(await said()).toEqual(['ExposureFound web 22 allow-ssh not guarded'])
    await sync([web], { front: [{ ...ssh, name: 'another' }] })
    expect(await said()).toEqual([])
    expect(await rows('select rule_name from reported_exposures')).toEqual([{ rule_name: 'another' }])
    await sync([web], { front: [https] })
    expect(await said()).toEqual(['ExposureCleared web 22 another not guarded'])
  })

  it('is said of a new machine as well', async () => {
    await sync([web], { front: [] })
    await sync([web, { name: 'new', ownNsg: 'own', address: '10.0.0.7' }], { front: [], own: [ssh] })
    expect(await said()).toEqual(['ExposureFound new 22 allow-ssh not guarded'])
  })

  it('is said only of ports that its system answers at, and for any source: not of each port that a rule opens', async () => {
    await sync([web, desk], { front: [] })
    await sync([web, desk], { front: [ssh, rdp, https, opening('vnet', 5_985, { sources: ['VirtualNetwork'] })] })
    expect(await said()).toEqual([
      'ExposureFound desk 3389 allow-rdp not guarded',
      'ExposureFound web 22 allow-ssh not guarded',
    ])
    expect(await open('web')).toEqual(['22 allow-ssh', '443 allow-https', '3389 allow-rdp'])
  })
})

describe('a machine that comes to be guarded', () => {
  it('stays exposed until the port is seen to be closed, whatever was decided', async () => {
    const { store } = database
    await sync([web], { front: [ssh] })
    await enableJit({ store, viewer: ada }, { vmIds: [vmId('web')] })
    expect(await said()).toEqual([])
    expect(await rows('select port, guarded, rule_name from reported_exposures')).toEqual([
      { port: 22, guarded: true, rule_name: 'allow-ssh' },
    ])
    const machine = { vmId: vmId('web'), addresses: ['10.0.0.4'], ports: [{ port: 22, protocol: 'TCP' as const }] }
    const denied = desiredRules({ machines: [machine], grants: [] }, [ssh]).rules
    await sync([web], { front: [...denied, ssh] })
    expect(await said()).toEqual(['ExposureCleared web 22 allow-ssh guarded'])
    // Disabled again: the port is open once the deny is seen to be gone.
    await disableJit({ store, viewer: ada }, { vmIds: [vmId('web')] })
    expect(await said()).toEqual([])
    await sync([web], { front: [ssh] })
    expect(await said()).toEqual(['ExposureFound web 22 allow-ssh not guarded'])
  })

  it('has a management port exposed that its policy leaves out', async () => {
    const { store } = database
    await sync([desk], { front: [] })
    await enableJit({ store, viewer: ada }, { vmIds: [vmId('desk')], ports: [{ port: 5_985 }] })
    await sync([desk], { front: [rdp] })
    expect(await said()).toEqual(['ExposureFound desk 3389 allow-rdp not guarded'])
  })

  it('says at once that nothing stands before one of its interfaces', async () => {
    const { store } = database
    await sync([web], { front: [] })
    await store.pool.query(`update virtual_machine_interfaces set subnet_boundary_id = null`)
    await enableJit({ store, viewer: ada }, { vmIds: [vmId('web')] })
    expect(await said()).toEqual(['ExposureFound web 22  guarded'])
    await disableJit({ store, viewer: ada }, { vmIds: [vmId('web')] })
    expect(await said()).toEqual(['ExposureCleared web 22  guarded'])
  })
})

describe('rules that a pass of the enforcer observes', () => {
  it('are looked at again when they changed, but not for allows of grants', async () => {
    const { store, url } = database
    await sync([web, desk], { front: [] })
    await enableJit({ store, viewer: ada }, { vmIds: [vmId('web')] })
    let shown: readonly Rule[] = [rdp]
    const observe = () => {
      const observation = {
        kind: 'NETWORK_SECURITY_GROUP' as const,
        boundaryId: nsgId('front'),
        etag: String((etag += 1)),
        raw: {},
      }
      return Promise.resolve({ ...observation, rules: shown, ruleCount: shown.length })
    }
    const cloud = {
      observe,
      apply(_on: unknown, changes: { remove: readonly string[]; put: readonly Rule[] }) {
        shown = [
          ...shown.filter(
            ({ name }) => !changes.remove.includes(name) && !changes.put.some((rule) => rule.name === name),
          ),
          ...changes.put,
        ]
        return Promise.resolve({ correlationId: null })
      },
      inventory: () => {
        throw new Error('not asked here')
      },
    }
    const common = { store, url, clock: systemClock, log: silentLog, pollMs: 50 }
    const enforcer = startEnforcer({ ...common, cloud })
    let keeping = startKeepingOpenPorts(common)
    const within = { timeout: 10_000, interval: 10 }
    /** Has the boundary passed over once more. */
    const pass = async () => {
      await store.pool.query('update boundary_reconciles set next_run_at = gateway_now()')
      await vi.waitFor(async () => {
        const busy = 'select from boundary_reconciles where next_run_at <= gateway_now() or lease_owner is not null'
        expect(await rows(busy)).toEqual([])
      }, within)
    }
    await vi.waitFor(async () => expect(await open('desk')).toEqual(['3389 allow-rdp']), within)
    expect(await said()).toEqual(['ExposureFound desk 3389 allow-rdp not guarded'])

    await pass()
    await vi.waitFor(async () => expect(await rows('select from open_ports_due')).toEqual([]), within)
    await keeping.stop()
    shown = [...shown, foreignRule(150, { name: 'JitGateway-Allow-x', sources: ['203.0.113.7/32'] })]
    await pass()
    expect(shown.map(({ name }) => name)).not.toContain('JitGateway-Allow-x')
    expect(await rows('select from open_ports_due')).toEqual([])
    keeping = startKeepingOpenPorts(common)

    shown = shown.filter(({ name }) => name !== 'allow-rdp')
    await pass()
    await vi.waitFor(async () => expect(await open('desk')).toEqual([]), within)
    expect(await said()).toEqual(['ExposureCleared desk 3389 allow-rdp not guarded'])
    await Promise.all([enforcer.stop(), keeping.stop()])
  }, 30_000)
})

describe('machines whose open ports are to be looked for', () => {
  it('are each taken once, and never before the rules they were noted for can be read', async () => {
    const { store } = database
    await sync([web, desk], { front: [] })
    const { promise: noted, resolve: note } = Promise.withResolvers<void>()
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    await store.db.transaction((tx) => markOpenPortsDue(tx, nsgId('front')))
    const writer = store.db.transaction(async (tx) => {
      await tx.execute(`update boundaries set rules = '${JSON.stringify([ssh])}'`)
      await markOpenPortsDue(tx, nsgId('front'))
      note()
      await over
    })
    await noted
    const look = () =>
      store.db.transaction(async (tx) => {
        const due = await takeOpenPortsDue(tx, 10)
        await recordOpenPorts(
          tx,
          due.map((one) => one.vmId),
          lookFor,
        )
        return due.length
      })
    // They were due before, and are being noted again: whoever looked now would not see the new rules.
    expect(await look()).toBe(0)
    end()
    await writer
    expect(await Promise.all([look(), look()])).toEqual(expect.arrayContaining([expect.any(Number)]))
    expect(await open('web')).toEqual(['22 allow-ssh'])
    expect(await look()).toBe(0)
  })

  it('wait for a sync of their account, which looks for itself', async () => {
    const { store } = database
    await sync([web], { front: [ssh] })
    await store.db.transaction((tx) => markOpenPortsDue(tx, nsgId('front')))
    const { promise: held, resolve: hold } = Promise.withResolvers<void>()
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const syncing = store.db.transaction(async (tx) => {
      await tx.execute('select from accounts for update')
      hold()
      await over
    })
    await held
    let taken = false
    const looking = store.db.transaction((tx) => takeOpenPortsDue(tx, 10)).then(() => (taken = true))
    await vi.waitFor(async () =>
      expect(
        await rows(`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%open_ports_due%'`),
      ).toHaveLength(1),
    )
    expect(taken).toBe(false)
    end()
    await Promise.all([syncing, looking])
    expect(taken).toBe(true)
  })
})

describe('a firewall', () => {
  const gate = { name: 'fw' }
  const bare = { name: 'bare' }
  const leak = foreignNat({ name: 'published/ssh', translatesTo: { address: '10.0.0.4', port: 22 } })

  it('that sends everybody on to a machine is found when it does so, and when it no longer does', async () => {
    await sync([bare], {}, gate)
    await said()
    expect(await open('bare')).toEqual([])
    await sync([bare], {}, { ...gate, rules: [leak] })
    expect(await open('bare')).toEqual(['22 published/ssh'])
    expect(await said()).toEqual(['ExposureFound bare 22 published/ssh not guarded'])
    await sync([bare], {}, gate)
    expect(await open('bare')).toEqual([])
    expect(await said()).toEqual(['ExposureCleared bare 22 published/ssh not guarded'])
  })

  it('whose rules changed has the machines behind it looked at again', async () => {
    await sync([bare], {}, gate)
    const taken = await database.store.db.transaction(async (tx) => {
      await markOpenPortsDue(tx, firewallId('fw'))
      return takeOpenPortsDue(tx, 10)
    })
    expect(taken).toEqual([{ vmId: vmId('bare'), quiet: false }])
  })
})
