/** Owns a target that speaks HTTP/2 by hand: it says what it is told, frame by frame, and notes what it hears. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { FLAGS, FRAME_TYPES, PREFACE } from '../http2/frame.ts'
import { type Frame, frame, parseFrames, settings } from '../http2/session-stage.fixture.ts'

/** One connection, from 1. */
export class RawHttp2Connection {
  readonly ordinal: number
  readonly socket: Socket
  readonly frames: Frame[] = []
  isClosed = false

  constructor(socket: Socket, ordinal: number) {
    this.socket = socket
    this.ordinal = ordinal
  }

  say(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  /** Frames of that type that came. */
  of(type: number): Frame[] {
    return this.frames.filter((each) => each.type === type)
  }

  get streams(): number[] {
    return this.of(FRAME_TYPES.headers).map(({ streamId }) => streamId)
  }
}

type OnRequest = (connection: RawHttp2Connection, streamId: number) => void

export class RawHttp2Target {
  readonly connections: RawHttp2Connection[] = []
  /** A request has come whole. */
  onRequest: OnRequest = () => {}
  /** Its head has, and perhaps no more. */
  onHead: OnRequest = () => {}
  onData: OnRequest = () => {}
  /** What it says first. */
  greeting: () => Buffer = () => settings()
  answersPings = true
  acknowledges = true
  readonly #server: Server

  private constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
  }

  static async listen(): Promise<RawHttp2Target> {
    const target = new RawHttp2Target()
    target.#server.listen(0, '127.0.0.1')
    await once(target.#server, 'listening')
    return target
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get open(): number {
    return this.connections.filter(({ isClosed }) => !isClosed).length
  }

  async close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    const connection = new RawHttp2Connection(socket, this.connections.length + 1)
    this.connections.push(connection)
    let octets = Buffer.alloc(0)
    let hasPreface = false
    socket.on('error', () => {})
    socket.on('close', () => {
      connection.isClosed = true
    })
    const greeting = this.greeting()
    if (greeting.length > 0) socket.write(greeting)
    socket.on('data', (chunk: Buffer) => {
      octets = Buffer.concat([octets, chunk])
      if (!hasPreface && octets.length >= PREFACE.length) {
        hasPreface = true
        octets = octets.subarray(PREFACE.length)
      }
      while (hasPreface && octets.length >= 9 && octets.length >= 9 + octets.readUIntBE(0, 3)) {
        const end = 9 + octets.readUIntBE(0, 3)
        const [heard] = parseFrames(octets.subarray(0, end))
        octets = octets.subarray(end)
        if (heard !== undefined) this.#hear(connection, { ...heard, payload: Buffer.from(heard.payload) })
      }
    })
  }

  #hear(connection: RawHttp2Connection, heard: Frame): void {
    connection.frames.push(heard)
    const { type, flags, streamId, payload } = heard
    const isAck = (flags & FLAGS.ack) !== 0
    if (type === FRAME_TYPES.settings && !isAck && this.acknowledges)
      connection.say(frame(FRAME_TYPES.settings, FLAGS.ack, 0))
    if (type === FRAME_TYPES.ping && !isAck && this.answersPings) {
      connection.say(frame(FRAME_TYPES.ping, FLAGS.ack, 0, payload))
    }
    if (type === FRAME_TYPES.headers) this.onHead(connection, streamId)
    if (type === FRAME_TYPES.data) this.onData(connection, streamId)
    const isOfMessage = type === FRAME_TYPES.headers || type === FRAME_TYPES.data
    if (isOfMessage && (flags & FLAGS.endStream) !== 0) this.onRequest(connection, streamId)
  }
}
