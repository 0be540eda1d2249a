import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../time/clock.ts'
import { bodyOf } from './body.ts'
import { callOf } from './call.ts'
import { crossOriginHeaders } from './cross-origin.ts'
import type { Admit } from './admit.ts'
import { GRAPHQL_PATH, type Arrival } from './graphql-over-http.ts'
import { inTime } from './guards.ts'
import { mediaTypeFor } from './media-type.ts'
import type { PersistedSetting } from './persisted-operations.ts'
import type { PlannedAnswer, PlannedAnswers } from './planned-answers.ts'

/** Longer bodies go the common way: in one piece they would stand in nobody else's way for too long. */
const LONGEST_BODY = 64 * 1_024

export interface QuickWayOptions {
  readonly admit: Admit
  readonly answers: PlannedAnswers
  readonly persisted: PersistedSetting | null
  readonly corsOrigins: readonly string[]
  readonly clock: Clock
  /** How long an answer may take, in milliseconds. */
  readonly withinMs: number
}

/**
 * Answers, ahead of the pipeline, what a plan answers; it costs half of the way through it. Null when it did. For
 * anything else, and for every error, it leaves what the pipeline is to go on from.
 */
export type QuickWay = (request: IncomingMessage, response: ServerResponse) => Promise<Arrival | null>

export function createQuickWay(options: QuickWayOptions): QuickWay {
  const { admit, answers, persisted, corsOrigins, clock, withinMs } = options
  return async (request, response) => {
    const mediaType = isPlain(request) ? mediaTypeFor(request.headers.accept) : null
    if (mediaType === null) return {}
    const arrival = await admit(request)
    const caller = arrival.authentication
    if (caller === undefined) return arrival

    const body = await bodyOf(request)
    if (body === null) return null
    // The pipeline takes it from there: the stream can be read once.
    Object.assign(request, { body })
    const call = callOf(body, persisted)
    const answer = call === null ? null : answers.of(call, caller)
    if (answer === null) return arrival
    const { data, away, late } = await inTime<PlannedAnswer & { late?: true }>(clock, withinMs, answer, () => LATE)
    if (data === null) return { ...arrival, away, late: late === true }

    const text = `{"data":${data}}`
    response.writeHead(200, {
      ...crossOriginHeaders(corsOrigins, request.headers.origin),
      'content-type': `${mediaType}; charset=utf-8`,
      'content-length': Buffer.byteLength(text),
    })
    response.end(text)
    return null
  }
}

const LATE = { data: null, late: true } as const

/** A short JSON body in one piece, as nearly every client sends it. */
function isPlain({ method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    url === GRAPHQL_PATH &&
    Number(headers['content-length'] ?? Number.NaN) <= LONGEST_BODY &&
    headers['content-encoding'] === undefined &&
    /^application\/json *(?:; *charset=utf-8 *)?$/i.test(headers['content-type'] ?? '')
  )
}
