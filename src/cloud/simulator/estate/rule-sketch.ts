import type { SecurityRule } from '../resource.ts'

/** A security rule, briefly: what is left out is `Allow`, `Inbound`, `Tcp`, and `*` on every side. */
export interface RuleSketch {
  readonly name: string
  readonly priority: number
  readonly access?: 'Allow' | 'Deny'
  readonly direction?: 'Inbound' | 'Outbound'
  readonly protocol?: string
  readonly description?: string
  /** One address prefix or tag, or several address prefixes. */
  readonly source?: string | readonly string[]
  readonly destination?: string | readonly string[]
  /** One port, range or `*`, or several. */
  readonly ports?: string | readonly string[]
}

/** The rule's JSON: one value goes into the singular field, several into the plural one. */
export function securityRule(groupId: string, sketch: RuleSketch): SecurityRule {
  const { name, priority, access = 'Allow', direction = 'Inbound', protocol = 'Tcp' } = sketch
  const { source = '*', destination = '*', ports = '*' } = sketch
  return {
    name,
    id: `${groupId}/securityRules/${name}`,
    properties: {
      ...(sketch.description === undefined ? {} : { description: sketch.description }),
      protocol,
      sourcePortRange: '*',
      ...(typeof ports === 'string' ? { destinationPortRange: ports } : {}),
      ...(typeof source === 'string' ? { sourceAddressPrefix: source } : {}),
      ...(typeof destination === 'string' ? { destinationAddressPrefix: destination } : {}),
      access,
      priority,
      direction,
      sourcePortRanges: [],
      destinationPortRanges: typeof ports === 'string' ? [] : [...ports],
      sourceAddressPrefixes: typeof source === 'string' ? [] : [...source],
      destinationAddressPrefixes: typeof destination === 'string' ? [] : [...destination],
    },
  }
}
