/**
 * Owns how many connections each client address has, over all threads, in a fixed size: a count-min sketch.
 *
 *   thread 0:  row A [ … n … ]  row B [ … m … ]        an address has one cell in each row;
 *   thread 1:  row A [ … n … ]  row B [ … m … ]        its count is the lesser of the two rows' sums
 *
 * Addresses that share a cell in both rows are counted together: too strict, never too lax, and with 16 384 cells rare.
 * A cell has one writer; a dead thread's rows are cleared by main.
 */
import { drawHashKey, type HashKey, KeyHasher } from '../counters/half-sip-hash.ts'

const CELLS = 16_384
const ROWS = 2

export interface AddressGaugeDescriptor {
  readonly memory: SharedArrayBuffer
  readonly threads: number
  /** Secret: nobody outside can choose addresses that meet. */
  readonly hashKey: HashKey
}

export function createAddressGauge(threads: number): AddressGaugeDescriptor {
  const memory = new SharedArrayBuffer(threads * ROWS * CELLS * Int32Array.BYTES_PER_ELEMENT)
  return { memory, threads, hashKey: drawHashKey() }
}

/** Main's, after a thread died: its connections died with it. */
export function clearAddresses({ memory }: AddressGaugeDescriptor, thread: number): void {
  new Int32Array(memory).fill(0, thread * ROWS * CELLS, (thread + 1) * ROWS * CELLS)
}

export class AddressGauge {
  readonly #cells: Int32Array
  readonly #thread: number
  readonly #threads: number
  readonly #hasher: KeyHasher

  constructor({ memory, threads, hashKey }: AddressGaugeDescriptor, thread: number) {
    this.#cells = new Int32Array(memory)
    this.#thread = thread
    this.#threads = threads
    this.#hasher = new KeyHasher('connections', hashKey)
  }

  /** One more or less of this address. */
  add(address: string, amount: 1 | -1): void {
    this.#hasher.hash(address)
    for (let row = 0; row < ROWS; row++) Atomics.add(this.#cells, this.#at(this.#thread, row), amount)
  }

  /** Over all threads. */
  count(address: string): number {
    this.#hasher.hash(address)
    let least = Number.POSITIVE_INFINITY
    for (let row = 0; row < ROWS; row++) {
      let sum = 0
      for (let thread = 0; thread < this.#threads; thread++) sum += Atomics.load(this.#cells, this.#at(thread, row))
      least = Math.min(least, sum)
    }
    return least
  }

  /** Of the address hashed last: each row goes by a half of its hash. */
  #at(thread: number, row: number): number {
    const half = row === 0 ? this.#hasher.low : this.#hasher.high
    return (thread * ROWS + row) * CELLS + (half & (CELLS - 1))
  }
}
