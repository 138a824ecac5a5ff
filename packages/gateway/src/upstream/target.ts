/** Owns one address of an upstream as this thread sees it: how it is addressed, how much is in flight, and whether it takes requests. */
import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Target, UpstreamProtocol } from '@gatewright/model'
import type { EgressGuard } from '../egress/egress-guard.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'
import type { HealthCell } from '../state/health/health-table.ts'
import type { ClientContext } from './tls/client-context.ts'
import { TargetTls } from './tls/target-tls.ts'

interface TargetParts {
  readonly health?: HealthCell | undefined
  /** Of the upstream; needed where the URL says `https`. */
  readonly context?: ClientContext | undefined
  /** Which addresses may be connected to; any, if absent. */
  readonly guard?: EgressGuard | undefined
}

export class TargetRuntime {
  readonly url: string
  readonly weight: number
  readonly hostname: string
  readonly port: number
  /** What the `Host` field says. */
  readonly authority: string
  /** `https://host`, with the port unless it is the scheme's own. */
  readonly origin: string
  /** Stands before every forwarded path; '' or `/prefix` without a trailing slash. */
  readonly pathPrefix: string
  inFlight = 0
  /** Passive health leaves it out for a while. */
  isEjected = false
  failuresInARow = 0
  /** What active health says; absent where nobody asks. */
  readonly #health: HealthCell | undefined
  readonly #guard: EgressGuard | undefined
  readonly #isOverTls: boolean
  readonly #tls: TargetTls | undefined

  constructor(target: Target, { health, context, guard }: TargetParts = {}) {
    this.#health = health
    this.#guard = guard
    const url = new URL(target.url)
    this.url = target.url
    this.weight = target.weight
    this.hostname = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
    this.#isOverTls = url.protocol === 'https:'
    this.#tls = this.#isOverTls && context !== undefined ? new TargetTls(context, this.hostname) : undefined
    this.port = url.port === '' ? (this.#isOverTls ? 443 : 80) : Number(url.port)
    this.authority = url.host
    this.origin = url.origin
    this.pathPrefix = url.pathname.endsWith('/') ? url.pathname.slice(0, -1) : url.pathname
  }

  /** It takes no new requests: active or passive health says so. */
  get isOut(): boolean {
    return this.isEjected || this.#health?.isOut === true
  }

  get scheme(): 'http' | 'https' {
    return this.#isOverTls ? 'https' : 'http'
  }

  /** What a connection says when requests may go out on it. Which protocol they are put in is known from then on: `alpnProtocol`. */
  get openEvent(): 'connect' | 'secureConnect' {
    return this.#isOverTls ? 'secureConnect' : 'connect'
  }

  /** What was agreed on for an open connection, or what everybody knows beforehand. */
  speaksHttp2(socket: Socket, protocol: UpstreamProtocol): boolean {
    return this.#isOverTls ? (socket as TLSSocket).alpnProtocol === 'h2' : protocol === 'h2c'
  }

  /** Opens a connection on which `protocol` is to be spoken; it reads into `buffer`, and `onData` gets bytes that are gone when it returns. */
  open(protocol: UpstreamProtocol, buffer: ReadBuffer, onData: (chunk: Buffer) => void): Socket {
    const refused = this.#guard?.refuse(this.hostname)
    if (refused !== undefined) return refused
    const way = {
      ...(this.#guard !== undefined && { lookup: this.#guard.lookup }),
      host: this.hostname,
      port: this.port,
      noDelay: true,
      onread: {
        buffer: buffer.next,
        callback: (bytes: number) => {
          onData(buffer.take(bytes))
          return true
        },
      },
    }
    if (!this.#isOverTls) return connect(way)
    if (this.#tls === undefined) throw new Error(`nobody said how ${this.url} is to be trusted`)
    return this.#tls.connect(way, protocol)
  }
}
