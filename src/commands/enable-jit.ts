import { defaultPorts, readPorts, recommendedPorts, type PolicyPort, type PortInput } from '../access/policy.ts'
import { actions } from '../access/role.ts'
import { changeTerms, noTerms, readTerms, type TermsInput } from '../access/terms.ts'
import type { UserError } from '../access/user-error.ts'
import { markTemplatesDue } from '../store/templates.ts'
import type { CommandContext, PolicyOutcome, PolicyOutcomes } from './command.ts'
import { findMachines, refusalOf, type Machine } from './find-machines.ts'
import { takeBackIn } from './followers.ts'
import { once } from './idempotency.ts'
import type { NewPolicy } from './policy-rows.ts'
import { readVmIds } from './vm-ids.ts'
import { writePolicies } from './write-policies.ts'

/** What to protect, and where, and what is asked of whoever wants it open. */
export interface EnableJitInput extends TermsInput {
  readonly vmIds: readonly string[]
  /** Null protects the default ports of each machine's operating system, or the recommended ones. */
  readonly ports?: readonly PortInput[] | null
  /** Protects the recommended ports of any system instead of the default ones; `ports` must be null then. */
  readonly recommended?: boolean | null
  readonly idempotencyKey?: string | null
}

/** Enables JIT on virtual machines: each gets a policy, and deny rules follow. Machines refused do not hold up others. */
export async function enableJit(context: CommandContext, input: EnableJitInput): Promise<PolicyOutcomes> {
  const { vmIds, userErrors: idErrors } = readVmIds(input.vmIds)
  const asked = input.ports ?? (input.recommended ? recommendedPorts : null)
  const read = asked === null ? { ports: null, userErrors: [] } : readPorts(asked, ['ports'])
  const terms = readTerms(input)
  const userErrors = [...idErrors, ...read.userErrors, ...contradiction(input), ...terms.userErrors]
  if (userErrors.length > 0) return { results: [], userErrors }

  const common = changeTerms(noTerms, terms.changes)
  const { idempotencyKey: key = null, ...body } = input
  const answer = await once<PolicyOutcomes>(
    context,
    { verb: 'enableJit', key, body },
    ({ results }) => results.some((result) => result.policyId !== null),
    async (tx) => {
      const machines = await findMachines(tx, vmIds)
      const refusals = new Map(
        vmIds.map((id, index) => [id, refusal(context, machines.get(id), read.ports, ['vmIds', String(index)])]),
      )
      const wanted = vmIds.flatMap((id): NewPolicy[] => {
        const machine = machines.get(id)
        const ports = read.ports ?? defaultPorts(machine?.os ?? null)
        if (machine === undefined || ports === null || refusals.get(id) !== null) return []
        return [{ machine, terms: { ...common, ports }, template: null, overrides: [] }]
      })
      const made = await writePolicies(tx, context.viewer.actor, { created: wanted })
      // Those that a template covers are made to follow it, with what was said here as overrides.
      await takeBackIn(tx, [...made.keys()])
      await markTemplatesDue(tx, [...made.keys()])
      const results = vmIds.map((vmId, index) =>
        outcome(vmId, made.get(vmId) ?? null, refusals.get(vmId) ?? null, ['vmIds', String(index)]),
      )
      return { results, userErrors: [] }
    },
  )
  return 'code' in answer ? { results: [], userErrors: [answer] } : answer
}

function contradiction(input: EnableJitInput): readonly UserError[] {
  if (!input.recommended || !input.ports) return []
  return [{ code: 'INVALID_INPUT', field: ['recommended'], message: 'Name ports or ask for the recommended ones.' }]
}

function refusal(
  { viewer }: CommandContext,
  machine: Machine | undefined,
  ports: readonly PolicyPort[] | null,
  field: readonly string[],
): UserError | null {
  const refused = refusalOf(viewer, actions.writePolicy, machine, field)
  if (refused !== null || machine === undefined) return refused
  if (machine.unsupportedReason !== null)
    return { code: 'CONFLICT', field, message: `${machine.name} cannot have JIT: ${machine.unsupportedReason}.` }
  if (ports === null && machine.os === null)
    return { code: 'CONFLICT', field, message: `The system of ${machine.name} is not known: name its ports.` }
  return null
}

function outcome(
  vmId: string,
  policyId: string | null,
  refused: UserError | null,
  field: readonly string[],
): PolicyOutcome {
  if (refused !== null) return { vmId, policyId: null, userErrors: [refused] }
  if (policyId !== null) return { vmId, policyId, userErrors: [] }
  const message = 'JIT is enabled there already: change its policy instead.'
  return { vmId, policyId: null, userErrors: [{ code: 'CONFLICT', field, message }] }
}
