/**
 * Owns an upstream's breaker on one thread: while most of its answers are failures, requests are answered at once and it is
 * left in peace.
 *
 *   closed ──failurePercent of a window failed──▶ open ──openMs──▶ half-open: one request tries
 *     ▲                                            ▲                  │ failed
 *     └────────────────── it was answered ─────────┼──────────────────┤
 *                                                  └──────────────────┘
 */
import type { Breaker as BreakerOptions } from '@gatewright/model'
import { Problem } from '@gatewright/policies'
import type { ResultListener } from './result-listener.ts'
import type { TargetRuntime } from './target.ts'

/** A window slides in so many steps: one that began anew every `windowMs` would forget a failure at its edge. */
const SLICES = 10
/** 5xx: the upstream itself says that it failed. */
const FAILURES_FROM = 500

type State = 'closed' | 'open' | 'trying'

export class Breaker implements ResultListener {
  readonly #options: BreakerOptions
  readonly #now: () => number
  readonly #onChange: (isOpen: boolean) => void
  readonly #sliceMs: number
  readonly #requests = new Float64Array(SLICES)
  readonly #failures = new Float64Array(SLICES)
  /** Number of the slice that is being counted in, since the clock began. */
  #slice = 0
  #state: State = 'closed'
  /** When the next request may try; not for `closed`. */
  #triesAtMs = 0

  /** `onChange`: it opened, or closed again. */
  constructor(
    options: BreakerOptions,
    now: () => number = () => performance.now(),
    onChange: (isOpen: boolean) => void = () => {},
  ) {
    this.#options = options
    this.#now = now
    this.#onChange = onChange
    this.#sliceMs = options.windowMs / SLICES
  }

  /** Would `mayPass` say no? Takes nobody's turn to try. */
  get isShut(): boolean {
    return this.#state !== 'closed' && this.#now() < this.#triesAtMs
  }

  /** May this request go to the upstream? Once for each request that then goes. */
  mayPass(): boolean {
    if (this.#state === 'closed') return true
    if (this.isShut) return false
    this.#state = 'trying'
    // The next one tries only if nothing is heard of this one: its client may leave before an answer.
    this.#triesAtMs = this.#now() + this.#options.openMs
    return true
  }

  /** What a request is answered that may not pass. */
  toProblem(): Problem {
    const seconds = Math.max(1, Math.ceil((this.#triesAtMs - this.#now()) / 1000))
    return new Problem('upstream-unavailable', { reason: 'breaker-open', headers: [['Retry-After', String(seconds)]] })
  }

  onResult(_target: TargetRuntime, status: number): void {
    if (status >= FAILURES_FROM) this.onFailure()
    else if (this.#state === 'closed') this.#count()
    else if (this.#state === 'trying') this.#close()
  }

  onFailure(): void {
    if (this.#state === 'closed') {
      const at = this.#count()
      this.#failures[at] = (this.#failures[at] ?? 0) + 1
      if (this.#hasFailed()) this.#open()
    } else if (this.#state === 'trying') {
      this.#open()
    }
    // While it is open, answers to what was sent before say nothing new.
  }

  /** One request more; answers where in the window it stands. */
  #count(): number {
    const slice = Math.floor(this.#now() / this.#sliceMs)
    const stale = Math.min(SLICES, slice - this.#slice)
    for (let i = 0; i < stale; i++) this.#clear((slice - i) % SLICES)
    this.#slice = slice
    const at = slice % SLICES
    this.#requests[at] = (this.#requests[at] ?? 0) + 1
    return at
  }

  #hasFailed(): boolean {
    const { minRequests, failurePercent } = this.#options
    const requests = sum(this.#requests)
    return requests >= minRequests && sum(this.#failures) * 100 >= failurePercent * requests
  }

  #open(): void {
    if (this.#state === 'closed') this.#onChange(true)
    this.#state = 'open'
    this.#triesAtMs = this.#now() + this.#options.openMs
  }

  #close(): void {
    this.#state = 'closed'
    this.#onChange(false)
    for (let at = 0; at < SLICES; at++) this.#clear(at)
  }

  #clear(at: number): void {
    this.#requests[at] = 0
    this.#failures[at] = 0
  }
}

function sum(slices: Float64Array): number {
  let total = 0
  for (const count of slices) total += count
  return total
}
