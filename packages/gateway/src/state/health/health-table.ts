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

/** Main's side. Cells stay as long as the process lives: 4 bytes for each target that ever was checked. */
export class HealthTable {
  readonly #pages: SharedArrayBuffer[] = []
  readonly #places = new Map<string, number>()

  /** Adds a cell unless it is there. */
  define(upstream: string, url: string): void {
    const key = toKey(upstream, url)
    if (this.#places.has(key)) return
    const place = this.#places.size
    if (place % PAGE_CELLS === 0) this.#pages.push(new SharedArrayBuffer(PAGE_CELLS * Int32Array.BYTES_PER_ELEMENT))
    this.#places.set(key, place)
  }

  descriptor(): HealthDescriptor {
    return { pages: [...this.#pages], places: new Map(this.#places) }
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
