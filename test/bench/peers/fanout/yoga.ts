/** graphql-yoga with graphql-ws and createPubSub, as their documentation sets them up. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionArgs } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { createPubSub, createSchema, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'
import type { FanoutEvent } from '../../fanout/document.ts'
import { TOPIC, typeDefs } from './schema.ts'
import { told } from './told.ts'

const pubSub = createPubSub<{ [TOPIC]: [FanoutEvent] }>()
const yoga = createYoga({
  graphiql: false,
  logging: false,
  schema: createSchema({
    typeDefs,
    resolvers: {
      Query: { ready: () => true },
      Subscription: {
        grantEvents: { subscribe: () => pubSub.subscribe(TOPIC), resolve: (event: FanoutEvent) => event },
      },
    },
  }),
})
const server = createServer(yoga)
const sockets = new WebSocketServer({ server, path: yoga.graphqlEndpoint })

/** What the documentation passes through the root value: the functions of the request's own pipeline. */
type Enveloped = ExecutionArgs & { readonly rootValue: ReturnType<typeof yoga.getEnveloped> }

useServer(
  {
    execute: (args) => (args as Enveloped).rootValue.execute(args),
    subscribe: (args) => (args as Enveloped).rootValue.subscribe(args),
    async onSubscribe(context, _id, params) {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      })
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      }
      const errors = validate(args.schema, args.document)
      return errors.length > 0 ? errors : args
    },
  },
  sockets,
)

server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, () => {
  told((server.address() as AddressInfo).port, (event) => pubSub.publish(TOPIC, event))
})
