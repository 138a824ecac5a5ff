/** Owns the entry of a data thread's worker: compiled code is kept between runs here too, and only then is the rest loaded. */
import { enableCompileCache } from 'node:module'

// Without it every thread strips the types of every file again: half a second of CPU and 20 MB a thread, run from source.
enableCompileCache()
await import('./serve-messages.ts')
