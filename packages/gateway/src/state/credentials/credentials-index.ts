/**
 * Owns the index of keys, apps and users that a process answers from: main keeps it, by a numbered feed of changes; every thread reads it
 * in shared memory.
 *
 * A change is seen by all threads at once. When a table has filled up or all keys are replaced, a new table is made and
 * has to be sent to them; until they have it they read the old one, in which revocations are still carried out.
 */
import type { App, Key, PlanChoice, User } from '@gatewright/model'
import { addDecoy } from '@gatewright/policies'
import { KINDS, parseKeyHash } from './key-hash.ts'
import {
  createKeyTable,
  DISABLED,
  type KeyTable,
  type KeyTableDescriptor,
  type KeyWords,
  LIVE,
  toKeyWords,
  toNameBytes,
  toNameWords,
} from './key-table.ts'
import { type Pepper, PROCESS_PEPPER } from './pepper.ts'
import { toPlanText } from './plan-text.ts'
import { parseUserText, toUserText } from './user-text.ts'

export { type CredentialsDescriptor, openCredentials } from './shared-credentials.ts'

export type KeyChange =
  /** A new key, or all of what a known one is now. */
  | { readonly kind: 'put'; readonly key: Key }
  | { readonly kind: 'remove'; readonly hash: string }
  /** The same of a user. */
  | { readonly kind: 'put-user'; readonly user: User }
  | { readonly kind: 'remove-user'; readonly name: string }
  /** The same of an app; its keys are told on their own. */
  | { readonly kind: 'put-app'; readonly app: Omit<App, 'keys'> }

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

/** All there is, on its way: what was known before is known until `finish`. */
export interface CredentialsFill {
  /** @throws where two apps claim the same key or user: then nothing of it may be finished */
  add(apps: readonly App[]): void
  finish(): void
}

/** A table of a million keys is copied thirty times until it is filled. */
const FILLING_GROWTH = 1.5

export class CredentialsIndex {
  #table = createKeyTable(0, 0)
  readonly #pepper: Pepper
  #names = new Map<string, number>()
  #size = 0
  /** The last table that was given out before this one: what threads may still be reading. */
  #previous: KeyTable | undefined
  #isGivenOut = false

  /** `pepper`: what the hashes of weak keys were made with. */
  constructor(pepper = PROCESS_PEPPER) {
    this.#pepper = pepper
  }

