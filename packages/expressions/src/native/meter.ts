/** Counts the steps of one evaluation, and ends it when the budget is spent. */
import { CHARS_PER_STEP, COMPARISONS_PER_STEP, MAX_COMPARED_CHARS, MAX_RESULT_CHARS, MAX_STEPS } from './limits.ts'

/** Thrown, not returned: CEL's `||` and `&&` forgive errors that are values, and this one ends the whole evaluation. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded'
}

/** One expression's budget. Evaluations are synchronous, so one meter per expression is enough. */
export class Meter {
  #left = MAX_STEPS

  /** Opens a new evaluation; returns what is to be given to `restore` afterwards, should a getter run the same expression. */
  begin(): number {
    const before = this.#left
    this.#left = MAX_STEPS
    return before
  }

  restore(before: number): void {
    this.#left = before
  }

  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) {
      throw new LimitExceeded(`the expression was ended after ${MAX_STEPS} steps: it loops over or reads too much`)
    }
  }

  /** Pays for reading or copying so many characters, bytes or elements once. */
  spendOnReading(length: number): void {
    this.spend(1 + Math.floor(length / CHARS_PER_STEP))
  }

  /** Pays for a search of `needle` characters among `text` characters. */
  spendOnSearching(text: number, needle: number): void {
    this.spend(1 + Math.floor((text * Math.min(Math.max(needle, 1), MAX_COMPARED_CHARS)) / COMPARISONS_PER_STEP))
  }

  /** Pays for a search from the end, where V8 has no tables: every place may be compared with the whole needle. */
  spendOnSearchingBack(text: number, needle: number): void {
    this.spend(1 + Math.floor((text * Math.max(needle, 1)) / COMPARISONS_PER_STEP))
  }

  /** Refuses a text or byte string before it is made. */
  requireLength(length: number): void {
    if (length > MAX_RESULT_CHARS) {
      throw new LimitExceeded(
        `an expression may make texts of ${MAX_RESULT_CHARS} characters, this one would have ${length}`,
      )
    }
  }
}
