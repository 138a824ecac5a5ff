/**
 * Owns the memory of the credentials index: its layout, and how a key, an app or a user is found in it while main writes.
 *
 * ```
 * SharedArrayBuffer
 * ┌─────────────┬──────────────────────────────────┬──────────────────────────┐
 * │ header 16 B │ entries, capacity × 40 B         │ names: length u32, UTF-8 │
 * │ revision u64│ open addressing, linear probing  │ padded to 4 B            │
 * │ decoy u32   │                                  │                          │
 * │ kinds u32   │                                  │                          │
 * └─────────────┴──────────────────────────────────┴──────────────────────────┘
 * entry
 * ┌──────────────────────────┬──────────────┬────────────┬───────────┬─────────┐
 * │ first 16 B of the hash   │ app's name 4 │ plan's 4   │ notBefore │ expires │
 * │ of the key               │ + status     │ 0: no plan │ f64       │ f64     │
 * └──────────────────────────┴──────────────┴────────────┴───────────┴─────────┘
 * ```
 *
 * Apps and users are entries as well, found by a hash of their names. Whoever has several plans has a text for them among the
 * names. Where a key has its plan, a user has a text that holds the hash of the password and the plan. `decoy` is where the text stands of what
 * is checked for a name that nobody has, so that it takes as long; 0 without users. `kinds` is which hashes keys are kept by, besides SHA-256:
 * what no key is kept by need not be computed of a key that comes.
 *
 * No locks, and nothing to wait for: an entry is written once, its app word last, with an atomic store; while that word
 * is 0 the entry is empty, so nobody sees a half-written key. From then on only the status in the word's two low bits
 * changes. A key that is altered gets a new entry further on, and only then its old one is marked as removed: a reader
 * finds the one or the other, never neither. Entries are not reused; a table that has filled up is replaced.
 *
 * 128 bits are exact enough: a guess is mistaken for one of a million keys with a chance of 2^20 in 2^128. Comparing them
 * needs no constant time: what an attacker could learn is a prefix of the SHA-256 of a key, which is no help in finding
 * the key.
 */
import { hash } from 'node:crypto'
import { SeveralPlans, saysSeveral } from './plan-text.ts'

/** 57 bytes a key when a table is made, 46 when it is left for a larger one; removed keys keep their entry until then. */
const FILL = 0.7
const MOST_FILL = 0.875
const ENTRY_WORDS = 10
const ENTRY_BYTES = 4 * ENTRY_WORDS
const HEADER_BYTES = 16
/** Of the header, in words. */
const DECOY = 2
const KINDS = 3
const APP = 4
const PLAN = 5
const STATUS_MASK = 3

export const LIVE = 1
export const DISABLED = 2
const REMOVED = 3
export type KeyStatus = typeof LIVE | typeof DISABLED

/** Goes to threads as it is. */
export interface KeyTableDescriptor {
  readonly memory: SharedArrayBuffer
  readonly capacity: number
  /** What weak keys are hashed with; absent where there were none when the table was made. */
  readonly pepper?: Uint8Array
}

/** The first 16 bytes of a hash. */
export interface KeyWords {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

export interface KeyEntry {
  /** Where the names stand; `plan` is 0 without one, and of a user its text. */
  readonly app: number
  readonly plan: number
  readonly status: KeyStatus
  /** Epoch milliseconds, or infinite. */
  readonly notBefore: number
  readonly expires: number
}

export function toKeyWords(digest: Buffer): KeyWords {
  return { a: digest.readInt32LE(0), b: digest.readInt32LE(4), c: digest.readInt32LE(8), d: digest.readInt32LE(12) }
}

/**
 * Where an app or a user stands. By another function than those that keys are hashed with, so that no key, however it is
 * made up, is found as one: what a name is hashed to would have to be met by a key's hash, and that is 128 bits.
 */
export function toNameWords(of: 'app' | 'user', name: string): KeyWords {
  return toKeyWords(hash('sha3-256', `${of} ${name}`, 'buffer'))
}

/** `names`: bytes for names, as `toNameBytes` counts them. */
export function createKeyTable(keys: number, nameBytes: number, pepper?: Uint8Array): KeyTable {
  const capacity = Math.max(16, Math.ceil(keys / FILL))
  const memory = new SharedArrayBuffer(HEADER_BYTES + capacity * ENTRY_BYTES + nameBytes)
  return new KeyTable({ memory, capacity, ...(pepper && { pepper }) })
}

/** What a name takes of the room for names. */
export function toNameBytes(name: string): number {
  return 4 + ((Buffer.byteLength(name) + 3) & ~3)
}

/** One view of a table. All may read, one may write. */
export class KeyTable {
  readonly descriptor: KeyTableDescriptor
  readonly #words: Int32Array
  readonly #times: Float64Array
  readonly #revision: BigInt64Array
  /** Word 2: `decoy`; word 3: `kinds`. */
  readonly #header: Int32Array
  readonly #names: Map<number, string> = new Map()
  /** By the text that says them. */
  readonly #plans = new Map<string, SeveralPlans>()
  #used = 0
  #nameEnd: number

