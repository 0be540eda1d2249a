/** What the peers serve: the one subscription of the benchmark, with the names and types it has in the product. */
export const typeDefs = /* GraphQL */ `
  scalar DateTime
  scalar CIDR

  enum GrantEventKind {
    GRANT_OPENING
    GRANT_ACTIVATED
    GRANT_CLOSING
    GRANT_CLOSED
  }

  enum GrantState {
    OPENING
    ACTIVE
    CLOSING
    CLOSED
  }

  enum Protocol {
    TCP
    UDP
    ANY
  }

  type GrantEvent {
    cursor: String!
    kind: GrantEventKind!
    at: DateTime!
    grantId: ID!
    virtualMachineId: ID!
    requesterId: String!
    state: GrantState!
    port: Int!
    protocol: Protocol!
    sources: [CIDR!]!
    endsAt: DateTime
    correlationId: String
  }

  type Query {
    "The language asks for a query type."
    ready: Boolean!
  }

  type Subscription {
    grantEvents: GrantEvent!
  }
`

/** The topic of every event. */
export const TOPIC = 'grantEvents'
