/** Owns what the log says of a service that gives no answer that helps: that it began, that it lasts, and that it is over, not once a request. */
import { CallFault, type Clock, type Log } from '../services.ts'
import { OTHER_ISSUER } from './json-answer.ts'

/** What may be logged of a fault beside its reason: other messages may hold what the service said. */
export function toSaid({ reason, message }: CallFault): Readonly<Record<string, string>> {
  return reason === OTHER_ISSUER ? { said: message } : {}
}

/** So often at most: an outage under load would be nothing but these lines. */
const REPEAT_MS = 60_000

interface OutageFacts {
  /** A URL, or a name. */
  readonly service: string
  readonly [fact: string]: unknown
}

export class OutageLog {
  readonly #log: Log
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #facts: Readonly<Record<string, unknown>>
  #saidAtMs: number | undefined
  #failures = 0

  /** `facts` name the service, of a URL its host alone, and the use of the policy; they hold no secret. */
  constructor(
    { log, clock }: { readonly log: Log; readonly clock: Pick<Clock, 'monotonicMs'> },
    { service, ...facts }: OutageFacts,
  ) {
    this.#log = log
    this.#clock = clock
    this.#facts = { ...facts, service: URL.parse(service)?.host || service }
  }

  /** Notes what becomes of a call. @rejects with what the call rejects with: a mistake of ours is no outage of others */
  async watch<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      const result = await call()
      this.worked()
      return result
    } catch (fault) {
      if (fault instanceof CallFault) this.failed(fault)
      throw fault
    }
  }

  failed(fault: CallFault): void {
    const { reason, isAnswered } = fault
    this.#failures++
    const nowMs = this.#clock.monotonicMs()
    if (this.#saidAtMs !== undefined && nowMs - this.#saidAtMs < REPEAT_MS) return
    this.#saidAtMs = nowMs
    this.#log.warn(isAnswered ? 'a service does not answer as it should' : 'a service cannot be asked', {
      ...this.#facts,
      reason,
      ...toSaid(fault),
      failures: this.#failures,
    })
  }

  worked(): void {
    if (this.#saidAtMs === undefined) return
    this.#log.info('a service answers as it should again', {
      ...this.#facts,
      failures: this.#failures,
    })
    this.#saidAtMs = undefined
    this.#failures = 0
  }
}
