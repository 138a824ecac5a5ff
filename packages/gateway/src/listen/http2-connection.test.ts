import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { ListenerLimits } from '@gatewright/model'
import { BytesBody, GatewayResponse, Problem, StreamBody } from '@gatewright/policies'
import { ERROR_CODES, FLAGS, FRAME_TYPES, PREFACE, readUint32, SETTINGS } from '../http2/frame.ts'
import {
  data,
  type Frame,
  frame,
  GET,
  headers,
  POST,
  parseFrames,
  reset,
  settings,
  uint32,
} from '../http2/session-stage.fixture.ts'
import { MemorySocket } from '../rehearsal/memory-socket.ts'
import { adoptSocket } from '../sockets/adopt-socket.ts'
import { HandBody } from '../upstream/loopback.fixture.ts'
import { FullSocket, ok, Stage, turn } from './connection-stage.fixture.ts'
import { Http2Connection } from './http2-connection.ts'

const ACK = frame(FRAME_TYPES.settings, FLAGS.ack, 0)
/** What its own PING is answered with. */
const PONG = frame(FRAME_TYPES.ping, FLAGS.ack, 0, 'gatewrit')

interface LineOptions extends Partial<ListenerLimits> {
  readonly socket?: MemorySocket
}

/** A connection whose client is nothing but frames, and whose clock stands still until it is told to move. */
class Line {
  readonly stage = new Stage()
  readonly socket: MemorySocket
  readonly connection: Http2Connection
  #heard = 0
  #nowMs = performance.now()

