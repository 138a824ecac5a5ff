import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GatewayResponse, Problem, StreamBody } from '@gatewright/policies'
import { defineUpstreamSeries, METRICS } from '../observe/metrics.ts'
import { openUpstreamMeter } from '../observe/thread-meter.ts'
import { Columns, openColumn } from '../state/gauges/columns.ts'
import { HealthTable, openHealth } from '../state/health/health-table.ts'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { HandBody, LoopbackTarget, OK, sayResponse, TestExchange, toUpstream } from './loopback.fixture.ts'
import { UpstreamRuntime } from './upstream-runtime.ts'
import { stageUpstream } from './upstream-stage.fixture.ts'

const stage = stageUpstream()
const { use, forward, send } = stage

describe('upstream', () => {
  describe('a short body that is still arriving', () => {
    it('weighs on no target: one is chosen when it is whole', async () => {
      const other = await LoopbackTarget.listen()
      const targets = [stage.target.url, other.url]
      use((_, socket) => socket.write(OK), { targets, balance: 'least-requests' })
      other.reply = stage.target.reply
      const body = new HandBody(5)
      const slow = send({ method: 'POST', body: new StreamBody(body) })
      const load = () => stage.upstream.targets.map(({ inFlight }) => inFlight)
      assert.deepEqual(load(), [0, 0])
      body.sink?.write(Buffer.from('hel'))
      assert.deepEqual(load(), [0, 0])
      stage.target.reply = () => {}
      const busy = new TestExchange()
      other.reply = () => {}
      const held = forward(busy)
      const at = load().indexOf(1)
      body.sink?.write(Buffer.from('lo'))
      body.sink?.end()
      const [taken, free] = at === 0 ? [stage.target, other] : [other, stage.target]
      await free.until(() => free.seen.length === 1)
      assert.deepEqual(load(), [1, 1])
      free.sockets[0]?.write(OK)
      assert.equal(await slow, '200 ok')
      await taken.until(() => taken.seen.length === 1)
      taken.sockets[0]?.write(OK)
      assert.equal(await held, '200 ok')
      await other.close()
    })

    it('is not waited for where it can go nowhere', async () => {
      use((_, socket) => socket.write('HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n'), { breaker: { minRequests: 1 } })
      assert.equal(await send(), '500 ')
      const body = new HandBody(5)
      assert.equal(await send({ method: 'POST', body: new StreamBody(body) }), 'upstream-unavailable breaker-open')
      assert.equal(body.sink, undefined)
    })

    it('asks nobody when its client leaves', async () => {
      use((_, socket) => socket.write(OK))
      const exchange = new TestExchange({ method: 'POST', body: new StreamBody(new HandBody(5)) })
      const answered = forward(exchange)
      exchange.abort(new Problem('client-left'))
      assert.match(await answered, /^client-left/)
      assert.deepEqual([exchange.attempts, stage.target.sockets.length], [0, 0])
    })
  })

  describe('health', () => {
    it('answers 503 when active health says that nobody is healthy', async () => {
      const model = toUpstream({ targets: [stage.target.url], health: { active: {} } })
      const table = new HealthTable()
      table.define(model.id, stage.target.url)
      const findHealth = openHealth(table.descriptor())
      stage.target.reply = (_, socket) => socket.write(OK)
      stage.upstream = new UpstreamRuntime(model, new DeadlineWheel(), { findHealth })
      assert.equal(await send(), '200 ok')
      findHealth(model.id, stage.target.url)!.isOut = true
      assert.equal(await send(), 'upstream-unavailable no-target')
      findHealth(model.id, stage.target.url)!.isOut = false
      assert.equal(await send(), '200 ok')
    })

    it('leaves out a target whose connections fail, and goes on with the others', async () => {
      const other = await LoopbackTarget.listen()
      const { url } = other
      await other.close()
      stage.target.reply = (_, socket) => socket.write(OK)
      const model = toUpstream({
        targets: [stage.target.url, url],
        balance: 'round-robin',
        health: { passive: { failures: 2, ejectMs: 60_000 } },
      })
      stage.upstream = new UpstreamRuntime(model, new DeadlineWheel())
      const answers: string[] = []
      for (let i = 0; i < 10; i++) answers.push(await send())
      assert.deepEqual(answers.slice(4), Array(6).fill('200 ok'))
      assert.equal(answers.filter((answer) => answer !== '200 ok').length, 2)
    })

    it('does not blame a target for a queue of ours that is full', async () => {
      use((_, socket) => socket.write(OK), {
        pool: { maxConnections: 1, maxWaiting: 0 },
        health: { passive: { failures: 1, maxEjectedPercent: 100 } },
      })
      const answers = await Promise.all([send(), send(), send()])
      assert.ok(answers.includes('upstream-overloaded queue-full'))
      assert.equal(stage.upstream.targets[0]?.isOut, false)
    })

    it('checks, leaves out and breaks nothing unless it was asked to', async () => {
      use((_, socket) => socket.destroy())
      for (let i = 0; i < 60; i++) assert.match(await send(), /^upstream-closed /)
      assert.equal(stage.target.seen.length, 60)
    })

    it('shows in gauges whom it leaves out, until it is retired', async () => {
      const { url } = stage.target
      const model = toUpstream({
        targets: [url],
        health: { passive: { failures: 2, maxEjectedPercent: 100 } },
        breaker: { minRequests: 2 },
      })
      const columns = new Columns({ threads: 1 })
      defineUpstreamSeries(columns, model)
      const gauges = () => [
        columns.sum(METRICS.upstreamTargetEjected, { upstream: model.id, target: url })[0],
        columns.sum(METRICS.upstreamBreakerOpen, { upstream: model.id })[0],
      ]
      stage.target.reply = (_, socket) => socket.destroy()
      const meter = openUpstreamMeter(openColumn(columns.descriptor(), 0), model)
      stage.upstream = new UpstreamRuntime(model, new DeadlineWheel(), { meter })
      await send()
      assert.deepEqual(gauges(), [0, 0])
      await send()
      assert.deepEqual(gauges(), [1, 1])
      stage.upstream.retire()
      assert.deepEqual(gauges(), [0, 0])
    })

    it('counts an attempt that a time-out of the exchange called off, and blames no target for it', async () => {
      const { url } = stage.target
      const model = toUpstream({ targets: [url], health: { passive: { failures: 1, maxEjectedPercent: 100 } } })
      const columns = new Columns({ threads: 1 })
      defineUpstreamSeries(columns, model)
      stage.target.reply = () => {}
      const meter = openUpstreamMeter(openColumn(columns.descriptor(), 0), model)
      stage.upstream = new UpstreamRuntime(model, new DeadlineWheel(), { meter })
      const failures = () => columns.sum(METRICS.upstreamFailures, { upstream: model.id })[0]
      for (const [code, counted] of [
        ['exchange-timeout', 1],
        ['client-left', 1],
      ] as const) {
        const exchange = new TestExchange()
        const answered = forward(exchange)
        await stage.target.until(() => stage.target.seen.length > 0)
        exchange.abort(new Problem(code))
        assert.match(await answered, new RegExp(`^${code}`))
        assert.equal(failures(), counted)
      }
      assert.equal(stage.upstream.targets[0]?.isOut, false)
      const late = new TestExchange()
      late.abort(new Problem('exchange-timeout'))
      await forward(late)
      assert.equal(failures(), 1)
    })

    it('opens the breaker on failures, with a time to come back', async () => {
      use((_, socket) => socket.write('HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n'), {
        breaker: { minRequests: 3, openMs: 60_000 },
      })
      for (let i = 0; i < 3; i++) assert.equal(await send(), '500 ')
      const response = await stage.upstream.forward(new TestExchange())
      assert.ok(response instanceof GatewayResponse)
      assert.equal(await sayResponse(response), 'upstream-unavailable breaker-open')
      assert.equal(response.headers.get('retry-after'), '60')
      assert.equal(stage.target.seen.length, 3)
    })
  })
})
