import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = new URL('..', import.meta.url)
const { engines } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { engines: { node: string } }
const [needed, running] = [engines.node.replace(/^\D+/, ''), process.versions.node]
const [major = 0, minor = 0] = running.split('.').map(Number)
const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number)
if (major < neededMajor || (major === neededMajor && minor < neededMinor))
  throw new Error(`Node ${needed} or newer is needed, this is ${running}: run the tests with npm test or npx vitest`)

/** Files that need a process of their own: the SDK of Azure keeps where it found its managed identity for good. */
const apart = ['test/cloud/azure/credential.test.ts', 'test/cloud/azure/managed-identity.test.ts']

const common = {
  pool: 'forks' as const,
  // Node itself loads what is tested, as in production: types are stripped and code is compiled once for all runs.
  // Vite's runner evaluates every module anew for each file, which took more than a quarter of the time.
  execArgv: ['--import', new URL('support/load-quickly.ts', import.meta.url).href],
  experimental: { viteModuleRunner: false, nodeLoader: false },
  testTimeout: 15_000,
  hookTimeout: 30_000,
}

export default defineConfig({
  root: fileURLToPath(root),
  test: {
    maxWorkers: 2,
    projects: [
      {
        root: fileURLToPath(root),
        test: {
          ...common,
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: apart,
          globalSetup: ['test/support/product.ts', 'test/support/postgres.ts'],
          // The files of a worker share what they load, which halves the work: modules hold nothing that one test could
          // leave to another, or hold it by the store or the server that it is of.
          isolate: false,
        },
      },
      { root: fileURLToPath(root), test: { ...common, name: 'apart', include: apart, isolate: true } },
    ],
  },
})
