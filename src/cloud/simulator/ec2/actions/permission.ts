import { invalid, missing } from '../fault.ts'
import type { GroupRule, Peer } from '../resource.ts'
import type { Query } from '../wire/query.ts'
import { blockText, readBlock } from '../../prefix.ts'

/** What one rule is to say, as it was asked. */
export type Asked = Pick<GroupRule, 'protocol' | 'fromPort' | 'toPort' | 'peer' | 'description'>

/** What a description may hold, in EC2's words. */
const CHARACTERS = 'a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*'
const DESCRIPTION = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{0,255}$/

/** The rules that `IpPermissions` asks for: one for each source that it names. */
export function readPermissions(query: Query, accountId: string): Asked[] {
  const permissions = query.parts('IpPermissions')
  if (permissions.length === 0) throw missing('ipPermissions')
  return permissions.flatMap((permission) => {
    const what = readPorts(permission)
    const peers = readPeers(permission, accountId)
    if (peers.length === 0) throw invalid('Invalid value for portRange. Must specify a source with ports.')
    return peers.map((peer) => ({ ...what, ...peer }))
  })
}

/** The protocol and the ports that are asked for. EC2 takes names and numbers of protocols, and shows names. */
export function readPorts(query: Query): Pick<Asked, 'protocol' | 'fromPort' | 'toPort'> {
  const given = query.text('IpProtocol')?.toLowerCase() ?? ''
  const protocol = { '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6', all: '-1' }[given] ?? given
  if (protocol === '' || !/^(tcp|udp|icmp|icmpv6|-1|\d{1,3})$/.test(protocol))
    throw invalid(`Invalid value '${given}' for IP protocol. Unknown protocol.`)
  if (protocol !== 'tcp' && protocol !== 'udp' && !protocol.startsWith('icmp'))
    return { protocol, fromPort: -1, toPort: -1 }
  const [fromPort, toPort] = [readNumber(query, 'FromPort'), readNumber(query, 'ToPort')]
  const isRange = fromPort >= 0 && toPort <= 65_535 && fromPort <= toPort
  if (!protocol.startsWith('icmp') && !isRange)
    throw invalid(`Invalid value '${String(fromPort)}-${String(toPort)}' for portRange. Must be from 0 to 65535.`)
  return { protocol, fromPort, toPort }
}

/** An address block in its one form; EC2 clears what is set behind the prefix. */
export function readCidr(text: string): string {
  const block = readBlock(text)
  if (block === null || !text.includes('/')) throw invalid(`CIDR block ${text} is malformed`)
  return blockText(block)
}

export function readDescription(query: Query): string | null {
  const text = query.text('Description')
  if (text !== null && !DESCRIPTION.test(text))
    throw invalid(
      `Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: ${CHARACTERS}`,
    )
  return text === '' ? null : text
}

function readPeers(query: Query, accountId: string): { readonly peer: Peer; readonly description: string | null }[] {
  const entries = (name: string, read: (entry: Query) => Peer) =>
    query.parts(name).map((entry) => ({ peer: read(entry), description: readDescription(entry) }))
  return [
    ...entries('IpRanges', (entry) => ({ cidr: readCidr(entry.text('CidrIp') ?? '') })),
    ...entries('Ipv6Ranges', (entry) => ({ cidr: readCidr(entry.text('CidrIpv6') ?? '') })),
    ...entries('PrefixListIds', (entry) => ({ prefixListId: entry.text('PrefixListId') ?? '' })),
    ...entries('Groups', (entry) => ({
      groupId: entry.text('GroupId') ?? '',
      ownerId: entry.text('UserId') ?? accountId,
      peeringConnectionId: entry.text('VpcPeeringConnectionId'),
    })),
  ]
}

function readNumber(query: Query, name: string): number {
  const text = query.text(name)
  if (text === null || !/^-?\d{1,6}$/.test(text)) throw missing(name)
  return Number(text)
}
