/** Owns one listening socket of one thread and the connections it accepted: open, change without closing, drain, close. */
import { createServer, type Server, type Socket } from 'node:net'
import type { Listener } from '@gatewright/model'
import { TrustedProxies, toPlainAddress } from '../exchange/client-address.ts'
import type { BrokenOffBy } from '../exchange/gateway-exchange.ts'
import { type AdoptedSocket, adoptSocket } from '../sockets/adopt-socket.ts'
import type { DeadlineWheel } from '../timers/deadline-wheel.ts'
import type { CertificateStore } from '../tls/certificate-store.ts'
import { DemandsTable } from '../tls/demands.ts'
import type { ConnectionOrigin, ConnectionSettings, OpenConnection, RequestReceiver } from './connection-contract.ts'
import type { ConnectionGauge } from './connection-gauge.ts'
import { Gate } from './gate.ts'
import { Http1Connection } from './http1-connection.ts'
import { Http2Connection } from './http2-connection.ts'
import { PrefaceOpening, type PrefaceOwner } from './preface-opening.ts'
import { readProxyHeader } from './proxy-protocol.ts'
import { type Secured, TlsOpening, type TlsOpeningOwner, type TlsTerms } from './tls-opening.ts'

/** How many connections wait to be accepted; Linux caps it at net.core.somaxconn. */
const BACKLOG = 4096
/** Passes of the event loop without a new connection after which nobody waits to be accepted: the first may have begun before we looked. */
const QUIET_PASSES = 2
/**
 * What the kernel completes between a look at the socket and its close is reset. A pass that took no longer did nothing else
 * in between; an empty one takes 3 µs. After so many passes a busy thread is not waited for any more.
 */
const SHORT_PASS_MS = 0.03
const PASSES_FOR_A_SHORT_ONE = 256
/** One connection a pass is accepted, so whoever waited when we began to close is. Where they never stop coming, somebody is reset in the end. */
const MOST_PASSES = BACKLOG
/** How long a connection may still take to say, by the PROXY protocol, whose it is. */
const OPENING_MS = 2_000
/** Connections that hear at the same time that they are too many; who comes beyond hears nothing. */
const MOST_REFUSED = 64

export interface ListenerParts {
  readonly receiver: RequestReceiver
  readonly wheel: DeadlineWheel
  readonly gauge: ConnectionGauge
  /** Several threads listen on one port. */
  readonly reusePort: boolean
  readonly certificates: CertificateStore
  readonly handshakes: HandshakeMeter
}

/** Told how handshakes end. */
export interface HandshakeMeter {
  onSecure(): void
  /** `why`: the code of OpenSSL or of the system, or a word of ours. */
  onFailed(why: string, listener: string): void
}

export class ListenerRuntime {
  readonly #server: Server
  readonly #parts: ListenerParts
  readonly #connections = new Set<OpenConnection>()
  /** Those that were too many: they are told so, and count for nothing. */
  readonly #refused = new Set<OpenConnection>()
  readonly #settings: Settings
  #model: Listener
  #isDraining = false
  #isClosing = false
  #isClosed = false
  /** Connections that it ever took. */
  #accepted = 0
  /** Connections that are none to speak on yet: they read a PROXY header, or shake hands. Those in TLS are counted already. */
  readonly #opening = new Set<Socket | TlsOpening | PrefaceOpening>()
  readonly #stopped = Promise.withResolvers<void>()

  constructor(model: Listener, parts: ListenerParts) {
    this.#model = model
    this.#parts = parts
    this.#settings = new Settings(model, parts, this)
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
  }

