import type { Clock } from '../../../time/clock.ts'
import type {
  Account,
  Ec2Estate,
  Group,
  GroupRule,
  Instance,
  NetworkInterface,
  PrefixList,
  Subnet,
  Vpc,
} from './resource.ts'

/** The resources by id. */
export interface Tables {
  readonly vpcs: Map<string, Vpc>
  readonly subnets: Map<string, Subnet>
  readonly prefixLists: Map<string, PrefixList>
  readonly instances: Map<string, Instance>
  readonly interfaces: Map<string, NetworkInterface>
  readonly groups: Map<string, Group>
  readonly rules: Map<string, GroupRule>
}

/** A change, made to what is so at once and to what is shown a while later: it must do the same both times. */
export type Change = (tables: Tables) => void

/**
 * The resources of a simulated EC2. Writes are judged by what is so, and packets as well; what is described lags behind
 * by as much as it is told, as EC2's eventual consistency has it.
 */
export interface Ec2World {
  readonly accounts: ReadonlyMap<string, Account>
  /** What is so. */
  readonly now: Tables
  /** What Describe calls see at the moment. */
  shown(): Tables
  commit(change: Change): void
  /** Shows everything that is so, at once. */
  catchUp(): void
  estate(): Ec2Estate
}

/** Opens an estate; `changed` is called after every change, and `lagMs` says how far behind what is shown is. */
export function openWorld(estate: Ec2Estate, clock: Clock, lagMs: () => number, changed: () => void): Ec2World {
  const [now, shown] = [tablesOf(estate), tablesOf(estate)]
  let behind: { readonly dueMs: number; readonly change: Change }[] = []
  const accounts = new Map(estate.accounts.map((account) => [account.accountId, account]))
  return {
    accounts,
    now,
    shown() {
      const moment = clock.now()
      while (behind[0] !== undefined && behind[0].dueMs <= moment) behind.shift()?.change(shown)
      return shown
    },
    commit(change) {
      change(now)
      behind.push({ dueMs: clock.now() + lagMs(), change })
      // Later changes may be told to show earlier; each is shown after those it was made upon.
      behind = behind.map((entry, index) => ({ ...entry, dueMs: Math.max(entry.dueMs, behind[index - 1]?.dueMs ?? 0) }))
      changed()
    },
    catchUp() {
      for (const { change } of behind.splice(0)) change(shown)
    },
    estate: () => ({
      accounts: [...accounts.values()],
      vpcs: [...now.vpcs.values()],
      subnets: [...now.subnets.values()],
      prefixLists: [...now.prefixLists.values()],
      instances: [...now.instances.values()],
      interfaces: [...now.interfaces.values()],
      groups: [...now.groups.values()],
      rules: [...now.rules.values()],
    }),
  }
}

function tablesOf(estate: Ec2Estate): Tables {
  const byId = <Item extends { readonly id: string }>(items: readonly Item[]) =>
    new Map(items.map((item) => [item.id, item]))
  return {
    vpcs: byId(estate.vpcs),
    subnets: byId(estate.subnets),
    prefixLists: byId(estate.prefixLists),
    instances: byId(estate.instances),
    interfaces: byId(estate.interfaces),
    groups: byId(estate.groups),
    rules: byId(estate.rules),
  }
}
