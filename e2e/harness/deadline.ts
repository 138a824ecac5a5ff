/** Owns waiting: for promises and for conditions, never longer than a deadline that says what it waited for. */
import { setTimeout as pause } from 'node:timers/promises'

/** Long enough for a machine on which several times as much runs as it has cores; nothing passes because of it. */
let usualMs = 30_000

const MOST_PAUSE_MS = 50

/** For measurements, which may take as long as they take. */
export function bePatient(patienceMs: number): void {
  usualMs = patienceMs
}

/** Rejects when `promise` takes longer than `patienceMs`; `what` says what was awaited. */
export async function within<Value>(promise: Promise<Value>, what: string, patienceMs = usualMs): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${patienceMs} ms for ${what}`)), patienceMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Asks again and again until the answer is not undefined. For what cannot tell us by itself, like another process. */
export async function until<Value>(
  ask: () => Value | undefined | Promise<Value | undefined>,
  what: string,
  patienceMs = usualMs,
): Promise<Value> {
  const start = performance.now()
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    const waitedMs = performance.now() - start
    if (waitedMs > patienceMs) throw new Error(`waited ${patienceMs} ms for ${what}`)
    // A twentieth more is no matter, and what is asked every 5 ms gets on later for it.
    await pause(Math.min(MOST_PAUSE_MS, 5 + waitedMs / 20))
  }
}
