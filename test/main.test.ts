import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { silentLog } from '../src/log/log.ts'
import { startEmbeddedPostgres } from '../src/store/embedded/start.ts'
import { apiClient, story, type ApiClient } from './gateway/support/client.ts'
import { startProcess, type GatewayProcess } from './gateway/support/process.ts'

let folder: string
const running: GatewayProcess[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jit-gateway-main-'))
})
afterAll(async () => {
  for (const gateway of running)
    if (gateway.child.exitCode === null && gateway.child.signalCode === null) await gateway.kill()
  // A gateway that was killed leaves its Postgres behind for the next one: whoever takes part last ends it.
  const left = await startEmbeddedPostgres({ dataDir: folder, log: silentLog })
  await left.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

const within = { timeout: 10_000, interval: 50 }

async function start(): Promise<{ gateway: GatewayProcess; ada: ApiClient; tokens: string[] }> {
  const gateway = await startProcess({ DATA_DIR: folder, SIMULATOR_OPERATION_MS: '20' })
  running.push(gateway)
  const tokens = [...gateway.told().matchAll(/^ {2}(ey\S+)$/gm)].map(([, token]) => token ?? '')
  return { gateway, ada: apiClient(gateway.url, tokens[0] ?? ''), tokens }
}

/** A machine that can be put under JIT and has SSH behind an NSG. */
async function findMachine(ada: ApiClient): Promise<string> {
  return vi.waitFor(async () => {
    const { virtualMachines } = await ada.ask(
      '{ virtualMachines(first: 1, filter: { jitStatus: [NOT_CONFIGURED], os: [LINUX] }) { totalCount nodes { id } } }',
    )
    expect(virtualMachines.totalCount).toBeGreaterThan(5)
    return virtualMachines.nodes[0].id as string
  }, within)
}

describe('the gateway, started with no configuration', { timeout: 60_000 }, () => {
  let grant = ''

  it('tells where it is and a ready token for each of three people, the policy admin first', async () => {
    const { gateway, tokens } = await start()
    expect(gateway.told()).toContain(`${gateway.url}/graphql`)
    expect(gateway.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(tokens).toHaveLength(3)
    const roles = await Promise.all(
      tokens.map(async (token) => {
        const { viewer } = await apiClient(gateway.url, token).ask('{ viewer { rolesHeld { role } } }')
        return viewer.rolesHeld[0].role as string
      }),
    )
    expect(roles).toEqual(['POLICY_ADMIN', 'REQUESTER', 'READER'])
    const page = await (await fetch(`${gateway.url}/graphql`, { headers: { accept: 'text/html' } })).text()
    expect(page).toContain('GraphiQL')
    expect(page).toContain('RequestAccess')
    await gateway.kill()
  })

  it('outlives a kill with all it knew, and opens what is asked', async () => {
    const { gateway, ada } = await start()
    const virtualMachine = await findMachine(ada)
    const { enableJit } = await ada.ask(story('enable-jit-with-defaults'), { virtualMachines: [virtualMachine] })
    expect(enableJit.results[0].userErrors).toEqual([])
    const { requestAccess } = await ada.ask(story('request-access'), { virtualMachine, port: 22, duration: 'PT1H' })
    grant = requestAccess.grants[0].id
    await vi.waitFor(async () => {
      expect(await ada.ask(story('show-grant'), { id: grant })).toMatchObject({ grant: { state: 'ACTIVE' } })
    }, within)
    await gateway.kill()

    const again = await start()
    expect(await again.ada.ask(story('show-grant'), { id: grant })).toMatchObject({ grant: { state: 'ACTIVE' } })
    expect(await again.gateway.stop('SIGTERM')).toBe(0)
  })

  it('stops cleanly on an interrupt, and leaves no server behind', async () => {
    const { gateway, ada } = await start()
    await ada.ask(story('release-grant'), { grant })
    await vi.waitFor(async () => {
      expect(await ada.ask(story('show-grant'), { id: grant })).toMatchObject({ grant: { state: 'CLOSED' } })
    }, within)
    expect(await gateway.stop('SIGINT')).toBe(0)
    const cluster = await readdir(join(folder, 'postgres', 'server', 'cluster'))
    expect(cluster).not.toContain('postmaster.pid')
  })
})
