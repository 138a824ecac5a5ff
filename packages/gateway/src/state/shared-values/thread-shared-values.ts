/** Owns a thread's side of values that a process loads once: what it knows of them, who waits here, and loading when it is its turn. */
import {
  CallFault,
  type MaybePromise,
  type SharedValue,
  type SharedValueSpec,
  type SharedValues,
} from '@gatewright/policies'
import {
  isRecent,
  type Loaded,
  type LoadFailure,
  type SharedValueAnswer,
  type SharedValueRequest,
} from './shared-value-messages.ts'

const RETRY_MS = 10_000

interface ThreadParts {
  say(request: SharedValueRequest): void
  /** Milliseconds since the epoch. */
  now(): number
}

export class ThreadSharedValues implements SharedValues {
  readonly #parts: ThreadParts
  /** Whoever opened one holds it; with the last of them it is forgotten here. */
  readonly #values = new Map<string, WeakRef<ThreadSharedValue>>()
  /** While main is to answer: who waits for it may be held by nothing but the answer, such as a request of a snapshot that was replaced. */
  readonly #asking = new Set<ThreadSharedValue>()
  readonly #forget = new FinalizationRegistry<string>((key) => {
    if (this.#values.get(key)?.deref() === undefined) this.#values.delete(key)
  })

  constructor(parts: ThreadParts) {
    this.#parts = parts
  }

  open<Value>(spec: SharedValueSpec<Value>): SharedValue<Value> {
    const known = this.#values.get(spec.key)?.deref()
    if (known !== undefined) return known as SharedValue<unknown> as SharedValue<Value>
    const value = new ThreadSharedValue(spec, this.#parts, this.#asking)
    this.#values.set(spec.key, new WeakRef(value))
    this.#forget.register(value, spec.key)
    return value as SharedValue<unknown> as SharedValue<Value>
  }

  onAnswer(answer: SharedValueAnswer): void {
    const value = this.#values.get(answer.key)?.deref()
    if (value !== undefined) value.onAnswer(answer)
    else if (answer.kind === 'value-load') this.#parts.say({ kind: 'value-left', key: answer.key })
  }
}

class ThreadSharedValue implements SharedValue<unknown> {
  readonly #spec: SharedValueSpec<unknown>
  readonly #parts: ThreadParts
  /** Holds it while it waits for main. */
  readonly #asking: Set<ThreadSharedValue>
  #loaded: Loaded | undefined
  /** While main was asked and has not answered. */
  #asked:
    | { readonly answer: Promise<unknown>; settle(answer: Extract<SharedValueAnswer, { kind: 'value' }>): void }
    | undefined
  #askedAtMs = Number.NEGATIVE_INFINITY

  constructor(spec: SharedValueSpec<unknown>, parts: ThreadParts, asking: Set<ThreadSharedValue>) {
    this.#spec = spec
    this.#parts = parts
    this.#asking = asking
  }

  peek(): unknown {
    const loaded = this.#loaded
    if (loaded === undefined) return undefined
    const nowMs = this.#parts.now()
    if (loaded.freshUntilMs <= nowMs && !isRecent(this.#askedAtMs, nowMs, this.#retryMs)) this.#ask().catch(() => {})
    return this.#findUsable()
  }

  get(): MaybePromise<unknown> {
    return this.peek() ?? this.#ask()
  }

  refresh(): Promise<unknown> {
    if (this.#asked !== undefined) return this.#asked.answer
    // Main would say the same: whoever makes up names of keys costs no message.
    const usable = isRecent(this.#askedAtMs, this.#parts.now(), this.#retryMs) ? this.#findUsable() : undefined
    return usable === undefined ? this.#ask() : Promise.resolve(usable)
  }

  onAnswer(answer: SharedValueAnswer): void {
    if (answer.kind === 'value-load') {
      void this.#load()
      return
    }
    if (answer.loaded !== undefined) this.#loaded = answer.loaded
    const asked = this.#asked
    this.#asked = undefined
    this.#asking.delete(this)
    asked?.settle(answer)
  }

  get #retryMs(): number {
    return this.#spec.retryMs ?? RETRY_MS
  }

  #findUsable(): unknown {
    const loaded = this.#loaded
    return loaded !== undefined && loaded.usableUntilMs > this.#parts.now() ? loaded.value : undefined
  }

  /** Main answers everybody who asks, once there is an answer; whoever asks meanwhile waits for the same one. */
  #ask(): Promise<unknown> {
    if (this.#asked !== undefined) return this.#asked.answer
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#asked = {
      answer: promise,
      settle: ({ failure }) => {
        const usable = this.#findUsable()
        if (usable !== undefined) resolve(usable)
        else reject(toError(failure))
      },
    }
    this.#asking.add(this)
    // Nobody may wait for it: a look at what is stale does not.
    promise.catch(() => {})
    this.#askedAtMs = this.#parts.now()
    const { key, isOfOnePerson = false } = this.#spec
    const knownUntilMs = this.#loaded?.freshUntilMs ?? 0
    this.#parts.say({ kind: 'value-wanted', key, knownUntilMs, retryMs: this.#retryMs, isOfOnePerson })
    return promise
  }

  async #load(): Promise<void> {
    const { key } = this.#spec
    try {
      this.#parts.say({ kind: 'value-loaded', key, loaded: await this.#spec.load() })
    } catch (error) {
      this.#parts.say({ kind: 'value-failed', key, failure: toFailure(error) })
    }
  }
}

function toFailure(error: unknown): LoadFailure {
  const message = error instanceof Error ? error.message : String(error)
  const { reason, isAnswered } = error instanceof CallFault ? error : { reason: 'failed', isAnswered: false }
  return { reason, message, isAnswered }
}

function toError(failure: LoadFailure | undefined): CallFault {
  return failure === undefined
    ? new CallFault('expired', 'what was loaded counts no more')
    : new CallFault(failure.reason, failure.message, failure)
}
