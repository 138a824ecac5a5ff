/** Owns a thread's look-up of keys, apps and users: it hashes what a caller shows, finds it in shared memory and judges its validity. */
import { hash } from 'node:crypto'
import type { AppFacts, Caller, Credentials, KeyFacts, KeyLookup, UserLookup } from '@gatewright/policies'
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

export class SharedCredentials implements Credentials {
  #table: KeyTable
  /** Of keys that were found, so that a caller's next request is not hashed again; validity is judged anew each time. */
  readonly #hashes = new Map<string, { readonly words: KeyWords; readonly sha256: Buffer }>()
  readonly #now: () => number

  constructor(descriptor: KeyTableDescriptor, { now = Date.now }: OpenCredentialsOptions = {}) {
    this.#table = new KeyTable(descriptor)
    this.#now = now
  }

  /** Main has made a new table. */
  reopen(descriptor: KeyTableDescriptor): void {
    this.#table = new KeyTable(descriptor)
  }

  lookUp(key: string): KeyLookup {
    const seen = this.#hashes.get(key)
    if (seen !== undefined) return this.#judge(seen.words, seen.sha256)
    const sha256 = hash('sha256', key, 'buffer')
    const words = toKeyWords(sha256)
    const lookup = this.#judge(words, sha256)
    if (lookup.found) {
      if (this.#hashes.size >= MOST_REMEMBERED) this.#hashes.clear()
      this.#hashes.set(key, { words, sha256 })
    }
    return lookup
  }

  /**
   * Until when the key with this SHA-256 (hexadecimal) is let in, in epoch milliseconds; 0: it isn't now. Asked again when
   * `revision` has changed.
   */
  getKeyEnd(keyHash: string): number {
    const sha256 = Buffer.from(keyHash, 'hex')
    if (sha256.length !== 32) return 0
    const entry = this.#findEntry(toKeyWords(sha256))
    return 'found' in entry ? 0 : entry.expires
  }

  /** The same of whoever was recognised by what is kept here; whatever else somebody showed does not end by what is kept here. */
  getRightEnd(credential: Caller['credential'] | undefined): number {
    if (credential?.kind === 'key') return this.getKeyEnd(credential.id)
    if (credential?.kind !== 'password') return Number.POSITIVE_INFINITY
    const entry = this.#findEntry(toNameWords('user', credential.id))
    return 'found' in entry ? 0 : entry.expires
  }

  findApp(id: string): AppFacts | undefined {
    const table = this.#table
    const number = table.find(toNameWords('app', id))
    const entry = number < 0 ? undefined : table.read(number)
    if (entry === undefined) return undefined
    return { plan: entry.plan === 0 ? undefined : table.getName(entry.plan), isEnabled: entry.status !== DISABLED }
  }

  findUser(name: string): UserLookup {
    const table = this.#table
    const entry = this.#findEntry(toNameWords('user', name))
    if (!('found' in entry)) {
      const { passwordHash, plan } = parseUserText(table.getName(entry.plan))
      return { found: true, user: { app: table.getName(entry.app), plan, passwordHash } }
    }
    const { decoy } = table
    if (decoy === 0) return entry
    return { ...entry, decoy: parseUserText(table.getName(decoy)).passwordHash }
  }

  /** Number of the feed that this thread sees. */
  revision(): number {
    return this.#table.revision
  }

  #judge(words: KeyWords, sha256: Buffer): KeyLookup {
    const entry = this.#findEntry(words)
    if ('found' in entry) return entry
    const table = this.#table
    const plan = entry.plan === 0 ? undefined : table.getName(entry.plan)
    return { found: true, key: new FoundKey(table.getName(entry.app), plan, sha256) }
  }

  /** What lets the key in now, or why nothing does. */
  #findEntry(words: KeyWords): KeyEntry | Extract<KeyLookup, { found: false }> {
    const table = this.#table
    for (;;) {
      const number = table.find(words)
      if (number < 0) return UNKNOWN
      const entry = table.read(number)
      // Altered between the two: its new entry stands further on.
      if (entry === undefined) continue
      if (entry.status === DISABLED) return REFUSALS.disabled
      const nowMs = this.#now()
      if (nowMs >= entry.expires) return REFUSALS.expired
      if (nowMs < entry.notBefore) return REFUSALS['not-yet-valid']
      return entry
    }
  }
}

/** Opens the index in this thread. */
export function openCredentials(descriptor: KeyTableDescriptor, options?: OpenCredentialsOptions): SharedCredentials {
  return new SharedCredentials(descriptor, options)
}

/** Writes its hash out only for who asks. */
class FoundKey implements KeyFacts {
  readonly app: string
  readonly plan: string | undefined
  readonly #sha256: Buffer

  constructor(app: string, plan: string | undefined, sha256: Buffer) {
    this.app = app
    this.plan = plan
    this.#sha256 = sha256
  }

  get hash(): string {
    return this.#sha256.toString('hex')
  }
}
