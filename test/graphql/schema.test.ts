import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isNullableType,
  isObjectType,
  isScalarType,
  type GraphQLField,
  type GraphQLNamedType,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { schema } from './support/ask.ts'

const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))
const objects = types.filter((type) => isObjectType(type) || isInterfaceType(type))
const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
  (type) => type !== null && type !== undefined,
)
const isRoot = (type: GraphQLNamedType) => roots.some((root) => root.name === type.name)
const fieldsOf = (type: { getFields(): Record<string, GraphQLField<unknown, unknown>> }) =>
  Object.values(type.getFields())

/** Lists of few things that belong to one owner, which never grow with the estate: every other list is a connection. */
const shortLists = new Set([
  'Query.nodes',
  'VirtualMachine.tags',
  'VirtualMachine.interfaces',
  'VirtualMachine.exposures',
  // Four at most: one of each scope that a machine lies in.
  'VirtualMachine.lockdowns',
  'VirtualMachine.openPorts',
  'OpenPorts.rules',
  'Recommendation.ports',
  'Connect.ports',
  'NetworkInterface.path',
  'Policy.ports',
  'PolicyActivity.ports',
  'Grant.enforcements',
  // A thousand at most, by the quota of the cloud.
  'Boundary.rules',
  'Boundary.takenRules',
  'BoundaryRule.ports',
  'Viewer.rolesHeld',
  // Fifty at most, by the bounds of a rule.
  'ApprovalRule.approvers',
  'RequestedPort.approvers',
  // One an approver, until it is decided.
  'Request.decisions',
  // The constraints of one policy that failed.
  'Grant.refusals',
  'GrantActivity.refusals',
  'GrantEvent.refusals',
  'Access.by',
  'MissingAccess.heldElsewhere',
  // One for each thing that the input of the verb named, which is bounded.
  'EnableJitPayload.results',
  'UpdatePolicyPayload.results',
  'DisableJitPayload.results',
  'RequestAccessPayload.grants',
  // As many as a policy has terms, a template has ports and tags, and a scope has templates.
  'Policy.overrides',
  'PolicyTemplate.ports',
  'PolicyTemplate.tags',
  'PolicyTemplateActivity.ports',
  'PolicyTemplateActivity.tags',
  'DropPolicyOverridesPayload.results',
  ...['PolicyTemplatePlan', 'SetPolicyTemplatesPayload'].flatMap((name) => [
    `${name}.templates`,
    `${name}.effects`,
    // The first hundred; the counts say how many there are.
    `${name}.machines`,
  ]),
  'AccessEvaluation.targets',
  'TargetEvaluation.ports',
  // The constraints of one policy, one for each of the sources.
  'PortEvaluation.constraints',
  // Two hundred at most: a longer list is sent in parts.
  'VirtualMachineChanges.virtualMachines',
])

describe('every type and every field of a root', () => {
  it.each(objects.filter((type) => !isRoot(type)).map((type) => [type.name, type] as const))(
    '%s says who may see it',
    (_name, type) => {
      expect(type.extensions['authorisation']).toMatch(/^[A-Z].+\.$/)
    },
  )

  it.each(roots.flatMap((root) => fieldsOf(root).map((field) => [`${root.name}.${field.name}`, field] as const)))(
    '%s says who may see or do it',
    (_name, field) => {
      expect(field.extensions['authorisation']).toMatch(/^[A-Z].+\.$/)
    },
  )
})

describe('the schema', () => {
  it('describes every type, field, argument, input and value', () => {
    const bare: string[] = []
    const check = (name: string, { description }: { readonly description?: string | null | undefined }) => {
      if ((description ?? '').trim().length < 4) bare.push(name)
    }
    for (const type of types) {
      if (!isScalarType(type) || !['String', 'Int', 'Float', 'Boolean', 'ID'].includes(type.name))
        check(type.name, type)
      if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value)
      if (isInputObjectType(type))
        for (const field of Object.values(type.getFields())) check(`${type.name}.${field.name}`, field)
      if (isObjectType(type) || isInterfaceType(type))
        for (const field of fieldsOf(type)) {
          check(`${type.name}.${field.name}`, field)
          for (const argument of field.args) check(`${type.name}.${field.name}(${argument.name}:)`, argument)
        }
    }
    expect(bare).toEqual([])
  })

  it('says of every field that may be null what null means', () => {
    const silent = objects.flatMap((type) =>
      fieldsOf(type)
        .filter((field) => isNullableType(field.type) && !/\bnull\b/i.test(field.description ?? ''))
        .map((field) => `${type.name}.${field.name}`),
    )
    expect(silent).toEqual([])
  })

  it('pages whatever can grow', () => {
    const lists = objects.flatMap((type) =>
      fieldsOf(type)
        .filter((field) => {
          const plain = isNonNullType(field.type) ? field.type.ofType : field.type
          const of = getNamedType(field.type)
          return isListType(plain) && (isObjectType(of) || isInterfaceType(of)) && of.name !== 'UserError'
        })
        .map((field) => `${type.name}.${field.name}`)
        .filter((name) => !/Connection\.(edges|nodes)$/.test(name)),
    )
    expect(new Set(lists)).toEqual(shortLists)
  })

  it('gives every connection the arguments of paging', () => {
    const connections = objects.flatMap((type) =>
      fieldsOf(type).filter((field) => getNamedType(field.type).name.endsWith('Connection')),
    )
    expect(connections.length).toBeGreaterThan(8)
    for (const { args } of connections)
      expect(args.map(({ name }) => name)).toEqual(expect.arrayContaining(['first', 'after', 'last', 'before']))
  })

  it('has verbs with one input and a payload that says what was refused', () => {
    for (const verb of fieldsOf(schema.getMutationType() ?? { getFields: () => ({}) })) {
      expect(verb.args.map(({ name, type }) => [name, isNonNullType(type)])).toEqual([['input', true]])
      const payload = getNamedType(verb.type)
      expect(payload.name).toBe(`${verb.name.charAt(0).toUpperCase()}${verb.name.slice(1)}Payload`)
      expect(isObjectType(payload) && String(payload.getFields()['userErrors']?.type)).toBe('[UserError!]!')
    }
  })

  it('names no key of the database where it shows a thing: things are objects, with global ids', () => {
    const raw = objects.flatMap((type) =>
      fieldsOf(type)
        .filter(
          ({ name, type }) => /^(vm|policy|request|boundary|account)Id$/.test(name) && getNamedType(type).name !== 'ID',
        )
        .map(({ name }) => `${type.name}.${name}`),
    )
    expect(raw).toEqual([])
  })
})
