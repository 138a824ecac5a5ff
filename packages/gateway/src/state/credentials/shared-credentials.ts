/** Owns a thread's look-up of keys, apps and users: it hashes what a caller shows, finds it in shared memory and judges its validity. */
import { hash } from 'node:crypto'
import {
  type AppFacts,
  type Caller,
  type CallerCredential,
  type Credentials,
  isWeakKey,
  type KeyFacts,
  type KeyLookup,
  pickDecoy,
  type UserLookup,
  WeakKeys,
} from '@gatewright/policies'
import { findKeyHash, type KeyHash, KINDS, toKeyHashText } from './key-hash.ts'
import {
  DISABLED,
  type KeyEntry,
  KeyTable,
  type KeyTableDescriptor,
  type KeyWords,
  toKeyWords,
  toNameWords,
} from './key-table.ts'
import { parseUserText } from './user-text.ts'

/** What a thread looks in: first in what the own files say, then in what is published elsewhere, where anything is. */
export interface CredentialsDescriptor extends KeyTableDescriptor {
  readonly fed?: KeyTableDescriptor
}

export interface OpenCredentialsOptions {
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** SHA-256 costs 1.1 µs a key here. Guesses are never remembered, so strangers cannot fill this. */
const MOST_REMEMBERED = 4096

const UNKNOWN = { found: false, why: 'unknown' } as const
const REFUSALS = {
  disabled: { found: false, why: 'disabled' },
  expired: { found: false, why: 'expired' },
  'not-yet-valid': { found: false, why: 'not-yet-valid' },
} as const satisfies Record<string, KeyLookup>

/** An entry, and the table that its names stand in. */
interface Found {
  readonly table: KeyTable
  readonly entry: KeyEntry
}

/** Of a key that was found: where it stands, and what it is named by. */
interface Seen extends KeyHash {
  readonly words: KeyWords
}

interface KeptBy {
  readonly prefix: KeyHash['prefix']
  readonly algorithm: 'sha256' | 'sha384' | 'sha512'
}

const SHA256: KeptBy = { prefix: '', algorithm: 'sha256' }
/** In the order in which they are tried, each only where keys are kept by it. */
const OTHER_HASHES: readonly KeptBy[] = [
  { prefix: 'sha384:', algorithm: 'sha384' },
  { prefix: 'sha512:', algorithm: 'sha512' },
]

export class SharedCredentials implements Credentials {
  #tables: readonly KeyTable[]
  #weakKeys: WeakKeys | undefined
  /** Of keys that were found, so that a caller's next request is not hashed again; validity is judged anew each time. */
  readonly #seen = new Map<string, Seen>()
  /** Of apps that were found, so that the next token of one is not hashed again. */
  readonly #apps = new Map<string, KeyWords>()
  readonly #now: () => number

  constructor(descriptor: CredentialsDescriptor, { now = Date.now }: OpenCredentialsOptions = {}) {
    this.#tables = toDescriptors(descriptor).map((each) => new KeyTable(each))
    this.#now = now
    this.#openWeakKeys(undefined)
  }

