import { isDeepStrictEqual } from 'node:util'

/** Whether two values are alike in all that they hold, in whatever order their keys are. */
export const same = (left: unknown, right: unknown): boolean => isDeepStrictEqual(left, right)
