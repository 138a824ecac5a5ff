/**
 * Owns the numbers that all threads report and none of them shares: each thread has a column of its own, main reads them
 * all. Main decides, when a snapshot is compiled, which series there are; threads never make one, so what a request
 * brings along cannot make memory grow.
 *
 * ```
 * page (SharedArrayBuffer): 4096 cells × 8 B in every column; a new page when it is full
 * ┌───────────────────────┬──────────────────┬──────────────────┬─ ─
 * │ column 0: main, and   │ column 1:        │ column 2:        │
 * │ what the dead counted │ thread 0         │ thread 1         │
 * └───────────────────────┴──────────────────┴──────────────────┴─ ─
 *            ▲ a series is so many cells at the same place of every column
 * ```
 *
 * Cells are doubles: aligned, so the machines that Node runs on read and write them whole; exact to 2^53.
 */
import { CELLS_OF, type Cells, type MetricFamily, type MetricKind } from './metric-family.ts'

const PAGE_CELLS = 4096

/** 64 MiB a column at most; series beyond are counted together under `OVERFLOW_LABELS`. */
const MAX_PAGES = 2048

export type Labels = Readonly<Record<string, string>>

/** Of the series that found no room. */
export const OVERFLOW_LABELS: Labels = { series: 'other' }

interface Place {
  readonly page: number
  readonly at: number
}

/** What a thread needs to find its cells, or what is new of that since it was told last. */
export interface ColumnsDescriptor {
  readonly threads: number
  /** Behind those that it has. */
  readonly pages: readonly SharedArrayBuffer[]
  readonly places: ReadonlyMap<string, Place>
  /** Series that are no more. */
  readonly gone: readonly string[]
  readonly upTo: ColumnsKnown
}

/** How much of the series a thread was told. */
export interface ColumnsKnown {
  readonly changes: number
  readonly pages: number
}

const NOTHING_KNOWN: ColumnsKnown = { changes: 0, pages: 0 }

export interface Series {
  readonly family: MetricFamily
  readonly labels: Labels
  /** Summed over all threads, those that died included; one for each cell of the family's kind. */
  readonly values: readonly number[]
}

export interface ColumnsOptions {
  /** Most threads at once; a thread that replaces another takes its number. */
  readonly threads: number
  readonly maxPages?: number
  /** The monotonic clock. */
  readonly now?: () => number
}

/** A series that is defined; `isShared`: it found no room, and is counted under another. */
interface Defined {
  readonly key: string
  readonly family: MetricFamily
  readonly labels: Labels
  readonly place: Place
  readonly isShared: boolean
  /** The change that made it. */
  readonly change: number
  owner: Owner
}

/** Whom series are defined for; the last generation that did. */
interface Owner {
  generation: number
}

interface GoneSeries {
  readonly key: string
  readonly change: number
}

/** A place whose series is gone. */
interface FreePlace {
  readonly place: Place
  readonly freedAtMs: number
}

/** So long a place rests: requests that began before their API was taken out still count when they end. */
const REST_MS = 600_000

