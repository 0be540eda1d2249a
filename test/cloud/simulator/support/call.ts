import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import type {
  AzureFirewall,
  NatRule,
  Resource,
  RuleProperties,
  SecurityGroup,
} from '../../../../src/cloud/simulator/resource.ts'

/** What a test needs to know of a cloud to call it. */
export interface Reachable {
  readonly endpoint: string
  readonly certificateAuthority: string
  readonly token: string
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Undefined when there is none. */
  readonly body: unknown
}

export interface CallOptions {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A bare client over HTTPS: it retries nothing and waits for nothing. */
export interface Arm {
  /** Calls a path, or an address as the cloud gave it out. Adds the api-version and the token where they are missing. */
  call(path: string, options?: CallOptions): Promise<Reply>
  get(path: string): Promise<Reply>
  put(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>
  delete(path: string): Promise<Reply>
  /** Polls the operation of a write once. */
  poll(write: Reply): Promise<Reply>
  /** Breaks every connection. */
  close(): void
}

export function connectTo({ endpoint, certificateAuthority, token }: Reachable): Arm {
  const agent = new Agent({ keepAlive: true, ca: certificateAuthority })
  const call = (path: string, { method = 'GET', body, headers = {} }: CallOptions = {}) => {
    const url = new URL(path, endpoint)
    if (!url.search.includes('api-version')) url.searchParams.set('api-version', '2025-05-01')
    return new Promise<Reply>((resolve, reject) => {
      const outgoing = request(url, { agent, method, headers: { Authorization: `Bearer ${token}`, ...headers } })
      outgoing.on('error', reject)
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('error', reject)
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const read: unknown = text === '' ? undefined : JSON.parse(text)
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: read })
        })
      })
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
  return {
    call,
    get: (path) => call(path),
    put: (path, body, headers = {}) => call(path, { method: 'PUT', body, headers }),
    delete: (path) => call(path, { method: 'DELETE' }),
    poll: (write) => call(String(write.headers['azure-asyncoperation'])),
    close: () => {
      agent.destroy()
    },
  }
}

/** The body as a security group. */
export function groupIn({ body }: Reply): SecurityGroup {
  return body as SecurityGroup
}

/** The body as a firewall. */
export function firewallIn({ body }: Reply): AzureFirewall {
  return body as AzureFirewall
}

/** A NAT rule to write: port 2022 of 203.0.113.1 to SSH of 10.0.0.4, for one address, unless said otherwise. */
export function natRule(name: string, more: Partial<NatRule> = {}): NatRule {
  return {
    name,
    protocols: ['TCP'],
    sourceAddresses: ['203.0.113.7'],
    destinationAddresses: ['203.0.113.1'],
    destinationPorts: ['2022'],
    translatedAddress: '10.0.0.4',
    translatedPort: '22',
    ...more,
  }
}

/** A collection of NAT rules to write. */
export function natCollection(name: string, priority: number, ...rules: readonly NatRule[]) {
  return { name, properties: { priority, action: { type: 'Dnat' }, rules } }
}

/** The names of a group's rules, in their order. */
export function ruleNamesIn(reply: Reply): string[] {
  return groupIn(reply).properties.securityRules.map(({ name }) => name)
}

/** The body as a refusal. */
export function errorIn({ body }: Reply) {
  return (body as { error: { code: string; message: string; details?: { code: string; message: string }[] } }).error
}

/** The body as a page of a list. */
export function pageIn({ body }: Reply): { value: Resource[]; nextLink?: string } {
  return body as { value: Resource[]; nextLink?: string }
}

/** A rule to write: SSH from one address, unless said otherwise. */
export function rule(name: string, priority: number, more: Partial<RuleProperties> = {}) {
  return {
    name,
    properties: {
      access: 'Allow',
      direction: 'Inbound',
      priority,
      protocol: 'Tcp',
      sourceAddressPrefix: '203.0.113.7',
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: '22',
      ...more,
    },
  }
}
