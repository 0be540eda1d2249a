import type { GeneratorValue } from 'fast-check'
import * as fc from 'fast-check'
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql'

/** A call as a client sends it. */
export interface Call {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** A document, and variables of several calls with it. */
export interface Calls {
  readonly query: string
  readonly variables: readonly Readonly<Record<string, unknown>>[]
}

/** Values that mean something to the data at hand, by what they are for. */
export interface Pools {
  /** Ids by the name of their type. */
  readonly ids: Readonly<Record<string, readonly string[]>>
  /** Cursors by the name of the type of their rows and of their order. */
  readonly cursors: Readonly<Record<string, readonly string[]>>
  readonly texts: readonly string[]
}

/** A value as a document writes it, and as JSON. */
interface Value {
  readonly literal: string
  readonly json: unknown
}

/** Queries of any shape that the schema allows, and now and then with values that it does not. */
export function calls(schema: GraphQLSchema, pools: Pools): fc.Arbitrary<Calls> {
  return fc.gen().map((draw) => {
    const writer = new Writer(schema, pools, draw)
    const query = schema.getQueryType()
    if (query === null || query === undefined) throw new Error('the schema has no queries')
    const body = writer.selection(query, 6)
    const variables = writer.declared.length === 0 ? '' : `(${writer.declared.join(', ')})`
    return { query: [`query Q${variables} ${body}`, ...writer.fragments].join('\n'), variables: writer.given }
  })
}

/** All fields of a type, and of what they answer down to `depth`, but for those of `without` (`Type.field`). */
export function everything(
  schema: GraphQLSchema,
  type: GraphQLCompositeType,
  depth: number,
  without: readonly string[],
): string {
  const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : []
  const own = Object.values('getFields' in type ? type.getFields() : {})
  const fields = own.flatMap((field) => {
    const of = getNamedType(field.type)
    if (without.includes(`${type.name}.${field.name}`)) return []
    if (!isCompositeType(of)) return [field.name]
    return depth === 0 ? [] : [`${field.name} ${everything(schema, of, depth - 1, without)}`]
  })
  // What is asked of an interface is not asked of each of its types again: documents have a limit.
  const cases = possible.map((one) => {
    const asked = own.map(({ name }) => `${one.name}.${name}`)
    return `... on ${one.name} ${everything(schema, one, depth, [...without, ...asked])}`
  })
  return `{ __typename ${[...fields, ...cases].join(' ')} }`
}

const moments = [
  '2026-11-24T00:00:00Z',
  '2026-11-25T12:00:00.123Z',
  '2026-11-25T13:00:00+01:00',
  '2026-11-26T00:00:00Z',
]

/** The types whose ids filters take. */
const idTypes: Readonly<Record<string, string>> = {
  accounts: 'Account',
  virtualMachines: 'VirtualMachine',
  grants: 'Grant',
  roles: 'Role',
  virtualMachine: 'VirtualMachine',
}

class Writer {
  readonly declared: string[] = []
  readonly given: readonly Record<string, unknown>[] = [{}, {}, {}]
  readonly fragments: string[] = []
  private names = 0
  private aliases = 0
  private fields = 0
  private readonly schema: GraphQLSchema
  private readonly pools: Pools
  private readonly draw: GeneratorValue

  constructor(schema: GraphQLSchema, pools: Pools, draw: GeneratorValue) {
    this.schema = schema
    this.pools = pools
    this.draw = draw
  }

  /** A selection of a type, at most `depth` levels deep. */
  selection(type: GraphQLCompositeType, depth: number): string {
    const fields = Object.values(isCompositeType(type) && 'getFields' in type ? type.getFields() : {})
    const parts = this.times(1, depth > 4 ? 2 : 6).map(() => {
      if (this.oneIn(10) && depth < 6) return this.oneIn(3) ? `${this.alias()}: __typename` : '__typename'
      if (depth > 0 && this.oneIn(isAbstractType(type) ? 2 : depth > 5 ? 20 : 8)) return this.fragment(type, depth)
      const open = fields.filter((field) => depth > 0 || !isCompositeType(getNamedType(field.type)))
      const deep = open.filter((field) => isCompositeType(getNamedType(field.type)))
      const from = deep.length > 0 && this.oneIn(2) ? deep : open
      return from.length === 0 || this.fields > 60 ? '__typename' : this.field(this.oneOf(from), depth)
    })
    return `{ ${parts.join(' ')} }`
  }

  private field(field: GraphQLField<unknown, unknown>, depth: number): string {
    this.fields += 1
    const renamed = this.aliases < 45 && (field.args.length > 0 || this.oneIn(6))
    const type = getNamedType(field.type)
    const args = this.arguments(field.args, type.name.replace(/Connection$/, ''))
    return [
      renamed ? `${this.alias()}: ${field.name}` : field.name,
      args.length === 0 ? '' : `(${args.join(', ')})`,
      this.directive(),
      isCompositeType(type) ? ` ${this.selection(type, depth - 1)}` : '',
    ].join('')
  }

  private fragment(type: GraphQLCompositeType, depth: number): string {
    const possible = isAbstractType(type) ? this.schema.getPossibleTypes(type) : []
    const above = isInterfaceType(type) || 'getInterfaces' in type ? type.getInterfaces() : []
    const condition = this.oneOf([type, ...possible, ...above])
    const body = this.selection(condition, depth - 1)
    if (this.oneIn(2)) return `... on ${condition.name}${this.directive()} ${body}`
    if (condition === type && this.oneIn(2)) return `...${this.directive()} ${body}`
    const name = `F${String(++this.names)}`
    this.fragments.push(`fragment ${name} on ${condition.name} ${body}`)
    return `...${name}${this.directive()}`
  }

