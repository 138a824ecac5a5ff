/**
 * Owns a dynamic table (RFC 7541 §2.3.2): first in, first out, bounded by its size in octets.
 *
 *   ring   … │ oldest │ … │ newest │ free …      a power of two of slots, twice as many when they are full
 *
 * An entry comes and goes without anything being moved, and is found by one subtraction.
 */

export interface TableEntry {
  /** RFC 7541 §4.1. */
  readonly sizeBytes: number
}

/** Most tables hold few entries; 4096 octets hold 128 of the smallest. */
const FIRST_SLOTS = 16

export class DynamicTable<Entry extends TableEntry> {
  count = 0
  #ring: (Entry | undefined)[] = createSlots(FIRST_SLOTS)
  #newest = -1
  #usedBytes = 0
  #mostBytes: number

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  get mostBytes(): number {
    return this.#mostBytes
  }

  /** 0 is the newest. */
  find(age: number): Entry | undefined {
    if (age >= this.count) return undefined
    return this.#ring[(this.#newest - age) & (this.#ring.length - 1)]
  }

  add(entry: Entry): void {
    this.#evict(this.#mostBytes - entry.sizeBytes)
    // RFC 7541 §4.4: what is larger than the table empties it, which is no fault.
    if (entry.sizeBytes > this.#mostBytes) return
    if (this.count === this.#ring.length) this.#grow()
    this.#newest = (this.#newest + 1) & (this.#ring.length - 1)
    this.#ring[this.#newest] = entry
    this.#usedBytes += entry.sizeBytes
    this.count++
  }

  /** RFC 7541 §4.3. */
  resize(mostBytes: number): void {
    this.#mostBytes = mostBytes
    this.#evict(mostBytes)
  }

  /** Drops the oldest until no more than that is used. */
  #evict(keptBytes: number): void {
    while (this.#usedBytes > keptBytes && this.count > 0) {
      const oldest = (this.#newest - this.count + 1) & (this.#ring.length - 1)
      this.#usedBytes -= this.#ring[oldest]?.sizeBytes ?? 0
      this.#ring[oldest] = undefined
      this.count--
    }
  }

  #grow(): void {
    const ring = createSlots<Entry>(this.#ring.length * 2)
    for (let age = 0; age < this.count; age++) ring[this.count - 1 - age] = this.find(age)
    this.#ring = ring
    this.#newest = this.count - 1
  }
}

function createSlots<Entry>(count: number): (Entry | undefined)[] {
  return new Array<Entry | undefined>(count).fill(undefined)
}