/** Main's side. */
export class Columns {
  readonly #threads: number
  readonly #maxPages: number
  readonly #now: () => number
  readonly #pages: SharedArrayBuffer[] = []
  readonly #series = new Map<string, Defined>()
  /** Oldest first. */
  readonly #free: Record<MetricKind, FreePlace[]> = {
    counter: [],
    gauge: [],
    'status-counter': [],
    'grpc-counter': [],
    histogram: [],
  }
  #used = PAGE_CELLS
  /** 0: what belongs to no snapshot, and stays. */
  #generation = 0
  readonly #owners = new WeakMap<object, Owner>()
  #owner: Owner | undefined
  /** Counts series that came or went. */
  #changes = 0
  /** Those of the last two generations: by then every thread was told. */
  #gone: GoneSeries[] = []
  #changesBefore = 0

  constructor({ threads, maxPages = MAX_PAGES, now = () => performance.now() }: ColumnsOptions) {
    this.#threads = threads
    this.#maxPages = maxPages
    this.#now = now
  }

  /** Adds a series unless it is there. It stays until a generation that did not define it is settled. */
  define(family: MetricFamily, labels: Labels = {}): void {
    const key = toKey(family, labels)
    const owner = this.#owner ?? { generation: this.#generation }
    const known = this.#series.get(key)
    if (known !== undefined) {
      if (known.owner.generation !== 0) known.owner = owner
      return
    }
    const own = this.#allocate(family.kind)
    const place = own ?? this.#series.get(toKey(family, OVERFLOW_LABELS))?.place
    if (place === undefined) throw new RangeError(`There is no room left for the metric ${family.name}`)
    this.#changes++
    this.#series.set(key, { key, family, labels, place, isShared: own === undefined, change: this.#changes, owner })
  }

  /** What `define` defines depends on the part alone: of one that the generation before had as well, all stays at once. */
  defineFor(part: object, define: () => void): void {
    const known = this.#owners.get(part)
    if (known !== undefined && known.generation === this.#generation - 1) {
      known.generation = this.#generation
      return
    }
    this.#owner = { generation: this.#generation }
    this.#owners.set(part, this.#owner)
    define()
    this.#owner = undefined
  }

  /** Keeps a place for series of this family that will find none: where a configuration says the labels. */
  reserve(family: MetricFamily): void {
    this.define(family, OVERFLOW_LABELS)
  }

  /** What is defined from here on is for one more snapshot; what it has in common with those before it is defined again. */
  beginGeneration(): void {
    this.#generation++
    this.#gone = this.#gone.filter(({ change }) => change > this.#changesBefore)
    this.#changesBefore = this.#changes
  }

  /** The snapshot runs on every thread: series that it did not define are gone. */
  settleGeneration(): void {
    const freedAtMs = this.#now()
    // Of values and not of entries: there are tens of thousands, and an entry is an array of its own.
    for (const { key, family, place, isShared, owner } of this.#series.values()) {
      if (owner.generation === 0 || owner.generation === this.#generation) continue
      this.#series.delete(key)
      this.#changes++
      this.#gone.push({ key, change: this.#changes })
      if (!isShared) this.#free[family.kind].push({ place, freedAtMs })
    }
  }

  /** What whoever knows so much is to be told. */
  descriptor(known: ColumnsKnown = NOTHING_KNOWN): ColumnsDescriptor {
    const places = new Map<string, Place>()
    for (const { key, place, change } of this.#series.values()) if (change > known.changes) places.set(key, place)
    return {
      threads: this.#threads,
      pages: this.#pages.slice(known.pages),
      places,
      gone: this.#gone.filter(({ change }) => change > known.changes).map(({ key }) => key),
      upTo: { changes: this.#changes, pages: this.#pages.length },
    }
  }

  /** After a thread's end, before its number is given to another: its gauges are gone, what it counted is kept. */
  clear(thread: number): void {
    checkThread(thread, this.#threads)
    for (const { family, place, isShared } of this.#series.values()) {
      if (isShared) continue
      const kept = this.#column(place.page, 0)
      const dead = this.#column(place.page, thread + 1)
      for (let at = place.at; at < place.at + CELLS_OF[family.kind]; at++) {
        if (family.kind !== 'gauge') kept[at] = (kept[at] ?? 0) + (dead[at] ?? 0)
        dead[at] = 0
      }
    }
    for (const { place } of this.#free.gauge) this.#column(place.page, thread + 1)[place.at] = 0
  }

  /** Sums one series, cell by cell; zeros for one that is not defined. */
  sum(family: MetricFamily, labels: Labels = {}): number[] {
    const place = this.#series.get(toKey(family, labels))?.place
    const sums = new Array<number>(CELLS_OF[family.kind]).fill(0)
    if (place === undefined) return sums
    for (let column = 0; column <= this.#threads; column++) {
      const cells = this.#column(place.page, column)
      for (const [cell, sum] of sums.entries()) sums[cell] = sum + (cells[place.at + cell] ?? 0)
    }
    return sums
  }

  /** All series, in the order in which they were defined. `families`: of these alone. */
  read(families?: ReadonlySet<MetricFamily>): Series[] {
    const own = [...this.#series.values()].filter(
      ({ isShared, family }) => !isShared && families?.has(family) !== false,
    )
    return own.map(({ family, labels }) => ({ family, labels, values: this.sum(family, labels) }))
  }

  #allocate(kind: MetricKind): Place | undefined {
    const cells = CELLS_OF[kind]
    const rested = this.#takeRested(kind)
    if (rested !== undefined) return rested
    if (this.#used + cells > PAGE_CELLS) {
      if (this.#pages.length >= this.#maxPages) return undefined
      this.#pages.push(new SharedArrayBuffer(PAGE_CELLS * 8 * (this.#threads + 1)))
      this.#used = 0
    }
    const at = this.#used
    this.#used += cells
    return { page: this.#pages.length - 1, at }
  }

  /** The place that is free for longest, emptied, if it has rested. */
  #takeRested(kind: MetricKind): Place | undefined {
    const free = this.#free[kind]
    const [oldest] = free
    if (oldest === undefined || oldest.freedAtMs + REST_MS > this.#now()) return undefined
    free.shift()
    const { page, at } = oldest.place
    // Somebody still holds what it counted up, a connection that stays open say, and will count it down: its place waits for that.
    if (kind === 'gauge' && this.#isHeld(oldest.place)) {
      free.push({ place: oldest.place, freedAtMs: this.#now() })
      return undefined
    }
    for (let column = 0; column <= this.#threads; column++) this.#column(page, column).fill(0, at, at + CELLS_OF[kind])
    return oldest.place
  }

  #isHeld({ page, at }: Place): boolean {
    for (let column = 0; column <= this.#threads; column++) if (this.#column(page, column)[at] !== 0) return true
    return false
  }

  #column(page: number, column: number): Float64Array {
    const memory = this.#pages[page]
    if (memory === undefined) throw new RangeError(`There is no page ${page}`)
    return toColumn(memory, column)
  }
}

/** A thread's side. */
export class Column {
  readonly #column: number
  readonly #places = new Map<string, Place>()
  readonly #pages: Float64Array[] = []

  constructor(descriptor: ColumnsDescriptor, column: number) {
    this.#column = column
    this.extend(descriptor)
  }

  /** What came and went since the descriptor before. */
  extend({ pages, places, gone }: ColumnsDescriptor): void {
    for (const key of gone) this.#places.delete(key)
    for (const [key, place] of places) this.#places.set(key, place)
    for (const memory of pages) this.#pages.push(toColumn(memory, this.#column))
  }

  /** Where to count: ask once, when a snapshot is compiled. Throws if main has not defined the series. */
  getCells(family: MetricFamily, labels: Labels = {}): Cells {
    const cells = this.findCells(family, labels)
    if (cells === undefined) throw new Error(`Main has not defined the metric ${toKey(family, labels)}`)
    return cells
  }

  /** undefined: main has not defined the series, because there is nothing of the kind to count. */
  findCells(family: MetricFamily, labels: Labels): Cells | undefined {
    const place = this.#places.get(toKey(family, labels))
    const cells = place && this.#pages[place.page]
    return place && cells && { cells, at: place.at }
  }
}

/** Opens the column of thread 0, 1, …, of a descriptor of all there is. */
export function openColumn(descriptor: ColumnsDescriptor, thread: number): Column {
  checkThread(thread, descriptor.threads)
  return new Column(descriptor, thread + 1)
}

function checkThread(thread: number, threads: number): void {
  if (Number.isInteger(thread) && thread >= 0 && thread < threads) return
  throw new RangeError(`thread is ${thread}; there are columns for 0 to ${threads - 1}`)
}

function toColumn(memory: SharedArrayBuffer, column: number): Float64Array {
  return new Float64Array(memory, column * PAGE_CELLS * 8, PAGE_CELLS)
}

function toKey({ name }: MetricFamily, labels: Labels): string {
  return JSON.stringify([name, ...Object.entries(labels)])
}