  /** Main has made a new table, or changed what stands in one. A table that stays keeps the names that were read from it. */
  reopen(descriptor: CredentialsDescriptor): void {
    const before = this.#pepper
    const known = new Map(this.#tables.map((table) => [table.descriptor.memory, table]))
    this.#tables = toDescriptors(descriptor).map((each) => known.get(each.memory) ?? new KeyTable(each))
    this.#openWeakKeys(before)
  }

  lookUp(key: string, api: string): KeyLookup {
    const seen = this.#seen.get(key)
    if (seen !== undefined) return this.#judge(seen, api)
    const lookup = this.#tryHash(key, api, SHA256)
    let kinds = 0
    for (const table of this.#tables) kinds |= table.kinds
    // Most gateways keep keys by SHA-256 alone.
    if (kinds === 0 || lookup.found || lookup.why !== 'unknown') return lookup
    for (const kept of OTHER_HASHES) {
      if ((kinds & KINDS[kept.prefix]) === 0) continue
      const other = this.#tryHash(key, api, kept)
      if (other.found || other.why !== 'unknown') return other
    }
    return UNKNOWN
  }

  lookUpWeak(key: string, api: string): KeyLookup | (() => Promise<KeyLookup>) {
    const keys = this.#weakKeys
    // Whoever sends what looks strong sends no weak key: a flood of random ones costs no slow hash.
    if (keys === undefined || !isWeakKey(key)) return UNKNOWN
    const judge = (digest: Buffer): KeyLookup => {
      const lookup = this.#judge({ prefix: 'argon2id:', digest, words: toKeyWords(digest) }, api)
      if (lookup.found) keys.remember(key, digest)
      return lookup
    }
    const digest = keys.find(key)
    return digest === undefined ? () => keys.hash(key).then(judge) : judge(digest)
  }

  /**
   * Until when the key of this hash, as `KeyFacts` has it, is let in, in epoch milliseconds; 0: it isn't now. Asked again when
   * `revision` has changed.
   */
  getKeyEnd(keyHash: string): number {
    const hash = findKeyHash(keyHash)
    if (hash === undefined) return 0
    const found = this.#findEntry(toKeyWords(hash.digest))
    return 'found' in found ? 0 : found.entry.expires
  }

  /** The same of all that somebody showed, and of the app: the first that ends ends it. Nobody's right does not end. */
  getRightEnd(caller: Caller | undefined): number {
    if (caller === undefined) return Number.POSITIVE_INFINITY
    if (caller.app !== undefined && this.#findAppEntry(caller.app)?.entry.status === DISABLED) return 0
    const ends = [caller.credential, ...(caller.otherCredentials ?? [])].map((each) => this.#getCredentialEnd(each))
    return Math.min(...ends)
  }

  /** What is not kept here ends by itself, or not at all. */
  #getCredentialEnd(credential: CallerCredential): number {
    const { kind, id, endsAtMs = Number.POSITIVE_INFINITY } = credential
    if (credential.isEnded?.() === true) return 0
    if (kind === 'key') return this.getKeyEnd(id)
    if (kind !== 'password') return endsAtMs
    const found = this.#findEntry(toNameWords('user', id))
    return 'found' in found ? 0 : found.entry.expires
  }

  findApp(id: string, api: string): AppFacts | undefined {
    const found = this.#findAppEntry(id)
    if (found === undefined) return undefined
    const { table, entry } = found
    return { plan: table.getPlan(entry.plan, api), isEnabled: entry.status !== DISABLED }
  }

  #findAppEntry(id: string): Found | undefined {
    const seen = this.#apps.get(id)
    const words = seen ?? toNameWords('app', id)
    for (const table of this.#tables) {
      const entry = readEntry(table, words)
      if (entry === undefined) continue
      if (seen === undefined) {
        if (this.#apps.size >= MOST_REMEMBERED) this.#apps.clear()
        this.#apps.set(id, words)
      }
      return { table, entry }
    }
    return undefined
  }

  findUser(name: string, api: string): UserLookup {
    const found = this.#findEntry(toNameWords('user', name))
    if (!('found' in found)) {
      const { table, entry } = found
      const { passwordHash, plan: text } = parseUserText(table.getName(entry.plan))
      const plan = text === undefined ? undefined : table.pickPlan(text, api)
      return { found: true, user: { app: table.getName(entry.app), plan, passwordHash } }
    }
    for (const table of this.#tables) {
      const { decoy } = table
      if (decoy !== 0) return { ...found, decoy: pickDecoy(table.getName(decoy), name) }
    }
    return found
  }

  /** Number of the own files' feed that this thread sees. */
  revision(): number {
    return this.#tables[0]?.revision ?? 0
  }

  get #pepper(): Uint8Array | undefined {
    return this.#tables.find(({ descriptor }) => descriptor.pepper !== undefined)?.descriptor.pepper
  }

  #openWeakKeys(before: Uint8Array | undefined): void {
    const pepper = this.#pepper
    if (pepper === undefined) this.#weakKeys = undefined
    // The same secret: what was remembered of it stays true.
    else if (before === undefined || !Buffer.from(before).equals(pepper)) this.#weakKeys = new WeakKeys(pepper)
  }

  #tryHash(key: string, api: string, { prefix, algorithm }: KeptBy): KeyLookup {
    const digest = hash(algorithm, key, 'buffer')
    const seen = { prefix, digest, words: toKeyWords(digest) }
    const lookup = this.#judge(seen, api)
    if (lookup.found) {
      if (this.#seen.size >= MOST_REMEMBERED) this.#seen.clear()
      this.#seen.set(key, seen)
    }
    return lookup
  }

  #judge(seen: Seen, api: string): KeyLookup {
    const found = this.#findEntry(seen.words)
    if ('found' in found) return found
    const { table, entry } = found
    return { found: true, key: new FoundKey(table.getName(entry.app), table.getPlan(entry.plan, api), seen) }
  }

  /** What lets the key in now, or why nothing does. */
  #findEntry(words: KeyWords): Found | Extract<KeyLookup, { found: false }> {
    for (const table of this.#tables) {
      const entry = readEntry(table, words)
      if (entry === undefined) continue
      if (entry.status === DISABLED) return REFUSALS.disabled
      const nowMs = this.#now()
      if (nowMs >= entry.expires) return REFUSALS.expired
      if (nowMs < entry.notBefore) return REFUSALS['not-yet-valid']
      return { table, entry }
    }
    return UNKNOWN
  }
}

function toDescriptors(descriptor: CredentialsDescriptor): readonly KeyTableDescriptor[] {
  return descriptor.fed === undefined ? [descriptor] : [descriptor, descriptor.fed]
}

function readEntry(table: KeyTable, words: KeyWords): KeyEntry | undefined {
  for (;;) {
    const number = table.find(words)
    if (number < 0) return undefined
    const entry = table.read(number)
    // Altered between the two: its new entry stands further on.
    if (entry !== undefined) return entry
  }
}

/** Opens the index in this thread. */
export function openCredentials(
  descriptor: CredentialsDescriptor,
  options?: OpenCredentialsOptions,
): SharedCredentials {
  return new SharedCredentials(descriptor, options)
}

/** Writes its hash out only for who asks. */
class FoundKey implements KeyFacts {
  readonly app: string
  readonly plan: string | undefined
  readonly #hash: KeyHash

  constructor(app: string, plan: string | undefined, hash: KeyHash) {
    this.app = app
    this.plan = plan
    this.#hash = hash
  }

  get hash(): string {
    return toKeyHashText(this.#hash)
  }
}
