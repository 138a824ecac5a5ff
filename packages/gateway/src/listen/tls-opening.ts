/**
 * Owns a TLS connection from the moment it was accepted to the end of its handshake.
 *
 *   hello ──name──▶ certificate and demands ──▶ handshake ──▶ client's certificate judged ──▶ opened
 *     └ plain HTTP: told so      └ none: alert        └ failed, or too slow: closed
 */
import type { Socket } from 'node:net'
import type { ListenerTls } from '@gatewright/model/runtime'
import { ACME_ALPN_PROTOCOL } from '../acme/challenges/challenge-set.ts'
import { type AdoptedSocket, adoptTlsSocket, type SecureFacts, whenSecure } from '../sockets/adopt-socket.ts'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import type { CertificateStore, ChosenCertificate } from '../tls/certificate-store.ts'
import { judgeClient, NOBODY_ASKED, type PeerProof } from '../tls/client-certificate.ts'
import { type ClientHello, MOST_HELLO_BYTES, parseClientHello } from '../tls/client-hello.ts'
import type { Demands, DemandsTable } from '../tls/demands.ts'
import type { ConnectionTls } from './connection-contract.ts'

/** What the listener's connections begin with. */
export interface TlsTerms {
  readonly model: ListenerTls
  readonly demands: DemandsTable
  /** By ALPN, in the order in which we like them. */
  readonly protocols: readonly string[]
  readonly store: CertificateStore
}

export interface TlsOpeningOwner {
  readonly wheel: DeadlineWheel
  readonly handshakeTimeoutMs: number
  onSecure(opening: TlsOpening, adopted: AdoptedSocket, secure: Secured): void
  /** It ended before. `why`: the code of OpenSSL or of the system, or a word of ours. */
  onFailed(opening: TlsOpening, why: string): void
}

interface OpeningOrigin {
  readonly terms: TlsTerms
  /** The other end, or whom a trusted balancer speaks for. */
  readonly peer: { readonly address: string; readonly port: number }
  readonly address: string
}

export interface Secured {
  readonly tls: ConnectionTls
  readonly protocol: string | undefined
}

const TOKEN_START = /^[A-Za-z]/
/** Said without TLS to who speaks without: everything else looks like line noise to such a client. */
const PLAIN_ANSWER = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Length: 46',
  'Connection: close',
  '',
  'This port speaks HTTPS: begin with https://.\r\n',
].join('\r\n')

/** RFC 8446 §6.2: a fatal alert `unrecognized_name` (112), in a record of TLS 1.2. */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112])

export class TlsOpening implements Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly peer: OpeningOrigin['peer']
  /** Whose it is, by which it is counted. */
  readonly address: string
  readonly #accepted: Socket
  readonly #owner: TlsOpeningOwner
  readonly #terms: TlsTerms
  #received: Buffer = Buffer.alloc(0)
  #adopted: AdoptedSocket | undefined
  #isOver = false

  constructor(accepted: Socket, owner: TlsOpeningOwner, { terms, peer, address }: OpeningOrigin) {
    this.#accepted = accepted
    this.#owner = owner
    this.#terms = terms
    this.peer = peer
    this.address = address
    owner.wheel.set(this, owner.handshakeTimeoutMs, owner.wheel.now())
    accepted.on('data', (chunk: Buffer) => this.onData(chunk))
    for (const event of ['end', 'error', 'close']) accepted.on(event, () => this.#fail('closed'))
  }

  /** Of the hello. */
  onData(chunk: Buffer): void {
    if (this.#isOver) return
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const hello = parseClientHello(this.#received)
    if (hello === 'incomplete') {
      if (this.#received.length > MOST_HELLO_BYTES) this.#fail('hello-too-long')
    } else if (hello === 'invalid') {
      if (TOKEN_START.test(this.#received.toString('latin1', 0, 1))) this.#accepted.end(PLAIN_ANSWER, 'latin1')
      this.#fail('no-tls', { isSaid: true })
    } else {
      this.#shake(hello)
    }
  }

  onDeadline(): void {
    this.#fail('timeout')
  }

  destroy(): void {
    this.#fail('closed')
  }

  #shake({ serverName, protocols }: ClientHello): void {
    const { store, model, demands: table } = this.#terms
    for (const event of ['data', 'end', 'error', 'close']) this.#accepted.removeAllListeners(event)
    // What comes after the hello belongs to OpenSSL, and is not read before it is there.
    this.#accepted.pause()
    // RFC 8737 §4: a CA that asks for this protocol wants to see one certificate, and nothing else.
    const isChallenge = protocols.includes(ACME_ALPN_PROTOCOL)
    const demands = table.find(serverName)
    let chosen: ChosenCertificate | undefined
    try {
      chosen = isChallenge ? store.chooseChallenge(serverName) : store.choose(model, serverName, demands)
    } catch (error) {
      return this.#fail(toCode(error))
    }
    if (chosen === undefined) {
      // RFC 6066 §3 has the server say so where it does not know the name.
      this.#accepted.end(UNRECOGNIZED_NAME)
      return this.#fail('no-certificate', { isSaid: true })
    }
    const asksCertificate = !isChallenge && demands.clientCertificates !== undefined
    const adopted = adoptTlsSocket(this.#accepted, this.#received, {
      context: chosen.context,
      protocols: isChallenge ? [ACME_ALPN_PROTOCOL] : this.#terms.protocols,
      asksCertificate,
      staple: chosen.staple,
    })
    if (adopted === undefined) return this.#fail('closed')
    this.#received = Buffer.alloc(0)
    this.#adopted = adopted
    whenSecure(adopted, {
      asksCertificate,
      failed: (code) => this.#fail(code),
      secure: (facts) => {
        if (isChallenge) this.#fail('challenge')
        else this.#finish(adopted, demands, { ...facts, authorities: chosen.authorities })
      },
    })
  }

  #finish(adopted: AdoptedSocket, demands: Demands, { version, protocol, ...proof }: SecureFacts & PeerProof): void {
    this.#isOver = true
    this.#owner.wheel.remove(this)
    const { clientCertificates } = demands
    const judged = clientCertificates && judgeClient(clientCertificates, proof)
    const tls = { version, demands, ...(judged ?? NOBODY_ASKED) }
    this.#owner.onSecure(this, adopted, { tls, protocol })
  }

  /** `isSaid`: the socket ends by itself once what was said is out. */
  #fail(why: string, { isSaid = false } = {}): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#owner.wheel.remove(this)
    const accepted = this.#accepted
    accepted.on('error', () => {})
    if (this.#adopted !== undefined) this.#adopted.socket.destroy()
    else if (isSaid) accepted.destroySoon()
    else accepted.destroy()
    this.#owner.onFailed(this, why)
  }
}

function toCode(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error)
}
