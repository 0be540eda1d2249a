/** Mercurius with its loaders and compiled documents, as its documentation sets them up. */
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import mercurius from 'mercurius'
import { listsOf, onesOf } from './batch.ts'
import { activityType, plainFields, queries, type GrantArguments } from './resolvers.ts'
import { activitiesOf, countsOf, grantsOf, machinesById, policiesOf, portsOf } from './rows.ts'
import { typeDefs } from './schema.ts'

type Asked<Row, Arguments = object> = readonly { readonly obj: Row; readonly params: Arguments }[]
type WithId = { readonly id: string }
const ids = (asked: Asked<WithId>) => asked.map(({ obj }) => obj.id)
/** A cache within one request would cost more than it saves: it turns every row into a key. */
const opts = { cache: false }

const app = fastify()
await app.register(mercurius, {
  schema: typeDefs,
  resolvers: { ...plainFields, Query: queries, Activity: { resolveType: activityType } } as never,
  loaders: {
    VirtualMachine: {
      policy: {
        loader: async (asked: Asked<WithId>) => onesOf(ids(asked), await policiesOf(ids(asked)), ({ vmId }) => vmId),
        opts,
      },
      grants: {
        async loader(asked: Asked<WithId, GrantArguments>) {
          const { first = 0, filter } = asked[0]?.params ?? {}
          const rows = await grantsOf(ids(asked), filter?.states[0] ?? '', first)
          return listsOf(ids(asked), rows, ({ vmId }) => vmId).map((nodes) => ({ nodes }))
        },
        opts,
      },
      activity: {
        async loader(asked: Asked<WithId, { first: number }>) {
          const rows = await activitiesOf(ids(asked), asked[0]?.params.first ?? 0)
          return listsOf(ids(asked), rows, ({ vmId }) => vmId).map((nodes) => ({ nodes }))
        },
        opts,
      },
    },
    Policy: {
      ports: {
        loader: async (asked: Asked<WithId>) => listsOf(ids(asked), await portsOf(ids(asked)), (port) => port.policyId),
        opts,
      },
    },
    Grant: {
      virtualMachine: {
        async loader(asked: Asked<{ readonly vmId: string }>) {
          const vmIds = asked.map(({ obj }) => obj.vmId)
          return onesOf(vmIds, await machinesById([...new Set(vmIds)]), ({ id }) => id)
        },
        opts,
      },
    },
    Account: {
      virtualMachineCounts: {
        loader: async (asked: Asked<WithId>) =>
          onesOf(ids(asked), await countsOf(ids(asked)), ({ accountId }) => accountId),
        opts,
      },
    },
  } as never,
  jit: 1,
  graphiql: false,
})
process.on('disconnect', () => process.exit(0))
await app.listen({ port: 0, host: '127.0.0.1' })
process.send?.({ port: (app.server.address() as AddressInfo).port })
