/** What Mercurius and Apollo Server serve: the part of the gateway's schema that the documents ask for. */
export const typeDefs = /* GraphQL */ `
  scalar DateTime
  scalar Duration
  scalar CIDR

  enum OperatingSystem {
    LINUX
    WINDOWS
  }

  enum PowerState {
    RUNNING
    STOPPED
    DEALLOCATED
    STARTING
    STOPPING
    UNKNOWN
  }

  enum JitStatus {
    CONFIGURED
    NOT_CONFIGURED
    UNSUPPORTED
  }

  enum Protocol {
    TCP
    UDP
    ANY
  }

  enum GrantState {
    PENDING_APPROVAL
    SCHEDULED
    OPENING
    ACTIVE
    CLOSING
    CLOSED
    OPEN_FAILED
  }

  enum EndReason {
    TIME_UP
    REVOKED
    RELEASED
    SUPERSEDED
    POLICY_CHANGED
    VM_GONE
    LOCKED_DOWN
  }

  enum ActorKind {
    PERSON
    PROGRAM
    GATEWAY
  }

  enum ActivityKind {
    GRANT_OPENING
    GRANT_ACTIVATED
    GRANT_DRIFTED
    GRANT_CLOSING
    GRANT_CLOSED
    ACCESS_REQUESTED
  }

  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }

  type Actor {
    kind: ActorKind!
    name: String!
  }

  type PolicyPort {
    port: Int!
    protocol: Protocol!
    allowedSources: [CIDR!]!
    maximumDuration: Duration!
  }

  type Policy {
    id: ID!
    version: Int!
    ports: [PolicyPort!]!
  }

  type Requester {
    name: String!
  }

  type Grant {
    id: ID!
    state: GrantState!
    port: Int!
    protocol: Protocol!
    sources: [CIDR!]!
    requestedAt: DateTime!
    endsAt: DateTime
    requester: Requester!
    virtualMachine: VirtualMachine
  }

  type GrantConnection {
    pageInfo: PageInfo!
    nodes: [Grant!]!
  }

  input GrantFilter {
    states: [GrantState!]
  }

  interface Activity {
    kind: ActivityKind!
    at: DateTime!
    actor: Actor!
  }

  type GrantActivity implements Activity {
    kind: ActivityKind!
    at: DateTime!
    actor: Actor!
    state: GrantState!
    port: Int!
    protocol: Protocol!
    sources: [CIDR!]!
    endsAt: DateTime
    endReason: EndReason
  }

  type RequestActivity implements Activity {
    kind: ActivityKind!
    at: DateTime!
    actor: Actor!
    justification: String
    grantCount: Int!
  }

  type ActivityConnection {
    nodes: [Activity!]!
  }

  type VirtualMachine {
    id: ID!
    name: String!
    resourceGroup: String!
    location: String!
    os: OperatingSystem
    power: PowerState!
    jitStatus: JitStatus!
    policy: Policy
    grants(first: Int, filter: GrantFilter): GrantConnection!
    activity(first: Int): ActivityConnection!
  }

  type VirtualMachineConnection {
    pageInfo: PageInfo!
    nodes: [VirtualMachine!]!
  }

  type VirtualMachineCounts {
    configured: Int!
    notConfigured: Int!
    unsupported: Int!
  }

  type Account {
    name: String!
    virtualMachineCounts: VirtualMachineCounts!
  }

  type Query {
    virtualMachines(first: Int, after: String): VirtualMachineConnection!
    virtualMachine(id: ID!): VirtualMachine
    grants(first: Int, after: String, filter: GrantFilter): GrantConnection!
    account(id: ID!): Account
  }
`
