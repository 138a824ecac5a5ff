/** Owns TLS to one target: the name that it must prove, and its newest sessions, which save the next connections half a handshake. */
import { isIP, type LookupFunction, type OnReadOpts } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, connect, type TLSSocket } from 'node:tls'
import type { UpstreamProtocol } from '@gatewright/model'
import type { ClientContext } from './client-context.ts'

/** RFC 7301 §3.1: names behind their length, the preferred first. */
const OFFERS: Readonly<Record<UpstreamProtocol, Buffer>> = {
  http1: Buffer.from('\x08http/1.1', 'latin1'),
  h2: Buffer.from('\x02h2', 'latin1'),
  // Refused with `https` targets: it is the name of HTTP/2 without TLS.
  h2c: Buffer.from('\x02h2', 'latin1'),
  auto: Buffer.from('\x02h2\x08http/1.1', 'latin1'),
}

/** Servers give two tickets with each whole handshake; so many connections that open at once are resumed. */
const MOST_SESSIONS = 4

interface Session {
  readonly data: Buffer
  /** RFC 8446 §C.4: who sees a ticket twice can tell that both connections are of one client. */
  readonly isForOnce: boolean
}

export interface Way {
  readonly host: string
  readonly port: number
  readonly noDelay: boolean
  readonly onread?: OnReadOpts
  readonly lookup?: LookupFunction
}

export class TargetTls {
  readonly #context: ClientContext
  /** The same for every connection. */
  readonly #options: ConnectionOptions
  /** The newest last. */
  #sessions: readonly Session[] = []

  constructor(context: ClientContext, hostname: string) {
    const { tls } = context.upstream
    // RFC 6066 §3: without the dot of a fully qualified name.
    const name = (tls.serverName ?? hostname).replace(/\.$/, '').replace(/^\[|\]$/g, '')
    this.#context = context
    this.#options = {
      // Said outright, so that no variable of the environment says otherwise.
      rejectUnauthorized: tls.verify,
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
      // RFC 6066 §3: an address is no name.
      ...(isIP(name) === 0 && { servername: name }),
    }
  }

  /** Says `secureConnect` once requests may go out; `alpnProtocol` is then what the target chose to speak. */
  connect(way: Way, protocol: UpstreamProtocol = 'http1'): TLSSocket {
    const session = this.#offerSession()
    const socket = connect({
      ...way,
      ...this.#options,
      ALPNProtocols: OFFERS[protocol],
      secureContext: this.#context.get(),
      ...(session !== undefined && { session: session.data }),
    })
    // TLS 1.3 brings tickets behind the handshake, TLS 1.2 within it.
    socket.on('session', (data: Buffer) => {
      const isForOnce = socket.getProtocol() === 'TLSv1.3'
      this.#sessions = [...(isForOnce ? this.#sessions : []), { data, isForOnce }].slice(-MOST_SESSIONS)
    })
    if (session !== undefined && !session.isForOnce) {
      // A server that stumbles over what it gave us itself would do so for ever.
      const drop = (): void => this.#drop(session)
      socket.once('error', drop)
      socket.once('secureConnect', () => socket.off('error', drop))
    }
    return socket
  }

  #offerSession(): Session | undefined {
    const session = this.#sessions.at(-1)
    if (session?.isForOnce === true) this.#drop(session)
    return session
  }

  #drop(session: Session): void {
    this.#sessions = this.#sessions.filter((each) => each !== session)
  }
}
