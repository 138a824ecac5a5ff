/**
 * Owns what is known of one certificate's revocation: asked for, held against the certificate, and asked for again before it ends.
 *
 *   ask ─▶ good ────▶ staple it, ask again at about half of its life
 *    ▲  ├▶ revoked ─▶ staple nothing, say so, ask again likewise: a hold can end
 *    │  └▶ failure ─▶ what was stapled stays until it ends; ask again, ever less often
 *    └────────────────┘
 */
import type { Clock, Log } from '@gatewright/policies'
import type { AskGate } from '../certificates/ask-gate.ts'
import type { EgressGuard } from '../egress/egress-guard.ts'
import type { GetPem } from '../state/pems/pem-table.ts'
import type { AskResponder } from './ask-responder.ts'
import { judgeAnswer, type OcspVerdict } from './judge-answer.ts'
import { OcspFault } from './ocsp-fault.ts'
import { isMustStaple, toOcspSubject } from './ocsp-subject.ts'
import type { StapleNews, StapleOrder } from './staple-order.ts'

export interface KeptStapleParts {
  readonly ask: AskResponder
  readonly gate: AskGate
  /** The PEM chain with this SHA-256. */
  readonly getPem: GetPem
  /** Which addresses may be asked, at this moment. */
  readonly getGuard: () => EgressGuard
  readonly publish: (news: StapleNews) => void
  readonly clock: Clock
  readonly log: Log
  /** In [0, 1). */
  readonly random: () => number
}

/** Responders that are started again are back after a moment; those that are gone are asked no more than once an hour. */
const FIRST_PAUSE_MS = 10_000
const LONGEST_PAUSE_MS = 3_600_000
/** However short an answer's life is. */
const SHORTEST_LOOK_MS = 10_000
/** Answers of a week or more would hide a revocation for days. */
const LONGEST_LOOK_MS = 24 * 3_600_000

export class KeptStaple {
  readonly #order: StapleOrder
  readonly #parts: KeptStapleParts
  readonly #end = new AbortController()
  #callOff: () => void = () => {}
  #isMustStaple = false
  #held: OcspVerdict | undefined
  #failures = 0
  /** The last that was told. */
  #told: string | undefined

  constructor(order: StapleOrder, parts: KeptStapleParts) {
    this.#order = order
    this.#parts = parts
    this.#schedule(0)
  }

  /** Nothing is asked any more, and what is under way is called off. */
  stop(): void {
    this.#end.abort(new Error('the staple is wanted no more'))
    this.#callOff()
  }

  /** Without the pause that follows failures, if it failed last. */
  tryAgain(): void {
    if (this.#failures > 0) this.#schedule(0)
  }

  #schedule(delayMs: number): void {
    this.#callOff()
    if (this.#end.signal.aborted) return
    this.#callOff = this.#parts.clock.after(delayMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    const { clock, gate, random } = this.#parts
    const { signal } = this.#end
    try {
      const verdict = await gate.pass(signal, () => this.#ask(signal))
      // Nobody speaks of a certificate that has ended.
      if (verdict === undefined || signal.aborted) return
      this.#failures = 0
      this.#told = undefined
      // Many certificates are loaded at once: they need not be asked for at once again.
      const lookMs = (verdict.nextUpdateMs - clock.now()) * (0.4 + 0.2 * random())
      this.#schedule(Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, lookMs)))
    } catch (error) {
      if (!signal.aborted) this.#fail(error)
    }
  }

  /** What is parsed is not held: there may be thousands of these. @throws OcspFault */
  async #ask(signal: AbortSignal): Promise<OcspVerdict | undefined> {
    const { ask, clock, getPem, getGuard } = this.#parts
    const { chain, url } = this.#order
    const pem = getPem(chain)
    // Before anything can fail: what it says is needed to tell of that.
    this.#isMustStaple = isMustStaple(pem)
    const subject = toOcspSubject(pem)
    if (clock.now() > subject.leaf.validToDate.getTime()) return undefined
    const der = await ask({ url, request: subject.request, guard: getGuard() }, signal)
    signal.throwIfAborted()
    const verdict = judgeAnswer(der, subject, clock.now())
    this.#take(verdict, der)
    return verdict
  }

  #take(verdict: OcspVerdict, der: Uint8Array): void {
    const { publish, log } = this.#parts
    const { chain } = this.#order
    const before = this.#held
    // Of several machines of a CA one may lag behind: it takes nothing back, nor does who sends old answers again.
    if (before !== undefined && verdict.thisUpdateMs < before.thisUpdateMs) return
    this.#held = verdict
    const { status, nextUpdateMs, revokedAtMs = 0 } = verdict
    if (status === 'revoked') {
      // Whoever checks gets no staple, and asks the CA himself: an old "good" would be a lie, and "revoked" an end without a reason
      // that people see.
      publish({ chain, staple: undefined, isRevoked: true })
      if (before?.status === 'revoked') return
      const revokedAt = new Date(revokedAtMs).toISOString()
      log.error('a certificate is revoked, and is still shown: replace it', this.#toFacts({ revokedAt }))
      return
    }
    publish({ chain, staple: { der, untilMs: nextUpdateMs }, isRevoked: false })
    if (before?.status === 'revoked') log.info('a certificate is not revoked any more', this.#toFacts())
    else if (this.#told !== undefined) log.info('a certificate has its staple again', this.#toFacts())
  }

  #fail(cause: unknown): void {
    const error = cause instanceof Error ? cause.message : String(cause)
    const { clock, log, random } = this.#parts
    const held = this.#held
    const lasts = held?.status === 'good' && held.nextUpdateMs > clock.now()
    const message = lasts
      ? 'a staple could not be renewed, and is shown until it ends'
      : this.#isMustStaple
        ? 'a certificate that must be shown with a staple has none: clients that heed this refuse it'
        : 'a certificate is shown without a staple'
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++) * (0.8 + 0.4 * random())
    const endMs = held !== undefined && lasts ? held.nextUpdateMs - clock.now() : Number.POSITIVE_INFINITY
    const told = `${message} ${error}`
    // Once, and again when it becomes worse, or something else.
    if (told !== this.#told) {
      const until = held !== undefined && lasts ? new Date(held.nextUpdateMs).toISOString() : undefined
      log.warn(message, this.#toFacts({ error, ...(until !== undefined && { until }) }))
    }
    this.#told = told
    const isLasting = cause instanceof OcspFault && cause.isLasting
    if (!isLasting) this.#schedule(Math.min(pauseMs, endMs))
  }

  #toFacts(facts: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
    const { from, url } = this.#order
    return { certificate: from, responder: url, ...facts }
  }
}
