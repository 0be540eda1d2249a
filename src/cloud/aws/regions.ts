import type { Ec2 } from './client.ts'
import { withAllLacking } from './lacking.ts'
import { unexpectedAnswer } from './unexpected.ts'

/** The regions that are switched on for an account. */
export async function regionsOf(ec2: Ec2, accountId: string, signal?: AbortSignal): Promise<string[]> {
  // Every account can ask in this one, which cannot be switched off.
  const place = { accountId, region: 'us-east-1' }
  const asked = ec2.ask(
    place,
    'DescribeRegions',
    (sdk, client, options) => client.send(new sdk.DescribeRegionsCommand({}), options),
    signal,
  )
  const { Regions } = await asked.catch(async (error: unknown) => {
    throw await withAllLacking(ec2, place, error, signal)
  })
  if (Regions === undefined) throw unexpectedAnswer('no list of regions')
  return Regions.flatMap(({ RegionName }) => RegionName ?? []).toSorted()
}
