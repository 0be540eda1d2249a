import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { partOf } from './part-of.ts'
import { startProduct } from './product.ts'

const MOST = 15

/** A CPU profile of V8's, of which we read these. Times are in microseconds. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly url: string; readonly functionName: string }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/**
 * Starts the product twice more, once profiled and once with its modules counted, and tells as text to which packages
 * and rooms the time of the main thread goes, until it is stopped after its first answer, and what is loaded of each.
 */
export async function whereTimeGoes(env: Readonly<Record<string, string>>, folder: string): Promise<string> {
  await (await startProduct(env, ['--cpu-prof', `--cpu-prof-dir=${folder}`])).stop()
  const counter = fileURLToPath(new URL('count-modules.ts', import.meta.url))
  await (await startProduct({ ...env, COUNT_IN: folder }, ['--import', counter])).stop()
  const file = (await readdir(folder)).find((name) => name.endsWith('.cpuprofile')) ?? ''
  const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as Profile
  const modules = JSON.parse(await readFile(join(folder, 'modules.json'), 'utf8')) as [
    string,
    { readonly modules: number; readonly kilobytes: number },
  ][]
  const total = modules.reduce((sum, [, part]) => sum + part.modules, 0)
  return [
    'CPU time of the main thread, start to stop, in milliseconds (profiled: slower than it is):',
    ...largest(timeOf(profile), (ms) => ms.toFixed(0)),
    `${String(total)} modules loaded, by the size of their files:`,
    ...largest(
      modules.map(([name, { modules: count, kilobytes }]) => [name, kilobytes, String(count)]),
      (kb) => `${kb.toFixed(0)} kB`,
    ),
  ].join('\n')
}

function timeOf({ nodes, samples, timeDeltas }: Profile): [string, number][] {
  const partOfNode = new Map(
    nodes.map(({ id, callFrame: { url, functionName } }) => [
      id,
      functionName.startsWith('(') ? functionName : partOf(url),
    ]),
  )
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const part = partOfNode.get(id) ?? ''
    if (part !== '(idle)') times.set(part, (times.get(part) ?? 0) + (timeDeltas[index] ?? 0) / 1_000)
  }
  return [...times]
}

function largest(parts: readonly (readonly [string, number, string?])[], show: (value: number) => string): string[] {
  const sorted = parts.toSorted(([, left], [, right]) => right - left).slice(0, MOST)
  return sorted.map(
    ([name, value, more]) => `  ${show(value).padStart(8)}  ${name}${more === undefined ? '' : `, ${more} modules`}`,
  )
}
