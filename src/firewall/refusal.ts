import type { CloudFault } from '../access/facts.ts'

/** A grant that cannot be opened at a boundary, and why. */
export interface Refusal {
  readonly grantId: string
  readonly fault: CloudFault
}