  constructor(descriptor: KeyTableDescriptor) {
    const { memory, capacity } = descriptor
    this.descriptor = descriptor
    this.#revision = new BigInt64Array(memory, 0, 1)
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / 4)
    this.#words = new Int32Array(memory, HEADER_BYTES, capacity * ENTRY_WORDS)
    this.#times = new Float64Array(memory, HEADER_BYTES, (capacity * ENTRY_WORDS) / 2)
    this.#nameEnd = HEADER_BYTES + capacity * ENTRY_BYTES
  }

  get revision(): number {
    return Number(Atomics.load(this.#revision, 0))
  }

  set revision(revision: number) {
    Atomics.store(this.#revision, 0, BigInt(revision))
  }

  /** Where it stands what is checked for names that nobody has; 0: there are no users. */
  get decoy(): number {
    return Atomics.load(this.#header, DECOY)
  }

  set decoy(at: number) {
    Atomics.store(this.#header, DECOY, at)
  }

  /** Bits of `key-hash.ts`. */
  get kinds(): number {
    return Atomics.load(this.#header, KINDS)
  }

  /** The writer's: none is taken away before the next table. */
  addKinds(bits: number): void {
    Atomics.or(this.#header, KINDS, bits)
  }

  /** The entry's number, or -1. */
  find({ a, b, c, d }: KeyWords): number {
    const words = this.#words
    const { capacity } = this.descriptor
    let entry = this.#home(a)
    for (;;) {
      const at = entry * ENTRY_WORDS
      const app = Atomics.load(words, at + APP)
      if (app === 0) return -1
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) {
        if ((app & STATUS_MASK) !== REMOVED) return entry
      }
      if (++entry === capacity) entry = 0
    }
  }

  /** undefined: it was removed since it was found. */
  read(entry: number): KeyEntry | undefined {
    const at = entry * ENTRY_WORDS
    const app = Atomics.load(this.#words, at + APP)
    const status = app & STATUS_MASK
    if (status !== LIVE && status !== DISABLED) return undefined
    return {
      app: app & ~STATUS_MASK,
      plan: this.#words[at + PLAN] ?? 0,
      status,
      notBefore: this.#times[at / 2 + 3] ?? 0,
      expires: this.#times[at / 2 + 4] ?? 0,
    }
  }

  getName(at: number): string {
    const known = this.#names.get(at)
    if (known !== undefined) return known
    const { memory } = this.descriptor
    const name = Buffer.from(memory, at + 4, new DataView(memory).getUint32(at, true)).toString('utf8')
    this.#names.set(at, name)
    return name
  }

  /** Of the plans whose text stands there, the one that counts for this API. */
  getPlan(at: number, api: string): string | undefined {
    return at === 0 ? undefined : this.pickPlan(this.getName(at), api)
  }

  pickPlan(text: string, api: string): string | undefined {
    if (!saysSeveral(text)) return text
    let plans = this.#plans.get(text)
    if (plans === undefined) {
      plans = new SeveralPlans(text)
      this.#plans.set(text, plans)
    }
    return plans.find(api)
  }

  /** The writer's: whether one more entry, and so many bytes of names, fit. */
  hasRoom(nameBytes: number): boolean {
    const { capacity, memory } = this.descriptor
    return this.#used + 1 <= capacity * MOST_FILL && this.#nameEnd + nameBytes <= memory.byteLength
  }

  /** The writer's. Whoever adds a key that is there already removes the old entry afterwards. */
  add({ a, b, c, d }: KeyWords, { app, plan, status, notBefore, expires }: KeyEntry): void {
    const words = this.#words
    const { capacity } = this.descriptor
    let entry = this.#home(a)
    while (words[entry * ENTRY_WORDS + APP] !== 0) entry = entry + 1 === capacity ? 0 : entry + 1
    const at = entry * ENTRY_WORDS
    words[at] = a
    words[at + 1] = b
    words[at + 2] = c
    words[at + 3] = d
    words[at + PLAN] = plan
    this.#times[at / 2 + 3] = notBefore
    this.#times[at / 2 + 4] = expires
    this.#used++
    Atomics.store(words, at + APP, app | status)
  }

  /** The writer's. */
  addName(name: string): number {
    const { memory } = this.descriptor
    const at = this.#nameEnd
    new DataView(memory).setUint32(at, Buffer.byteLength(name), true)
    Buffer.from(memory, at + 4).write(name, 'utf8')
    this.#nameEnd += toNameBytes(name)
    return at
  }

  /** The writer's: takes effect in all threads at once. */
  disable(entry: number): void {
    this.#setStatus(entry, DISABLED)
  }

  remove(entry: number): void {
    this.#setStatus(entry, REMOVED)
  }

  /** All that are not removed. */
  *entries(): Generator<{ readonly number: number; readonly words: KeyWords; readonly entry: KeyEntry }> {
    for (let number = 0; number < this.descriptor.capacity; number++) {
      const entry = this.read(number)
      if (entry === undefined) continue
      const [a = 0, b = 0, c = 0, d = 0] = this.#words.subarray(number * ENTRY_WORDS, number * ENTRY_WORDS + 4)
      yield { number, words: { a, b, c, d }, entry }
    }
  }

  #setStatus(entry: number, status: number): void {
    const at = entry * ENTRY_WORDS + APP
    Atomics.store(this.#words, at, ((this.#words[at] ?? 0) & ~STATUS_MASK) | status)
  }

  #home(a: number): number {
    return Math.floor(((a >>> 0) / 2 ** 32) * this.descriptor.capacity)
  }
}