  /** To be sent to threads when they start, and after `replace` and `moved`. */
  descriptor(): KeyTableDescriptor {
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

  has(keyHash: string): boolean {
    return this.#table.find(parseKeyWords(keyHash).words) >= 0
  }

  hasApp(id: string): boolean {
    return this.#table.find(toNameWords('app', id)) >= 0
  }

  /** As `replace`, of so many that they come in pages. */
  fill(): CredentialsFill {
    const next = new CredentialsIndex(this.#pepper)
    return { add: (apps) => next.#addNew(apps), finish: () => this.#adopt(next) }
  }

  /** All there is, as of this number of the feed. Throws, and changes nothing, if two apps claim the same key or user. */
  replace(apps: readonly App[], revision = this.revision + 1): void {
    const keys = [...toOwned(apps, ({ keys }) => keys)]
    const users = [...toOwned(apps, ({ users = [] }) => users)]
    assertOneOwner(keys, ({ hash }) => `Key ${hash}`)
    assertOneOwner(users, ({ name }) => `User "${name}"`)
    const entries = [
      ...keys.map((key) => ({ ...parseKeyWords(key.hash), names: toKeyNames(key) })),
      ...users.map((user) => ({ words: toNameWords('user', user.name), kind: 0, names: toUserNames(user) })),
      ...apps.map((app) => ({
        words: toNameWords('app', app.id),
        kind: 0,
        names: toKeyNames({ ...app, app: app.id }),
      })),
    ]
    const decoys = toDecoys(users)
    const nameBytes = toNamesBytes(entries.map(({ names }) => names)) + toNameBytes(decoys)
    this.#move(entries.length, nameBytes, isPeppered(keys))
    for (const { words, kind, names } of entries) {
      this.#table.addKinds(kind)
      this.#add(words, names)
    }
    this.#size = keys.length
    if (decoys !== '') this.#table.decoy = this.#toName(decoys)
    this.#table.revision = revision
    this.#revokeInPrevious(revision)
  }

  apply({ revision, changes }: KeyChanges): FeedOutcome {
    if (revision <= this.revision) return 'known'
    if (revision !== this.revision + 1) return 'gap'
    const steps = changes.map(toStep)
    const before = this.#table
    for (const step of steps) this.#take(step)
    this.#table.revision = revision
    if (this.#previous !== undefined) this.#previous.revision = revision
    return this.#table === before ? 'applied' : 'moved'
  }

  #take({ words, kind, names, of }: Step): void {
    this.#table.addKinds(kind)
    const difference = names === undefined ? this.#remove(words) : this.#put(words, names)
    if (of === 'key') this.#size += difference
    else if (of === 'user' && names !== undefined) this.#addDecoy(names)
  }

  #addNew(apps: readonly App[]): void {
    for (const app of apps) {
      const keys = [...toOwned([app], ({ keys }) => keys)].map((key) => ({ kind: 'put', key }) as const)
      const users = [...toOwned([app], ({ users = [] }) => users)].map((user) => ({ kind: 'put-user', user }) as const)
      for (const change of [{ kind: 'put-app', app } as const, ...keys, ...users]) {
        const step = toStep(change)
        const known = this.#table.find(step.words)
        if (known >= 0) {
          const owner = this.#table.getName(this.#table.read(known)?.app ?? 0)
          throw new Error(`a ${step.of} of app ${app.id} is one of app ${owner} already; give it to one of them`)
        }
        this.#take(step)
      }
    }
  }

  #adopt(next: CredentialsIndex): void {
    const revision = this.revision + 1
    if (this.#isGivenOut) this.#previous = this.#table
    this.#isGivenOut = false
    this.#table = next.#table
    this.#names = next.#names
    this.#size = next.#size
    this.#table.revision = revision
    this.#revokeInPrevious(revision)
  }

  /** Answers how many there are more. */
  #put(words: KeyWords, names: Entered): number {
    const nameBytes = toNamesBytes([names])
    if (!this.#table.hasRoom(nameBytes) || this.#lacksPepper()) this.#grow(nameBytes)
    const old = this.#table.find(words)
    this.#add(words, names)
    if (old >= 0) this.#table.remove(old)
    const previous = this.#previous?.find(words) ?? -1
    // The old table has no room for what a key has become. Only what takes rights away is carried out there.
    if (previous >= 0 && names.enabled === false) this.#previous?.disable(previous)
    return old >= 0 ? 0 : 1
  }

  /** The first weak key has come: threads are to be sent what such keys are hashed with. */
  #lacksPepper(): boolean {
    const { kinds, descriptor } = this.#table
    return (kinds & KINDS['argon2id:']) !== 0 && descriptor.pepper === undefined
  }

  /** Into a new table with room for one more key, without what was removed. One that nobody has yet is being filled, and gets more. */
  #grow(nameBytes: number): void {
    const from = this.#table
    let count = 0
    const names = new Set<string>()
    for (const { entry } of from.entries()) {
      count++
      names.add(from.getName(entry.app))
      if (entry.plan !== 0) names.add(from.getName(entry.plan))
    }
    if (from.decoy !== 0) names.add(from.getName(from.decoy))
    for (const name of names) nameBytes += toNameBytes(name)
    const { kinds } = from
    const share = this.#isGivenOut ? 1 : FILLING_GROWTH
    this.#move(Math.ceil(count * share) + 1, nameBytes * share, (kinds & KINDS['argon2id:']) !== 0)
    this.#table.addKinds(kinds)
    for (const { words, entry } of from.entries()) {
      const plan = entry.plan === 0 ? undefined : from.getName(entry.plan)
      this.#table.add(words, { ...entry, ...this.#toNames(from.getName(entry.app), plan) })
    }
    this.#table.decoy = from.decoy === 0 ? 0 : this.#toName(from.getName(from.decoy))
  }

