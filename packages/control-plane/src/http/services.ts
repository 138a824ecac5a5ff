/** Owns what routes of the admin API reach beside the store's moment: the clock, the log, and what gateways do with what is live. */
import type { Log } from '@gatewright/policies'
import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/decide-access.ts'
import type { WeakKeyHashes } from '../keys/weak-key-hashes.ts'
import type { NodeRegistry } from '../nodes/node-registry.ts'
import type { IssuerKeys } from '../outgoing/issuer-keys.ts'
import type { LiveCheck } from '../publish/live-check.ts'
import type { Rollout } from '../publish/rollout.ts'
import type { SecretKey } from '../secrets/secret-key.ts'
import type { Moment, Store } from '../store/store.ts'

/** What a request brings to say who asks. */
export interface Credentials {
  readonly token: string | undefined
  readonly sessionSecret: string | undefined
}

export interface Services {
  readonly store: Store
  readonly log: Log
  readonly liveCheck: LiveCheck
  readonly rollout: Rollout
  readonly nodes: Pick<NodeRegistry, 'listHeard'>
  readonly issuerKeys: IssuerKeys
  /** Seals what is kept secret; undefined where nobody said one. */
  readonly secretKey: SecretKey | undefined
  /** Of keys that could be guessed; undefined: none is kept. */
  readonly weakKeys: WeakKeyHashes | undefined
  /** `look` resolves when what is due was sent. Undefined: nobody sends anything from here. */
  readonly webhooks: { look(): Promise<void> } | undefined
  /** What browsers get is for TLS alone. */
  readonly isTls: boolean
  /** Where people find the pages, `https://gatewright.example.com`; undefined where that is not known. */
  publicOrigin(): string | undefined
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** Undefined: what was brought is nobody's, or nobody's any more. */
  identify(db: Moment, credentials: Credentials): Promise<Principal | undefined>
  /** Who has asked for something, with what they may by now, also by a token that has expired since. Undefined: nobody any more. */
  findAsker(db: Moment, actor: Actor): Promise<Principal | undefined>
}
