import { parseArgs } from 'node:util'
import { CloudError } from './cloud/error.ts'
import { ConfigError, readConfig } from './config.ts'
import { pinoLog } from './log/pino.ts'
import { openCloud } from './open-cloud.ts'
import { sweep, type Swept } from './sweeper/sweep.ts'
import { systemClock } from './time/clock.ts'

export const usage = `npm run sweep -- --account <id> [--account <id> …] [--apply] [--json] [--grace-seconds <n>]

Finds rules of the gateway that are past their end, or name no grant, in every boundary of the accounts, from the cloud
alone: no database is read. Nothing is changed unless --apply is given.

  --account        the id of an account: an Azure subscription or an AWS account
  --apply          close what is found
  --json           one JSON object a line in place of words
  --grace-seconds  how long past its end a rule is left to the gateway: 60 unless given

Ends with 0 when nothing stray is left, 1 when it failed, 2 when stray rules are left.`

/** What a caller asked for; a text says what is wrong with it. */
export interface SweepArguments {
  readonly accounts: readonly string[]
  readonly apply: boolean
  readonly json: boolean
  readonly graceMs: number
}

export function readSweepArguments(args: readonly string[]): SweepArguments | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        account: { type: 'string', multiple: true, default: [] },
        apply: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        'grace-seconds': { type: 'string', default: '60' },
      },
    })
    const grace = values['grace-seconds']
    if (values.account.length === 0) return '--account is needed: the id of an account to sweep'
    if (!/^\d{1,6}$/.test(grace)) return '--grace-seconds must be a whole number of seconds'
    const accounts = [...new Set(values.account.map((id) => id.toLowerCase()))]
    return { accounts, apply: values.apply, json: values.json, graceMs: Number(grace) * 1_000 }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Sweeps as the arguments say, tells what it finds line by line, and answers the status to end with. */
export async function runSweep(
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  write: { readonly out: (line: string) => void; readonly error: (line: string) => void },
): Promise<0 | 1 | 2> {
  const asked = readSweepArguments(args)
  if (typeof asked === 'string') {
    write.error(`${asked}\n\n${usage}`)
    return 1
  }
  try {
    const config = readConfig(env)
    const opened = await openCloud(config, pinoLog(config.LOG_LEVEL))
    try {
      let left = 0
      for (const accountId of asked.accounts) {
        const found = sweep({ ...asked, cloud: opened.cloud, accountId, clock: systemClock })
        for await (const swept of found) {
          if (swept.outcome !== 'CLOSED') left += 1
          write.out(asked.json ? jsonOf(accountId, swept) : wordsOf(swept))
        }
      }
      return left === 0 ? 0 : 2
    } finally {
      await opened.stop()
    }
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof CloudError)) throw error
    write.error(error instanceof CloudError ? `${error.code}: ${error.message}` : error.message)
    return 1
  }
}

function jsonOf(accountId: string, { boundaryId, stray, outcome, fault }: Swept): string {
  const { rule, reason, named } = stray
  const endsAt = named === null ? null : new Date(named.endsAtMs).toISOString()
  const grantId = named?.grantId ?? null
  return JSON.stringify({ accountId, boundaryId, ruleName: rule.name, reason, grantId, endsAt, outcome, fault })
}

function wordsOf({ boundaryId, stray, outcome, fault }: Swept): string {
  const { rule, named } = stray
  const why =
    named === null ? 'names no grant' : `grant ${named.grantId} ended at ${new Date(named.endsAtMs).toISOString()}`
  const what = { FOUND: 'stray', CLOSED: 'closed', FAILED: 'NOT CLOSED' }[outcome]
  return `${what}: ${rule.name} of ${boundaryId}: ${why}${fault === null ? '' : `; ${fault}`}`
}
