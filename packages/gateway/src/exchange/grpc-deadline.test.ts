import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { TestExchange } from '../upstream/loopback.fixture.ts'
import { toGrpcTimeout, watchGrpcDeadline } from './grpc-deadline.ts'

class Stage {
  nowMs = 0
  readonly wheel = new DeadlineWheel(() => this.nowMs)
  readonly exchange: TestExchange

  constructor(timeout?: string) {
    this.exchange = new TestExchange(timeout === undefined ? {} : { headers: { 'grpc-timeout': timeout } })
  }

  watch(): string | undefined {
    return watchGrpcDeadline(this.exchange, this.wheel)?.code
  }

  pass(milliseconds: number): string | undefined {
    this.nowMs += milliseconds
    this.wheel.advance()
    return this.exchange.abortedBy?.code
  }
}

describe('the time of a call', () => {
  for (const [said, milliseconds] of [
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3000],
    ['250m', 250],
    ['90000000u', 90_000],
    ['99999999n', 99.999999],
  ] as const) {
    it(`is ${milliseconds} ms for ${said}`, () => {
      const stage = new Stage(said)
      assert.equal(stage.watch(), undefined)
      assert.equal(stage.exchange.grpcDeadlineAtMs, milliseconds)
    })
  }

  for (const said of ['', '5', 'S', '-1S', '1.5S', '1s', '1 S', '123456789S', '1S1S', '١S']) {
    it(`is none where "${said}" is said`, () => {
      const stage = new Stage()
      Object.assign(stage.exchange.request.headers, { get: () => said })
      assert.equal(stage.watch(), 'malformed-request')
    })
  }

  it('ends the exchange when it is out, and not before', () => {
    const stage = new Stage('10S')
    stage.watch()
    assert.equal(stage.pass(9_999), undefined)
    assert.equal(stage.pass(200), 'exchange-timeout')
  })

  it('is forgotten with the exchange', () => {
    const stage = new Stage('10S')
    stage.watch()
    stage.exchange.finish({ status: 200, ended: 'answered', problem: undefined, durationMs: 1 }, () => {})
    assert.equal(stage.pass(20_000), undefined)
  })

  it('is without end where nobody says one', () => {
    const stage = new Stage()
    assert.equal(stage.watch(), undefined)
    assert.equal(toGrpcTimeout(stage.exchange), undefined)
  })

  it('is said to the upstream as what is left of it, never as nothing', () => {
    const { exchange } = new Stage()
    exchange.grpcDeadlineAtMs = performance.now() + 60_000
    assert.match(toGrpcTimeout(exchange) ?? '', /^(?:59\d{3}|60000)m$/)
    exchange.grpcDeadlineAtMs = performance.now() - 60_000
    assert.equal(toGrpcTimeout(exchange), '1m')
    exchange.grpcDeadlineAtMs = performance.now() + 99_999_999 * 3_600_000
    assert.equal(toGrpcTimeout(exchange), '99999999S')
  })
})
