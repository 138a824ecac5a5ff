/** Owns sessions without sockets: a port that keeps what is written, frames made and read by hand, an owner that notes what it hears. */
import type { HeaderList } from '@gatewright/policies'
import type { Refusal } from '../http1/refusal.ts'
import { ByteWriter } from './byte-writer.ts'
import type { DecodedHead } from './decoded-head.ts'
import { ERROR_CODES, FLAGS, FRAME_TYPES, PREFACE, readUint31, readUint32 } from './frame.ts'
import { HpackDecoder } from './hpack/hpack-decoder.ts'
import { HpackEncoder } from './hpack/hpack-encoder.ts'
import { Http2Session } from './http2-session.ts'
import type { Http2Stream, StreamListener, StreamReset } from './http2-stream.ts'
import type { SessionPort } from './session-output.ts'
import { HTTP2_DEFAULTS, type Http2Settings } from './session-settings.ts'

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

// biome-ignore lint/complexity/useMaxParams: written a hundred times in the tables, in the order of the octets.
export function frame(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, body])
}

export function uint32(...values: number[]): Buffer {
  const octets = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) octets.writeUInt32BE(value >>> 0, index * 4)
  return octets
}

export function settings(...pairs: [id: number, value: number][]): Buffer {
  const payload = Buffer.concat(pairs.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), uint32(value)])))
  return frame(FRAME_TYPES.settings, 0, 0, payload)
}

export type Fields = readonly (readonly [name: string, value: string])[]

export const GET: Fields = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a.test'],
]
export const POST: Fields = [[':method', 'POST'], ...GET.slice(1)]

/** A block of literals that touch no table: names as they are given, upper case and all. */
export function literals(fields: Fields): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), toLiteral(name), toLiteral(value)]))
}

function toLiteral(text: string): Buffer {
  const octets = Buffer.from(text, 'latin1')
  if (octets.length < 127) return Buffer.concat([Buffer.from([octets.length]), octets])
  const length: number[] = [127]
  let rest = octets.length - 127
  for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128)
  length.push(rest)
  return Buffer.concat([Buffer.from(length), octets])
}

/** HEADERS in one frame. */
export function headers(streamId: number, fields: Fields, { ends = true }: { ends?: boolean } = {}): Buffer {
  return frame(FRAME_TYPES.headers, FLAGS.endHeaders | (ends ? FLAGS.endStream : 0), streamId, literals(fields))
}

export function data(streamId: number, payload: Buffer | string, { ends = false }: { ends?: boolean } = {}): Buffer {
  return frame(FRAME_TYPES.data, ends ? FLAGS.endStream : 0, streamId, payload)
}

export function reset(streamId: number, code: number = ERROR_CODES.cancel): Buffer {
  return frame(FRAME_TYPES.rstStream, 0, streamId, uint32(code))
}

export function windowUpdate(streamId: number, bytes: number): Buffer {
  return frame(FRAME_TYPES.windowUpdate, 0, streamId, uint32(bytes))
}

/** Takes what a session writes; while `isStuck`, its peer takes nothing of that. */
export class MemoryPort implements SessionPort {
  isStuck = false
  isPaused = false
  writableLength = 0
  readonly #written: Buffer[] = []

  write(bytes: Uint8Array): boolean {
    // What a session gives away for good it may not change: only a copy shows that.
    this.#written.push(Buffer.from(bytes))
    if (this.isStuck) this.writableLength += bytes.length
    return this.writableLength < 65_536
  }

  cork(): void {}
  uncork(): void {}

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  take(): Buffer {
    return Buffer.concat(this.#written.splice(0))
  }
}

export function parseFrames(octets: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at < octets.length; ) {
    const length = octets.readUIntBE(at, 3)
    const payload = octets.subarray(at + 9, at + 9 + length)
    frames.push({
      type: octets.readUInt8(at + 3),
      flags: octets.readUInt8(at + 4),
      streamId: readUint31(octets, at + 5),
      payload,
    })
    at += 9 + length
  }
  return frames
}

/** What came of a stream, as words. */
export class NotingListener implements StreamListener {
  readonly notes: string[]
  readonly stream: () => Http2Stream
  /** Of what comes, so much is taken at once; otherwise the test takes it. */
  takesData = true
  body = ''
  resets: StreamReset[] = []
  trailers: HeaderList | undefined

  constructor(notes: string[], stream: () => Http2Stream) {
    this.notes = notes
    this.stream = stream
  }

  onHead(head: DecodedHead, endsStream: boolean): void {
    this.notes.push(`${this.stream().id} ${head.status}${endsStream ? ' ends' : ''}`)
  }

  onData(chunk: Buffer): void {
    this.body += chunk.toString('latin1')
    if (this.takesData) this.stream().consumed(chunk.length)
  }

  onEnd(trailers: HeaderList | undefined): void {
    this.trailers = trailers
    this.notes.push(`${this.stream().id} end`)
  }

  onWritable(): void {
    this.notes.push(`${this.stream().id} writable`)
  }

  onReset(reset: StreamReset): void {
    this.resets.push(reset)
    this.notes.push(`${this.stream().id} ${reset.by} ${reset.reason} ${reset.code}`)
  }
}

export interface StageOptions {
  readonly role?: 'server' | 'client'
  readonly settings?: Partial<Http2Settings>
  /** Without: SETTINGS of both sides were exchanged. */
  readonly isFresh?: boolean
  readonly onRequest?: (stream: Http2Stream, head: DecodedHead, endsStream: boolean) => void
  readonly onMalformed?: (stream: Http2Stream, refusal: Refusal) => boolean
}

