import { Agent, request } from 'node:http'
import { titleOf, type Call, type Contestant } from './contestant.ts'
import { documentNames, type DocumentName } from './documents.ts'
import type { Places } from './places.ts'
import { differenceOf, hashOf, type Json } from './shape.ts'

const AT_ONCE = 8

/** How many bytes each server answers each place of a document with, once it was seen to be right. */
export type Lengths = ReadonlyMap<Contestant, Readonly<Record<DocumentName, readonly number[]>>>

/**
 * Asks every server everything once, and fails unless all say the same: the first of them is what the others are
 * compared with.
 */
export async function agree(contestants: readonly Contestant[], places: Places): Promise<Lengths> {
  const expected = new Map<string, { readonly hash: string; readonly data: Json }>()
  const lengths = new Map<Contestant, Record<DocumentName, readonly number[]>>()
  for (const contestant of contestants) {
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
    const of: Partial<Record<DocumentName, readonly number[]>> = {}
    for (const name of documentNames) {
      of[name] = await inTurn(places[name], async (place, index) => {
        const { status, text } = await send(contestant.port, agent, contestant.call(name, place))
        const answer = status === 200 ? (JSON.parse(text) as { data?: Json; errors?: unknown }) : null
        if (answer === null || answer.errors !== undefined)
          throw new Error(`${titleOf(contestant)} answers ${name} with ${String(status)}: ${text.slice(0, 2_000)}`)
        const data: Json = contestant.shaped(name, answer.data)
        const [hash, key] = [hashOf(data), `${name} ${String(index)}`]
        const first = expected.get(key) ?? { hash, data }
        expected.set(key, first)
        if (first.hash !== hash)
          throw new Error(
            `${titleOf(contestant)} and ${titleOf(contestants[0] as Contestant)} differ in ${name} (${JSON.stringify(place)}): ` +
              differenceOf(data, first.data),
          )
        return Buffer.byteLength(text)
      })
    }
    agent.destroy()
    lengths.set(contestant, of as Record<DocumentName, readonly number[]>)
  }
  return lengths
}

/** Does something for each item, some at once; the answers in the items' order. */
async function inTurn<Item, Answer>(
  items: readonly Item[],
  act: (item: Item, index: number) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [index, item] of queue) answers[index] = await act(item, index)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return answers
}

function send(port: number, agent: Agent, call: Call): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { ...call.headers, 'content-type': 'application/json' }
    const asked = request(
      { port, host: '127.0.0.1', agent, method: 'POST', path: call.path, headers },
      async (response) => {
        try {
          const chunks = (await response.toArray()) as Buffer[]
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
        } catch (error) {
          reject(error as Error)
        }
      },
    )
    asked.on('error', reject)
    asked.end(call.body)
  })
}
