/** Owns the entry of the control plane's worker: compiled code is kept between runs here too, and only then is the rest loaded. */
import { enableCompileCache } from 'node:module'

// Without it this thread compiles, and from source strips the types of, a thousand files at each start: half of what loading them costs.
enableCompileCache()
await import('./serve-control.ts')
