import type { Viewer } from '../../access/viewer.ts'
import type { Activity, Cursor } from '../../activity/activity.ts'
import type { LiveList } from './live-list.ts'

/** Why a subscription ended before its reader went. */
export type LiveEnd = 'AUTHENTICATION_EXPIRED' | 'LOG_UNAVAILABLE'

/** Which facts of the log a subscription is sent. The field that answers it resolves each, and each `LiveEnd`. */
export interface LiveEvents {
  /** Begins behind this place; null: with what is committed from now on. */
  readonly after: Cursor | null
  /** Whether a fact was asked for; the same for whoever sends the same arguments. */
  readonly wants: (fact: Activity) => boolean
  /** Whether a viewer may see a fact that was asked for. */
  readonly sees: (viewer: Viewer, fact: Activity) => boolean
}

/** What a subscription is served from. */
export type LiveSource = { readonly events: LiveEvents } | { readonly list: LiveList }

const described = new WeakMap<object, LiveSource>()

/**
 * What the `subscribe` resolver of a field answers. It is a source of events in the eyes of the executor, and cannot be
 * read as one: the log is read once for all subscribers, and whoever serves them judges by the description.
 */
export function liveSource(source: LiveSource): AsyncIterable<never> {
  const iterable = {
    [Symbol.asyncIterator]: (): never => {
      throw new Error('Live subscriptions are served from the log, for all subscribers together.')
    },
  }
  described.set(iterable, source)
  return iterable
}

/** The description behind a source of events; undefined for any other source. */
export function liveSourceOf(iterable: object): LiveSource | undefined {
  return described.get(iterable)
}
