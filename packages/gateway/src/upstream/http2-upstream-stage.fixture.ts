/** Owns what tests of upstreams of HTTP/2 begin with: a target that speaks by hand, an upstream of it, and a clock. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { TestRequest } from '@gatewright/policies/testing'
import { ERROR_CODES, FRAME_TYPES } from '../http2/frame.ts'
import { data, type Fields, frame, headers, uint32 } from '../http2/session-stage.fixture.ts'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { assertAtRest, sayResponse, TestExchange, toUpstream } from './loopback.fixture.ts'
import { type RawHttp2Connection, RawHttp2Target } from './raw-http2-target.fixture.ts'
import { UpstreamRuntime } from './upstream-runtime.ts'

export const OK: Fields = [[':status', '200']]

export const goaway = (lastStreamId: number, code: number = ERROR_CODES.noError): Buffer =>
  frame(FRAME_TYPES.goaway, 0, 0, uint32(lastStreamId, code))

/** Head and body of an answer. */
export const toAnswer = (streamId: number, body: string): Buffer =>
  Buffer.concat([headers(streamId, OK, { ends: false }), data(streamId, body, { ends: true })])

interface HeldRequest {
  readonly connection: RawHttp2Connection
  readonly id: number
}

class Http2UpstreamStage {
  #target: RawHttp2Target | undefined
  #upstream: UpstreamRuntime | undefined
  #aheadMs = 0
  #wheel = new DeadlineWheel()

  get target(): RawHttp2Target {
    if (this.#target === undefined) throw new Error('a target listens while a test runs')
    return this.#target
  }

  get upstream(): UpstreamRuntime {
    if (this.#upstream === undefined) throw new Error('`use` makes an upstream')
    return this.#upstream
  }

  /** Each answer names its connection and its stream. */
  async begin(): Promise<void> {
    this.#target = await RawHttp2Target.listen()
    this.target.onRequest = (connection, id) => connection.say(toAnswer(id, `${connection.ordinal}/${id}`))
    this.use()
  }

  async end(): Promise<void> {
    this.upstream.retire()
    await this.target.close()
    await assertAtRest(this.upstream)
  }

  readonly use = (given: object = {}): void => {
    this.#aheadMs = 0
    this.#wheel = new DeadlineWheel(() => performance.now() + this.#aheadMs)
    const model = toUpstream({ targets: [this.target.url], protocol: 'h2c', ...given })
    this.#upstream = new UpstreamRuntime(model, this.#wheel)
  }

  readonly send = (request: TestRequest = {}, exchange = new TestExchange(request)): Promise<string> =>
    Promise.resolve(this.upstream.forward(exchange)).then(sayResponse)

  /** Moves the clock of deadlines, and not that of the world. */
  readonly passSeconds = (seconds: number): void => {
    for (let passed = 0; passed < seconds; passed++) {
      this.#aheadMs += 1000
      this.#wheel.advance()
    }
  }

  readonly until = async (holds: () => boolean): Promise<void> => {
    for (let turns = 0; turns < 20_000; turns++) {
      if (holds()) return
      await turn()
    }
    assert.fail('it does not come')
  }

  readonly connection = (ordinal = 1): RawHttp2Connection => {
    const found = this.target.connections[ordinal - 1]
    assert.ok(found, `there is no connection ${ordinal}`)
    return found
  }

  /** Answers nothing by itself. */
  readonly holdBack = (): HeldRequest[] => {
    const held: HeldRequest[] = []
    this.target.onRequest = (connection, id) => held.push({ connection, id })
    return held
  }
}

/** For the tests of one file. */
export function stageHttp2Upstream(): Http2UpstreamStage {
  const stage = new Http2UpstreamStage()
  beforeEach(() => stage.begin())
  afterEach(() => stage.end())
  return stage
}
