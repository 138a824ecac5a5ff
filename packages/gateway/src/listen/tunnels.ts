/** Owns upgraded connections: bytes both ways until one side ends, nothing moved for too long, or its right to exist is gone. */
import { type Caller, type GatewayResponse, KNOWN_FIELDS } from '@gatewright/policies'
import type { Ended, GatewayExchange } from '../exchange/gateway-exchange.ts'
import { createFieldMask, serializeFields, toDateLine, toStatusLine } from '../http1/serialize-head.ts'
import { serializeSaid } from '../respond/response-head.ts'
import type { ClientTunnelEnd, TunnelEnd, TunnelSocket } from '../sockets/tunnel-end.ts'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import { UpstreamTunnel } from '../upstream/upstream-tunnel.ts'

// RFC 9110 §8.6: a 1xx has no length; and the id is ours.
const DROPPED = createFieldMask([
  KNOWN_FIELDS['content-length'],
  KNOWN_FIELDS['transfer-encoding'],
  KNOWN_FIELDS['keep-alive'],
  KNOWN_FIELDS['x-request-id'],
])

/** How often is asked whether somebody ended what a tunnel was opened with, where nothing tells of it. */
const LOOK_MS = 1_000

/** How long the last bytes of a tunnel that has ended may take. */
const FLUSH_MS = 2_000

export interface OpeningTunnel {
  readonly response: GatewayResponse
  readonly client: ClientTunnelEnd
}

interface TunnelSettings {
  readonly wheel: DeadlineWheel
  /** When whoever opened it has no right to it any more, in epoch milliseconds; Infinity: never, 0: he has none now. */
  readonly rightEndsAtMs: (exchange: GatewayExchange) => number
  /** One more, or one less. */
  readonly onChanged: (amount: 1 | -1) => void
  readonly onEnded: (exchange: GatewayExchange, ended: Ended) => void
}

