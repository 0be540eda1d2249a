import { actions } from '../../access/role.ts'
import type { TagAsked } from '../../access/template.ts'
import { builder } from '../builder.ts'
import { Leaving } from '../enums.ts'
import { readScope } from '../ids.ts'
import type { Connection } from '../read/description.ts'
import { entity } from '../read/entity.ts'
import { column, instant, nullable, plainList, plainOne, value } from '../read/fields.ts'
import { placeOf, within } from '../read/parameters.ts'
import { plain } from '../read/plain.ts'
import { actorSql, elementsSql } from '../read/sql.ts'
import { approvalField, textRuleField } from './plain.ts'
import { policyPage } from './policy.ts'

plain<TagAsked>({
  name: 'AskedTag',
  description: 'A tag that a machine must have.',
  rule: 'Visible with what it is part of.',
  fields: {
    name: value('String', 'Its name, in any case.', (row) => `${row}.value->>'name'`),
    value: value('String', 'Its value, in this case; null: any value.', (row) => `${row}.value->>'value'`, nullable),
  },
})

entity({
  name: 'PolicyTemplate',
  description:
    'A policy for every machine of a scope, or those there with some tags, those found later too. A machine follows one: ' +
    'that of the narrowest scope, there that which asks for most tags, of these the first by name.',
  table: 'policy_templates',
  key: { column: 'id', type: 'uuid' },
  authorisation: {
    rule: `Whoever may do ${actions.readPolicy} at its scope.`,
    where: (row, parameters) => within(parameters, actions.readPolicy, placeOf(row)),
  },
  fields: {
    scope: column('String', 'Where it applies: a lower-cased path; `/` is everything.', 'scope'),
    name: column('String', 'Tells it apart from the others of its scope, whatever its case.', 'name'),
    tags: plainList(
      'AskedTag',
      'What machines must be tagged with, all of it; empty for every machine of the scope.',
      (row) => elementsSql(`${row}.tags`),
      (tag) => `${tag}.n`,
    ),
    ports: plainList(
      'TemplatePort',
      "The ports it protects; empty for the default ones of each machine's operating system.",
      (row) => elementsSql(`nullif(${row}.terms->'ports', 'null')`),
      (port) => `${port}.n`,
    ),
    approvalRule: approvalField(
      'Who has to approve what is asked of a port that has no rule of its own; null when nobody has to.',
      (row) => `${row}.terms->'approval'`,
    ),
    justificationRule: textRuleField(
      'What is asked of the justification of a request.',
      (row) => `${row}.terms->'justification'`,
    ),
    ticketRule: textRuleField('What is asked of the id of the ticket of a request.', (row) => `${row}.terms->'ticket'`),
    closesForeignRules: value(
      'Boolean',
      'Whether foreign rules of security groups that admit nothing but its ports are taken away meanwhile.',
      (row) => `(${row}.terms->>'closesForeignRules')::boolean`,
    ),
    noticeBeforeEnd: value(
      'Duration',
      'How long before its end a grant is announced to end; PT0S: never, null: as the gateway is configured.',
      (row) => `(${row}.terms->>'noticeSeconds')::int`,
      nullable,
    ),
    whenLeft: column(Leaving, 'What becomes of the policies of machines that it no longer covers.', 'when_left'),
    version: column('Int', 'Counts up with each change, from 1.', 'version'),
    createdAt: instant('When it was stated first.', 'created_at'),
    updatedAt: instant('When it last changed.', 'updated_at'),
    updatedBy: plainOne('Actor', 'Who changed it last.', (row) =>
      actorSql(`${row}.updated_by_kind`, `${row}.updated_by_id`, `${row}.updated_by_name`),
    ),
    removedAt: instant('When it was removed; null while it applies.', 'removed_at', nullable),
    policies: {
      ...policyPage,
      description: 'The policies that follow it, the newest first. Those to be made follow within moments.',
      on: (row: string, policy: string) => `${policy}.template_id = ${row}.id`,
    },
    viewerCanUpdate: value(
      'Boolean',
      'Whether the viewer may state it anew or remove it now.',
      (row, parameters) => `(${row}.removed_at is null and ${within(parameters, actions.writePolicy, placeOf(row))})`,
    ),
  },
})

const PolicyTemplateFilter = builder.inputType('PolicyTemplateFilter', {
  description: 'Narrows templates: every part that is given must hold.',
  fields: (t) => ({
    scope: t.string({ description: 'Of exactly this scope.' }),
    includeRemoved: t.boolean({ description: 'Also those that apply no longer.' }),
  }),
})

/** Templates that apply, the newest first. */
export const policyTemplatePage: Connection = {
  kind: 'connection',
  of: 'PolicyTemplate',
  description: 'Templates of policies that apply, the newest first.',
  on: () => 'true',
  orders: [
    {
      name: 'NEWEST_FIRST',
      description: 'By their first statement, the newest first.',
      direction: 'desc',
      keys: [{ type: 'uuid', sql: (row) => `${row}.id` }],
    },
  ],
  filter: {
    input: PolicyTemplateFilter,
    where(row, filter) {
      const scope = filter.bind('scope', 'text', readScope)
      return [
        ...(scope === undefined ? [] : [`${row}.scope = ${scope}`]),
        ...(filter.shape('includeRemoved') === true ? [] : [`${row}.removed_at is null`]),
      ]
    },
  },
}