  /** Nothing is open any more, and nothing will be. */
  get isDone(): boolean {
    return this.#isClosed && this.#connections.size + this.#refused.size + this.#opening.size === 0
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Its address is free again. */
  get stopped(): Promise<void> {
    return this.#stopped.promise
  }

  listen(): Promise<void> {
    const { host, port } = this.#model
    return new Promise((resolve, reject) => {
      // It stays: a connection that cannot be accepted later on (no descriptors left, say) must not end the thread.
      this.#server.on('error', reject)
      this.#server.listen({ host, port, backlog: BACKLOG, reusePort: this.#parts.reusePort }, () => resolve())
    })
  }

  /** New limits and trust, for kept connections too: a proxy that is trusted no more must not be believed for as long as it stays connected. Same address. */
  update(model: Listener): void {
    this.#model = model
    this.#settings.update(model)
    for (const connection of this.#connections) connection.onSettingsChanged()
  }

  /** From here on every answer closes its connection; new ones are still accepted. */
  startDraining(): void {
    this.#isDraining = true
    for (const connection of this.#connections) if (!connection.isIdle) connection.closeGracefully()
  }

  /** Stops accepting once nobody waits any more; idle connections end, busy ones after their answer. */
  close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#isDraining = true
    for (const connection of this.#connections) connection.closeGracefully()
    setTimeout(() => this.#endOpening(), OPENING_MS).unref()
    // A first close compiles what it runs: 80 µs instead of 15, in which connections come that are reset.
    createServer().close()
    this.#closeWhenQuiet(0, 0)
  }

  /** Whatever is still open ends now. `by` is for the record. */
  destroy(by?: BrokenOffBy): void {
    this.#isClosing = true
    this.#isDraining = true
    this.#stopListening()
    this.#endOpening()
    for (const connection of [...this.#connections, ...this.#refused]) connection.destroy(by)
  }

  /** The kernel resets connections that wait on a socket that closes: they are accepted first, for as long as there are any. */
  #closeWhenQuiet(passes: number, quietPasses: number): void {
    const accepted = this.#accepted
    const startedMs = performance.now()
    setImmediate(() => {
      const isShort = performance.now() - startedMs < SHORT_PASS_MS || passes >= PASSES_FOR_A_SHORT_ONE
      const quiet = isShort && this.#accepted === accepted ? quietPasses + 1 : 0
      if (quiet === QUIET_PASSES || passes === MOST_PASSES) this.#stopListening()
      else this.#closeWhenQuiet(passes + 1, quiet)
    })
  }

  #stopListening(): void {
    this.#isClosed = true
    this.#server.close()
    this.#stopped.resolve()
  }

  #endOpening(): void {
    for (const opening of [...this.#opening]) opening.destroy()
  }

  #accept(socket: Socket): void {
    this.#accepted++
    if (!this.#model.proxyProtocol) return this.#admit(socket, {})
    const peer = toPlainAddress(socket.remoteAddress ?? '')
    // A stranger that could say who it is could be anybody.
    if (!this.#settings.trusted.has(peer)) {
      socket.destroy()
      return
    }
    this.#opening.add(socket)
    readProxyHeader(socket, { timeoutMs: this.#model.limits.headTimeoutMs }, (result) => {
      this.#opening.delete(socket)
      if (result === undefined) socket.destroy()
      else this.#admit(socket, { peer: result.peer }, result.rest)
    })
  }

  /** `rest`: what was read of it already. */
  #admit(socket: Socket, origin: ConnectionOrigin, rest?: Buffer): void {
    // Asked once: a socket whose client has reset it does not know any more whose it was, and would be counted down from nobody.
    const peer = origin.peer ?? { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    const address = toPlainAddress(peer.address)
    const isTooMuch = this.#isTooMuch(address)
    const { terms } = this.#settings
    if (terms === undefined) {
      this.#admitPlain(adoptSocket(socket), { peer, address }, { isTooMuch, rest })
      return
    }
    if (isTooMuch) {
      // A handshake, only to be told that, would cost more than a request.
      this.#parts.gauge.closed(address)
      socket.destroy()
      return
    }
    const opening = new TlsOpening(socket, this.#settings, { terms, peer, address })
    this.#opening.add(opening)
    if (rest !== undefined && rest.length > 0) opening.onData(rest)
  }

  #admitPlain(
    adopted: AdoptedSocket,
    { peer, address }: { readonly peer: ConnectionOrigin['peer']; readonly address: string },
    { isTooMuch, rest }: { readonly isTooMuch: boolean; readonly rest: Buffer | undefined },
  ): void {
    if (isTooMuch) return this.#refuse(new Http1Connection(adopted, this.#settings, { peer }))
    if (!this.#model.http2.priorKnowledge) {
      return this.#open(new Http1Connection(adopted, this.#settings, { peer }), rest)
    }
    const opening = new PrefaceOpening(adopted, this.#settings, { peer, address })
    this.#opening.add(opening)
    if (rest !== undefined && rest.length > 0) opening.onData(rest)
  }

  onKnown(opening: PrefaceOpening, protocol: string, first: Buffer): void {
    this.#opening.delete(opening)
    const Connection = protocol === 'h2' ? Http2Connection : Http1Connection
    this.#open(new Connection(opening.adopted, this.#settings, { peer: opening.peer }), first)
  }

  /** Counts it. */
  #isTooMuch(address: string): boolean {
    const { limits } = this.#model
    const { total, ofAddress } = this.#parts.gauge.opened(address)
    const isCrowded = limits.connectionsPerAddress > 0 && ofAddress > limits.connectionsPerAddress
    return (isCrowded && !this.#settings.trusted.has(address)) || (limits.connections > 0 && total > limits.connections)
  }

  onSecure(opening: TlsOpening, adopted: AdoptedSocket, { tls, protocol }: Secured): void {
    this.#opening.delete(opening)
    this.#parts.handshakes.onSecure()
    const Connection = protocol === 'h2' ? Http2Connection : Http1Connection
    this.#open(new Connection(adopted, this.#settings, { peer: opening.peer, tls }))
  }

  /** `why`: of a handshake. */
  onFailed(opening: TlsOpening | PrefaceOpening, why?: string): void {
    if (!this.#opening.delete(opening)) return
    this.#parts.gauge.closed(opening.address)
    if (why !== undefined) this.#parts.handshakes.onFailed(why, this.#model.id)
  }

  #open(connection: OpenConnection, rest?: Buffer): void {
    this.#connections.add(connection)
    if (rest !== undefined && rest.length > 0) connection.onData(rest)
    if (this.#isClosing) connection.closeGracefully()
  }

  /** One address that opens more and more must not use up what is there for all, not even with what it is refused. */
  #refuse(connection: OpenConnection): void {
    this.#parts.gauge.closed(connection.peerAddress)
    this.#refused.add(connection)
    if (this.#refused.size > MOST_REFUSED) connection.destroy()
    else connection.refuseCrowd()
  }

  onClosed(connection: OpenConnection): void {
    if (this.#refused.delete(connection)) return
    if (this.#connections.delete(connection)) this.#parts.gauge.closed(connection.peerAddress)
  }
}

/** One for all connections of a listener, for as long as it lives. */
class Settings implements ConnectionSettings, TlsOpeningOwner, PrefaceOwner {
  readonly receiver: RequestReceiver
  readonly wheel: DeadlineWheel
  readonly localPort: number
  limits: Listener['limits']
  http2: Listener['http2']
  trusted: TrustedProxies
  gate: Gate
  /** undefined: no TLS. */
  terms: TlsTerms | undefined
  readonly #parts: ListenerParts
  readonly #owner: ListenerRuntime

  constructor(model: Listener, parts: ListenerParts, owner: ListenerRuntime) {
    this.receiver = parts.receiver
    this.wheel = parts.wheel
    this.localPort = model.port
    this.#parts = parts
    this.#owner = owner
    this.limits = model.limits
    this.http2 = model.http2
    this.trusted = new TrustedProxies(model.trustedProxies)
    this.terms = toTerms(model, parts)
    this.gate = this.#toGate(model)
  }

  update(model: Listener): void {
    this.limits = model.limits
    this.http2 = model.http2
    this.trusted = new TrustedProxies(model.trustedProxies)
    this.terms = toTerms(model, this.#parts)
    this.gate = this.#toGate(model)
  }

  get isDraining(): boolean {
    return this.#owner.isDraining
  }

  get handshakeTimeoutMs(): number {
    return this.limits.handshakeTimeoutMs
  }

  onClosed(connection: OpenConnection): void {
    this.#owner.onClosed(connection)
  }

  onSecure(opening: TlsOpening, adopted: AdoptedSocket, secure: Secured): void {
    this.#owner.onSecure(opening, adopted, secure)
  }

  onKnown(opening: PrefaceOpening, protocol: string, first: Buffer): void {
    this.#owner.onKnown(opening, protocol, first)
  }

  onFailed(opening: TlsOpening | PrefaceOpening, why?: string): void {
    this.#owner.onFailed(opening, why)
  }

  #toGate(model: Listener): Gate {
    const { certificates } = this.#parts
    return new Gate(model, { demands: this.terms?.demands, challenges: () => certificates.challenges })
  }
}

const HTTP1 = ['http/1.1']
const BOTH = ['h2', 'http/1.1']

function toTerms({ tls, http2 }: Listener, { certificates }: ListenerParts): TlsTerms | undefined {
  if (tls === undefined) return undefined
  return { model: tls, demands: new DemandsTable(tls), protocols: http2.enabled ? BOTH : HTTP1, store: certificates }
}
