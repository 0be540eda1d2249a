import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GraphQLError, GraphQLSchema } from 'graphql'
import type { Activity } from '../../activity/activity.ts'
import { csvHeader, csvLine } from '../../activity/download/csv.ts'
import { jsonLine } from '../../activity/download/json-lines.ts'
import { takeSnapshot } from '../../activity/snapshot.ts'
import { createActivityParts } from '../../graphql/downloads/activity-parts.ts'
import { describeError } from '../../log/describe-error.ts'
import type { Log } from '../../log/log.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../time/clock.ts'
import type { Admit } from '../admit.ts'
import { takeInTurn, type CallerRate } from '../caller-rate.ts'
import { crossOriginHeaders } from '../cross-origin.ts'
import { badRequest, formatError, unavailable } from '../errors.ts'
import { answerJson } from '../http-answers.ts'
import type { Authentication } from '../identity/authenticator.ts'
import { createErrorMask } from '../mask-error.ts'
import { watchReader } from '../reader-watch.ts'
import type { StreamCap } from '../stream-cap.ts'
import { readAsked, type DownloadAsked } from './asked.ts'
import { createJudgedParts } from './judged-parts.ts'
import { sendPaced } from './send-paced.ts'

interface Format {
  readonly file: string
  readonly mediaType: string
  readonly header: string
  readonly line: (activity: Activity) => string
}

const formats: Readonly<Record<string, Format>> = {
  '/activity.csv': {
    file: 'activity.csv',
    mediaType: 'text/csv; charset=utf-8; header=present',
    header: csvHeader,
    line: csvLine,
  },
  '/activity.jsonl': {
    file: 'activity.jsonl',
    mediaType: 'application/x-ndjson; charset=utf-8',
    header: '',
    line: jsonLine,
  },
}

export interface DownloadsOptions {
  readonly schema: GraphQLSchema
  readonly store: Store
  readonly admit: Admit
  readonly callerRate: CallerRate
  readonly cap: StreamCap
  readonly corsOrigins: readonly string[]
  readonly clock: Clock
  readonly log: Log
}

/** Downloads of the activity log. */
export interface Downloads {
  serves(path: string): boolean
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Cuts those that run: whoever reads goes on from the last cursor. */
  stop(): void
}

export function createDownloads(options: DownloadsOptions): Downloads {
  const { store, admit, callerRate, cap, corsOrigins, clock, log } = options
  const parts = createActivityParts(options.schema)
  const maskError = createErrorMask(log)
  const open = new Set<ServerResponse>()

  /** Who asks for what, and the first part of it; fails with the error to answer. */
  const begin = async (request: IncomingMessage, url: URL) => {
    const { authentication: caller, refused } = await admit(request)
    if (caller === undefined) throw refused ?? new Error('A caller is neither admitted nor refused.')
    const asked = readAsked(url.searchParams, parts)
    if ('faults' in asked) throw badRequest('BAD_USER_INPUT', asked.faults.join(' '))
    return { caller, asked }
  }

  /**
   * Sends what was asked for, part by part. What is in the log when it begins is what it holds: rows of transactions that
   * had ended by then are never changed, nor are there ever more of them. So nothing is kept open meanwhile.
   */
  const send = async (response: ServerResponse, format: Format, caller: Authentication, asked: DownloadAsked) => {
    const judged = createJudgedParts(parts, store, caller)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const upTo = (await takeSnapshot(store)).start.transaction
    let part = await judged.read({ ...asked, upTo })
    response.writeHead(200, {
      'content-type': format.mediaType,
      'content-disposition': `attachment; filename="${format.file}"`,
    })
    let header = format.header
    for (;;) {
      if (!(await sendPaced(response, header + part.rows.map(format.line).join('')))) return
      header = ''
      if (part.next === null) break
      // Each part is an operation of its caller, as any other that asks the database.
      if (!(await takeInTurn(callerRate, caller.viewer.actor.id, clock, gone.signal))) return
      part = await judged.read({ filter: asked.filter, after: part.next, upTo })
    }
    response.end()
  }

  const refuse = (response: ServerResponse, error: unknown) => {
    const masked: GraphQLError = maskError(error)
    const http = masked.extensions['http'] as { status?: number; headers?: Record<string, string> } | undefined
    for (const [name, value] of Object.entries(http?.headers ?? {})) response.setHeader(name, value)
    const status = http?.status ?? (masked.extensions['code'] === 'BAD_USER_INPUT' ? 400 : 500)
    answerJson(response, status, { errors: [formatError(masked)] })
  }

  const download = async (request: IncomingMessage, response: ServerResponse, url: URL, format: Format) => {
    const { caller, asked } = await begin(request, url)
    if (!cap.take()) throw unavailable('Too many clients are connected. Try again later.')
    open.add(response)
    const disarm = clock.after(caller.until - clock.now(), () => response.destroy())
    const unwatch = watchReader(response, clock)
    try {
      await send(response, format, caller, asked)
    } finally {
      disarm()
      unwatch()
      open.delete(response)
      cap.give()
    }
  }

  return {
    serves: (path) => Object.hasOwn(formats, path),
    async answer(request, response) {
      const url = new URL(request.url ?? '/', 'http://gateway')
      const format = formats[url.pathname] as Format
      for (const [name, value] of Object.entries(crossOriginHeaders(corsOrigins, request.headers.origin)))
        response.setHeader(name, value)
      response.setHeader('cache-control', 'no-store')
      if (request.method === 'OPTIONS') answerPreflight(response)
      else if (request.method !== 'GET') {
        response.setHeader('allow', 'GET, OPTIONS')
        answerJson(response, 405, { errors: [{ message: 'The log is read by GET.' }] })
      } else
        await download(request, response, url, format).catch((error: unknown) => {
          if (!response.headersSent) return refuse(response, error)
          // Cut rather than ended: whoever reads must not take it for whole, and goes on from the last cursor.
          log.warn({ error: describeError(error) }, 'a download of the activity log was cut off')
          response.destroy()
        })
    },
    stop() {
      for (const response of open) response.destroy()
    },
  }
}

function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, { 'access-control-allow-methods': 'GET', 'access-control-allow-headers': 'authorization' })
  response.end()
}
