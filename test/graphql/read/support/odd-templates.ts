import type { StatedTemplate } from '../../../../src/access/template.ts'
import { machines } from '../../support/two-accounts.ts'
import { moments, odd, recordedPorts, terms } from './odd-values.ts'

/** A template of a scope, in all its forms. */
export function oddTemplate(n: number, scope = '/'): StatedTemplate {
  return {
    name: `${odd(n)} ${String(n)}`,
    scope,
    tags: [
      { name: odd(n + 1), value: null },
      { name: odd(n), value: odd(n + 2) },
    ].slice(n % 3),
    terms: { ...terms(n), ports: n % 2 === 0 ? null : recordedPorts() },
    whenLeft: n % 2 === 0 ? 'KEEP_POLICY' : 'DISABLE_JIT',
    version: n + 1,
  }
}

const templateId = (n: number) => `00000000-0000-4000-8000-00000000e0d${String(n)}`

/** The ids of the templates that are written. */
export const templateIds = [0, 1, 2, 3, 4, 5].map(templateId)

/** Writes templates of every kind of scope, one of them removed, and has policies follow them, with overrides. */
export async function writeOddTemplates(
  write: (text: string, ...values: unknown[]) => Promise<unknown>,
): Promise<void> {
  for (const [n, { id, account, group, policy }] of machines.slice(0, templateIds.length).entries()) {
    const [scope, ...place] = (
      [
        ['/', null, null, null],
        [`/subscriptions/${account}`, account, null, null],
        [group, account, group, null],
        [id, account, group, id],
      ] as const
    )[n % 4] as readonly [string, ...(string | null)[]]
    const { name, tags, terms: said, whenLeft, version } = oddTemplate(n, scope)
    await write(
      `insert into policy_templates (id, scope, account_id, resource_group_id, vm_id, name, tags, terms, when_left,
         version, created_at, updated_at, updated_by_kind, updated_by_id, updated_by_name, removed_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 'PROGRAM', $12, $13, $14)`,
      templateId(n),
      scope,
      ...place,
      name,
      JSON.stringify(tags),
      JSON.stringify(said),
      whenLeft,
      version,
      moments[n % 2],
      odd(n + 3),
      odd(n + 4),
      n === 4 ? moments[0] : null,
    )
    const overrides = [
      { term: 'PORT', port: 22, protocol: 'UDP' },
      { term: 'NOTICE', port: null, protocol: null },
    ].slice(n % 3)
    await write(
      'update policies set template_id = $2, overrides = $3 where id = $1',
      policy,
      templateId(n),
      JSON.stringify(overrides),
    )
  }
}
