/** Owns the signs of life of data threads: each counts up in shared memory while its event loop turns, and main looks. */

const BEAT_MS = 500
const LOOK_MS = 1_000
/** Longer than any slice of work of ours and any garbage collection; a policy that never returns takes for ever. */
const SILENT_MS = 5_000

export type PulseDescriptor = SharedArrayBuffer

export function createPulse(threads: number): PulseDescriptor {
  return new SharedArrayBuffer(threads * Int32Array.BYTES_PER_ELEMENT)
}

/** The thread's side: it beats from here on. */
export function startBeating(descriptor: PulseDescriptor, thread: number): void {
  const beats = new Int32Array(descriptor)
  // At once, so that one that hangs on its first request is missed too.
  Atomics.add(beats, thread, 1)
  setInterval(() => Atomics.add(beats, thread, 1), BEAT_MS).unref()
}

/** Main's side: calls for each thread that beat once and has been silent since for too long. Returns how to stop looking. */
export function watchPulse(descriptor: PulseDescriptor, onSilent: (thread: number) => void): () => void {
  const beats = new Int32Array(descriptor)
  const seen = Array.from(beats, (count) => ({ count, atMs: performance.now() }))
  const timer = setInterval(() => {
    const nowMs = performance.now()
    for (const [thread, last] of seen.entries()) {
      const count = Atomics.load(beats, thread)
      if (count !== last.count) {
        last.count = count
        last.atMs = nowMs
      } else if (count !== 0 && nowMs - last.atMs > SILENT_MS) {
        // Its successor begins anew.
        Atomics.store(beats, thread, 0)
        last.count = 0
        onSilent(thread)
      }
    }
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}
