/** Owns that webhooks get their events: each in order, at least once, and again after ever longer whiles where they do not take them. */
import type { Log } from '@gatewright/policies'
import type { AuditEntry } from '../audit/audit-log.ts'
import { isAllowed } from '../http/assert-allowed.ts'
import { findResources } from '../resources/find-resources.ts'
import type { Resource } from '../resources/resource.ts'
import type { SecretKey } from '../secrets/secret-key.ts'
import { readStoreUid } from '../store/next-sequence.ts'
import type { Moment, Store } from '../store/store.ts'
import { findPrincipalOf } from '../tokens/token-store.ts'
import { postMessage } from './post-message.ts'
import type { PublicAddresses } from './public-addresses.ts'
import type { WebhookBody } from './webhook-body.ts'
import { toWebhookMessage } from './webhook-message.ts'
import {
  findNextEvent,
  findWebhookState,
  listDueWebhooks,
  openWebhookSecret,
  settleAttempt,
  takeAttempt,
  toWaitMs,
  type WebhookState,
} from './webhook-store.ts'

export interface WebhookSenderOptions {
  readonly store: Store
  readonly secretKey: SecretKey
  readonly addresses: PublicAddresses
  readonly log: Log
  /** Milliseconds since the epoch. */
  nowMs(): number
}

/** What a webhook is to be sent next. */
interface Attempt {
  readonly webhook: Resource
  readonly state: WebhookState
  readonly entry: AuditEntry
  readonly isWhole: boolean
  readonly secret: Buffer
  /** Uid of the store. */
  readonly source: string
}

/** Other control planes may have ended in the middle of an attempt. */
const LONGEST_REST_MS = 60_000

export class WebhookSender {
  readonly #options: WebhookSenderOptions
  readonly #stopListening: () => void
  readonly #ending = new AbortController()
  /** By uid: those that are being sent something. */
  readonly #running = new Map<string, Promise<void>>()
  /** By uid: up to which entry nothing is for it as it was at a version, so that nobody looks there again. */
  readonly #seen = new Map<string, { readonly version: number; readonly number: number }>()
  /** By uid: those that are to look again when they are done. */
  readonly #again = new Set<string>()
  /** Up to which entry all were looked at; undefined: all are to be. */
  #looked: number | undefined
  #rest: NodeJS.Timeout | undefined
  #restMs = LONGEST_REST_MS

  constructor(options: WebhookSenderOptions) {
    this.#options = options
    this.#stopListening = options.store.onChange(() => void this.look())
  }

  /** Sends what is due now, to each webhook until it has everything or does not take it. Resolves then. */
  async look(): Promise<void> {
    if (this.#ending.signal.aborted) return
    clearTimeout(this.#rest)
    const { store, log } = this.#options
    try {
      const { webhooks, newest } = await store.read((db) => listDueWebhooks(db, this.#looked))
      this.#looked = newest
      this.#restMs = LONGEST_REST_MS
      for (const uid of webhooks) this.#start(uid)
      while (this.#running.size > 0) await Promise.all(this.#running.values())
    } catch (fault) {
      log.error('webhooks cannot be read from the store', { error: String(fault) })
    }
    clearTimeout(this.#rest)
    if (!this.#ending.signal.aborted) this.#rest = setTimeout(() => this.#lookAtAll(), this.#restMs).unref()
  }

  /** What is under way is given up, and made again by whoever comes next. */
  async close(): Promise<void> {
    this.#ending.abort()
    clearTimeout(this.#rest)
    this.#stopListening()
    while (this.#running.size > 0) await Promise.all(this.#running.values())
  }

  #lookAtAll(): void {
    this.#looked = undefined
    void this.look()
  }

  #start(uid: string): void {
    if (this.#running.has(uid)) {
      // It may have looked already, and not have seen what there is now.
      this.#again.add(uid)
      return
    }
    const running = this.#sendAll(uid)
      .catch((fault) => {
        this.#looked = undefined
        this.#options.log.error('a webhook cannot be told', { webhook: uid, error: String(fault) })
      })
      .finally(() => {
        this.#running.delete(uid)
        if (this.#again.delete(uid)) this.#start(uid)
      })
    this.#running.set(uid, running)
  }

  async #sendAll(uid: string): Promise<void> {
    const { store, nowMs } = this.#options
    while (!this.#ending.signal.aborted) {
      const attempt = await store.read((db) => this.#findAttempt(db, uid))
      if (attempt === undefined) return
      const waitMs = toWaitMs(attempt.state, nowMs())
      if (waitMs > 0) {
        this.#restMs = Math.min(this.#restMs, waitMs)
        return
      }
      const isOurs = await store.write((change) => takeAttempt(change, attempt.state, nowMs()))
      if (!isOurs) return
      await this.#send(attempt)
    }
  }

  async #send({ webhook, state, entry, isWhole, secret, source }: Attempt): Promise<void> {
    const { store, nowMs, addresses } = this.#options
    const message = toWebhookMessage({ entry, isWhole, source, webhook: webhook.uid, secret, nowMs: nowMs() })
    const { url } = webhook.body as unknown as WebhookBody
    const { signal } = this.#ending
    const outcome = await postMessage({ url, message, addresses, signal })
    // Whether it came is not known: it is sent again.
    if (signal.aborted) return
    await store.write((change) => settleAttempt(change, state, { entry, outcome, nowMs: nowMs() }))
  }

  /** Who said last where it leads sees no more by it than in the audit log, and at each moment. */
  async #mayReadAll(db: Moment, { updatedBy, team }: Resource): Promise<boolean> {
    const principal = await findPrincipalOf(db, updatedBy, this.#options.nowMs())
    return await isAllowed({ principal }, db, { permission: 'audit:read', team })
  }

  async #findAttempt(db: Moment, uid: string): Promise<Attempt | undefined> {
    const state = await findWebhookState(db, uid)
    const webhook = (await findResources(db, [uid])).get(uid)
    if (state === undefined || webhook === undefined) return undefined
    if ((webhook.body as unknown as WebhookBody).enabled === false) return undefined
    const { version } = webhook
    const known = this.#seen.get(uid)
    const from = known?.version === version ? Math.max(state.done, known.number) : state.done
    const { entry, seen } = await findNextEvent(db, webhook, from)
    this.#seen.set(uid, { version, number: seen })
    if (entry === undefined) return undefined
    const secret = await openWebhookSecret(db, this.#options.secretKey, state)
    const isWhole = await this.#mayReadAll(db, webhook)
    return { webhook, state, entry, isWhole, secret, source: await readStoreUid(db) }
  }
}
