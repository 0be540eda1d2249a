import type { EC2Client } from '@aws-sdk/client-ec2'
import { CloudError } from '../error.ts'
import { lackingAdvice } from './advice.ts'
import type { Ec2 } from './client.ts'
import type { Place } from './place.ts'

type Sdk = typeof import('@aws-sdk/client-ec2')
type Asking = (sdk: Sdk, client: EC2Client, options: { readonly abortSignal: AbortSignal }) => Promise<unknown>

/** A dry run reads nothing: it is refused either way, with a code that says whether it would have been allowed. */
const DryRun = true

/** All that is read in a region, each as a call that only asks whether it is allowed. */
const readings: Readonly<Record<string, Asking>> = {
  DescribeSecurityGroups: (sdk, client, options) =>
    client.send(new sdk.DescribeSecurityGroupsCommand({ DryRun }), options),
  DescribeSecurityGroupRules: (sdk, client, options) =>
    client.send(new sdk.DescribeSecurityGroupRulesCommand({ DryRun }), options),
  DescribeInstances: (sdk, client, options) => client.send(new sdk.DescribeInstancesCommand({ DryRun }), options),
  // Of boundaries alone, so that no sync would ever find it missing.
  DescribeNetworkInterfaces: (sdk, client, options) =>
    client.send(new sdk.DescribeNetworkInterfacesCommand({ DryRun }), options),
}

/**
 * A refusal of a reading, with all that may not be read in the region besides: one call for each other action, so that
 * a policy is mended once and not action by action. Anything else is handed back as it is.
 *
 * Nothing is asked of writes. A policy may well allow them for groups with the tag of ours alone, of which there are
 * none before the first grant; a dry run on the group of somebody else would call missing what is there.
 */
export async function withAllLacking(ec2: Ec2, place: Place, refused: unknown, signal?: AbortSignal): Promise<unknown> {
  if (!(refused instanceof CloudError) || !refused.missingPermissions.some((one) => one.startsWith('ec2:')))
    return refused
  const others = Object.entries(readings).filter(([action]) => !refused.missingPermissions.includes(`ec2:${action}`))
  const refusals = await Promise.all(
    others.map(([action, asking]) =>
      ec2.ask(place, action, asking, signal).then(
        () => [],
        // Whatever else went wrong says nothing about permissions.
        (error: unknown) => (error instanceof CloudError ? error.missingPermissions : []),
      ),
    ),
  )
  const missingPermissions = [...new Set([...refused.missingPermissions, ...refusals.flat()])]
  if (missingPermissions.length === refused.missingPermissions.length) return refused
  // AWS's own words stay: they tell an explicit deny from a permission that nobody gave.
  const advice = () => lackingAdvice(missingPermissions)
  const message = refused.message.replace(lackingAdvice(refused.missingPermissions), advice)
  return new CloudError(refused.kind, refused.code, message, {
    correlationId: refused.correlationId,
    missingPermissions,
    cause: refused,
  })
}
