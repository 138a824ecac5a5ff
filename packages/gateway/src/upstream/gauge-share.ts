/** Owns what one upstream of one snapshot adds to a gauge: all of it is given back when no snapshot uses the upstream any more. */
import { add, type Cells } from '../state/gauges/metric-family.ts'

export class GaugeShare {
  readonly #cells: Cells | undefined
  #held = 0
  #isClosed = false

  /** undefined: nobody counts. */
  constructor(cells: Cells | undefined) {
    this.#cells = cells
  }

  add(amount: 1 | -1): void {
    if (this.#cells === undefined || this.#isClosed) return
    this.#held += amount
    add(this.#cells, amount)
  }

  /** What happens later is not counted: a successor counts in the same place. */
  giveBack(): void {
    if (this.#cells !== undefined && !this.#isClosed) add(this.#cells, -this.#held)
    this.#isClosed = true
  }
}
