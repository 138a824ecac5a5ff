/**
 * Owns one certificate: what is there serves, what is missing or due is ordered, by one of the nodes.
 *
 *   look in storage ─▶ it fits and is not due ────────────────▶ look again when it is due, and each hour
 *     ▲   │ missing, due
 *     │   ▼
 *     │  failed before, and it is not time yet ───────────────▶ look again when it is
 *     │   ▼
 *     │  another node has the lease ──────────────────────────▶ look again in a few seconds
 *     │   ▼
 *     └─ order ─▶ store, serve │ failure: store when to try again
 */
import { createHash } from 'node:crypto'
import type { Clock, Log } from '@gatewright/policies'
import type { AskGate } from '../certificates/ask-gate.ts'
import type { EgressGuard } from '../egress/egress-guard.ts'
import { AcmeFault } from './acme-fault.ts'
import type { AcmeOptions } from './acme-options.ts'
import type { OrderCertificate } from './order/order-certificate.ts'
import { toForgivenMs, toNextFailure, toRenewalMs } from './renewal-time.ts'
import type { AcmeLease, AcmeStorage, StoredCertificate, StoredFailure } from './storage/acme-storage.ts'

export interface ServedCertificate {
  /** PEM, the certificate itself first. */
  readonly chain: string
  /** PEM */
  readonly key: string
}

export interface CertificateStatus {
  readonly id: string
  readonly hosts: readonly string[]
  /** Of what serves; undefined: nothing does. */
  readonly notAfterMs: number | undefined
  /** Why there is no newer one, if one was tried for. */
  readonly lastError: string | undefined
  /** When the next one is asked for; undefined: right now. */
  readonly nextAttemptMs: number | undefined
}

export interface KeptCertificateParts {
  readonly storage: AcmeStorage
  readonly order: OrderCertificate
  readonly gate: AskGate
  readonly publish: (id: string, certificate: ServedCertificate) => void
  readonly clock: Clock
  readonly log: Log
  /** In [0, 1). */
  readonly random: () => number
  /** Which addresses may be asked. */
  readonly guard: EgressGuard
}

/** What other nodes renewed is noticed so soon, and clocks that were set; a timer of Node's also ends after 24.8 days. */
const LOOK_MS = 3_600_000
/** While another node orders. */
const WAIT_MS = 5000
/** A dead node's order is taken over after so long. */
const LEASE_MS = 60_000
/** No authority takes longer; what hangs is a mistake somewhere. */
const ORDER_MS = 10 * 60_000

const ENDS_AT_ONCE = new AcmeFault('the certificate that came is due to be renewed already', {
  remedy: 'set the clock of this machine',
})

export class KeptCertificate {
  readonly #options: AcmeOptions
  readonly #parts: KeptCertificateParts
  /** What it is stored by. Other hosts are another one: nodes of an old and of a new configuration do not order in turns. */
  readonly #name: string
  readonly #settings: string
  readonly #end = new AbortController()
  #work: Promise<void> = Promise.resolve()
  #callOff: () => void = () => {}
  #served: StoredCertificate | undefined
  #renewalMs = 0
  #failure: StoredFailure | undefined
  /** What storage would not take: it is not forgotten for that. */
  #unstored: StoredFailure | undefined
  #nextAttemptMs: number | undefined
  #isWaiting = false

  constructor(options: AcmeOptions, parts: KeptCertificateParts, served?: StoredCertificate) {
    this.#options = options
    this.#parts = parts
    this.#served = served
    this.#name = toName(options)
    // Who may be asked counts: a failure for that reason says nothing once it is allowed.
    this.#settings = toDigest([options, parts.guard.rules])
    this.#schedule(0)
  }

  get status(): CertificateStatus {
    return {
      id: this.#options.id,
      hosts: this.#options.hosts,
      notAfterMs: this.#served?.notAfterMs,
      lastError: this.#failure?.message,
      nextAttemptMs: this.#nextAttemptMs,
    }
  }

