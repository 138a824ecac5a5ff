/**
 * Owns the one place where an accepted connection becomes a socket that reads into memory of ours: Node offers `onread` to sockets
 * that connect, and not to those that are accepted, nor to TLS on top of those.
 */
import { Socket, type SocketConstructorOpts } from 'node:net'
import { type DetailedPeerCertificate, type SecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls'
import { ReadBuffer } from './read-buffer.ts'

/** What every accepted socket has and the published types leave out. */
interface HandleHolder {
  _handle: unknown
}

interface OnRead {
  readonly buffer: () => Uint8Array
  readonly callback: (bytes: number) => boolean
}

/** A client's connection: its socket, and where what it reads goes. */
export class AdoptedSocket {
  readonly socket: Socket
  readonly buffer = new ReadBuffer()
  readonly isEncrypted: boolean
  /** Gets bytes that are gone when it returns. */
  onData: (chunk: Buffer) => void = () => {}

  constructor(open: (onread: OnRead, onData: (chunk: Buffer) => void) => Socket) {
    const onread = {
      buffer: this.buffer.next,
      callback: (bytes: number) => {
        this.onData(this.buffer.take(bytes))
        return true
      },
    }
    this.socket = open(onread, (chunk) => this.onData(chunk))
    this.isEncrypted = this.socket instanceof TLSSocket
  }

  /** Ends so that nobody takes what came for the whole: by a reset, or without TLS's own goodbye (RFC 9112 §9.8). */
  breakOff(): void {
    if (this.isEncrypted) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }
}

/** The given one is empty afterwards. */
export function adoptSocket(accepted: Socket): AdoptedSocket {
  return new AdoptedSocket((onread, onData) => {
    const handle = takeHandle(accepted)
    // A socket that is no plain TCP connection (a test's pair), or that ended meanwhile, is read as Node reads it.
    if (handle === undefined) {
      accepted.on('data', onData)
      return accepted
    }
    const options = { handle, onread }
    const socket = new Socket(options as unknown as SocketConstructorOpts)
    socket.setNoDelay(true)
    return socket
  })
}

export interface ServerTls {
  readonly context: SecureContext
  /** In the order in which we like them; ALPN. */
  readonly protocols: readonly string[]
  /** Ask for a certificate. Who shows none, or one that is not valid, is judged by us. */
  readonly asksCertificate: boolean
  /** OCSP, in DER. */
  readonly staple: Uint8Array | undefined
}

/** What TLS sockets have and the published types leave out. */
interface TlsInternals {
  connecting: boolean
  readonly _handle: TlsHandle
  readonly _tlsOptions: { readonly acceptedHandle: unknown }
  _releaseControl(): void
}

interface TlsHandle {
  receive(octets: Uint8Array): void
  setOCSPResponse(response: Uint8Array): void
  verifyError(): (Error & { readonly code?: string }) | null
}

const insideOf = (socket: Socket): TlsInternals => socket as unknown as TlsInternals

/**
 * TLS on top of an accepted connection of which `hello` was read already; undefined: that has ended. What becomes of the handshake
 * `whenSecure` tells; no byte is handed out before.
 */
export function adoptTlsSocket(accepted: Socket, hello: Buffer, tls: ServerTls): AdoptedSocket | undefined {
  const handle = takeHandle(accepted)
  if (handle === undefined) return undefined
  return new AdoptedSocket((onread) => {
    const { context, protocols, asksCertificate, staple } = tls
    const socket = new ServerTlsSocket({
      isServer: true,
      secureContext: context,
      ALPNProtocols: [...protocols],
      requestCert: asksCertificate,
      rejectUnauthorized: false,
      acceptedHandle: handle,
      onread,
    })
    const inside = insideOf(socket)
    // Without a socket Node takes it for one that is still to be connected.
    inside.connecting = false
    if (staple !== undefined) inside._handle.setOCSPResponse(staple)
    inside._handle.receive(hello)
    return socket
  })
}

type ServerTlsOptions = TLSSocketOptions & { readonly acceptedHandle: unknown; readonly onread: OnRead }

/** Node wraps sockets, and then reads into memory of its own. Given a handle alone, it reads where it is told. */
class ServerTlsSocket extends TLSSocket {
  constructor(options: ServerTlsOptions) {
    super(undefined as unknown as Socket, options)
  }

  /** Called by Node within its constructor. */
  _wrapHandle(_wrap: unknown, _handle: unknown, hasWrites: boolean): unknown {
    const inherited = TLSSocket.prototype as unknown as { _wrapHandle(...given: unknown[]): unknown }
    return inherited._wrapHandle.call(this, undefined, insideOf(this)._tlsOptions.acceptedHandle, hasWrites)
  }
}

/** How a handshake ended well. */
export interface SecureFacts {
  /** `TLSv1.3`. */
  readonly version: string
  /** The protocol that ALPN agreed on; undefined: the client named none. */
  readonly protocol: string | undefined
  /** The code of OpenSSL's verdict on the client's certificate; undefined: it has nothing against it. */
  readonly verifyCode: string | undefined
  /** The certificate that was shown, with those that sign it. */
  readonly chain: DetailedPeerCertificate | undefined
}

interface Handshake {
  /** Is the client asked for a certificate? Otherwise it shows none (RFC 8446 §4.4.2). */
  readonly asksCertificate: boolean
  secure(facts: SecureFacts): void
  /** With the code of OpenSSL, or of the system, where the connection ended before. */
  failed(code: string): void
}

/** Calls one of both, once. Node's own listeners stay: they free what OpenSSL holds, and mind the end of the stream. */
export function whenSecure({ socket }: AdoptedSocket, { asksCertificate, secure, failed }: Handshake): void {
  const fail = (code: string): void => {
    stopListening()
    // What it says of itself later is nobody's concern.
    socket.on('error', () => {})
    socket.destroy()
    failed(code)
  }
  const onEnd = (): void => fail('closed')
  const stopListening = listen(socket, {
    end: onEnd,
    close: onEnd,
    error: ({ code }: NodeJS.ErrnoException) => fail(code ?? 'ERR_TLS_HANDSHAKE'),
    secure() {
      stopListening()
      const inside = insideOf(socket)
      // From here on errors are told as errors.
      inside._releaseControl()
      const tls = socket as TLSSocket
      const facts = { version: tls.getProtocol() ?? '', protocol: tls.alpnProtocol || undefined }
      const shown = asksCertificate ? tls.getPeerCertificate(true) : undefined
      if (shown === undefined || shown === null || Object.keys(shown).length === 0) {
        secure({ ...facts, verifyCode: undefined, chain: undefined })
      } else {
        secure({ ...facts, verifyCode: inside._handle.verifyError()?.code, chain: shown })
      }
    },
  })
}

/** Answers what takes these listeners off again, and no others. */
function listen(socket: Socket, listeners: Readonly<Record<string, (error: Error) => void>>): () => void {
  const entries = Object.entries(listeners)
  for (const [event, listener] of entries) socket.on(event, listener)
  return () => {
    for (const [event, listener] of entries) socket.off(event, listener)
  }
}

function takeHandle(accepted: Socket): unknown {
  const holder = accepted as unknown as HandleHolder
  const handle = holder._handle
  if (handle === null || handle === undefined || accepted.constructor !== Socket) return undefined
  holder._handle = null
  return handle
}
