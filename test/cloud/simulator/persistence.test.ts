import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Estate } from '../../../src/cloud/simulator/resource.ts'
import { startSimulator, type SimulatorOptions } from '../../../src/cloud/simulator/start.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { smallEstate } from '../../support/cloud-estate.ts'
import { connectTo, groupIn, rule, ruleNamesIn, type Reachable } from './support/call.ts'
import { groupId, webGroup } from './support/simulated.ts'

const { estate, machine } = smallEstate([{ name: 'web' }])
const ruleId = (name: string) => `${webGroup}/securityRules/${name}`

/** A folder of the test's own. */
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'simulated-cloud-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

async function open(file: string, options: SimulatorOptions = {}) {
  const simulator = await startSimulator({ file, estate, operationMs: 0, ...options })
  const arm = connectTo(simulator)
  onTestFinished(async () => {
    arm.close()
    await simulator.stop()
  })
  return { simulator, arm }
}

describe('a cloud that is kept in a file', () => {
  it('is the same when it is started again, whatever estate is given then', async () => {
    const file = join(await folder(), 'made', 'on', 'the', 'way', 'cloud.json')
    const first = await open(file)
    await first.arm.put(ruleId('ssh'), rule('ssh', 100))
    first.simulator.setPower(machine('web').vmId, 'deallocated')
    const before = first.simulator.read(webGroup)
    await first.simulator.stop()
    const second = await open(file, { estate: smallEstate([{ name: 'other' }]).estate })
    expect(second.simulator.read(webGroup)).toEqual(before)
    expect(JSON.stringify(second.simulator.read(machine('web').vmId))).toContain('PowerState/deallocated')
  })

  it('is made believable when there is nothing yet, and readable by nobody else', async () => {
    const file = join(await folder(), 'cloud.json')
    const { simulator } = await open(file, { estate: { machines: 50 } })
    const kept = JSON.parse(await readFile(file, 'utf8')) as Estate
    expect(kept.subscriptions.map((each) => each.subscriptionId)).toEqual(simulator.subscriptions.map(({ id }) => id))
    expect((await stat(file)).mode & 0o077).toBe(0)
  })

  it('has the same certificate when it is started again, until that nears its end, and nobody else can read its key', async () => {
    const file = join(await folder(), 'cloud.json')
    const authority = async (options: SimulatorOptions = {}) => {
      const simulator = await startSimulator({ file, estate, ...options })
      await simulator.stop()
      return simulator.certificateAuthority
    }
    const first = await authority()
    expect(await authority()).toBe(first)
    expect((await stat(`${file}.tls`)).mode & 0o077).toBe(0)
    const inTwoYears = { ...systemClock, now: () => Date.now() + 700 * 86_400_000 }
    expect(await authority({ clock: inTwoYears })).not.toBe(first)
  })

  it('makes another certificate when the one that was kept is broken', async () => {
    const file = join(await folder(), 'cloud.json')
    await writeFile(`${file}.tls`, '{"authority":""')
    const { arm } = await open(file)
    expect((await arm.get(webGroup)).status).toBe(200)
  })

  it('has every write that was answered in the file, however many come at once', async () => {
    const file = join(await folder(), 'cloud.json')
    const { arm } = await open(file)
    const names = Array.from({ length: 40 }, (_, index) => `rule${String(index)}`)
    const missing: string[] = []
    await Promise.all(
      names.map(async (name, index) => {
        await arm.put(ruleId(name), rule(name, 100 + index))
        if (!(await readFile(file, 'utf8')).includes(`"${name}"`)) missing.push(name)
      }),
    )
    expect(missing).toEqual([])
  })

  it('has what was answered when its process is killed, and what was in progress has ended in force', async () => {
    const file = join(await folder(), 'cloud.json')
    const script = fileURLToPath(new URL('support/kept-cloud.ts', import.meta.url))
    const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const arm = connectTo(JSON.parse(line.toString()) as Reachable)
    onTestFinished(() => {
      arm.close()
    })
    const written = await arm.put(ruleId('ssh'), rule('ssh', 100))
    expect(await arm.poll(written)).toMatchObject({ body: { status: 'InProgress' } })
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit

    const again = await open(file)
    const shown = await again.arm.get(webGroup)
    expect(ruleNamesIn(shown)).toEqual(['ssh'])
    expect(groupIn(shown).properties.provisioningState).toBe('Succeeded')
    const question = { vmId: machine('web').vmId, source: '203.0.113.7', port: 22, protocol: 'TCP' } as const
    expect(again.simulator.packetPasses(question).passes).toBe(true)
  })

  it('ends what is in progress when it is stopped', async () => {
    const file = join(await folder(), 'cloud.json')
    const { arm, simulator } = await open(file, { operationMs: 3_600_000 })
    await arm.put(groupId('fresh'), { location: 'westeurope' })
    await simulator.stop()
    const again = await open(file)
    expect(again.simulator.read(groupId('fresh'))?.properties['provisioningState']).toBe('Succeeded')
  })

  it('does not mind what a killed write left behind', async () => {
    const file = join(await folder(), 'cloud.json')
    const first = await open(file)
    await first.simulator.stop()
    await writeFile(`${file}.next`, '{"half')
    const again = await open(file)
    expect((await again.arm.put(ruleId('ssh'), rule('ssh', 100))).status).toBe(201)
    await expect(stat(`${file}.next`)).rejects.toThrow('ENOENT')
  })

  it.each(['{"half', '{}', 'null'])(
    'does not start from a file that holds %j, and leaves it as it is',
    async (text) => {
      const file = join(await folder(), 'cloud.json')
      await writeFile(file, text)
      await expect(open(file)).rejects.toThrow('does not hold a simulated cloud: remove it to begin anew')
      expect(await readFile(file, 'utf8')).toBe(text)
    },
  )

  it('answers no write that it cannot keep', async () => {
    const file = join(await folder(), 'cloud.json')
    const { arm } = await open(file)
    await rm(file)
    await mkdir(file)
    expect((await arm.put(ruleId('ssh'), rule('ssh', 100))).status).toBe(500)
    await rm(file, { recursive: true })
    expect((await arm.put(ruleId('ssh'), rule('ssh', 100))).status).toBe(200)
  })
})
