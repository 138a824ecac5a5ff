/** Owns the ports through which policies reach the world: nothing else may. Each is a fake in a policy's test. */
import type { Secret } from '@gatewright/model/runtime'
import type { UsedPlace } from './callers/credential-place.ts'
import type { Exchange } from './exchange.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { HeaderList } from './messages/header-list.ts'
import type { Policy } from './next.ts'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds that only go up. */
  monotonicMs(): number
  /** Calls once after at least so long; returns how to call it off. */
  after(delayMs: number, call: () => void): () => void
}

export interface LimiterSpec {
  /** Whose state this is: equal ids share counters, across threads and across reloads. */
  readonly id: string
  readonly algorithm: 'sliding-window' | 'token-bucket'
  /** Requests in one window, or tokens that refill over one window; up to 2^24 − 1. */
  readonly limit: number
  readonly windowMs: number
  /** Token bucket: how many may be spent at once; the limit, if absent. */
  readonly burst?: number
}

export interface Decision {
  readonly allowed: boolean
  /** What is left now, in requests. */
  readonly remaining: number
  /** Until one more could be allowed; 0 if one is now. */
  readonly retryAfterMs: number
  /** Until the full limit is available again. */
  readonly resetAfterMs: number
}

export interface Limiter {
  /** Charges `cost` if all of it fits, else charges nothing. */
  take(key: string, cost: number): MaybePromise<Decision>
  /** Takes a charge back: the request was refused elsewhere. */
  giveBack(key: string, cost: number): void
}

export interface Counters {
  limiter(spec: LimiterSpec): Limiter
}

/** Whose are called back, by keys: sessions of somebody who logged out. Bounded, and it ends with the process. */
export interface RevocationList {
  /** What began up to this moment, in epoch milliseconds, counts no more: on all threads, from this call on. */
  revoke(key: string, atMs: number): void
  /** Some that began before others were revoked may seem so as well; none that was revoked seems not to be. */
  isRevoked(key: string, beganAtMs: number): boolean
}

export interface Revocations {
  /** Equal ids are the same list, across threads and reloads. */
  list(id: string): RevocationList
}

/** What may be used once: nonces, and signatures that must not come again. Bounded, and it ends with the process. */
export interface ReplayList {
  /**
   * Was it new? It is used from here on, up to this moment, on all threads. Keys may be as long as a client likes. Where there is no
   * room, what is new counts as used: too strict, never too lax.
   */
  use(key: string, untilMs: number): MaybePromise<boolean>
  /** Nothing came of it: it may be used again. */
  giveBack(key: string): void
}

export interface Replays {
  /** Equal ids are the same list, across threads and reloads. */
  list(id: string): ReplayList
}

export interface KeyFacts {
  readonly app: string
  readonly plan: string | undefined
  /** By which the key is known: names it without being it. SHA-256 in lower-case hex; others begin with their name, `sha512:…`. */
  readonly hash: string
}

export type KeyLookup =
  | { readonly found: true; readonly key: KeyFacts }
  | { readonly found: false; readonly why: 'unknown' | 'disabled' | 'expired' | 'not-yet-valid' }

export interface AppFacts {
  readonly plan: string | undefined
  readonly isEnabled: boolean
}

/** Whose a user name is, and what its password is checked against. */
export interface UserFacts {
  readonly app: string
  readonly plan: string | undefined
  /** A salted hash in the PHC or crypt form: `$argon2id$…`, `$2b$…`. */
  readonly passwordHash: string
}

export type UserLookup =
  | { readonly found: true; readonly user: UserFacts }
  | {
      readonly found: false
      readonly why: 'unknown' | 'disabled' | 'expired' | 'not-yet-valid'
      /**
       * The hash of somebody's password: checked all the same, so that no stranger learns from the time who is known. Where
       * hashes cost more and less, of one or another cost, always the same for one name. Absent: there are no users.
       */
      readonly decoy?: string
    }

