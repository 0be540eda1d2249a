/** What Mercurius and Apollo Server have in common: root fields, and fields that need no statement. */
import { cursorOf, globalId, readCursor, readId } from './ids.ts'
import {
  accountById,
  grantPage,
  machinePage,
  machinesById,
  type ActivityRow,
  type GrantRow,
  type PortRow,
} from './rows.ts'

interface PageArguments {
  readonly first: number
  readonly after?: string | null
}
export interface GrantArguments extends PageArguments {
  readonly filter: { readonly states: readonly [string] }
}

/** A page of the rows, of which one more than `first` was read where there are more. */
function page<Row>(rows: readonly Row[], first: number, keys: (row: Row) => readonly string[]) {
  const nodes = rows.slice(0, first)
  const last = nodes.at(-1)
  const endCursor = last === undefined ? null : cursorOf(keys(last))
  return { pageInfo: { hasNextPage: rows.length > first, endCursor }, nodes }
}

export const queries = {
  virtualMachines: async (_root: unknown, { first, after }: PageArguments) =>
    page(await machinePage(readCursor(after), first + 1), first, ({ name, id }) => [name, id]),
  virtualMachine: async (_root: unknown, { id }: { id: string }) => (await machinesById([readId(id)]))[0] ?? null,
  grants: async (_root: unknown, { first, after, filter }: GrantArguments) =>
    page(await grantPage(filter.states[0], readCursor(after), first + 1), first, ({ id }) => [id]),
  account: async (_root: unknown, { id }: { id: string }) => (await accountById(readId(id)))[0] ?? null,
}

const kinds: Readonly<Record<string, string>> = {
  GrantOpening: 'GRANT_OPENING',
  GrantActivated: 'GRANT_ACTIVATED',
  GrantDrifted: 'GRANT_DRIFTED',
  GrantClosing: 'GRANT_CLOSING',
  GrantClosed: 'GRANT_CLOSED',
  AccessRequested: 'ACCESS_REQUESTED',
}

const id = (type: string) => (row: { readonly id: string }) => globalId(type, row.id)
const activity = {
  kind: ({ kind }: ActivityRow) => kinds[kind],
  actor: ({ actorKind, actorName }: ActivityRow) => ({ kind: actorKind, name: actorName }),
}
const ofDetail = (name: string) => (row: ActivityRow) => row.detail[name]

export const plainFields = {
  VirtualMachine: { id: id('VirtualMachine') },
  Policy: { id: id('Policy') },
  PolicyPort: { maximumDuration: ({ maximumDurationSeconds }: PortRow) => duration(maximumDurationSeconds) },
  Grant: { id: id('Grant'), requester: ({ requesterName }: GrantRow) => ({ name: requesterName }) },
  GrantActivity: {
    ...activity,
    state: ofDetail('state'),
    port: ofDetail('port'),
    protocol: ofDetail('protocol'),
    sources: ofDetail('sources'),
    endsAt: ofDetail('endsAt'),
    endReason: ofDetail('endReason'),
  },
  RequestActivity: { ...activity, justification: ofDetail('justification'), grantCount: ofDetail('grants') },
}

export const activityType = ({ kind }: ActivityRow): string =>
  kind === 'AccessRequested' ? 'RequestActivity' : 'GrantActivity'

/** ISO 8601, of whole seconds. */
function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)]
  return `PT${hours > 0 ? `${String(hours)}H` : ''}${minutes > 0 ? `${String(minutes)}M` : ''}`
}
