import { CloudError } from '../error.ts'
import { lackingAdvice } from './advice.ts'

type Page = readonly unknown[]

/** Lists of which some may be refused for want of a permission. */
export interface Lacking {
  /**
   * The pages of a list. One that is refused for a permission that is named ends without: the lists after it are still
   * tried, a page each, so that all that is missing is known at once and not one after the other.
   */
  noting(pages: AsyncIterable<Page>): AsyncGenerator<Page, undefined>
  /** Fails with everything that was missing, if anything was. */
  fail(): void
}

export function createLacking(): Lacking {
  const refusals: CloudError[] = []
  return {
    async *noting(pages) {
      try {
        for await (const page of pages) {
          // Of no use any more: this was only to see whether it is refused too.
          if (refusals.length > 0) return undefined
          yield page
        }
      } catch (error) {
        if (!(error instanceof CloudError) || error.missingPermissions.length === 0) throw error
        refusals.push(error)
      }
      return undefined
    },
    fail() {
      const [first, ...more] = refusals
      if (first === undefined) return
      if (more.length === 0) throw first
      const missingPermissions = [...new Set(refusals.flatMap((refusal) => refusal.missingPermissions))]
      throw new CloudError(first.kind, first.code, lackingAdvice(missingPermissions), {
        correlationId: first.correlationId,
        missingPermissions,
        cause: first,
      })
    },
  }
}
