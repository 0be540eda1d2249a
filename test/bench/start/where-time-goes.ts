import { readdir, readFile } from 'node:fs/promises'
import { SourceMap, type SourceMapping, type SourceMapPayload } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { partOf } from './part-of.ts'
import { startProduct } from './product.ts'

const MOST = 20

/** A CPU profile of V8's, of which we read these. Times are in microseconds, lines and columns count from 0. */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface Frame {
  readonly url: string
  readonly functionName: string
  readonly lineNumber: number
  readonly columnNumber: number
}

/**
 * Starts the product once more, profiled, and tells as text to which packages and rooms the time of its main thread
 * goes, until it is stopped after its first answer.
 */
export async function whereTimeGoes(env: Readonly<Record<string, string>>, folder: string): Promise<string> {
  await (await startProduct(env, ['--cpu-prof', `--cpu-prof-dir=${folder}`])).stop()
  const file = (await readdir(folder)).find((name) => name.endsWith('.cpuprofile')) ?? ''
  const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as Profile
  const times = [...(await timeOf(profile))].toSorted(([, left], [, right]) => right - left).slice(0, MOST)
  return [
    'CPU time of the main thread, start to stop, in milliseconds (profiled: slower than it is):',
    ...times.map(([name, ms]) => `  ${ms.toFixed(0).padStart(8)}  ${name}`),
  ].join('\n')
}

async function timeOf({ nodes, samples, timeDeltas }: Profile): Promise<Map<string, number>> {
  const maps = await sourceMaps(new Set(nodes.map(({ callFrame }) => callFrame.url)))
  const partOfFrame = ({ url, functionName, lineNumber, columnNumber }: Frame) => {
    if (functionName.startsWith('(')) return functionName
    const found = maps.get(url)?.findEntry(lineNumber, columnNumber) as Partial<SourceMapping> | undefined
    return partOf(found?.originalSource ?? url)
  }
  const partOfNode = new Map(nodes.map(({ id, callFrame }) => [id, partOfFrame(callFrame)]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const part = partOfNode.get(id) ?? ''
    if (part !== '(idle)') times.set(part, (times.get(part) ?? 0) + (timeDeltas[index] ?? 0) / 1_000)
  }
  return times
}

/** The source maps of the files that were built, by the files' addresses; the bundler's own few lines have none. */
async function sourceMaps(urls: Iterable<string>): Promise<Map<string, SourceMap>> {
  const maps = new Map<string, SourceMap>()
  for (const url of urls) {
    const text = url.startsWith('file:') ? await readFile(`${fileURLToPath(url)}.map`, 'utf8').catch(() => null) : null
    if (text !== null) maps.set(url, new SourceMap(JSON.parse(text) as SourceMapPayload))
  }
  return maps
}
