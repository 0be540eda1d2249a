import { formatDuration } from '../time/duration.ts'
import { readApproval, type ApprovalInput, type ApprovalRule } from './approval.ts'
import { anySource } from './prefix.ts'
import { readSources } from './source.ts'
import type { TextRule } from './text-rule.ts'
import type { UserError } from './user-error.ts'
import { protocols, type OperatingSystem, type Protocol } from './words.ts'

/** A port of a policy, as asked. Null means the default: TCP, any source, three hours, approval as of the policy. */
export interface PortInput {
  readonly port: number
  readonly protocol?: Protocol | null
  readonly allowedSources?: readonly string[] | null
  readonly maximumDurationSeconds?: number | null
  readonly approvalRule?: ApprovalInput | null
}

/** A port of a policy: what may be asked of it. */
export interface PolicyPort {
  readonly port: number
  readonly protocol: Protocol
  /** Canonical CIDRs; a source must lie in one of them. */
  readonly allowedSources: readonly string[]
  readonly maximumDurationSeconds: number
  /** Who has to approve what is asked of this port; null: as the policy says. */
  readonly approval: ApprovalRule | null
}

/** All that a policy says of what may be asked. */
export interface PolicyTerms {
  readonly ports: readonly PolicyPort[]
  /** Who has to approve what is asked; null when nobody has to. */
  readonly approval: ApprovalRule | null
  readonly justification: TextRule
  /** What is asked of the id of the ticket. */
  readonly ticket: TextRule
  /** Whether foreign rules of security groups that admit nothing but protected ports are taken away meanwhile. */
  readonly closesForeignRules: boolean
  /** How long before its end a grant is announced to end, in seconds; 0: never, null: as the gateway is configured. */
  readonly noticeSeconds: number | null
}

/** A port as a protocol and a number, without what may be asked of it. */
export interface PortKey {
  readonly port: number
  readonly protocol: Protocol
}

/** Bounds of a policy; durations in seconds. They are those of Microsoft Defender for Cloud, which the field knows. */
export const policyBounds = {
  mostPorts: 50,
  shortestDuration: 300,
  longestDuration: 86_400,
  defaultDuration: 10_800,
} as const

/** The ports that Microsoft Defender for Cloud recommends to protect: SSH, RDP and WinRM. */
export const recommendedPorts: readonly PortInput[] = [22, 3389, 5985, 5986].map((port) => ({ port }))

/** The numbers of these ports. */
export const managementPorts: readonly number[] = recommendedPorts.map(({ port }) => port)

/** The management ports that a system answers at: SSH on Linux, RDP and WinRM on Windows; any when it is not known. */
export function managementPortsOf(os: OperatingSystem | null): readonly number[] {
  return os === null ? managementPorts : managementPorts.filter((port) => (port === 22) === (os === 'LINUX'))
}

/** What is protected when nobody names ports: SSH on Linux, RDP on Windows; null when the system is not known. */
export function defaultPorts(os: OperatingSystem | null): readonly PolicyPort[] | null {
  if (os === null) return null
  return [
    {
      port: os === 'LINUX' ? 22 : 3389,
      protocol: 'TCP',
      allowedSources: anySource,
      maximumDurationSeconds: policyBounds.defaultDuration,
      approval: null,
    },
  ]
}

/** Whether two name one port: the same number and protocol. */
export const samePort = (left: PortKey) => (right: PortKey) =>
  left.port === right.port && left.protocol === right.protocol

/** Checks ports as asked and fills in the defaults; `field` is the path of the list in the verb's input. */
export function readPorts(
  input: readonly PortInput[],
  field: readonly string[],
): { readonly ports: readonly PolicyPort[]; readonly userErrors: readonly UserError[] } {
  const { mostPorts: limit } = policyBounds
  if (input.length > limit)
    return {
      ports: [],
      userErrors: [{ code: 'LIMIT_EXCEEDED', field, limit, message: `A policy has at most ${limit} ports.` }],
    }
  if (input.length === 0)
    return {
      ports: [],
      userErrors: [{ code: 'INVALID_INPUT', field, message: 'Name at least one port, or leave the list out.' }],
    }
  const read = input.map((port, index) => readPort(port, [...field, String(index)]))
  const ports = read.map((each) => each.port)
  return { ports, userErrors: [...read.flatMap((each) => each.userErrors), ...overlaps(ports, field)] }
}

