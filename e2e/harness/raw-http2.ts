/** Owns a client of HTTP/2 that is nothing but frames: it sends what no honest engine sends, and looks at every frame that comes. */
import { once } from 'node:events'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { FLAGS, FRAME_TYPES, PREFACE, readUint31, readUint32 } from '../../packages/gateway/src/http2/frame.ts'
import { HpackDecoder } from '../../packages/gateway/src/http2/hpack/hpack-decoder.ts'
import {
  type Fields,
  type Frame,
  frame,
  parseFrames,
  settings,
} from '../../packages/gateway/src/http2/session-stage.fixture.ts'
import { until, within } from './deadline.ts'
import { RawClient } from './raw-client.ts'

export class RawHttp2 {
  readonly raw: RawClient
  /** Whole frames that came, in order. */
  readonly frames: Frame[] = []
  #read = 0
  readonly #decoder = new HpackDecoder({ tableBytes: 4096 })

  private constructor(raw: RawClient) {
    this.raw = raw
  }

  /** Not a word is said yet. */
  static async open(
    port: number,
    { isSecure = false, from }: { isSecure?: boolean; from?: string } = {},
  ): Promise<RawHttp2> {
    if (!isSecure) return new RawHttp2(await RawClient.connect(port, '127.0.0.1', from))
    const options = { servername: 'localhost', rejectUnauthorized: false, ALPNProtocols: ['h2'], allowHalfOpen: true }
    const socket = connectTls({ port, host: '127.0.0.1', ...options })
    await within(once(socket, 'secureConnect'), 'a handshake')
    return new RawHttp2(RawClient.on(socket))
  }

  /** Preface and SETTINGS were exchanged, and acknowledged; `own` are ours. */
  static async connect(
    port: number,
    { own = [], ...options }: { own?: readonly [id: number, value: number][]; isSecure?: boolean; from?: string } = {},
  ): Promise<RawHttp2> {
    const client = await RawHttp2.open(port, options)
    await client.send(PREFACE, settings(...own), frame(FRAME_TYPES.settings, FLAGS.ack, 0))
    await client.frame(
      ({ type, flags }) => type === FRAME_TYPES.settings && (flags & FLAGS.ack) !== 0,
      'our SETTINGS to be heard',
    )
    return client
  }

  send(...octets: Buffer[]): Promise<void> {
    return this.raw.write(Buffer.concat(octets))
  }

  /** Looks at what came since. */
  read(): readonly Frame[] {
    const { received } = this.raw
    for (;;) {
      const left = received.length - this.#read
      if (left < 9) break
      const bytes = 9 + received.readUIntBE(this.#read, 3)
      if (left < bytes) break
      this.frames.push(...parseFrames(received.subarray(this.#read, this.#read + bytes)))
      this.#read += bytes
    }
    return this.frames
  }

  frame(holds: (frame: Frame) => boolean, what: string): Promise<Frame> {
    return until(() => {
      const found = this.read().find(holds)
      if (found === undefined && this.raw.ended !== undefined)
        throw new Error(`the connection ended (${this.raw.ended}) before ${what}`)
      return found
    }, what)
  }

  /** All frames so far of one type, of one stream. */
  of(type: number, streamId = 0): readonly Frame[] {
    return this.read().filter((each) => each.type === type && each.streamId === streamId)
  }

  /** The head of the answer on a stream, each field as `name=value`. Each head is to be asked for once, in the order in which they came. */
  async head(streamId: number): Promise<string> {
    const { payload } = await this.frame(
      (each) => each.type === FRAME_TYPES.headers && each.streamId === streamId,
      `a head on stream ${streamId}`,
    )
    const fields: string[] = []
    this.#decoder.decode(payload, { onField: ({ name, value }) => fields.push(`${name}=${value}`) })
    return fields.join(' ')
  }

  /** The code of the RST_STREAM. */
  async resetCode(streamId: number): Promise<number> {
    const isIt = (each: Frame): boolean => each.type === FRAME_TYPES.rstStream && each.streamId === streamId
    return readUint32((await this.frame(isIt, `stream ${streamId} to be reset`)).payload, 0)
  }

  /** The connection ends; the code of its last GOAWAY, or undefined where there was none. */
  async endCode(): Promise<number | undefined> {
    await this.raw.end()
    const last = this.of(FRAME_TYPES.goaway).at(-1)
    return last === undefined ? undefined : readUint32(last.payload, 4)
  }

  /** Ids of the last stream that GOAWAY frames named, in order. */
  get lastIds(): readonly number[] {
    return this.of(FRAME_TYPES.goaway).map(({ payload }) => readUint31(payload, 0))
  }

  close(): void {
    // A socket of TLS cannot be reset.
    if (this.raw.socket instanceof TLSSocket) this.raw.close()
    else this.raw.reset()
  }
}

/** The fields of a request; `more` stand behind. */
export function request(path: string, { method = 'GET', scheme = 'http', more = [] as Fields } = {}): Fields {
  return [[':method', method], [':scheme', scheme], [':path', path], [':authority', 'a'], ...more]
}
