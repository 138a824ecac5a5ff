/** Owns one address of an upstream as this thread sees it: its connections, who waits for one, how much is in flight. */
import type { Target } from '@gatewright/model'
import type { HealthCell } from '../state/health/health-table.ts'
import type { Timed } from '../timers/deadline-wheel.ts'
import type { Attempt } from './attempt.ts'
import type { UpstreamConnection } from './upstream-connection.ts'

export class TargetRuntime implements Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly url: string
  readonly weight: number
  readonly hostname: string
  readonly port: number
  /** What the `Host` field says. */
  readonly authority: string
  /** Stands before every forwarded path; '' or `/prefix` without a trailing slash. */
  readonly pathPrefix: string
  /** Unused connections, the most recently used last: the coldest are let go first. */
  readonly idle: UpstreamConnection[] = []
  /** Connections with requests in flight that may take more: pipelining only. */
  readonly busy: Set<UpstreamConnection> = new Set()
  /** Open or opening. */
  connections = 0
  opening = 0
  readonly waiting: Attempt[] = []
  inFlight = 0
  /** Set once this target broke a pipelined connection: it gets one request at a time from then on. */
  refusesPipelining = false
  /** Passive health leaves it out for a while. */
  isEjected = false
  failuresInARow = 0
  /** What active health says; absent where nobody asks. */
  readonly #health: HealthCell | undefined
  readonly #onWaitedEnough: (target: TargetRuntime) => void

  /** `onWaitedEnough`: whoever waits longest for a connection has waited long enough. */
  constructor(target: Target, onWaitedEnough: (target: TargetRuntime) => void, health?: HealthCell) {
    this.#onWaitedEnough = onWaitedEnough
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

  onDeadline(): void {
    this.#onWaitedEnough(this)
  }
}