/** A session whose peer is the test. */
export class SessionStage {
  readonly port = new MemoryPort()
  readonly session: Http2Session
  /** What its owner and its listeners heard, in order. */
  readonly notes: string[] = []
  readonly streams = new Map<number, Http2Stream>()
  readonly listeners = new Map<number, NotingListener>()
  nowMs = 0
  /** How often its owner heard that no stream is open. */
  idleTimes = 0
  readonly #decoder = new HpackDecoder({ tableBytes: 4096 })
  readonly #encoder = new HpackEncoder()

  constructor({ role = 'server', settings: own, isFresh = false, onRequest, onMalformed }: StageOptions = {}) {
    const stage = this
    const owner = {
      onSettings() {},
      onGoaway: (last: number, code: number) => this.notes.push(`goaway ${last} ${code}`),
      onIdle: () => void this.idleTimes++,
      onDown: (code: number, reason: string) => this.notes.push(`down ${code} ${reason}`),
      onRequest(stream: Http2Stream, head: DecodedHead, endsStream: boolean) {
        stage.notes.push(`${stream.id} ${head.method} ${head.path}${endsStream ? ' ends' : ''}`)
        stage.#note(stream)
        onRequest?.(stream, head, endsStream)
      },
      onMalformed(stream: Http2Stream, _: DecodedHead, refusal: Refusal) {
        stage.notes.push(`${stream.id} malformed ${refusal.reason}`)
        stage.#note(stream)
        return onMalformed?.(stream, refusal) ?? false
      },
    }
    this.session = new Http2Session({
      role,
      owner,
      port: this.port,
      settings: { ...HTTP2_DEFAULTS, ...own },
      now: () => this.nowMs,
    })
    if (isFresh) return
    if (role === 'server') this.send(PREFACE)
    this.send(settings(), frame(FRAME_TYPES.settings, FLAGS.ack, 0))
    this.taken()
  }

  #note(stream: Http2Stream): NotingListener {
    const listener = new NotingListener(this.notes, () => stream)
    stream.listener = listener
    this.streams.set(stream.id, stream)
    this.listeners.set(stream.id, listener)
    return listener
  }

  /** Client: a request whose head is sent. */
  request(fields: Fields = GET, { ends = true }: { ends?: boolean } = {}): Http2Stream {
    const listener: NotingListener = new NotingListener(this.notes, () => stream)
    const stream: Http2Stream = this.session.open(listener)
    const head = stream.beginHead()
    for (const [name, value] of fields) head.field(name, value)
    stream.sendHead({ endsStream: ends })
    this.streams.set(stream.id, stream)
    this.listeners.set(stream.id, listener)
    return stream
  }

  /** The peer sends, in one read. */
  send(...octets: Buffer[]): this {
    this.session.read(Buffer.concat(octets))
    return this
  }

  stream(id: number): Http2Stream {
    return getFrom(this.streams, id)
  }

  listener(id: number): NotingListener {
    return getFrom(this.listeners, id)
  }

  /** What was sent to the peer since it was last asked: the turn ends. */
  taken(): Frame[] {
    this.session.output.onTurnEnd()
    const octets = this.port.take()
    return parseFrames(octets.subarray(0, PREFACE.length).equals(PREFACE) ? octets.subarray(PREFACE.length) : octets)
  }

  /** The same as words. */
  said(): string[] {
    return this.taken().map((one) => this.toWords(one))
  }

  toWords({ type, flags, streamId, payload }: Frame): string {
    const ends = (flags & FLAGS.endStream) !== 0 ? ' ends' : ''
    switch (type) {
      case FRAME_TYPES.data:
        return `${streamId} data ${payload.length}${ends}`
      case FRAME_TYPES.headers:
        return `${streamId} head ${this.decode(payload)}${ends}`
      case FRAME_TYPES.rstStream:
        return `${streamId} reset ${readUint32(payload, 0)}`
      case FRAME_TYPES.settings:
        return flags & FLAGS.ack ? 'settings ack' : 'settings'
      case FRAME_TYPES.ping:
        return `ping${flags & FLAGS.ack ? ' ack' : ''} ${payload.toString('latin1')}`
      case FRAME_TYPES.goaway:
        return `goaway ${readUint31(payload, 0)} ${readUint32(payload, 4)}`
      case FRAME_TYPES.windowUpdate:
        return `${streamId} window ${readUint31(payload, 0)}`
      default:
        return `${streamId} type ${type}`
    }
  }

  decode(block: Buffer): string {
    const lines: string[] = []
    const fault = this.#decoder.decode(block, { onField: ({ name, value }) => lines.push(`${name}=${value}`) })
    if (fault !== undefined) throw new Error(fault.reason)
    return lines.join(' ')
  }

  /** HEADERS as a usual peer makes them, with its table. */
  encoded(streamId: number, fields: Fields, { ends = true }: { ends?: boolean } = {}): Buffer {
    const out = new ByteWriter()
    this.#encoder.begin(out)
    for (const [name, value] of fields) this.#encoder.field(out, name, value)
    return frame(FRAME_TYPES.headers, FLAGS.endHeaders | (ends ? FLAGS.endStream : 0), streamId, out.view())
  }
}

function getFrom<Value>(all: ReadonlyMap<number, Value>, id: number): Value {
  const one = all.get(id)
  if (one === undefined) throw new Error(`nobody has heard of stream ${id}`)
  return one
}

/** The whole answer that most tests want. */
export function answerOk(stream: Http2Stream, body = ''): void {
  stream.beginHead().status(200)
  stream.sendHead({ endsStream: body === '' })
  if (body !== '') stream.writeLast(body)
}
