import type { Ec2Answer, Ec2Call } from './call.ts'
import {
  describeInstances,
  describeNetworkInterfaces,
  describeRegions,
  describeSecurityGroupRules,
  describeSecurityGroups,
} from './actions/describe.ts'
import { createGroup, deleteGroup, modifyInterface } from './actions/groups.ts'
import { authorize, modifyRules, revoke, type Writing } from './actions/rules.ts'
import { Ec2Fault } from './fault.ts'

/** Answers a call, or refuses it with an `Ec2Fault`. */
export function answerCall(parts: Writing, call: Ec2Call): Ec2Answer {
  const { world, settings } = parts
  // Whoever lacks the permission was refused for that before; the rest of the call is not looked at.
  if (call.query.text('DryRun') === 'true')
    throw new Ec2Fault('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412)
  const describing = { world, pageSize: settings.pageSize }
  switch (call.action) {
    case 'DescribeRegions':
      return describeRegions(describing, call)
    case 'DescribeInstances':
      return describeInstances(describing, call)
    case 'DescribeNetworkInterfaces':
      return describeNetworkInterfaces(describing, call)
    case 'DescribeSecurityGroups':
      return describeSecurityGroups(describing, call)
    case 'DescribeSecurityGroupRules':
      return describeSecurityGroupRules(describing, call)
    case 'AuthorizeSecurityGroupIngress':
      return authorize(parts, call, false)
    case 'AuthorizeSecurityGroupEgress':
      return authorize(parts, call, true)
    case 'RevokeSecurityGroupIngress':
      return revoke(parts, call, false)
    case 'RevokeSecurityGroupEgress':
      return revoke(parts, call, true)
    case 'ModifySecurityGroupRules':
      return modifyRules(parts, call)
    case 'CreateSecurityGroup':
      return createGroup(parts, call)
    case 'DeleteSecurityGroup':
      return deleteGroup(parts, call)
    case 'ModifyNetworkInterfaceAttribute':
      return modifyInterface(parts, call)
    default:
      throw new Ec2Fault('InvalidAction', `The action ${call.action} is not valid for this web service.`)
  }
}
