/** Owns our sessions on real sockets, for tests whose other end is `node:http2`. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { HeaderList } from '@gatewright/policies'
import { adoptSocket } from '../sockets/adopt-socket.ts'
import { ReadBuffer } from '../sockets/read-buffer.ts'
import type { DecodedHead } from './decoded-head.ts'
import { Http2Session } from './http2-session.ts'
import type { Http2Stream, StreamListener, StreamReset } from './http2-stream.ts'
import type { RequestTaker } from './message-intake.ts'
import type { SessionOwner } from './session-contract.ts'
import { HTTP2_DEFAULTS, type Http2Settings } from './session-settings.ts'

const now = (): number => performance.now()

/** An owner that ends its socket when its session is down, and otherwise does nothing. */
export class SocketOwner implements SessionOwner {
  socket: Socket | undefined
  onDownReason: string | undefined
  onSettings(): void {}
  onGoaway(): void {}
  onIdle(): void {}

  onDown(_: number, reason: string): void {
    this.onDownReason = reason
    this.socket?.destroySoon()
  }
}

export interface ServedSession {
  readonly session: Http2Session
  readonly owner: SocketOwner
  readonly socket: Socket
}

export class OurServer {
  readonly sessions: ServedSession[] = []
  readonly server: Server

  private constructor(server: Server) {
    this.server = server
  }

  static async start(onRequest: RequestTaker['onRequest'], settings: Partial<Http2Settings> = {}): Promise<OurServer> {
    const server = createServer((accepted) => {
      const owner = Object.assign(new SocketOwner(), { onRequest, onMalformed: () => false })
      const adopted = adoptSocket(accepted)
      const { socket } = adopted
      adopted.onData = (chunk) => session.read(chunk)
      owner.socket = socket
      const session = new Http2Session({
        role: 'server',
        port: socket,
        owner,
        now,
        settings: { ...HTTP2_DEFAULTS, ...settings },
      })
      wire(socket, session)
      ours.sessions.push({ session, owner, socket })
    })
    const ours = new OurServer(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return ours
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Its end is not awaited: a server counts those whose handle was adopted for ever. */
  close(): void {
    for (const { socket } of this.sessions) socket.destroy()
    this.server.close()
  }
}

function wire(socket: Socket, session: Http2Session): void {
  socket.on('drain', () => session.onDrain())
  socket.on('error', () => {})
  socket.on('end', () => socket.end())
  socket.on('close', () => session.close('closed'))
}

/** A client session of ours on a connected socket. */
export async function connectClient(port: number): Promise<ServedSession> {
  const buffer = new ReadBuffer()
  const owner = new SocketOwner()
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: buffer.next,
      callback: (bytes) => {
        session.read(buffer.take(bytes))
        return true
      },
    },
  })
  owner.socket = socket
  const session = new Http2Session({ role: 'client', port: socket, owner, now, settings: HTTP2_DEFAULTS })
  wire(socket, session)
  await once(socket, 'connect')
  return { session, owner, socket }
}

/** Sends back what comes, no faster than it is taken, and trailers likewise. */
export class EchoListener implements StreamListener {
  readonly #stream: Http2Stream
  #owedBytes = 0

  constructor(stream: Http2Stream) {
    this.#stream = stream
  }

  onData(chunk: Buffer): void {
    this.#owedBytes += chunk.length
    if (this.#stream.write(Buffer.from(chunk))) this.onWritable()
  }

  onWritable(): void {
    const owed = this.#owedBytes
    this.#owedBytes = 0
    this.#stream.consumed(owed)
  }

  onEnd(trailers: HeaderList | undefined): void {
    this.#stream.end(trailers)
  }

  onReset(): void {
    this.#stream.release()
  }
}

export function echo(stream: Http2Stream, head: DecodedHead, endsStream: boolean): void {
  stream.listener = new EchoListener(stream)
  stream.beginHead().status(200).field('x-method', head.method).field('x-path', head.path)
  stream.sendHead({ endsStream })
}

/** One whole exchange of a client of ours. */
export class Call implements StreamListener {
  readonly done: Promise<Call>
  readonly stream: Http2Stream
  status = 0
  readonly interim: number[] = []
  fields: [string, string][] = []
  readonly body: Buffer[] = []
  trailers: HeaderList | undefined
  broken: StreamReset | undefined
  isPaused = false
  unreadBytes = 0
  #settle: (call: Call) => void = () => {}

  constructor(session: Http2Session) {
    this.stream = session.open(this)
    this.done = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  onHead(head: DecodedHead, endsStream: boolean): void {
    if (head.status < 200) {
      this.interim.push(head.status)
      return
    }
    this.status = head.status
    this.fields = [...head.headers]
    if (endsStream) this.#settle(this)
  }

  onData(chunk: Buffer): void {
    this.body.push(Buffer.from(chunk))
    if (this.isPaused) this.unreadBytes += chunk.length
    else this.stream.consumed(chunk.length)
  }

  onEnd(trailers: HeaderList | undefined): void {
    this.trailers = trailers
    this.#settle(this)
  }

  onWritable(): void {}

  onReset(reset: StreamReset): void {
    this.broken = reset
    this.#settle(this)
  }
}
