import { sql } from 'drizzle-orm'
import type { Store } from './store.ts'

/** What of the configuration is kept in the database, so that every statement of every replica goes by the same. */
export interface Settings {
  /** How long before its end a grant is announced to end where its policy does not say, in seconds; 0: never. */
  readonly noticeSeconds: number
}

/** Puts settings in force for all replicas: those that started last count. Ends that are given from now on go by them. */
export async function writeSettings(store: Store, { noticeSeconds }: Settings): Promise<void> {
  await store.db.execute(sql`
    update gateway_settings set notice_seconds = ${noticeSeconds} where notice_seconds <> ${noticeSeconds}`)
}