export interface Credentials {
  /** Never leaves the process. `api`, here and below: the id of the one that is called, which may have a plan of its own. */
  lookUp(key: string, api: string): KeyLookup
  /**
   * For what `lookUp` does not know: keys that could be guessed are kept under a slow hash. Where one has to be made, which is only
   * for what looks as weak itself, how to make it: it rejects with Problem verifier-unavailable where too many are under way.
   */
  lookUpWeak(key: string, api: string): KeyLookup | (() => Promise<KeyLookup>)
  /** Of an app that is known by another credential than a key; undefined: there is none of this id. */
  findApp(id: string, api: string): AppFacts | undefined
  /** By the name as it is written: no letter is taken for another, however alike they look. */
  findUser(name: string, api: string): UserLookup
}

export interface OutgoingCall {
  /** Absolute, http or https. */
  readonly url: string
  /** GET unless said. */
  readonly method?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: string | Uint8Array
  /** For the whole of it, in milliseconds. */
  readonly timeoutMs: number
  /** Longest answer, in bytes; 1 MiB unless said. */
  readonly limitBytes?: number
  readonly signal?: AbortSignal
  /** It means twice what it means once: sent again where a connection that was kept open turns out to be closed. Unless said, as the method says (RFC 9110 §9.2.2). */
  readonly mayRepeat?: boolean
  /** How a server with `https` has to prove who it is; the usual CAs and the name in the URL unless said. */
  readonly tls?: CallTls
}

export interface CallTls {
  /** PEM. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: Secret
}

export interface CallAnswer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: Buffer
}

interface CallFaultOptions extends ErrorOptions {
  readonly isAnswered?: boolean
}

/** There is no answer, or none that is whole or makes sense: nobody knows whether the call was carried out. */
export class CallFault extends Error {
  /** For records: `ECONNREFUSED`, `timeout`, `too-large`, `egress-denied`, `CERT_HAS_EXPIRED`… */
  readonly reason: string
  /** There is an answer, and it is none that helps. */
  readonly isAnswered: boolean

