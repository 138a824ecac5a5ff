/** Owns values that must never be printed: whoever shows one shows `[redacted]`. */

const REDACTED = '[redacted]'
const inspect = Symbol.for('nodejs.util.inspect.custom')

/** Holds a secret text; only `reveal()` gives it away, so that every place that does can be found. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.toPrimitive](): string {
    return REDACTED
  }

  [inspect](): string {
    return REDACTED
  }
}
