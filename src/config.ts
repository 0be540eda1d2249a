import { isIP } from 'node:net'
import { z } from 'zod'
import { logLevels } from './log/pino.ts'
import { isLoopback } from './access/loopback.ts'

const truth = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true')
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const azureCredentials = ['managed-identity', 'workload-identity', 'client-secret'] as const
export type AzureCredential = (typeof azureCredentials)[number]
const awsCredentials = ['environment'] as const
const workRoles = ['api', 'enforcer'] as const

function whole(least: number, most: number) {
  const message = `must be a whole number from ${String(least)} to ${String(most)}`
  const inRange = (value: number) => value >= least && value <= most
  return z.string().regex(/^\d+$/, message).transform(Number).refine(inRange, message)
}

/** A comma-separated list, each entry checked alone so that a fault can name it. */
function list<Entry extends z.ZodType<string, string>>(entry: Entry) {
  const split = (text: string) => text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
  return z.string().transform(split).pipe(z.array(entry))
}

function url(protocols: RegExp, message: string) {
  return z.string().refine((text) => URL.canParse(text) && protocols.test(new URL(text).protocol), message)
}

/** An address of an identity provider or cloud: HTTPS, except on this machine. */
const secureUrl = z
  .string()
  .refine((text) => URL.canParse(text), 'must be a URL')
  .refine((text) => !URL.canParse(text) || isSecure(new URL(text)), 'must begin with https://')

/** The environment, variable by variable. The README's table of configuration is checked against it. */
export const variables = z.object({
  PORT: whole(0, 65_535).default(4000),
  HOST: z.string().default('127.0.0.1'),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: url(/^postgres(ql)?:$/, 'must begin with postgres:// or postgresql://').optional(),
  DATABASE_CONNECTIONS: whole(2, 1_000).default(10),
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
  ROLES: list(z.enum(workRoles, `must be one or more of ${workRoles.join(', ')}`))
    .refine((roles) => roles.length > 0, 'must name at least one role')
    .default([...workRoles]),
  NOTICE_BEFORE_END_SECONDS: whole(0, 3_600).default(300),
  OIDC_ISSUER: secureUrl.optional(),
  OIDC_AUDIENCE: z.string().optional(),
  OIDC_JWKS_URL: secureUrl.optional(),
  OIDC_CLOCK_TOLERANCE_SECONDS: whole(0, 300).default(5),
  OIDC_GROUPS_CLAIM: z.string().default('groups'),
  OIDC_ROLES_CLAIM: z.string().default('roles'),
  BOOTSTRAP_ADMIN: z
    .string()
    .regex(/^(user|group|app_role):.+$/, 'must be user:<id>, group:<id> or app_role:<name>')
    .optional(),
  TRUSTED_PROXIES: list(z.string().refine(isPrefix, 'must be addresses or CIDRs, separated by commas')).default([]),
  CORS_ORIGINS: list(z.string().refine(isOrigin, 'must be origins such as https://example.org')).default([]),
  GRAPHQL_INTROSPECTION: truth.default(true),
  GRAPHQL_PERSISTED_ONLY: truth.default(false),
  GRAPHQL_PERSISTED_FILE: z.string().optional(),
  GRAPHQL_MAX_DEPTH: whole(1, 100).default(15),
  GRAPHQL_MAX_COST: whole(1, 1_000_000).default(50_000),
  GRAPHQL_MAX_TOKENS: whole(10, 100_000).default(2_000),
  SUBSCRIPTIONS_PER_CONNECTION: whole(1, 10_000).default(100),
  CONNECTIONS_MAX: whole(1, 1_000_000).default(10_000),
  OPERATIONS_PER_SECOND: whole(1, 1_000_000).default(500),
  MESSAGES_PER_SECOND: whole(1, 100_000).default(20),
  MESSAGE_MAX_BYTES: whole(1_024, 16_777_216).default(262_144),
  REQUEST_TIMEOUT_SECONDS: whole(1, 3_600).default(30),
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  AZURE_CREDENTIAL: z.enum(azureCredentials, `must be one of ${azureCredentials.join(', ')}`).optional(),
  AZURE_TENANT_ID: z
    .string()
    .regex(/^[\da-z.-]+$/i, 'must be the id or a domain of a tenant')
    .optional(),
  AZURE_CLIENT_ID: z.string().optional(),
  AZURE_CLIENT_SECRET: z.string().optional(),
  AZURE_FEDERATED_TOKEN_FILE: z.string().optional(),
  AZURE_AUTHORITY_HOST: secureUrl.optional(),
  AZURE_SUBSCRIPTIONS: list(
    z.string().toLowerCase().regex(guid, 'must be subscription ids, separated by commas'),
  ).default([]),
  ARM_ENDPOINT: secureUrl.default('https://management.azure.com'),
  ARM_AUDIENCE: z.string().optional(),
  ARM_CA_FILE: z.string().optional(),
  AWS_CREDENTIAL: z.enum(awsCredentials, `must be ${awsCredentials.join(', ')}`).optional(),
  AWS_ACCOUNTS: list(z.string().regex(/^\d{12}$/, 'must be numbers of twelve digits, separated by commas')).default([]),
  AWS_REGIONS: list(z.string().regex(/^[a-z]+(-[a-z]+)+-\d+$/, 'must be regions such as eu-west-1')).default([]),
  AWS_ROLE_NAME: z
    .string()
    .regex(/^[\w+=,.@/-]{1,512}$/, 'must be the name of a role, with its path')
    .optional(),
  AWS_ROLE_EXTERNAL_ID: z
    .string()
    .regex(/^[\w+=,.@:/-]{2,1224}$/, 'must be 2 to 1224 letters, digits or +=,.@:/-')
    .optional(),
  AWS_ENDPOINT: secureUrl.optional(),
  SIMULATOR_OPERATION_MS: whole(0, 600_000).default(200),
})

