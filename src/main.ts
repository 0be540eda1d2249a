import { loaded, loadQuickly } from './load-quickly.ts'

// Before the rest is loaded, which is what takes the time.
loadQuickly()
const { run } = await import('./run.ts')
await run(process.env)
loaded()