  /** What it serves: its successor serves it on. */
  get served(): StoredCertificate | undefined {
    return this.#served
  }

  /** Resolves once nothing of it is under way. */
  async stop(): Promise<void> {
    this.#end.abort(new Error('the certificate is kept no more'))
    this.#callOff()
    await this.#work
  }

  #schedule(delayMs: number): void {
    this.#callOff()
    if (this.#end.signal.aborted) return
    this.#callOff = this.#parts.clock.after(Math.min(LOOK_MS, Math.max(0, delayMs)), () => {
      this.#work = this.#run()
    })
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts
    let nextMs: number
    try {
      nextMs = await this.#look()
    } catch (error) {
      if (this.#end.signal.aborted) return
      // Storage that cannot be used: an order would be lost.
      log.error('a certificate cannot be looked after', { ...this.#facts(), error: (error as Error).message })
      nextMs = clock.now() + 60_000
    }
    this.#schedule(nextMs - clock.now())
  }

  /** Answers when to look again. */
  async #look(): Promise<number> {
    const { storage, clock, gate } = this.#parts
    const { signal } = this.#end
    await this.#takeStored()
    if (!this.#isDue()) {
      this.#failure = undefined
      return this.#renewalMs
    }
    const waitMs = await this.#findWait()
    if (waitMs > clock.now()) return waitMs
    this.#nextAttemptMs = undefined
    return gate.pass(signal, async () => {
      const lease = await storage.acquire(`order ${this.#name}`, LEASE_MS)
      if (lease === undefined) {
        if (!this.#isWaiting) this.#parts.log.info('another node orders this certificate', this.#facts())
        this.#isWaiting = true
        return clock.now() + WAIT_MS
      }
      this.#isWaiting = false
      try {
        // It was somebody’s until now: what came of it?
        await this.#takeStored()
        if (!this.#isDue()) return this.#renewalMs
        const againMs = await this.#findWait()
        if (againMs > clock.now()) return againMs
        return await this.#order(lease)
      } finally {
        await lease.release()
      }
    })
  }

  /** Serves what is stored, if it is newer than what serves. */
  async #takeStored(): Promise<void> {
    const { storage, random } = this.#parts
    const stored =
      (await storage.findCertificate(this.#name)) ??
      // Of other hosts, or of another authority: better than nothing until the first of these is there.
      (this.#served === undefined ? await storage.findCertificate(this.#options.id) : undefined)
    if (stored === undefined || stored.chain === this.#served?.chain) {
      if (this.#renewalMs === 0 && this.#served !== undefined && this.#fits(this.#served)) {
        this.#renewalMs = toRenewalMs(this.#served, this.#options.renewAt, random)
      }
    } else if (
      this.#served === undefined ||
      !this.#fits(this.#served) ||
      stored.obtainedAtMs > this.#served.obtainedAtMs
    ) {
      this.#serve(stored)
    }
    this.#nextAttemptMs = this.#isDue() ? this.#nextAttemptMs : this.#renewalMs
  }

  #serve(certificate: StoredCertificate): void {
    const { publish, random } = this.#parts
    this.#served = certificate
    this.#renewalMs = this.#fits(certificate) ? toRenewalMs(certificate, this.#options.renewAt, random) : 0
    const { chain, key } = certificate
    publish(this.#options.id, { chain, key })
  }

  #fits({ hosts, directory }: StoredCertificate): boolean {
    return directory === this.#options.directory && toHostsText(hosts) === toHostsText(this.#options.hosts)
  }

  #isDue(): boolean {
    const served = this.#served
    return served === undefined || !this.#fits(served) || this.#parts.clock.now() >= this.#renewalMs
  }

  /** Until when an earlier failure forbids another try. */
  async #findWait(): Promise<number> {
    const failure = (await this.#parts.storage.findFailure(this.#name)) ?? this.#unstored
    this.#failure = failure
    if (failure === undefined) return 0
    const untilMs = failure.settings === this.#settings ? failure.nextAttemptMs : toForgivenMs(failure.failedAtMs)
    this.#nextAttemptMs = untilMs
    return untilMs
  }

  async #order(lease: AcmeLease): Promise<number> {
    const { order, clock, log, storage, guard } = this.#parts
    const held = new AbortController()
    const callOffs = [
      this.#holdLease(lease, held),
      clock.after(ORDER_MS, () => held.abort(new AcmeFault(`the order took longer than ${ORDER_MS / 60_000} minutes`))),
    ]
    let certificate: StoredCertificate
    try {
      const signal = AbortSignal.any([this.#end.signal, held.signal])
      certificate = await order(this.#options, { signal, guard })
    } catch (error) {
      if (this.#end.signal.aborted) throw error
      return await this.#fail(held.signal.aborted ? held.signal.reason : error)
    } finally {
      for (const callOff of callOffs) callOff()
    }
    // First what a process that is killed would lose: the next one would have to wait for the lease, and to order again.
    await this.#store(certificate)
    this.#serve(certificate)
    const until = new Date(certificate.notAfterMs).toISOString()
    log.info('a certificate was obtained', { ...this.#facts(), until, directory: this.#options.directory })
    // Otherwise the next would be asked for at once, and so on.
    if (this.#isDue()) return await this.#fail(ENDS_AT_ONCE)
    this.#nextAttemptMs = this.#renewalMs
    this.#failure = undefined
    this.#unstored = undefined
    await storage.saveFailure(this.#name, undefined)
    return this.#renewalMs
  }

  async #store(certificate: StoredCertificate): Promise<void> {
    const { storage, log } = this.#parts
    try {
      await storage.saveCertificate(this.#name, certificate)
      // Whoever wants other hosts finds it by the id alone.
      await storage.saveCertificate(this.#options.id, certificate)
    } catch (error) {
      const { message } = error as Error
      const facts = { ...this.#facts(), error: message }
      log.error('a certificate serves, and could not be stored: the next start will order it again', facts)
    }
  }

  /** Puts off the lease's end again and again. Returns how to leave it. */
  #holdLease(lease: AcmeLease, held: AbortController): () => void {
    const { clock } = this.#parts
    let isLeft = false
    let callOff: () => void
    const renew = async (): Promise<void> => {
      const isHeld = await lease.renew().catch(() => false)
      if (isLeft) return
      if (isHeld) callOff = clock.after(LEASE_MS / 3, () => void renew())
      else held.abort(new AcmeFault('the order was left to another node, because the lease on it was lost'))
    }
    callOff = clock.after(LEASE_MS / 3, () => void renew())
    return () => {
      isLeft = true
      callOff()
    }
  }

  async #fail(error: unknown): Promise<number> {
    const { storage, clock, log, random } = this.#parts
    const { message, remedy, notBeforeMs } = error instanceof AcmeFault ? error : new AcmeFault(toMessage(error))
    const before = (await storage.findFailure(this.#name)) ?? this.#unstored
    const facts = { message, settings: this.#settings, notBeforeMs }
    const failure = toNextFailure(before, facts, { nowMs: clock.now(), random })
    this.#failure = failure
    this.#nextAttemptMs = failure.nextAttemptMs
    const next = new Date(failure.nextAttemptMs).toISOString()
    log.error('a certificate could not be obtained', {
      ...this.#facts(),
      error: message,
      ...(remedy !== undefined && { remedy }),
      next,
    })
    this.#unstored = failure
    await storage.saveFailure(this.#name, failure)
    this.#unstored = undefined
    return failure.nextAttemptMs
  }

  #facts(): Readonly<Record<string, unknown>> {
    return { certificate: this.#options.id, hosts: this.#options.hosts }
  }
}

function toHostsText(hosts: readonly string[]): string {
  return [...hosts].sort().join(' ')
}

function toName({ id, hosts, directory, keyType }: AcmeOptions): string {
  return `${id} ${toDigest([toHostsText(hosts), directory, keyType])}`
}

function toDigest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
