/**
 * Owns what active health found out, where every thread can read it: one cell a target, in shared memory. Main makes the
 * cells, the service thread writes them, data threads look before they choose a target.
 *
 *   page (SharedArrayBuffer): 1024 cells × 4 B    0: takes requests (also: not known yet)    1: left out
 */

const PAGE_CELLS = 1024
const OUT = 1

/** What a thread needs to find cells; to be sent again with a snapshot that defined more. */
export interface HealthDescriptor {
  readonly pages: readonly SharedArrayBuffer[]
  readonly places: ReadonlyMap<string, number>
}

interface Defined {
  readonly place: number
  generation: number
}

/**
 * Main's side. A cell is its target's until a snapshot that does not ask for its health runs on every thread; then it is
 * given to another. Whoever of a former snapshot still looks at it may leave out a target of its own for a while: at worst
 * as if that had been slow to come back.
 */
export class HealthTable {
  readonly #pages: SharedArrayBuffer[] = []
  readonly #places = new Map<string, Defined>()
  readonly #free: number[] = []
  #used = 0
  #generation = 0

  /** What is defined from here on is for one more snapshot; what it has in common with those before it is defined again. */
  beginGeneration(): void {
    this.#generation++
  }

  /** Adds a cell unless it is there. */
  define(upstream: string, url: string): void {
    const key = toKey(upstream, url)
    const known = this.#places.get(key)
    if (known !== undefined) known.generation = this.#generation
    else this.#places.set(key, { place: this.#takeFree() ?? this.#allocate(), generation: this.#generation })
  }

  /** Emptied: a prober that died with its thread left what it had found out. */
  #takeFree(): number | undefined {
    const place = this.#free.shift()
    const page = place === undefined ? undefined : this.#pages[Math.floor(place / PAGE_CELLS)]
    if (place !== undefined && page !== undefined) Atomics.store(new Int32Array(page), place % PAGE_CELLS, 0)
    return place
  }

  /** The snapshot runs on every thread: cells that it did not define are free. */
  settleGeneration(): void {
    for (const [key, { place, generation }] of this.#places) {
      if (generation === this.#generation) continue
      this.#places.delete(key)
      this.#free.push(place)
    }
  }

  descriptor(): HealthDescriptor {
    return { pages: [...this.#pages], places: new Map([...this.#places].map(([key, { place }]) => [key, place])) }
  }

  #allocate(): number {
    const place = this.#used++
    if (place % PAGE_CELLS === 0) this.#pages.push(new SharedArrayBuffer(PAGE_CELLS * Int32Array.BYTES_PER_ELEMENT))
    return place
  }
}

/** One target's verdict. */
export class HealthCell {
  readonly #cells: Int32Array
  readonly #at: number

  constructor(cells: Int32Array, at: number) {
    this.#cells = cells
    this.#at = at
  }

  get isOut(): boolean {
    return Atomics.load(this.#cells, this.#at) === OUT
  }

  set isOut(isOut: boolean) {
    Atomics.store(this.#cells, this.#at, isOut ? OUT : 0)
  }
}

/** undefined: main made no cell for this target, because nothing checks it. */
export type FindHealth = (upstream: string, url: string) => HealthCell | undefined

export function openHealth({ pages, places }: HealthDescriptor): FindHealth {
  const opened = pages.map((page) => new Int32Array(page))
  return (upstream, url) => {
    const place = places.get(toKey(upstream, url))
    const cells = place === undefined ? undefined : opened[Math.floor(place / PAGE_CELLS)]
    return place === undefined || cells === undefined ? undefined : new HealthCell(cells, place % PAGE_CELLS)
  }
}

function toKey(upstream: string, url: string): string {
  return `${upstream} ${url}`
}
