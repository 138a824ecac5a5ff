/**
 * Owns the index of keys that a process answers from: main keeps it, by a numbered feed of changes; every thread reads it
 * in shared memory.
 *
 * A change is seen by all threads at once. When a table has filled up or all keys are replaced, a new table is made and
 * has to be sent to them; until they have it they read the old one, in which revocations are still carried out.
 */
import type { App, Key } from '@gatewright/model'
import {
  createKeyTable,
  DISABLED,
  type KeyEntry,
  type KeyTable,
  type KeyTableDescriptor,
  type KeyWords,
  LIVE,
  toAppWords,
  toKeyWords,
  toNameBytes,
} from './key-table.ts'

export type CredentialsDescriptor = KeyTableDescriptor
export { openCredentials } from './shared-credentials.ts'

export type KeyChange =
  /** A new key, or all of what a known one is now. */
  { readonly kind: 'put'; readonly key: Key } | { readonly kind: 'remove'; readonly hash: string }

/** One number of the feed; each number is one more than the last. */
export interface KeyChanges {
  readonly revision: number
  readonly changes: readonly KeyChange[]
}

/**
 * `moved`: applied, and threads are to be sent the new `descriptor()`. `known`: it had been applied before. `gap`: a number
 * is missing in between; nothing was applied, ask for all keys and `replace`.
 */
export type FeedOutcome = 'applied' | 'moved' | 'known' | 'gap'

export class CredentialsIndex {
  #table = createKeyTable(0, 0)
  #names = new Map<string, number>()
  #size = 0
  /** The last table that was given out before this one: what threads may still be reading. */
  #previous: KeyTable | undefined
  #isGivenOut = false

  /** To be sent to threads when they start, and after `replace` and `moved`. */
  descriptor(): CredentialsDescriptor {
    this.#isGivenOut = true
    return this.#table.descriptor
  }

  /** Every thread has opened the table last given out: the one before is not kept any longer. */
  release(): void {
    if (this.#isGivenOut) this.#previous = undefined
  }

  get revision(): number {
    return this.#table.revision
  }

  /** Keys, the disabled ones included. */
  get size(): number {
    return this.#size
  }

  /** All keys there are, as of this number of the feed. Throws, and changes nothing, if two apps claim the same key. */
  replace(apps: readonly App[], revision = this.revision + 1): void {
    const keys = [...toKeys(apps)]
    const claims = new Map<string, Key>()
    for (const key of keys) {
      const other = claims.get(key.hash)
      if (other !== undefined) {
        throw new Error(`Key ${key.hash} belongs to app ${other.app} and to app ${key.app}; give it to one of them`)
      }
      claims.set(key.hash, key)
    }
    this.#move(keys.length + apps.length, toNamesBytes(keys, apps))
    for (const key of keys) this.#add(key)
    for (const app of apps) this.#addApp(app)
    this.#size = keys.length
    this.#table.revision = revision
    this.#revokeInPrevious(revision)
  }

  apply({ revision, changes }: KeyChanges): FeedOutcome {
    if (revision <= this.revision) return 'known'
    if (revision !== this.revision + 1) return 'gap'
    const parsed = changes.map((change) => ({
      change,
      words: parseHash(change.kind === 'put' ? change.key.hash : change.hash),
    }))
    const before = this.#table
    for (const { change, words } of parsed) {
      if (change.kind === 'remove') this.#remove(words)
      else this.#put(change.key, words)
    }
    this.#table.revision = revision
    if (this.#previous !== undefined) this.#previous.revision = revision
    return this.#table === before ? 'applied' : 'moved'
  }

  #put(key: Key, words: KeyWords): void {
    const nameBytes = toNamesBytes([key])
    if (!this.#table.hasRoom(nameBytes)) this.#grow(nameBytes)
    const old = this.#table.find(words)
    this.#add(key, words)
    if (old >= 0) this.#table.remove(old)
    else this.#size++
    const previous = this.#previous?.find(words) ?? -1
    // The old table has no room for what a key has become. Only what takes rights away is carried out there.
    if (previous >= 0 && key.enabled === false) this.#previous?.disable(previous)
  }

  /** Into a new table with room for one more key, without what was removed. */
  #grow(nameBytes: number): void {
    const from = this.#table
    const kept = [...from.entries()]
    const names = new Set<string>()
    for (const { entry } of kept) {
      names.add(from.getName(entry.app))
      if (entry.plan !== 0) names.add(from.getName(entry.plan))
    }
    for (const name of names) nameBytes += toNameBytes(name)
    this.#move(kept.length + 1, nameBytes)
    for (const { words, entry } of kept) {
      const plan = entry.plan === 0 ? undefined : from.getName(entry.plan)
      this.#table.add(words, { ...entry, ...this.#toNames(from.getName(entry.app), plan) })
    }
  }

  #remove(words: KeyWords): void {
    const entry = this.#table.find(words)
    if (entry >= 0) {
      this.#table.remove(entry)
      this.#size--
    }
    const previous = this.#previous?.find(words) ?? -1
    if (previous >= 0) this.#previous?.remove(previous)
  }