  constructor(reason: string, message: string, { isAnswered = false, ...options }: CallFaultOptions = {}) {
    super(message, options)
    this.name = 'CallFault'
    this.reason = reason
    this.isAnswered = isAnswered
  }
}

/** Calls to other services that decide about a request, or know something about it. */
export interface HttpCalls {
  /** Whatever status it answers with. Redirects are answers like others, and not followed. @throws CallFault */
  send(call: OutgoingCall): Promise<CallAnswer>
}

/** Whom to ask about names and passwords, and what of an entry is wanted. Plain data: equal settings share connections. */
export interface DirectorySettings {
  /** `ldap://host:389` or `ldaps://host:636`. */
  readonly url: string
  /** RFC 4511 §4.14: on a connection of `ldap:`, before anything else is said. */
  readonly startTls: boolean
  /** PEM; the usual CAs unless said. */
  readonly ca?: string | undefined
  /** For all that is asked about one name, in milliseconds. */
  readonly timeoutMs: number
  readonly find: DirectoryFind
  readonly groups?: DirectoryGroups | undefined
  /** Others that are wanted. */
  readonly attributes: readonly string[]
}

/** How the entry of a name is found. `{name}` is what the user wrote, escaped. */
export type DirectoryFind =
  /** It is known what it is called: `uid={name},ou=people,dc=example,dc=com`, or `{name}@corp.example.com`. */
  | { readonly by: 'template'; readonly dn: string }
  /** It is looked for below `base`, by an account that may look; by nobody in particular if absent. */
  | {
      readonly by: 'search'
      readonly base: string
      readonly filter: string
      readonly account?: { readonly dn: string; readonly password: Secret } | undefined
    }

export type DirectoryGroups =
  /** The entry says them, in this attribute. */
  | { readonly by: 'attribute'; readonly attribute: string }
  /** They are entries that name it: `(member={dn})`. `attribute` is what they are called by. */
  | { readonly by: 'search'; readonly base: string; readonly filter: string; readonly attribute: string }

export interface DirectoryEntry {
  /** As the directory spells it; as it was made of the name where the entry may not be read. */
  readonly dn: string
  /** Texts as they stand there; names of groups may be DNs. */
  readonly groups: readonly string[]
  /** Names in lower case. Only those that were asked for, and that are there. */
  readonly attributes: Readonly<Record<string, readonly string[]>>
}

/** Directories (LDAP, RFC 4511) that know who has which password. */
export interface Directories {
  /** undefined: there is no such name, or the password is not its. Referrals are not followed. @rejects CallFault where that cannot be told */
  verify(name: string, password: string, settings: DirectorySettings): Promise<DirectoryEntry | undefined>
}

export interface LoadedValue<Value> {
  /** Plain data: it goes to other threads. */
  readonly value: Value
  /** From when on it is loaded anew, in the background; milliseconds since the epoch. */
  readonly freshUntilMs: number
  /** From when on it does not count any more, whoever cannot be reached. */
  readonly usableUntilMs: number
}

export interface SharedValueSpec<Value> {
  /** Equal keys are the same value on all threads: all that `load` depends on belongs to it. */
  readonly key: string
  /** Runs on one thread at a time. What it throws is told to all who wait, and it is tried again at the next look, not before `retryMs`. */
  load(): Promise<LoadedValue<Value>>
  /** How long nothing is loaded after a failure or a `refresh`; 10 s unless said. */
  readonly retryMs?: number
  /** Not of the configuration: there may be as many as there are people. Those have a room of their own, and the oldest are forgotten where it is full. */
  readonly isOfOnePerson?: boolean
}

/** One of a process: loaded by one thread for all of them. */
export interface SharedValue<Value> {
  /** What is there and usable. A look at what is stale has it loaded in the background. */
  peek(): Value | undefined
  /** Waits where there is nothing usable. @rejects with what `load` threw */
  get(): MaybePromise<Value>
  /** Loads it anew, unless that was tried less than `retryMs` ago: then what is there. @rejects where nothing usable is there */
  refresh(): Promise<Value>
}

export interface SharedValues {
  open<Value>(spec: SharedValueSpec<Value>): SharedValue<Value>
}

/** A use as options hold it (`nested/uses-option.ts`). */
export interface NestedUse {
  readonly policy: string
  readonly options?: unknown
  readonly when?: string | undefined
  readonly enabled?: boolean | undefined
  readonly id?: string | undefined
}

/** Makes policies that stand in the options of another one. */
export interface NestedUses {
  /** The list as one function around whatever follows. It neither throws nor rejects: what its policies throw comes as a response that carries the problem. @throws what keeps one from being made */
  compile(uses: readonly NestedUse[]): Policy
  /** Its `when`, for who has to know whether it runs; undefined: it always does. What it returns throws the problem of one that fails. */
  compileWhen(use: NestedUse): ((exchange: Exchange) => boolean) | undefined
  /** Where it, and those in its own options, look for credentials. */
  findCredentialPlaces(use: NestedUse): readonly UsedPlace[]
}

/** What stands in a file. It never changes: a file that is replaced is another one. */
export interface FileContent {
  /** In memory that all threads share. */
  readonly bytes: Uint8Array
}

/** A file that was read and checked before anything ran. */
export interface OpenFile {
  /** As it is now: another object once the file was replaced and the new one was checked. */
  readonly content: FileContent
}

/** Files that a policy's `files` names; there are no others. */
export interface Files {
  /** By the path as it stands in the options. @throws where `files` does not name it */
  open(path: string): OpenFile
}

export interface Log {
  info(message: string, facts?: Readonly<Record<string, unknown>>): void
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void
  error(message: string, facts?: Readonly<Record<string, unknown>>): void
}

export interface PolicyServices {
  readonly clock: Clock
  readonly counters: Counters
  readonly revocations: Revocations
  readonly replays: Replays
  readonly credentials: Credentials
  readonly http: HttpCalls
  readonly directories: Directories
  readonly shared: SharedValues
  readonly uses: NestedUses
  readonly files: Files
  readonly log: Log
  /** Whom state belongs to: the use's `id`, else scope + policy + ordinal. Survives reloads. */
  readonly useId: string
  /** `environment` and `variables` of the snapshot, for expressions. */
  readonly variables: Readonly<Record<string, string>>
}
