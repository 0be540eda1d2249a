import { actions } from '../../../../src/access/role.ts'

/** Texts that JSON has to write in a way of its own, or must leave alone. */
export const oddTexts = [
  'plain',
  '',
  'say "no" to \\ and /',
  'tab\tline\nreturn\r feed\f back\b',
  'low \u0001\u001f, delete \u007f',
  'lines \u2028\u2029 apart',
  'grüß 😀 𝒳',
  '{"a" : [1, 2]}, \n ',
  'null',
] as const

/** A text that is odd in one way or another. */
export const odd = (n: number): string => oddTexts[n % oddTexts.length] as string
/** Moments as JSON has them, and none. */
export const moments = ['2026-11-24T11:31:55.123Z', '2026-01-02T03:04:05.000Z', null]

/** What a policy asks apart from its ports, in all its forms. */
export function terms(n: number) {
  const approvers = [
    { kind: 'ROLE' as const, id: null },
    { kind: 'USER' as const, id: odd(n) },
  ].slice(n % 3)
  return {
    approval: n % 3 === 0 ? null : { approvalsNeeded: n % 3, approvers, decideWithinSeconds: 3_600 + n },
    justification: { required: n % 2 === 0, pattern: n % 2 === 0 ? null : odd(n) },
    ticket: { required: n % 2 === 1, pattern: null },
    closesForeignRules: n % 2 === 1,
    noticeSeconds: n % 2 === 0 ? null : n,
  }
}

/** Ports as JSON keeps them. */
export function recordedPorts() {
  return [
    {
      port: 22,
      protocol: 'TCP' as const,
      allowedSources: ['0.0.0.0/0', '::/0'],
      maximumDurationSeconds: 3_661,
      approval: null,
    },
    {
      port: 3389,
      protocol: 'ANY' as const,
      allowedSources: [],
      maximumDurationSeconds: 60,
      approval: terms(1).approval,
    },
  ]
}

/** The id of a role that people made. */
export function customRoleId(n: number): string {
  return `00000000-0000-4000-8000-00000000c0d${String(n)}`
}

/** The same as a fact has it. */
export function customRoleDetail(n: number) {
  return { roleId: customRoleId(n), name: odd(n), scope: '/', actions: Object.values(actions).slice(0, n) }
}
