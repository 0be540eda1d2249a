import type { Cloud } from '../../../src/cloud/port.ts'
import type { RuleChanges } from '../../../src/firewall/rule.ts'
import { kinds } from '../azure/support/kinds.ts'
import { putting } from '../azure/support/connected.ts'
import { connectedEc2, opening } from '../aws/support/connected.ts'

/** A boundary before a machine, closed, in a simulated cloud of the test's own. */
export interface BoundaryUnderTest {
  readonly cloud: Cloud
  readonly boundaryId: string
  /** What opens SSH of the machine to 203.0.113.7. */
  readonly open: RuleChanges
  /** Whether it is open to them, by the cloud's own word. */
  readonly passes: () => boolean
  /** What others wrote, as text. */
  readonly foreign: () => string
  /** Somebody else writes: a rule that lets in nobody whom `passes` asks for. */
  readonly edit: () => void
  readonly remove: () => void
  readonly loseAnswers: () => void
  readonly forbid: () => void
  readonly throttle: () => void
  /** Lifts whatever was done to answers. */
  readonly calm: () => void
}

export interface BoundaryKindUnderTest {
  readonly name: string
  readonly guard: () => Promise<BoundaryUnderTest>
  /** What writing it needs, as a refusal names it. */
  readonly permission: string
}

const ofAzure: readonly BoundaryKindUnderTest[] = kinds.map(({ name, permission, opening: rule, guard }) => ({
  name,
  permission,
  async guard() {
    const { cloud, boundaryId, passes, lasting, edit, remove, simulator } = await guard()
    return {
      cloud,
      boundaryId,
      open: putting(rule()),
      passes,
      foreign: lasting,
      edit: () => {
        edit((resource) => {
          resource.tags = { Owner: 'shop' }
        })
      },
      remove,
      loseAnswers: () => void simulator.misbehave.loseAnswer('afterCommit', { method: 'PUT' }),
      forbid: () => void simulator.misbehave.forbid('AuthorizationFailed'),
      throttle: () => void simulator.misbehave.throttle('arm', 2),
      calm: () => {
        simulator.misbehave.stop()
      },
    }
  },
}))

const ofAws: BoundaryKindUnderTest = {
  name: 'the security groups of an interface',
  permission: 'ec2:authorizesecuritygroupingress',
  async guard() {
    const instances = [{ name: 'web', groups: ['plain', 'shared'] }]
    const { cloud, boundaryId, simulator, passes, groupId, instance } = await connectedEc2(instances, {
      groups: { shared: [{ port: 443, description: 'Storefront', tags: { owner: 'shop' } }] },
    })
    return {
      cloud,
      boundaryId: boundaryId('web'),
      open: opening(),
      passes: () => passes('web'),
      foreign: () =>
        JSON.stringify([...simulator.now.rules.values()].filter((rule) => rule.groupId === groupId('shared'))),
      edit: () => {
        const [rule] = [...simulator.now.rules.values()].filter(
          (one) => one.groupId === groupId('shared') && !one.egress,
        )
        if (rule !== undefined) simulator.putRule({ ...rule, id: 'sgr-0123456789abcdef0', fromPort: 80, toPort: 80 })
      },
      remove: () => {
        simulator.terminate(instance('web').instanceId)
      },
      loseAnswers: () =>
        void simulator.misbehave.loseAnswer('afterCommit', { action: 'AuthorizeSecurityGroupIngress' }),
      forbid: () => void simulator.misbehave.forbid({ action: 'AuthorizeSecurityGroupIngress' }),
      throttle: () => void simulator.misbehave.throttle({ action: 'AuthorizeSecurityGroupIngress' }),
      calm: () => {
        simulator.misbehave.stop()
      },
    }
  },
}

/** Every kind of boundary behind the port. */
export const boundaries: readonly BoundaryKindUnderTest[] = [...ofAzure, ofAws]
