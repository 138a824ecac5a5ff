/** Owns what another service decides: asked once for all who wait for the same, remembered while it holds, and never by too many calls at once. */
import { toUnavailable } from '../calls/unavailable.ts'
import type { Exchange } from '../exchange.ts'
import type { Problem } from '../problem.ts'
import type { Clock } from '../services.ts'
import { Remembered } from './remembered.ts'
import { SharedWork } from './shared-work.ts'

export interface Verdict<Value> {
  readonly value: Value
  /** Until when it is remembered; milliseconds since the epoch, 0: not at all. */
  readonly untilMs: number
  /** Good ones and bad ones have rooms of their own: who sends rubbish pushes out rubbish. */
  readonly isGood: boolean
  /** May those have it who asked for the same while it was on its way? Else each asks for itself. */
  readonly isShared: boolean
}

type Ask<Value> = () => Promise<Verdict<Value>>

/** Stands around one question, also while it waits for its turn: such as a guard that counts guesses. */
export interface Watch<Value> {
  /** Whose question it is: with the client that left it may end before its turn has come. */
  readonly exchange: Exchange
  around(ask: Ask<Value>): Promise<Verdict<Value>>
}

export interface VerdictBounds {
  /** How many are remembered of each kind. */
  readonly most: number
  /** Calls under way at once. */
  readonly mostCalls: number
  /** What those hear who would need more; that whoever decides cannot be asked, unless said. */
  readonly tooMany?: Problem
}

/** Of one thread. Keys are fingerprints, or what is no secret. */
export class Verdicts<Value> {
  readonly #good: Remembered<Value>
  readonly #bad: Remembered<Value>
  readonly #mostCalls: number
  readonly #tooMany: Problem
  readonly #shared = new SharedWork<Verdict<Value>>()
  #calls = 0

  constructor({ most, mostCalls, tooMany }: VerdictBounds, clock: Pick<Clock, 'now'>) {
    this.#good = new Remembered(most, clock)
    this.#bad = new Remembered(most, clock)
    this.#mostCalls = mostCalls
    this.#tooMany = tooMany ?? toUnavailable({ reason: 'too-many-calls' }, { retryAfterSeconds: 1 })
  }

  find(key: string): Value | undefined {
    return this.#good.get(key) ?? this.#bad.get(key)
  }

  /** @rejects Problem `tooMany` beyond `mostCalls`, else with what `call` rejects: all who wait hear it */
  async ask(key: string, call: Ask<Value>, watch?: Watch<Value>): Promise<Value> {
    const isFirst = !this.#shared.has(key)
    const verdict = await this.#shared.run(key, () => this.#askAndRemember(key, call, watch), watch?.exchange)
    return isFirst || verdict.isShared ? verdict.value : await this.askAlone(call, watch)
  }

  async #askAndRemember(key: string, call: Ask<Value>, watch: Watch<Value> | undefined): Promise<Verdict<Value>> {
    const verdict = await this.#watched(call, watch)
    const { value, untilMs, isGood } = verdict
    this.forget(key)
    if (untilMs > 0) (isGood ? this.#good : this.#bad).set(key, value, untilMs)
    return verdict
  }

  /** Neither shared nor remembered. */
  async askAlone(call: Ask<Value>, watch?: Watch<Value>): Promise<Value> {
    const { value } = await this.#watched(call, watch)
    return value
  }

  #watched(call: Ask<Value>, watch: Watch<Value> | undefined): Promise<Verdict<Value>> {
    return watch === undefined ? this.#call(call) : watch.around(() => this.#call(call))
  }

  async #call(call: Ask<Value>): Promise<Verdict<Value>> {
    if (this.#calls >= this.#mostCalls) throw this.#tooMany
    this.#calls++
    try {
      return await call()
    } finally {
      this.#calls--
    }
  }

  forget(key: string): void {
    this.#good.forget(key)
    this.#bad.forget(key)
  }
}