  /** Answers how many there are more: -1 if there was one. */
  #remove(words: KeyWords): number {
    const entry = this.#table.find(words)
    if (entry >= 0) this.#table.remove(entry)
    const previous = this.#previous?.find(words) ?? -1
    if (previous >= 0) this.#previous?.remove(previous)
    return entry >= 0 ? -1 : 0
  }

  #add(words: KeyWords, { app, plan, enabled, notBefore, expires }: Entered): void {
    this.#table.add(words, {
      ...this.#toNames(app, plan),
      status: enabled === false ? DISABLED : LIVE,
      notBefore: notBefore ?? Number.NEGATIVE_INFINITY,
      expires: expires ?? Number.POSITIVE_INFINITY,
    })
  }

  #addDecoy({ plan: text = '', enabled }: Entered): void {
    const { decoy } = this.#table
    if (enabled === false && decoy !== 0) return
    const before = decoy === 0 ? '' : this.#table.getName(decoy)
    const after = addDecoy(before, parseUserText(text).passwordHash)
    if (after === before) return
    const nameBytes = toNameBytes(after)
    if (!this.#table.hasRoom(nameBytes)) this.#grow(nameBytes)
    this.#table.decoy = this.#toName(after)
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
  #move(keys: number, nameBytes: number, isPeppered: boolean): void {
    const { revision } = this.#table
    if (this.#isGivenOut) this.#previous = this.#table
    this.#isGivenOut = false
    const pepper = isPeppered ? new Uint8Array(this.#pepper.get()) : undefined
    this.#table = createKeyTable(keys, Math.ceil(nameBytes * 1.25 + 4096) & ~3, pepper)
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

/** What an entry is made of: a key or an app with the text of its plans, or a user with its text in the place of that. */
interface Entered {
  readonly app: string
  readonly plan?: string | undefined
  readonly enabled?: boolean | undefined
  readonly notBefore?: number
  readonly expires?: number
}

type Kept = Omit<Entered, 'plan'> & PlanChoice

function toKeyNames({ app, enabled, notBefore, expires, ...choice }: Kept): Entered {
  return {
    ...{ app, plan: toPlanText(choice), enabled },
    ...(notBefore !== undefined && { notBefore }),
    ...(expires !== undefined && { expires }),
  }
}

function toUserNames(user: User): Entered {
  return { ...toKeyNames(user), plan: toUserText(user) }
}

interface Step {
  readonly words: KeyWords
  /** A bit of `KINDS`. */
  readonly kind: number
  /** undefined: it is removed. */
  readonly names: Entered | undefined
  readonly of: 'key' | 'user' | 'app'
}

/** @throws TypeError where a hash is none */
function toStep(change: KeyChange): Step {
  switch (change.kind) {
    case 'put':
      return { ...parseKeyWords(change.key.hash), names: toKeyNames(change.key), of: 'key' }
    case 'remove':
      return { ...parseKeyWords(change.hash), names: undefined, of: 'key' }
    case 'put-user':
      return { words: toNameWords('user', change.user.name), kind: 0, names: toUserNames(change.user), of: 'user' }
    case 'remove-user':
      return { words: toNameWords('user', change.name), kind: 0, names: undefined, of: 'user' }
    case 'put-app': {
      const { app } = change
      return { words: toNameWords('app', app.id), kind: 0, names: toKeyNames({ ...app, app: app.id }), of: 'app' }
    }
  }
}

/** Credentials as they count: an app's plans are theirs, where they have none, and those of a disabled app are disabled. */
function* toOwned<Credential extends Key | User>(
  apps: readonly App[],
  list: (app: App) => readonly Credential[],
): Generator<Credential> {
  for (const app of apps) {
    for (const credential of list(app)) {
      const { plan, plans } = credential.plan === undefined && credential.plans === undefined ? app : credential
      const enabled = app.enabled !== false && credential.enabled !== false
      yield { ...credential, ...(plan && { plan }), ...(plans && { plans }), enabled }
    }
  }
}

function assertOneOwner<Credential extends Key | User>(
  credentials: readonly Credential[],
  toName: (credential: Credential) => string,
): void {
  const owners = new Map<string, string>()
  for (const credential of credentials) {
    const name = toName(credential)
    const other = owners.get(name)
    if (other !== undefined) {
      throw new Error(`${name} belongs to app ${other} and to app ${credential.app}; give it to one of them`)
    }
    owners.set(name, credential.app)
  }
}

/** Of those that are switched on, if there are any: the others may be old, and are not let in whatever it takes. */
function toDecoys(users: readonly User[]): string {
  const enabled = users.filter((user) => user.enabled !== false)
  return (enabled.length > 0 ? enabled : users).reduce((decoys, user) => addDecoy(decoys, user.passwordHash), '')
}

function toNamesBytes(entered: readonly Entered[]): number {
  const names = new Set<string>()
  for (const { app, plan } of entered) {
    names.add(app)
    if (plan !== undefined) names.add(plan)
  }
  let bytes = 0
  for (const name of names) bytes += toNameBytes(name)
  return bytes
}

/** @throws TypeError where a hash is none */
function parseKeyWords(text: string): Pick<Step, 'words' | 'kind'> {
  const { prefix, digest } = parseKeyHash(text)
  return { words: toKeyWords(digest), kind: KINDS[prefix] }
}

function isPeppered(keys: readonly Key[]): boolean {
  return keys.some(({ hash }) => hash.startsWith('argon2id:'))
}
