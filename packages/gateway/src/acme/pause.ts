/** Owns waiting on the clock that was given, for what can be called off. */
import type { Clock } from '@gatewright/policies'

/** Rejects with the signal's reason once it is aborted. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      callOff()
      reject(signal.reason)
    }
    const callOff = clock.after(delayMs, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