export class TunnelKeeper {
  readonly #settings: TunnelSettings
  readonly #open = new Set<LiveTunnel>()
  /** Those of them whose right may end without a word. */
  readonly #watched = new Set<LiveTunnel>()
  readonly #look: Timed = {
    deadlineAtMs: Number.POSITIVE_INFINITY,
    slotAtMs: 0,
    slotPlace: 0,
    onDeadline: () => this.#lookAtWatched(),
  }

  constructor(settings: TunnelSettings) {
    this.#settings = settings
  }

  get count(): number {
    return this.#open.size
  }

  open(exchange: GatewayExchange, { response, client }: OpeningTunnel): void {
    const { tunnel } = response
    if (!(tunnel instanceof UpstreamTunnel) || !client.accept(exchange, response)) {
      tunnel?.discard()
      client.socket.destroy()
      client.release()
      this.#settings.onEnded(exchange, 'upstream-broke')
      return
    }
    const upstream = tunnel.end
    if (upstream.rest.length > 0) client.socket.write(upstream.rest)
    if (client.rest.length > 0) upstream.socket.write(client.rest)
    const live = new LiveTunnel(exchange, { client, upstream, wheel: this.#settings.wheel }, (ended) => {
      this.#open.delete(live)
      this.#watched.delete(live)
      whenClosed(client)
      whenClosed(upstream)
      this.#settings.onChanged(-1)
      this.#settings.onEnded(exchange, ended)
    })
    this.#open.add(live)
    this.#settings.onChanged(1)
    // One side was gone before the other half was there: nothing would tell so any more.
    if (client.socket.destroyed || upstream.socket.destroyed) live.end()
    else this.#judge(live)
    if (this.#open.has(live) && canBeEnded(exchange.caller)) this.#watch(live)
  }

  #watch(tunnel: LiveTunnel): void {
    this.#watched.add(tunnel)
    if (this.#watched.size === 1) this.#lookLater()
  }

  #lookLater(): void {
    const { wheel } = this.#settings
    wheel.set(this.#look, LOOK_MS, wheel.now())
  }

  #lookAtWatched(): void {
    for (const tunnel of [...this.#watched]) this.#judge(tunnel)
    if (this.#watched.size > 0) this.#lookLater()
  }

  #judge(tunnel: LiveTunnel): void {
    tunnel.setRight(this.#settings.rightEndsAtMs(tunnel.exchange))
  }

  /** Ends all there are: the deadline of the drain passed. */
  cutOff(): void {
    for (const tunnel of [...this.#open]) tunnel.end('drain-timeout')
  }

  /** Rights have changed: keys were revoked, or expire sooner or later than before. */
  judgeAgain(): void {
    for (const tunnel of [...this.#open]) this.#judge(tunnel)
  }

  /** Ends every tunnel whose reason to exist is gone: a removed API. */
  endWhere(isOver: (exchange: GatewayExchange) => boolean): void {
    for (const tunnel of [...this.#open]) if (isOver(tunnel.exchange)) tunnel.end()
  }
}

function canBeEnded(caller: Caller | undefined): boolean {
  if (caller === undefined) return false
  return [caller.credential, ...(caller.otherCredentials ?? [])].some((each) => each.isEnded !== undefined)
}

class LiveTunnel implements Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly exchange: GatewayExchange
  readonly #client: TunnelSocket
  readonly #upstream: TunnelSocket
  readonly #wheel: DeadlineWheel
  readonly #idleMs: number
  readonly #oldestAtMs: number
  readonly #onGone: (ended: Ended) => void
  #rightEndsAtMs = Number.POSITIVE_INFINITY
  #movedAtMs = 0
  #isGone = false

  constructor(
    exchange: GatewayExchange,
    { client, upstream, wheel }: { client: TunnelEnd; upstream: TunnelEnd; wheel: DeadlineWheel },
    onGone: (ended: Ended) => void,
  ) {
    this.exchange = exchange
    this.#client = client.socket
    this.#upstream = upstream.socket
    this.#wheel = wheel
    this.#onGone = onGone
    this.#idleMs = exchange.tunnelIdleMs
    this.#oldestAtMs = performance.now() + exchange.tunnelMaxAgeMs
    this.#relay(client, upstream.socket, (bytes) => {
      exchange.bytesIn += bytes
    })
    this.#relay(upstream, client.socket, (bytes) => {
      exchange.bytesOut += bytes
    })
    this.#touch()
  }

  onDeadline(): void {
    if (this.#isGone) this.#destroy()
    else this.end()
  }

  /** In epoch milliseconds; what has passed ends it at once. */
  setRight(endsAtMs: number): void {
    if (this.#isGone) return
    const leftMs = endsAtMs - Date.now()
    if (leftMs <= 0) {
      this.end()
      return
    }
    const nowMs = performance.now()
    this.#rightEndsAtMs = nowMs + leftMs
    this.#setDeadline(nowMs)
  }

  /** RFC 6455 §7.1.1: whatever the protocol inside, the TCP connection ends; both sides see it. */
  end(ended: Ended = 'answered'): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#wheel.remove(this)
    this.#onGone(ended)
    if (ended === 'drain-timeout') return this.#destroy()
    // What is on its way still arrives, where somebody takes it; who takes nothing is not waited for.
    this.#client.destroySoon()
    this.#upstream.destroySoon()
    if (!this.#client.destroyed || !this.#upstream.destroyed) this.#wheel.set(this, FLUSH_MS, performance.now())
  }

  #destroy(): void {
    this.#client.destroy()
    this.#upstream.destroy()
  }

  #relay({ socket: from, readWith }: TunnelEnd, to: TunnelSocket, count: (bytes: number) => void): void {
    readWith((chunk) => {
      if (this.#isGone) return
      count(chunk.length)
      this.#touch()
      if (!to.write(chunk)) from.pause()
    })
    to.on('drain', () => from.resume())
    from.on('end', () => to.end())
    from.on('error', () => this.end())
    from.on('close', () => this.end())
    from.resume()
  }

  #touch(): void {
    this.#movedAtMs = performance.now()
    this.#setDeadline(this.#movedAtMs)
  }

  #setDeadline(nowMs: number): void {
    const atMs = Math.min(this.#movedAtMs + this.#idleMs, this.#oldestAtMs, this.#rightEndsAtMs)
    this.#wheel.set(this, Math.max(0, atMs - nowMs), nowMs)
  }
}

/** Until then it is a connection, and counts as one. */
function whenClosed({ socket, release }: TunnelEnd): void {
  if (socket.closed) release()
  else socket.once('close', release)
}

/** Unlike other answers, a 101 keeps `Connection` and `Upgrade`: they are what it says. */
export function toUpgradeHead(exchange: GatewayExchange, response: GatewayResponse): string {
  const { headers, reason } = response
  const said = serializeSaid(exchange, headers)
  let head = toStatusLine(101, reason) + serializeFields(headers, DROPPED) + said
  if (!headers.has('date')) head += toDateLine(Date.now())
  return `${head}X-Request-Id: ${exchange.id}\r\n\r\n`
}
