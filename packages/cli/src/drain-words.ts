/** Owns what a drain is told as: what is waited for, how long, and how not to wait. */

export interface Drain {
  readonly signal: NodeJS.Signals
  readonly delayMs: number
  readonly timeoutMs: number
  /** Under way as it begins. */
  readonly requests: number
  readonly tunnels: number
}

export function toDrainWords({ signal, delayMs, timeoutMs, requests, tunnels }: Drain): string {
  const again = signal === 'SIGINT' ? 'Ctrl-C again ends at once' : 'a second signal ends at once'
  const longest = `at most ${timeoutMs / 1000} s; ${again}`
  if (delayMs > 0) {
    return `drains: still takes requests for ${delayMs / 1000} s, then waits for what is under way, ${longest}`
  }
  const waited = [toCount(requests, 'request'), toCount(tunnels, 'tunnel')].filter((text) => text !== '')
  return waited.length === 0 ? 'drains: nothing is under way' : `drains: waits for ${waited.join(' and ')}, ${longest}`
}

function toCount(count: number, noun: string): string {
  return count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`
}
