/** Owns what threads share, in tests and rehearsals: on one thread, by the test's clock. */
import type { MaybePromise } from '../maybe-promise.ts'
import type { Clock, LoadedValue, SharedValue, SharedValueSpec, SharedValues } from '../services.ts'

const RETRY_MS = 10_000

export class MemorySharedValues implements SharedValues {
  readonly #clock: Pick<Clock, 'now'>
  readonly #values = new Map<string, SharedValue<unknown>>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  open<Value>(spec: SharedValueSpec<Value>): SharedValue<Value> {
    const known = this.#values.get(spec.key)
    if (known !== undefined) return known as SharedValue<Value>
    const value = new MemorySharedValue(spec, this.#clock)
    this.#values.set(spec.key, value)
    return value
  }
}

class MemorySharedValue<Value> implements SharedValue<Value> {
  readonly #spec: SharedValueSpec<Value>
  readonly #clock: Pick<Clock, 'now'>
  #loaded: LoadedValue<Value> | undefined
  #loading: Promise<Value> | undefined
  #failure: unknown
  #triedAtMs = Number.NEGATIVE_INFINITY

  constructor(spec: SharedValueSpec<Value>, clock: Pick<Clock, 'now'>) {
    this.#spec = spec
    this.#clock = clock
  }

  peek(): Value | undefined {
    const usable = this.#usable()
    if (this.#loaded !== undefined && this.#loaded.freshUntilMs <= this.#clock.now() && this.#mayTry()) {
      this.#load().catch(() => {})
    }
    return usable
  }

  get(): MaybePromise<Value> {
    const usable = this.peek()
    if (usable !== undefined) return usable
    if (this.#loading !== undefined) return this.#loading
    return this.#mayTry() ? this.#load() : Promise.reject(this.#failure)
  }

  async refresh(): Promise<Value> {
    if (this.#loading !== undefined) return this.#loading
    if (this.#mayTry()) return await this.#load()
    const usable = this.#usable()
    if (usable === undefined) throw this.#failure
    return usable
  }

  #usable(): Value | undefined {
    const loaded = this.#loaded
    return loaded !== undefined && loaded.usableUntilMs > this.#clock.now() ? loaded.value : undefined
  }

  #mayTry(): boolean {
    return this.#clock.now() - this.#triedAtMs >= (this.#spec.retryMs ?? RETRY_MS)
  }

  #load(): Promise<Value> {
    this.#loading ??= this.#spec
      .load()
      .then(
        (loaded) => {
          this.#loaded = loaded
          return loaded.value
        },
        (failure: unknown) => {
          this.#failure = failure
          throw failure
        },
      )
      .finally(() => {
        this.#triedAtMs = this.#clock.now()
        this.#loading = undefined
      })
    return this.#loading
  }
}
