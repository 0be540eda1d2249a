import { loadQuickly } from '../../src/load-quickly.ts'

/** Every worker begins with this. */
loadQuickly()
