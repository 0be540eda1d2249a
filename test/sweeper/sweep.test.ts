import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CloudError } from '../../src/cloud/error.ts'
import type { SecurityRule } from '../../src/cloud/simulator/resource.ts'
import { sweep, type SweepOptions, type Swept } from '../../src/sweeper/sweep.ts'
import { handClock } from '../support/clock.ts'
import { sshForAll, subscriptionId } from '../support/cloud-estate.ts'
import { useRig } from '../enforcer/support/rig.ts'

const rig = useRig([
  { name: 'over', rules: sshForAll },
  { name: 'live', rules: sshForAll },
  { name: 'edited', rules: sshForAll },
  { name: 'raced', rules: sshForAll },
  { name: 'locked', rules: sshForAll },
  { name: 'told', rules: sshForAll },
])

/** Opens the port of a machine by an enforcer that is then gone, as after the loss of everything but the cloud. */
async function opened(name: string): Promise<string> {
  const enforcer = rig.enforce()
  await rig.protect(name)
  const [id = ''] = await rig.request([name])
  await rig.becomes(id, 'ACTIVE')
  await rig.idle()
  await enforcer.stop()
  return id
}

const swept = async (more: Partial<SweepOptions>, name: string): Promise<Swept[]> => {
  const clock = handClock(Date.now())
  const options = { cloud: rig.cloud, accountId: subscriptionId, apply: true, graceMs: 60_000, clock, ...more }
  const found = await Array.fromAsync(sweep(options))
  return found.filter(({ boundaryId }) => boundaryId === rig.machine(name).subnetNsgId?.toLowerCase())
}
const inAnHour = () => handClock(Date.now() + 3_600_000)

describe('the sweeper, without a database', () => {
  it('tells of a rule past its end, and changes nothing until it is asked to', async () => {
    const id = await opened('over')
    const found = await swept({ apply: false, clock: inAnHour() }, 'over')
    expect(found).toMatchObject([{ outcome: 'FOUND', stray: { reason: 'OVERDUE', named: { grantId: id } } }])
    expect(rig.passes('over')).toBe(true)
  })

  it('closes it when it is asked to, and leaves the port closed', async () => {
    const found = await swept({ clock: inAnHour() }, 'over')
    expect(found).toMatchObject([{ outcome: 'CLOSED', fault: null }])
    expect(rig.passes('over')).toBe(false)
    expect(await swept({ clock: inAnHour() }, 'over')).toEqual([])
  })

  it('leaves rules of live grants alone, and those within the grace of an enforcer', async () => {
    await opened('live')
    const { rows } = await rig.database.store.pool.query<{ latest_end: Date }>(
      `select latest_end from grants where vm_id = $1`,
      [rig.machine('live').vmId.toLowerCase()],
    )
    const end = Number(rows[0]?.latest_end)
    for (const at of [Date.now(), end - 1, end + 59_999])
      expect(await swept({ clock: handClock(at) }, 'live')).toEqual([])
    expect(rig.passes('live')).toBe(true)
    expect(await swept({ clock: handClock(end + 60_000) }, 'live')).toHaveLength(1)
  })

  it('closes a rule of ours that names no grant any more, since nobody else would in time', async () => {
    await opened('edited')
    rig.simulator.edit(rig.machine('edited').subnetNsgId ?? '', ({ properties }) => {
      for (const { name, properties: rule } of properties.securityRules as SecurityRule[])
        if (name.startsWith('JitGateway-Allow-')) rule.description = 'kept open for Bob'
    })
    expect(await swept({}, 'edited')).toMatchObject([{ outcome: 'CLOSED', stray: { reason: 'UNKNOWN', named: null } }])
    expect(rig.passes('edited')).toBe(false)
  })

  it('begins anew when somebody else writes the boundary in between', async () => {
    await opened('raced')
    let writes = 0
    const cloud: SweepOptions['cloud'] = {
      inventory: (...args) => rig.cloud.inventory(...args),
      observe: (...args) => rig.cloud.observe(...args),
      async apply(observation, ...args) {
        if (++writes === 1)
          // Any write changes the etag.
          rig.simulator.edit(observation.boundaryId, () => {})
        return rig.cloud.apply(observation, ...args)
      },
    }
    expect(await swept({ cloud, clock: inAnHour() }, 'raced')).toMatchObject([{ outcome: 'CLOSED' }])
    expect(rig.passes('raced')).toBe(false)
    expect(writes).toBeGreaterThanOrEqual(2)
  })

  it('tells of a boundary that cannot be written, and goes on with the others', async () => {
    await opened('locked')
    await opened('told')
    const { subnetNsgId } = rig.machine('locked')
    rig.simulator.misbehave.lock('ReadOnly', { at: subnetNsgId ?? '' })
    const found = await Array.fromAsync(
      sweep({ cloud: rig.cloud, accountId: subscriptionId, apply: true, graceMs: 0, clock: inAnHour() }),
    )
    expect(Object.fromEntries(found.map(({ boundaryId, outcome }) => [boundaryId, outcome]))).toMatchObject({
      [subnetNsgId?.toLowerCase() ?? '']: 'FAILED',
      [rig.machine('told').subnetNsgId?.toLowerCase() ?? '']: 'CLOSED',
    })
    expect(found.find(({ outcome }) => outcome === 'FAILED')?.fault).toMatch(/ScopeLocked/)
    expect([rig.passes('locked'), rig.passes('told')]).toEqual([true, false])
  })

  it('fails as a whole when the account cannot be read', async () => {
    rig.simulator.misbehave.forbid('AuthorizationFailed')
    const reading = Array.fromAsync(
      sweep({ cloud: rig.cloud, accountId: subscriptionId, apply: true, graceMs: 0, clock: inAnHour() }),
    )
    await expect(reading).rejects.toThrow(CloudError)
  })
})

