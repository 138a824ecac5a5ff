import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolve, type Upstream } from '@gatewright/model'
import { FakeClock, RecordingLog } from '@gatewright/policies/testing'
import { HealthTable, openHealth } from '../../state/health/health-table.ts'
import { openPems, PemTable } from '../../state/pems/pem-table.ts'
import { HealthProber } from './health-prober.ts'
import type { ProbeRequest, ProbeResult } from './probe.ts'

const ACTIVE = { path: '/healthz', intervalMs: 5000, timeoutMs: 1000, healthyAfter: 2, unhealthyAfter: 3 }

function toUpstreams(...upstreams: readonly object[]): readonly Upstream[] {
  const text = JSON.stringify({ gatewright: 1, upstreams })
  const { draft } = resolve({ files: [{ path: 'a.json', text }], env: () => undefined, readFile: () => undefined })
  return draft.upstreams
}

const orders = (active: object = {}, targets: readonly string[] = ['http://a:1']): object => ({
  id: 'orders',
  targets,
  health: { active: { ...ACTIVE, ...active } },
})

function setUp() {
  const clock = new FakeClock()
  const log = new RecordingLog()
  const table = new HealthTable()
  const asked: ProbeRequest[] = []
  const answers = new Map<string, ProbeResult | Promise<ProbeResult>>()
  const prober = new HealthProber({
    probe: (request) => {
      asked.push(request)
      return Promise.resolve(answers.get(request.url) ?? { status: 200 })
    },
    clock,
    log,
    random: () => 0.5,
  })
  const watch = (...upstreams: readonly object[]): void => {
    const models = toUpstreams(...upstreams)
    for (const { id, targets, health } of models) {
      if (health.active !== undefined) for (const { url } of targets) table.define(id, url)
    }
    prober.watch({ upstreams: models }, openHealth(table.descriptor()), openPems(new PemTable().descriptor))
  }
  const isOut = (url = 'http://a:1', upstream = 'orders') => openHealth(table.descriptor())(upstream, url)?.isOut
  /** So many probes of each target. */
  const rounds = (count: number): Promise<void> => clock.advance(count * ACTIVE.intervalMs)
  return { clock, log, asked, answers, prober, watch, isOut, rounds }
}

describe('active health', () => {
  it('takes a target for healthy until so many probes in a row failed', async () => {
    const { watch, answers, isOut, rounds, log } = setUp()
    answers.set('http://a:1', { status: 500 })
    watch(orders())
    await rounds(2)
    assert.equal(isOut(), false)
    await rounds(1)
    assert.equal(isOut(), true)
    assert.deepEqual(
      log.entries.map(({ level, facts }) => [level, facts]),
      [['warn', { upstream: 'orders', target: 'http://a:1', status: 500 }]],
    )
  })

  it('takes it back after so many good ones in a row', async () => {
    const { watch, answers, isOut, rounds } = setUp()
    watch(orders())
    const outcomes: (boolean | undefined)[] = []
    for (const status of [500, 500, 500, 200, 500, 200, 200]) {
      answers.set('http://a:1', { status })
      await rounds(1)
      outcomes.push(isOut())
    }
    assert.deepEqual(outcomes, [false, false, true, true, true, true, false])
  })

  it('counts no answer as a bad one, and says why', async () => {
    const { watch, answers, isOut, rounds, log } = setUp()
    answers.set('http://a:1', { fault: 'ECONNREFUSED' })
    watch(orders({ unhealthyAfter: 1 }))
    await rounds(1)
    assert.equal(isOut(), true)
    assert.equal(log.entries[0]?.facts.fault, 'ECONNREFUSED')
  })

  it('takes for good what the file says', async () => {
    const { watch, answers, isOut, rounds } = setUp()
    answers.set('http://a:1', { status: 204 })
    watch(orders({ statuses: [200], unhealthyAfter: 1 }))
    await rounds(1)
    assert.equal(isOut(), true)
  })

  it('asks each target for itself', async () => {
    const { watch, answers, isOut, rounds } = setUp()
    answers.set('http://b:1', { status: 500 })
    watch(orders({}, ['http://a:1', 'http://b:1']))
    await rounds(3)
    assert.deepEqual([isOut('http://a:1'), isOut('http://b:1')], [false, true])
  })

  it('asks every interval, from soon after the start', async () => {
    const { watch, clock, asked } = setUp()
    watch(orders())
    await clock.advance(499)
    assert.equal(asked.length, 0)
    for (let i = 1; i <= 5; i++) {
      await clock.advance(i === 1 ? 1 : 4999)
      assert.equal(asked.length, i === 1 ? 1 : i - 1)
      if (i > 1) await clock.advance(1)
      assert.equal(asked.length, i)
    }
  })

  it('asks for the path with the host and the fields that the file gives', async () => {
    const { watch, asked, rounds } = setUp()
    watch({ ...orders({ headers: { 'X-Probe': '1' } }), hostHeader: 'orders.internal' })
    await rounds(1)
    assert.deepEqual(asked[0], {
      url: 'http://a:1',
      path: '/healthz',
      headers: { Host: 'orders.internal', 'X-Probe': '1' },
      timeoutMs: 1000,
      protocol: 'http1',
    })
  })

  it('goes on where it was when a reload changes nothing of an upstream', async () => {
    const { watch, answers, isOut, rounds } = setUp()
    answers.set('http://a:1', { status: 500 })
    watch(orders())
    await rounds(2)
    watch(orders(), { id: 'other', targets: ['http://c:1'] })
    await rounds(1)
    assert.equal(isOut(), true)
  })

  it('keeps the verdict and begins to count anew when the settings change', async () => {
    const { watch, answers, isOut, rounds, asked } = setUp()
    answers.set('http://a:1', { status: 500 })
    watch(orders())
    await rounds(3)
    watch(orders({ path: '/ready' }))
    await rounds(1)
    assert.equal(isOut(), true)
    assert.equal(asked.at(-1)?.path, '/ready')
    answers.set('http://a:1', { status: 200 })
    await rounds(2)
    assert.equal(isOut(), false)
  })

  it('gives free what is not asked any more', async () => {
    const { watch, answers, isOut, rounds, asked } = setUp()
    answers.set('http://a:1', { status: 500 })
    watch(orders())
    await rounds(3)
    assert.equal(isOut(), true)
    watch({ id: 'orders', targets: ['http://a:1'] })
    assert.equal(isOut(), false)
    const before = asked.length
    await rounds(3)
    assert.equal(asked.length, before)
  })

  it('does not hear a probe that comes back after the end', async () => {
    const { watch, answers, isOut, clock, prober, asked } = setUp()
    const { promise, resolve: answer } = Promise.withResolvers<ProbeResult>()
    answers.set('http://a:1', promise)
    watch(orders({ unhealthyAfter: 1 }))
    await clock.advance(500)
    assert.equal(asked.length, 1)
    prober.stop()
    answer({ status: 500 })
    await clock.advance(60_000)
    assert.equal(isOut(), false)
    assert.equal(clock.pending, 0)
  })

  it('speaks TLS with those targets of an upstream that are reached so', async () => {
    const { watch, asked, rounds } = setUp()
    watch(orders({}, ['https://a', 'http://b', 'HTTPS://c:1']))
    await rounds(1)
    assert.deepEqual(asked.map(({ url, tls }) => [url, tls !== undefined]).sort(), [
      ['HTTPS://c:1', true],
      ['http://b', false],
      ['https://a', true],
    ])
  })
})
