/** Owns one address of an upstream as this thread sees it: how it is addressed, how much is in flight, and whether it takes requests. */
import type { Target } from '@gatewright/model'
import type { HealthCell } from '../state/health/health-table.ts'

export class TargetRuntime {
  readonly url: string
  readonly weight: number
  readonly hostname: string
  readonly port: number
  /** What the `Host` field says. */
  readonly authority: string
  /** Stands before every forwarded path; '' or `/prefix` without a trailing slash. */
  readonly pathPrefix: string
  inFlight = 0
  /** Passive health leaves it out for a while. */
  isEjected = false
  failuresInARow = 0
  /** What active health says; absent where nobody asks. */
  readonly #health: HealthCell | undefined

  constructor(target: Target, health?: HealthCell) {
    this.#health = health
    const url = new URL(target.url)
    this.url = target.url
    this.weight = target.weight
    this.hostname = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
    this.port = url.port === '' ? 80 : Number(url.port)
    this.authority = url.host
    this.pathPrefix = url.pathname.endsWith('/') ? url.pathname.slice(0, -1) : url.pathname
  }

  /** It takes no new requests: active or passive health says so. */
  get isOut(): boolean {
    return this.isEjected || this.#health?.isOut === true
  }
}