  #add(key: Key, words = parseHash(key.hash)): void {
    const entry: KeyEntry = {
      ...this.#toNames(key.app, key.plan),
      status: key.enabled === false ? DISABLED : LIVE,
      notBefore: key.notBefore ?? Number.NEGATIVE_INFINITY,
      expires: key.expires ?? Number.POSITIVE_INFINITY,
    }
    this.#table.add(words, entry)
  }

  #addApp({ id, plan, enabled }: App): void {
    this.#table.add(toAppWords(id), {
      ...this.#toNames(id, plan),
      status: enabled === false ? DISABLED : LIVE,
      notBefore: Number.NEGATIVE_INFINITY,
      expires: Number.POSITIVE_INFINITY,
    })
  }

  #toNames(app: string, plan: string | undefined): { app: number; plan: number } {
    return { app: this.#toName(app), plan: plan === undefined ? 0 : this.#toName(plan) }
  }

  #toName(name: string): number {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const at = this.#table.addName(name)
    this.#names.set(name, at)
    return at
  }

  /** Begins a new table. A quarter more room for names, as there is for keys. */
  #move(keys: number, nameBytes: number): void {
    const { revision } = this.#table
    if (this.#isGivenOut) this.#previous = this.#table
    this.#isGivenOut = false
    this.#table = createKeyTable(keys, (nameBytes * 1.25 + 4096) & ~3)
    this.#table.revision = revision
    this.#names = new Map()
  }

  #revokeInPrevious(revision: number): void {
    const previous = this.#previous
    if (previous === undefined) return
    for (const { number, words } of previous.entries()) {
      const now = this.#table.find(words)
      if (now < 0) previous.remove(number)
      else if (this.#table.read(now)?.status === DISABLED) previous.disable(number)
    }
    previous.revision = revision
  }
}

/** Keys as they count: an app's plan is its keys', and a disabled app's keys are disabled. */
function* toKeys(apps: readonly App[]): Generator<Key> {
  for (const app of apps) {
    for (const key of app.keys) {
      const plan = key.plan ?? app.plan
      const enabled = app.enabled !== false && key.enabled !== false
      yield plan === undefined ? { ...key, enabled } : { ...key, plan, enabled }
    }
  }
}

function toNamesBytes(keys: readonly Key[], apps: readonly App[] = []): number {
  const names = new Set<string>()
  for (const { id, plan } of apps) {
    names.add(id)
    if (plan !== undefined) names.add(plan)
  }
  for (const { app, plan } of keys) {
    names.add(app)
    if (plan !== undefined) names.add(plan)
  }
  let bytes = 0
  for (const name of names) bytes += toNameBytes(name)
  return bytes
}

function parseHash(hash: string): KeyWords {
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    throw new TypeError(`"${hash}" is not a SHA-256: 64 hexadecimal digits in lower case are wanted`)
  }
  return toKeyWords(Buffer.from(hash, 'hex'))
}