function readPort(input: PortInput, field: readonly string[]) {
  const { shortestDuration, longestDuration, defaultDuration } = policyBounds
  const sources = readSources(input.allowedSources ?? anySource, [...field, 'allowedSources'])
  const userErrors: UserError[] = [...portErrors(input.port, field), ...sources.userErrors]
  const maximumDurationSeconds = input.maximumDurationSeconds ?? defaultDuration
  if (maximumDurationSeconds < shortestDuration || maximumDurationSeconds > longestDuration)
    userErrors.push({
      code: 'INVALID_INPUT',
      field: [...field, 'maximumDuration'],
      message: `A maximum duration lies between ${formatDuration(shortestDuration)} and ${formatDuration(longestDuration)}.`,
    })
  const approval = input.approvalRule ? readApproval(input.approvalRule, [...field, 'approvalRule']) : null
  userErrors.push(...(approval?.userErrors ?? []))
  const port: PolicyPort = {
    port: input.port,
    protocol: input.protocol ?? 'TCP',
    allowedSources: sources.sources,
    maximumDurationSeconds,
    approval: approval?.rule ?? null,
  }
  return { port, userErrors }
}

/** Why a number is no port; `field` is the path of the object that holds it. */
export function portErrors(port: number, field: readonly string[]): readonly UserError[] {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return []
  return [
    { code: 'INVALID_INPUT', field: [...field, 'port'], message: `A port lies between 1 and 65535; ${port} does not.` },
  ]
}

/** Whether `policy` protects all that `asked` names: ANY covers TCP and UDP, and only ANY covers ANY. */
export function covers(policy: PortKey, asked: PortKey): boolean {
  return policy.port === asked.port && (policy.protocol === 'ANY' || policy.protocol === asked.protocol)
}

/** Ports that say two things about one packet: the same port twice, or ANY beside TCP or UDP. */
export function overlaps(ports: readonly PortKey[], field: readonly string[]): readonly UserError[] {
  return ports.flatMap((port, index) =>
    ports.slice(0, index).some((earlier) => covers(earlier, port) || covers(port, earlier))
      ? [
          {
            code: 'INVALID_INPUT' as const,
            field: [...field, String(index)],
            message: `Port ${portText(port)} overlaps another of the list: ANY stands for all protocols.`,
          },
        ]
      : [],
  )
}

/** How the ports of a policy are to change: which are added or replaced, taken out, or approved by others; none in two. */
export interface PortChanges {
  readonly set: readonly PolicyPort[]
  readonly remove: readonly PortKey[]
  readonly approvals: readonly PortApproval[]
}

/** Who is to approve what is asked of a port; null: as the policy says. */
export interface PortApproval extends PortKey {
  readonly approval: ApprovalRule | null
}

/** The ports of a policy after changes. A port that is replaced keeps who approves it, unless the new one says. */
export function changePorts(
  current: readonly PolicyPort[],
  { set, remove, approvals }: PortChanges,
): readonly PolicyPort[] {
  const kept = current
    .filter((port) => !set.some(samePort(port)) && !remove.some(samePort(port)))
    .map((port) => ({ ...port, approval: (approvals.find(samePort(port)) ?? port).approval }))
  const added = set.map((port) => ({
    ...port,
    approval: port.approval ?? current.find(samePort(port))?.approval ?? null,
  }))
  return sortPorts([...kept, ...added])
}

/** Ports in the order in which policies have them. */
export function sortPorts(ports: readonly PolicyPort[]): readonly PolicyPort[] {
  return ports.toSorted(
    (left, right) => left.port - right.port || protocols.indexOf(left.protocol) - protocols.indexOf(right.protocol),
  )
}

/** A port as people write it: `22/TCP`. */
export function portText({ port, protocol }: PortKey): string {
  return `${port}/${protocol}`
}
