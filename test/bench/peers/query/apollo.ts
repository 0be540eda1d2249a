/** Apollo Server with a DataLoader for each relation, made anew for each request, as its documentation sets them up. */
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import DataLoader from 'dataloader'
import { listsOf, onesOf } from './batch.ts'
import { activityType, plainFields, queries, type GrantArguments } from './resolvers.ts'
import { activitiesOf, countsOf, grantsOf, machinesById, policiesOf, portsOf, type GrantRow } from './rows.ts'
import { typeDefs } from './schema.ts'

type Loaders = ReturnType<typeof loaders>
type WithId = { readonly id: string }

/** Arguments of a field are the same for all its rows: a loader takes those of its first. */
function loaders() {
  let [grants, activity]: [GrantArguments | undefined, { first: number } | undefined] = [undefined, undefined]
  const grantLoader = new DataLoader(async (vmIds: readonly string[]) =>
    listsOf(vmIds, await grantsOf(vmIds, grants?.filter.states[0] ?? '', grants?.first ?? 0), (grant) => grant.vmId),
  )
  const activityLoader = new DataLoader(async (vmIds: readonly string[]) =>
    listsOf(vmIds, await activitiesOf(vmIds, activity?.first ?? 0), (fact) => fact.vmId),
  )
  return {
    policy: new DataLoader(async (vmIds: readonly string[]) =>
      onesOf(vmIds, await policiesOf(vmIds), (policy) => policy.vmId),
    ),
    ports: new DataLoader(async (policyIds: readonly string[]) =>
      listsOf(policyIds, await portsOf(policyIds), (port) => port.policyId),
    ),
    machine: new DataLoader(async (ids: readonly string[]) => onesOf(ids, await machinesById(ids), ({ id }) => id)),
    counts: new DataLoader(async (ids: readonly string[]) =>
      onesOf(ids, await countsOf(ids), ({ accountId }) => accountId),
    ),
    grants(vmId: string, args: GrantArguments) {
      grants ??= args
      return grantLoader.load(vmId)
    },
    activity(vmId: string, args: { first: number }) {
      activity ??= args
      return activityLoader.load(vmId)
    },
  }
}

const server = new ApolloServer<Loaders>({
  typeDefs,
  resolvers: {
    ...plainFields,
    Query: queries,
    Activity: { __resolveType: activityType },
    VirtualMachine: {
      ...plainFields.VirtualMachine,
      policy: ({ id }: WithId, _args: unknown, { policy }: Loaders) => policy.load(id),
      grants: async ({ id }: WithId, args: GrantArguments, all: Loaders) => ({ nodes: await all.grants(id, args) }),
      activity: async ({ id }: WithId, args: { first: number }, all: Loaders) => ({
        nodes: await all.activity(id, args),
      }),
    },
    Policy: { ...plainFields.Policy, ports: ({ id }: WithId, _args: unknown, { ports }: Loaders) => ports.load(id) },
    Grant: {
      ...plainFields.Grant,
      virtualMachine: ({ vmId }: GrantRow, _args: unknown, { machine }: Loaders) => machine.load(vmId),
    },
    Account: {
      virtualMachineCounts: ({ id }: WithId, _args: unknown, { counts }: Loaders) => counts.load(id),
    },
  },
  introspection: false,
})
const { url } = await startStandaloneServer(server, {
  listen: { port: 0, host: '127.0.0.1' },
  context: () => Promise.resolve(loaders()),
})
process.on('disconnect', () => process.exit(0))
process.send?.({ port: Number(new URL(url).port) })