  private directive(): string {
    if (!this.oneIn(10)) return ''
    const boolean = () => this.oneIn(2)
    const condition = this.oneIn(2) ? String(boolean()) : this.variable('Boolean!', boolean)
    return ` @${this.oneOf(['skip', 'include'])}(if: ${condition})`
  }

  /** Arguments for an answer of rows of the type `of`. A page is read from both ends only now and then. */
  private arguments(all: readonly GraphQLArgument[], of: string): string[] {
    const given = all.filter(({ type }) => isNonNullType(type) || this.oneIn(3))
    const backward = this.oneIn(2)
    const kept = given.filter(({ name }) => name !== (backward ? 'first' : 'last') || this.oneIn(20))
    const orders = all.find(({ name }) => name === 'orderBy')
    const order = orders === undefined ? null : this.value('', '', orders.type).literal
    return kept
      .flatMap(({ name, type }) => {
        if (name !== 'orderBy') return [`${name}: ${this.input(name, `${of} ${String(order)}`, type)}`]
        return []
      })
      .concat(order === null ? [] : [`orderBy: ${order}`])
  }

  /** A value in its place, or a variable that stands for it: given, null, left out, or left to a default. */
  private input(name: string, of: string, type: GraphQLInputType): string {
    if (!isNonNullType(type) && this.oneIn(12)) return 'null'
    const value = this.value(name, of, type)
    if (!this.oneIn(3)) return value.literal
    const declared = String(type)
    const again = () => this.value(name, of, type).json
    if (isNonNullType(type)) return this.variable(declared, again)
    const orNot = () => (this.oneIn(6) ? null : this.oneIn(5) ? undefined : again())
    return this.variable(this.oneIn(4) ? `${declared} = ${value.literal}` : declared, orNot)
  }

  /** A variable, with what it is in each of the calls; undefined where it is left out. */
  private variable(declaration: string, value: () => unknown): string {
    const name = `v${String(++this.names)}`
    this.declared.push(`$${name}: ${declaration}`)
    for (const given of this.given) {
      const drawn = value()
      if (drawn !== undefined) given[name] = drawn
    }
    return `$${name}`
  }

  private value(name: string, of: string, type: GraphQLInputType): Value {
    if (isNonNullType(type)) return this.value(name, of, type.ofType)
    if (isListType(type)) {
      const items = this.times(0, 3).map(() => this.value(name, of, type.ofType))
      return { literal: `[${items.map(({ literal }) => literal).join(', ')}]`, json: items.map(({ json }) => json) }
    }
    if (isEnumType(type)) {
      const { name: chosen } = this.oneOf(type.getValues())
      return { literal: chosen, json: chosen }
    }
    if (isInputObjectType(type)) {
      const parts = Object.values(type.getFields()).filter((part) => isNonNullType(part.type) || this.oneIn(4))
      const values = parts.map((part) => [part.name, this.value(part.name, of, part.type)] as const)
      return {
        literal: `{${parts.map((part, place) => `${part.name}: ${this.oneIn(3) ? this.input(part.name, of, part.type) : String(values[place]?.[1].literal)}`).join(', ')}}`,
        json: Object.fromEntries(values.map(([part, { json }]) => [part, json])),
      }
    }
    const json = this.scalar(name, of, type.name)
    return { literal: JSON.stringify(json), json }
  }

  private scalar(name: string, of: string, type: string): unknown {
    if (type === 'Boolean') return this.oneIn(2)
    if (type === 'CIDR') return this.oneOf(['203.0.113.7', '10.0.0.0/8', 'fd00::/64', 'none'])
    if (type === 'Duration') return this.oneIn(40) ? 'none' : this.oneOf(['PT10M', 'PT1H', 'PT30H'])
    if (type === 'DateTime') return this.oneIn(40) ? 'none' : this.oneOf(moments)
    if (type === 'Int') return this.oneIn(40) ? 101 : this.draw(fc.nat, { max: 6 })
    if (type === 'ID') return this.known(this.pools.ids, idTypes[name] ?? of.split(' ')[0] ?? '')
    return name === 'after' || name === 'before' ? this.known(this.pools.cursors, of) : this.oneOf(this.pools.texts)
  }

  /** One of those known under a name, now and then one of another, or none at all. */
  private known(all: Readonly<Record<string, readonly string[]>>, name: string): string {
    if (this.oneIn(40)) return 'none'
    const known = all[name]
    return this.oneOf(known === undefined || this.oneIn(40) ? Object.values(all).flat() : known)
  }

  private alias(): string {
    const name = `${this.oneOf(['a', '_', '__'])}${String(++this.aliases)}`
    return this.oneIn(4) ? name.padEnd(70, 'x') : name
  }

  private oneIn(count: number): boolean {
    return this.draw(fc.nat, { max: count - 1 }) === count - 1
  }

  private oneOf<Thing>(things: readonly Thing[]): Thing {
    return things[this.draw(fc.nat, { max: things.length - 1 })] as Thing
  }

  private times(least: number, most: number): readonly undefined[] {
    return Array.from({ length: this.draw(fc.integer, { min: least, max: most }) })
  }
}