/** The configuration, checked; null in an optional variable's place means that it was not set. */
export type Config = {
  readonly [Name in keyof z.output<typeof variables>]-?: undefined extends z.output<typeof variables>[Name]
    ? Exclude<z.output<typeof variables>[Name], undefined> | null
    : z.output<typeof variables>[Name]
}

/** Variables whose value no message may show. */
const secrets = new Set(['DATABASE_URL', 'AZURE_CLIENT_SECRET', 'METRICS_TOKEN'])

/** Everything that is wrong with the environment, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

/** Reads the environment once. An empty variable counts as not set. Throws a `ConfigError` that names every fault. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''))
  const read = variables.safeParse(set)
  const faults = (read.error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0])
    return `${name} ${issue.message}${secrets.has(name) ? '' : `, but is ${JSON.stringify(set[name])}`}`
  })
  faults.push(...missing(set))
  if (!read.success || faults.length > 0) throw new ConfigError([...new Set(faults)])
  const unset = Object.keys(variables.shape).filter((name) => !(name in read.data))
  return Object.freeze({ ...Object.fromEntries(unset.map((name) => [name, null])), ...read.data }) as Config
}

/** Faults between variables, found whether or not each of them is right in itself. */
function missing(set: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = []
  const need = (name: string, why: string) => {
    if (set[name] === undefined) faults.push(`${name} must be set: ${why}`)
  }
  if (set['OIDC_ISSUER'] !== undefined)
    need('OIDC_AUDIENCE', 'OIDC_ISSUER is, and tokens made for others must not pass')
  else if (!isLoopback(typeof set['HOST'] === 'string' ? set['HOST'] : '127.0.0.1'))
    faults.push(
      'HOST must be a loopback address while OIDC_ISSUER is not set: without an identity provider the gateway serves loopback only',
    )
  if (set['GRAPHQL_PERSISTED_ONLY'] === 'true') need('GRAPHQL_PERSISTED_FILE', 'GRAPHQL_PERSISTED_ONLY is true')
  if (set['AWS_ROLE_EXTERNAL_ID'] !== undefined) need('AWS_ROLE_NAME', 'AWS_ROLE_EXTERNAL_ID is')
  if (set['AZURE_CREDENTIAL'] === 'client-secret')
    for (const name of ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET'])
      need(name, 'AZURE_CREDENTIAL is client-secret')
  if (set['AZURE_CREDENTIAL'] === 'workload-identity')
    for (const name of ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_FEDERATED_TOKEN_FILE'])
      need(name, 'AZURE_CREDENTIAL is workload-identity')
  return faults
}

function isSecure(address: URL): boolean {
  return address.protocol === 'https:' || (address.protocol === 'http:' && isLoopback(address.hostname))
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

function isPrefix(text: string): boolean {
  const [address = '', length] = text.split('/')
  const family = isIP(address)
  return family !== 0 && (length === undefined || (/^\d+$/.test(length) && Number(length) <= (family === 4 ? 32 : 128)))
}