  constructor(t: TestContext, { socket = new MemorySocket('192.0.2.1', 50_000), ...limits }: LineOptions = {}) {
    t.mock.method(performance, 'now', () => this.#nowMs)
    this.socket = socket
    this.connection = new Http2Connection(adoptSocket(socket.asSocket()), this.stage.toSettings(limits))
    this.send(PREFACE, settings(), ACK)
  }

  /** In one read. */
  send(...octets: Buffer[]): this {
    this.socket.receive(Buffer.concat(octets))
    return this
  }

  /** What was said since it was last asked, once the turn is over. */
  async heard(): Promise<Frame[]> {
    await turn()
    const { written } = this.socket
    const frames = parseFrames(written.subarray(this.#heard))
    this.#heard = written.length
    return frames
  }

  /** The last streams that GOAWAY frames among them name, and their codes. */
  async farewells(): Promise<(readonly [last: number, code: number])[]> {
    const frames = (await this.heard()).filter(({ type }) => type === FRAME_TYPES.goaway)
    return frames.map(({ payload }) => [readUint32(payload, 0), readUint32(payload, 4)])
  }

  pass(ms: number): void {
    this.#nowMs += ms
    this.stage.wheel.advance()
  }

  answer(at: number, response: GatewayResponse = ok('yes')): void {
    this.stage.received[at]?.answer(response)
  }
}

const LAST = 0x7fff_ffff

describe('HTTP/2 connection', () => {
  it('begins nothing for a request that is reset in the same read, and has room for others', async (t) => {
    const line = new Line(t)
    for (let n = 0; n < 200; n++) line.send(headers(n * 2 + 1, GET), reset(n * 2 + 1))
    assert.equal(line.stage.received.length, 0)
    assert.equal(line.connection.isIdle, true)
    line.send(headers(1001, GET))
    assert.equal(line.stage.received.length, 1)
  })

  it('begins nothing for requests behind which the connection fails in the same read', (t) => {
    const line = new Line(t)
    line.send(headers(1, GET), headers(3, GET), frame(FRAME_TYPES.data, 0, 0))
    assert.deepEqual([line.stage.received.length, line.connection.isIdle], [0, true])
  })

  it('counts a request that is reset until its policies have answered', (t) => {
    const line = new Line(t)
    line.send(headers(1, GET))
    line.send(reset(1))
    assert.deepEqual(line.stage.ended, ['/ client-left 499 client-left'])
    assert.equal(line.connection.isIdle, false)
    line.answer(0)
    assert.equal(line.connection.isIdle, true)
    assert.equal(line.stage.ended.length, 1)
  })

  it('lets a short body that came with its head be whole at once, and a longer one follow', (t) => {
    const line = new Line(t)
    line.send(headers(1, POST, { ends: false }), data(1, 'sh'), data(1, 'ort', { ends: true }))
    line.send(headers(3, POST, { ends: false }), data(3, 'long'))
    const [short, long] = line.stage.received.map(({ exchange }) => exchange.request.body)
    assert.ok(short instanceof BytesBody)
    assert.equal(Buffer.from(short.held()).toString(), 'short')
    assert.ok(long instanceof StreamBody)
  })

  for (const [what, bytes, code] of [
    ['more', 'hello', ERROR_CODES.internalError],
    ['less', 'he', ERROR_CODES.internalError],
  ] as const) {
    it(`breaks off an answer that holds ${what} than it says`, async (t) => {
      const line = new Line(t)
      line.send(headers(1, GET))
      const body = new HandBody(3)
      line.answer(0, new GatewayResponse({ status: 200, body: new StreamBody(body) }))
      body.sink?.write(Buffer.from(bytes))
      body.sink?.end()
      const last = (await line.heard()).at(-1)
      assert.deepEqual([last?.type, readUint32(last?.payload ?? Buffer.alloc(4), 0)], [FRAME_TYPES.rstStream, code])
      assert.deepEqual(line.stage.ended, ['/ upstream-broke'])
      assert.equal(line.connection.isIdle, true)
    })
  }

  it('closes when nobody asks, in two steps: what is on its way is still taken', async (t) => {
    const line = new Line(t, { keepAliveMs: 5_000 })
    line.pass(4_000)
    assert.deepEqual(await line.farewells(), [])
    line.pass(1_200)
    assert.deepEqual(await line.farewells(), [[LAST, ERROR_CODES.noError]])
    line.send(headers(1, GET), PONG)
    line.answer(0)
    assert.deepEqual(await line.farewells(), [[1, ERROR_CODES.noError]])
    line.send(headers(3, GET))
    assert.equal(line.stage.received.length, 1)
    await turn()
    assert.equal(line.socket.isDestroyed, true)
    assert.deepEqual(line.stage.ended, ['/ answered'])
  })

  it('PINGs keep nobody connected', async (t) => {
    const line = new Line(t, { keepAliveMs: 5_000 })
    for (let n = 0; n < 16; n++) {
      line.send(frame(FRAME_TYPES.ping, 0, 0, 'are you?'))
      line.pass(500)
    }
    await turn()
    assert.equal(line.socket.isDestroyed, true)
  })

  it('ends behind the last request that it takes, also where the client never says that it has heard', async (t) => {
    const line = new Line(t, { requestsPerConnection: 2 })
    line.send(headers(1, GET), headers(3, GET))
    assert.deepEqual(await line.farewells(), [[LAST, ERROR_CODES.noError]])
    line.answer(0)
    line.send(headers(5, GET))
    assert.equal(line.stage.received.length, 3)
    line.pass(2_200)
    assert.deepEqual(await line.farewells(), [[5, ERROR_CODES.noError]])
    line.send(headers(7, GET))
    assert.equal(line.stage.received.length, 3)
    line.answer(1)
    line.answer(2)
    await turn()
    assert.equal(line.socket.isDestroyed, true)
    assert.deepEqual(line.stage.ended, ['/ answered', '/ answered', '/ answered'])
  })

  it('tells a client that says goodbye which request was its last, answers it, and closes', async (t) => {
    const line = new Line(t)
    line.send(headers(1, GET), frame(FRAME_TYPES.goaway, 0, 0, uint32(0, ERROR_CODES.noError)))
    assert.deepEqual(await line.farewells(), [[LAST, ERROR_CODES.noError]])
    line.send(PONG)
    assert.deepEqual(await line.farewells(), [[1, ERROR_CODES.noError]])
    assert.equal(line.socket.isDestroyed, false)
    line.answer(0)
    await turn()
    assert.equal(line.socket.isDestroyed, true)
  })

  it('says goodbye with the first request that comes while the gateway drains', async (t) => {
    const line = new Line(t)
    line.stage.isDraining = true
    assert.deepEqual(await line.farewells(), [])
    line.send(headers(1, GET))
    assert.deepEqual(await line.farewells(), [[LAST, ERROR_CODES.noError]])
  })

  it('waits for a client that takes its last answer slowly, and not for one that takes nothing', async (t) => {
    const socket = new FullSocket()
    const line = new Line(t, { socket })
    line.send(headers(1, GET))
    line.answer(0, new GatewayResponse({ status: 200, body: new BytesBody(Buffer.alloc(30_000)) }))
    await turn()
    line.connection.closeGracefully()
    for (let second = 0; second < 50; second++) line.pass(1_000)
    assert.equal(socket.isDestroyed, false)
    for (let second = 0; second < 20; second++) line.pass(1_000)
    assert.equal(socket.isDestroyed, true)
  })

  it('resets an answer of which its client takes nothing, and serves others', async (t) => {
    const line = new Line(t)
    line.send(settings([SETTINGS.initialWindowSize, 0]), headers(1, GET))
    line.answer(0)
    await line.heard()
    line.pass(59_000)
    assert.deepEqual(line.stage.ended, [])
    line.pass(2_000)
    assert.deepEqual(line.stage.ended, ['/ client-left'])
    const frames = await line.heard()
    assert.deepEqual(
      frames
        .filter(({ type }) => type === FRAME_TYPES.rstStream)
        .map(({ streamId, payload }) => [streamId, readUint32(payload, 0)]),
      [[1, ERROR_CODES.cancel]],
    )
    line.send(headers(3, GET))
    assert.equal(line.stage.received.length, 2)
  })

  it('ends what is under way when the client is gone, and says who was it', (t) => {
    for (const [by, ended] of [
      [undefined, 'client-left'],
      ['drain-timeout', 'drain-timeout'],
    ] as const) {
      const line = new Line(t)
      line.send(headers(1, GET), headers(3, GET))
      const body = new HandBody(undefined)
      line.answer(1, new GatewayResponse({ status: 200, body: new StreamBody(body) }))
      line.connection.destroy(by)
      const { code, status } = new Problem(ended)
      assert.deepEqual(line.stage.ended, [`/ ${ended} ${status} ${code}`, `/ ${ended}`])
      assert.equal(body.isCancelled, true)
      line.answer(0)
      assert.equal(line.connection.isIdle, true)
    }
  })
})
