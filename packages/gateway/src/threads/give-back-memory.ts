/**
 * Owns the giving back of memory after something was loaded. Loading leaves a heap of garbage, and a thread that is at rest
 * afterwards never collects it: with 10 000 routes, six sevenths of main's heap. What is collected on the way stays with
 * the engine too, in case it is needed again; only its last resort gives it back to the system.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Less than this is not worth a collection: it takes 40 ms of CPU, and more the more there is. */
const WORTH_BYTES = 16 * 1024 * 1024

/** In use when this thread last gave back. */
let keptBytes = 0

/**
 * Holds this thread for 40 ms and more, for each 100 MB that stay some 150 ms: for threads that serve nobody. Does nothing where
 * little has come since the last time, for the much that there is. `mostBytes`: of more than this nothing is given back,
 * because somebody waits.
 */
export function giveBackMemory(mostBytes = Number.POSITIVE_INFINITY): void {
  const { used_heap_size: used } = getHeapStatistics()
  if (used > mostBytes || (keptBytes > 0 && used < keptBytes + Math.max(WORTH_BYTES, keptBytes / 4))) return
  // Contexts that are made after this have `gc`; those that run already stay without.
  setFlagsFromString('--expose-gc')
  const collect: NodeJS.GCFunction = runInNewContext('gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  keptBytes = getHeapStatistics().used_heap_size
}