/** Runs the command as an operator does, with a managed identity and nothing else. */
async function run(...args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'jit-gateway-sweep-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const authority = join(folder, 'authority.pem')
  await writeFile(authority, rig.simulator.certificateAuthority)
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../dist/sweep.js', import.meta.url)), ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      AZURE_CREDENTIAL: 'managed-identity',
      ARM_ENDPOINT: rig.simulator.endpoint,
      ARM_CA_FILE: authority,
      IDENTITY_ENDPOINT: rig.simulator.identityEndpoint,
      IDENTITY_HEADER: rig.simulator.identityHeader,
      LOG_LEVEL: 'silent',
    },
  })
  const [out, error] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => {
      let text = ''
      for await (const part of stream) text += String(part)
      return text
    }),
  )
  const status = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('exit', resolve)))
  return { status, out, error }
}

describe('npm run sweep', () => {
  it('tells of what is stray as JSON and ends with 2, closes it and ends with 0', async () => {
    rig.simulator.edit(rig.machine('live').subnetNsgId ?? '', ({ properties }) => {
      const rules = properties.securityRules as SecurityRule[]
      const deny = rules.find(({ name }) => name.startsWith('JitGateway-'))
      if (deny === undefined) throw new Error('no rule of ours to be like')
      rules.push({
        ...structuredClone(deny),
        name: 'JitGateway-Allow-left',
        properties: {
          ...structuredClone(deny.properties),
          access: 'Allow',
          priority: 150,
          description: 'JIT Gateway grant 019d01af-5100-7e94-a01e-9e8986113481 until 2026-01-01T00:00:00.000Z.',
        },
      })
    })
    expect(rig.passes('live', '198.51.100.1')).toBe(true)
    const found = await run('--account', subscriptionId, '--json')
    expect(found).toMatchObject({ status: 2, error: '' })
    expect(JSON.parse(found.out ?? '')).toMatchObject({
      ruleName: 'JitGateway-Allow-left',
      reason: 'OVERDUE',
      endsAt: '2026-01-01T00:00:00.000Z',
      outcome: 'FOUND',
    })
    expect(await run('--account', subscriptionId, '--apply')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^closed: JitGateway-Allow-left of /),
    })
    expect(rig.passes('live', '198.51.100.1')).toBe(false)
    expect(await run('--account', subscriptionId)).toEqual({ status: 0, out: '', error: '' })
  }, 30_000)

  it.each([[[]], [['--account', subscriptionId, '--sweep']], [['--account', subscriptionId, '--grace-seconds', '-1']]])(
    'says how it is used and touches nothing when it is called with %j',
    async (args) => {
      const { status, error } = await run(...args)
      expect(status).toBe(1)
      expect(error).toContain('npm run sweep -- --account <id>')
    },
  )
})
