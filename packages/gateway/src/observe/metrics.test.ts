/** Proves the text that Prometheus reads. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Columns, type Labels, openColumn } from '../state/gauges/columns.ts'
import { add, recordDuration, recordGrpcStatus, recordStatus } from '../state/gauges/metric-family.ts'
import { toUpstream } from '../upstream/loopback.fixture.ts'
import { defineApiSeries, defineProcessSeries, defineUpstreamSeries, METRICS, renderMetrics } from './metrics.ts'

const MAIN = {
  snapshotVersion: 7,
  threads: 2,
  counterOverflow: 3,
  configurationFaulty: 0,
  configurationLoadedSeconds: 0,
  targets: [],
  certificates: [],
  staples: [],
}

function openProcess() {
  const columns = new Columns({ threads: 2 })
  defineProcessSeries(columns)
  const open = (thread: number, family: (typeof METRICS)[keyof typeof METRICS], labels?: Labels) =>
    openColumn(columns.descriptor(), thread).getCells(family, labels)
  const render = () => renderMetrics(columns, MAIN).split('\n')
  return { columns, open, render }
}

describe('the metrics page', () => {
  it('counts answers by API and status, summed over threads', () => {
    const { columns, open, render } = openProcess()
    const orders = { api: 'orders' }
    const ping = { api: 'orders', route: 'ping' }
    for (const labels of [orders, ping]) defineApiSeries(columns, labels)
    recordStatus(open(0, METRICS.requests, orders), 200)
    for (const status of [200, 299, 999, 20, 1e9]) recordStatus(open(1, METRICS.requests, orders), status)
    recordStatus(open(0, METRICS.requests, ping), 503)
    assert.deepEqual(
      render().filter((line) => line.startsWith('gatewright_requests_total')),
      [
        'gatewright_requests_total{api="orders",code="2xx"} 1',
        'gatewright_requests_total{api="orders",code="other"} 3',
        'gatewright_requests_total{api="orders",code="200"} 2',
        'gatewright_requests_total{api="orders",route="ping",code="503"} 1',
      ],
    )
  })

  it('counts calls of gRPC by API and their own status', () => {
    const { columns, open, render } = openProcess()
    defineApiSeries(columns, { api: 'orders' })
    for (const [thread, status] of [
      [0, 0],
      [1, 0],
      [0, 16],
      [1, 17],
      [0, 999],
    ] as const) {
      recordGrpcStatus(open(thread, METRICS.grpcCalls, { api: 'orders' }), status)
    }
    assert.deepEqual(
      render().filter((line) => line.includes('gatewright_grpc')),
      [
        '# HELP gatewright_grpc_calls_total Calls of gRPC and gRPC-Web that were answered, by API and status of gRPC.',
        '# TYPE gatewright_grpc_calls_total counter',
        'gatewright_grpc_calls_total{api="orders",code="0"} 2',
        'gatewright_grpc_calls_total{api="orders",code="16"} 1',
        'gatewright_grpc_calls_total{api="orders",code="other"} 2',
      ],
    )
  })

  it('has durations as cumulative buckets in seconds, bounds inclusive', () => {
    const { columns, open, render } = openProcess()
    defineApiSeries(columns, { api: 'orders' })
    const cells = open(0, METRICS.requestDuration, { api: 'orders', code: '4xx' })
    for (const durationMs of [0.2, 1, 1.01, 30, 60_000]) recordDuration(cells, durationMs)
    const name = 'gatewright_request_duration_seconds'
    const counts = [2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]
    const bounds = '0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf'.split(' ')
    assert.deepEqual(
      render().filter((line) => line.startsWith(name)),
      [
        ...bounds.map((le, i) => `${name}_bucket{api="orders",code="4xx",le="${le}"} ${counts[i]}`),
        `${name}_sum{api="orders",code="4xx"} 60.03221`,
        `${name}_count{api="orders",code="4xx"} 5`,
      ],
    )
  })

  it('keeps the lines of a family together and says its type once, whenever its series were defined', () => {
    const { columns, open, render } = openProcess()
    for (const name of ['a', 'b']) {
      defineUpstreamSeries(columns, toUpstream({ id: name, targets: ['http://10.0.0.1:1'] }))
      defineApiSeries(columns, { api: name })
      recordStatus(open(0, METRICS.requests, { api: name }), 200)
      recordStatus(open(0, METRICS.upstreamRequests, { upstream: name }), 200)
      recordDuration(open(1, METRICS.upstreamDuration, { upstream: name }), 1)
    }
    const families: string[] = []
    for (const line of render().slice(0, -1)) {
      if (line.startsWith('# TYPE')) families.push(line.split(' ')[2]!)
      if (!line.startsWith('#')) assert.ok(line.startsWith(families.at(-1)!), line)
    }
    assert.equal(new Set(families).size, families.length)
    assert.ok(families.length > 10)
  })

  it('shows gauges at 0, and tells what main knows', () => {
    const { open, render } = openProcess()
    add(open(0, METRICS.connections), 2)
    add(open(1, METRICS.connections), -1)
    const lines = render()
    for (const line of [
      '# TYPE gatewright_connections gauge',
      'gatewright_connections 1',
      'gatewright_tunnels 0',
      'gatewright_access_log_dropped_total 0',
      'gatewright_counter_overflow_total 3',
      'gatewright_snapshot_version 7',
      'gatewright_threads 2',
    ]) {
      assert.ok(lines.includes(line), line)
    }
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_start_time_seconds']) {
      const value = Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1])
      assert.ok(value > 0, name)
    }
  })

  it('says which targets are left out, and on how many threads', () => {
    const { columns, open } = openProcess()
    const model = toUpstream({
      targets: ['http://10.0.0.1:1', 'http://10.0.0.2:1'],
      health: { passive: {} },
      breaker: {},
    })
    defineUpstreamSeries(columns, model)
    const labels = { upstream: 'orders', target: 'http://10.0.0.2:1' }
    for (const thread of [0, 1]) add(open(thread, METRICS.upstreamTargetEjected, labels), 1)
    add(open(1, METRICS.upstreamBreakerOpen, { upstream: 'orders' }), 1)
    const targets = [{ ...labels, isHealthy: false }]
    const lines = renderMetrics(columns, { ...MAIN, targets }).split('\n')
    for (const line of [
      'gatewright_upstream_target_ejected{upstream="orders",target="http://10.0.0.1:1"} 0',
      'gatewright_upstream_target_ejected{upstream="orders",target="http://10.0.0.2:1"} 2',
      'gatewright_upstream_breaker_open{upstream="orders"} 1',
      'gatewright_upstream_target_healthy{upstream="orders",target="http://10.0.0.2:1"} 0',
    ]) {
      assert.ok(lines.includes(line), line)
    }
  })

  it('does not show series that only stand ready', () => {
    const lines = openProcess().render()
    assert.deepEqual(
      lines.filter((line) => line.includes('series=')),
      [],
    )
    assert.deepEqual(
      lines.filter((line) => line.includes('gatewright_upstream')),
      [],
    )
  })

  it('escapes what stands in labels', () => {
    const { columns, open, render } = openProcess()
    const labels = { api: 'a"b\\c\nd' }
    defineApiSeries(columns, labels)
    recordStatus(open(0, METRICS.requests, labels), 200)
    assert.ok(render().includes('gatewright_requests_total{api="a\\"b\\\\c\\nd",code="200"} 1'))
  })

  it('says when staples end, the first of a folder, and how many of its certificates are revoked', () => {
    const { columns } = openProcess()
    const staples = [
      { source: 'shop', untilMs: 9000, isRevoked: false },
      { source: 'many', untilMs: 5000, isRevoked: false },
      { source: 'many', untilMs: 0, isRevoked: true },
    ]
    const lines = renderMetrics(columns, { ...MAIN, staples }).split('\n')
    const found = lines.filter((line) => /^gatewright_(ocsp|certificates)/.test(line))
    assert.deepEqual(found, [
      'gatewright_ocsp_staple_expiry_timestamp_seconds{certificate="shop"} 9',
      'gatewright_ocsp_staple_expiry_timestamp_seconds{certificate="many"} 0',
      'gatewright_certificates_revoked{certificate="shop"} 0',
      'gatewright_certificates_revoked{certificate="many"} 1',
    ])
  })

  it('is made of lines of the exposition format and ends with one', () => {
    const { columns, open } = openProcess()
    defineApiSeries(columns, { api: 'orders' })
    recordStatus(open(0, METRICS.requests, { api: 'orders' }), 200)
    const text = renderMetrics(columns, MAIN)
    const sample = /^[a-z_]+(\{([a-z]+="([^"\\]|\\["\\n])*",?)+\})? (\d+(\.\d+)?(e[+-]\d+)?|\+Inf)$/
    const comment = /^# (HELP|TYPE) [a-z_]+ /
    for (const line of text.slice(0, -1).split('\n')) assert.match(line, line.startsWith('#') ? comment : sample)
    assert.equal(text.at(-1), '\n')
  })
})
