/** Mercurius with its own subscriptions, as its documentation sets them up. */
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import mercurius from 'mercurius'
import { TOPIC, typeDefs } from './schema.ts'
import { told } from './told.ts'

const app = fastify()
await app.register(mercurius, {
  schema: typeDefs,
  resolvers: {
    Query: { ready: () => true },
    Subscription: { grantEvents: { subscribe: (_root, _args, { pubsub }) => pubsub.subscribe(TOPIC) } },
  },
  subscription: true,
})
await app.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 })
told((app.server.address() as AddressInfo).port, (event) => {
  app.graphql.pubsub.publish({ topic: TOPIC, payload: { grantEvents: event } })
})
