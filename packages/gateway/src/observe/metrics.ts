/** Owns the metrics that Gatewright reports: their names, and the text that Prometheus reads (exposition format 0.0.4). */

import type { Upstream } from '@gatewright/model'
import type { NodeCondition } from '../node/node-condition.ts'
import { type Columns, type Labels, OVERFLOW_LABELS, type Series } from '../state/gauges/columns.ts'
import {
  DURATION_BOUNDS_MS,
  GRPC_LABELS,
  type MetricFamily,
  STATUS_LABELS,
  SUM_CELL,
} from '../state/gauges/metric-family.ts'

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** What threads count, in their columns. */
export const METRICS = {
  requests: {
    name: 'gatewright_requests_total',
    help: 'Requests answered, by API and status code.',
    kind: 'status-counter',
  },
  requestDuration: {
    name: 'gatewright_request_duration_seconds',
    help: 'From the first byte of a request to the last byte of its answer, by API and status class.',
    kind: 'histogram',
  },
  grpcCalls: {
    name: 'gatewright_grpc_calls_total',
    help: 'Calls of gRPC and gRPC-Web that were answered, by API and status of gRPC.',
    kind: 'grpc-counter',
  },
  upstreamRequests: {
    name: 'gatewright_upstream_requests_total',
    help: 'Attempts that an upstream answered, by status code.',
    kind: 'status-counter',
  },
  upstreamDuration: {
    name: 'gatewright_upstream_duration_seconds',
    help: 'From the start of an attempt to the first byte of its answer.',
    kind: 'histogram',
  },
  upstreamFailures: {
    name: 'gatewright_upstream_failures_total',
    help: 'Attempts that an upstream did not answer: refused, broken, malformed, too late, or called off by a time-out.',
    kind: 'counter',
  },
  upstreamConnections: {
    name: 'gatewright_upstream_connections',
    help: 'Open connections to an upstream.',
    kind: 'gauge',
  },
  upstreamTargetEjected: {
    name: 'gatewright_upstream_target_ejected',
    help: 'Threads on which passive health leaves a target out.',
    kind: 'gauge',
  },
  upstreamBreakerOpen: {
    name: 'gatewright_upstream_breaker_open',
    help: 'Threads on which the breaker of an upstream is open.',
    kind: 'gauge',
  },
  connections: { name: 'gatewright_connections', help: 'Open connections of clients.', kind: 'gauge' },
  tlsHandshakes: {
    name: 'gatewright_tls_handshakes_total',
    help: 'TLS handshakes of clients that ended well.',
    kind: 'counter',
  },
  tlsHandshakeFailures: {
    name: 'gatewright_tls_handshake_failures_total',
    help: 'TLS handshakes of clients that did not.',
    kind: 'counter',
  },
  requestsInFlight: {
    name: 'gatewright_requests_in_flight',
    help: 'Requests that have begun and not ended.',
    kind: 'gauge',
  },
  tunnels: { name: 'gatewright_tunnels', help: 'Upgraded connections.', kind: 'gauge' },
  refusals: {
    name: 'gatewright_refusals_total',
    help: 'Requests that reached no API, by status code.',
    kind: 'status-counter',
  },
  receivedBytes: {
    name: 'gatewright_received_bytes_total',
    help: 'Bytes of bodies that clients sent.',
    kind: 'counter',
  },
  sentBytes: {
    name: 'gatewright_sent_bytes_total',
    help: 'Bytes of bodies that were sent to clients.',
    kind: 'counter',
  },
  accessLogDropped: {
    name: 'gatewright_access_log_dropped_total',
    help: 'Access records dropped because they could not be written in time.',
    kind: 'counter',
  },
} as const satisfies Record<string, MetricFamily>

/** What main knows by itself when it is asked. */
export interface MainReadings {
  readonly snapshotVersion: number
  readonly threads: number
  /** `overflowCount()` of the shared counters. */
  readonly counterOverflow: number
  /** 1: what is on disk does not run. */
  readonly configurationFaulty: number
  /** Seconds since the epoch of its last reading. */
  readonly configurationLoadedSeconds: number
  /** Those that active health asks. */
  readonly targets: readonly TargetHealth[]
  readonly certificates: readonly CertificateAge[]
  /** Of those whose CA can be asked whether they are revoked. */
  readonly staples: readonly StapleAge[]
  /** Of the way to control planes on other machines, where there are any. */
  readonly condition?: NodeCondition | undefined
}

/** When one of a certificate of the model ends; of a folder there are many. */
export interface CertificateAge {
  readonly source: string
  readonly notAfterMs: number
}

/** When what is stapled to one of a certificate of the model ends; 0: there is nothing. */
export interface StapleAge {
  readonly source: string
  readonly untilMs: number
  readonly isRevoked: boolean
}

export interface TargetHealth {
  readonly upstream: string
  readonly target: string
  readonly isHealthy: boolean
}

/** One class for each first digit of a status. */
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const

const PER_PROCESS = [
  METRICS.connections,
  METRICS.tlsHandshakes,
  METRICS.tlsHandshakeFailures,
  METRICS.requestsInFlight,
  METRICS.tunnels,
  METRICS.refusals,
  METRICS.receivedBytes,
  METRICS.sentBytes,
  METRICS.accessLogDropped,
]
const PER_API = [METRICS.requests, METRICS.requestDuration, METRICS.grpcCalls]
const PER_UPSTREAM = [
  METRICS.upstreamRequests,
  METRICS.upstreamDuration,
  METRICS.upstreamFailures,
  METRICS.upstreamConnections,
]

/** Only of upstreams that have a breaker, or passive health. */
const WHERE_WATCHED = [METRICS.upstreamTargetEjected, METRICS.upstreamBreakerOpen]

/** Once, before anything else is defined. */
export function defineProcessSeries(columns: Columns): void {
  for (const family of PER_PROCESS) columns.define(family)
  for (const family of [...PER_API, ...PER_UPSTREAM, ...WHERE_WATCHED]) columns.reserve(family)
}

/** For each API of a snapshot; with `route` only where routes are to be told apart (1.1 KiB a thread each). */
export function defineApiSeries(columns: Columns, labels: { readonly api: string; readonly route?: string }): void {
  columns.define(METRICS.requests, labels)
  columns.define(METRICS.grpcCalls, labels)
  for (const code of STATUS_CLASSES) columns.define(METRICS.requestDuration, { ...labels, code })
}

/** For each upstream of a snapshot. */
export function defineUpstreamSeries(columns: Columns, { id, targets, health, breaker }: WatchedUpstream): void {
  for (const family of PER_UPSTREAM) columns.define(family, { upstream: id })
  if (breaker !== undefined) columns.define(METRICS.upstreamBreakerOpen, { upstream: id })
  if (health.passive === undefined) return
  for (const { url } of targets) columns.define(METRICS.upstreamTargetEjected, { upstream: id, target: url })
}

type WatchedUpstream = Pick<Upstream, 'id' | 'targets' | 'health' | 'breaker'>

/** One family of the text: what Prometheus calls a metric. */
interface Page {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  lines: string
}

/** The whole text. A family's lines stand together, as the format demands, whenever its series were defined. */
export function renderMetrics(columns: Columns, main: MainReadings): string {
  const pages = new Map<string, Page>()
  const open = (head: Omit<Page, 'lines'>): Page => {
    const page = pages.get(head.name) ?? { ...head, lines: '' }
    pages.set(head.name, page)
    return page
  }
  for (const { family, labels, values } of columns.read()) {
    const { name, help, kind } = family
    open({ name, help, type: kind === 'gauge' || kind === 'histogram' ? kind : 'counter' }).lines += renderSeries({
      family,
      labels,
      values,
    })
  }
  for (const [type, name, help, value] of toReadings(main))
    open({ type, name, help }).lines = renderSample(name, {}, value)
  for (const { upstream, target, isHealthy } of main.targets) {
    open(TARGET_HEALTHY).lines += renderSample(TARGET_HEALTHY.name, { upstream, target }, isHealthy ? 1 : 0)
  }
  for (const { head, ends } of [
    { head: CERTIFICATE_ENDS, ends: main.certificates.map(({ source, notAfterMs }) => [source, notAfterMs] as const) },
    { head: STAPLE_ENDS, ends: main.staples.map(({ source, untilMs }) => [source, untilMs] as const) },
  ]) {
    for (const [certificate, endsMs] of findFirstEnds(ends)) {
      open(head).lines += renderSample(head.name, { certificate }, endsMs / 1000)
    }
  }
  for (const [certificate, revoked] of countRevoked(main.staples)) {
    open(CERTIFICATES_REVOKED).lines += renderSample(CERTIFICATES_REVOKED.name, { certificate }, revoked)
  }
  return [...pages.values()].map(renderPage).join('')
}

const TARGET_HEALTHY = {
  type: 'gauge',
  name: 'gatewright_upstream_target_healthy',
  help: '1 while active health lets a target take requests, 0 while it leaves it out.',
} as const

const CERTIFICATE_ENDS = {
  type: 'gauge',
  name: 'gatewright_certificate_expiry_timestamp_seconds',
  help: 'When a certificate ends, in seconds since the epoch; of a folder, the first to end.',
} as const

const STAPLE_ENDS = {
  type: 'gauge',
  name: 'gatewright_ocsp_staple_expiry_timestamp_seconds',
  help: 'When the OCSP answer that is stapled to a certificate ends, in seconds since the epoch; 0: there is none. Of a folder, the first to end.',
} as const

const CERTIFICATES_REVOKED = {
  type: 'gauge',
  name: 'gatewright_certificates_revoked',
  help: 'Certificates of which their CA says that they are revoked; of a folder, how many.',
} as const

function findFirstEnds(all: readonly (readonly [source: string, endsMs: number])[]): Map<string, number> {
  const ends = new Map<string, number>()
  for (const [source, endsMs] of all) {
    ends.set(source, Math.min(endsMs, ends.get(source) ?? Number.POSITIVE_INFINITY))
  }
  return ends
}

function countRevoked(staples: readonly StapleAge[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { source, isRevoked } of staples) counts.set(source, (counts.get(source) ?? 0) + (isRevoked ? 1 : 0))
  return counts
}

type Reading = readonly [type: Page['type'], name: string, help: string, value: number]

function toConnection({ cutOffSinceMs }: NodeCondition): Reading {
  const help = '0 while no control plane answers this node, and it runs what it was told before.'
  return ['gauge', 'gatewright_control_plane_connected', help, cutOffSinceMs === undefined ? 1 : 0]
}

function toReadings(main: MainReadings): Reading[] {
  const { snapshotVersion, threads, counterOverflow } = main
  const { user, system } = process.cpuUsage()
  const startedSeconds = Date.now() / 1000 - process.uptime()
  return [
    [
      'counter',
      'gatewright_counter_overflow_total',
      'Charges counted together because a bucket of the shared counters was full.',
      counterOverflow,
    ],
    ['gauge', 'gatewright_snapshot_version', 'Number of the snapshot that runs.', snapshotVersion],
    [
      'gauge',
      'gatewright_configuration_faulty',
      '1 while the configuration on disk is faulty and an older one runs.',
      main.configurationFaulty,
    ],
    [
      'gauge',
      'gatewright_configuration_loaded_timestamp_seconds',
      'When the configuration was last read.',
      main.configurationLoadedSeconds,
    ],
    ['gauge', 'gatewright_threads', 'Data threads that run.', threads],
    ...(main.condition === undefined ? [] : [toConnection(main.condition)]),
    ['counter', 'process_cpu_seconds_total', 'Processor time used, user and system.', (user + system) / 1e6],
    ['gauge', 'process_resident_memory_bytes', 'Resident memory.', process.memoryUsage.rss()],
    [
      'gauge',
      'process_start_time_seconds',
      'Start of the process, in seconds since the epoch.',
      Math.round(startedSeconds),
    ],
  ]
}

/** A family without a sample says nothing. */
function renderPage({ name, help, type, lines }: Page): string {
  return lines === '' ? '' : `# HELP ${name} ${escapeText(help)}\n# TYPE ${name} ${type}\n${lines}`
}

function renderSeries({ family: { name, kind }, labels, values }: Series): string {
  // What was never counted is not shown where there are many of a kind: statuses, classes, the place for the others.
  if (kind === 'status-counter' || kind === 'grpc-counter') {
    const codes = kind === 'status-counter' ? STATUS_LABELS : GRPC_LABELS
    const lines = codes.map((code, cell) => {
      const value = values[cell] ?? 0
      return value > 0 ? renderSample(name, { ...labels, code }, value) : ''
    })
    return lines.join('')
  }
  const isUnused = values.every((value) => value === 0)
  if (kind === 'histogram') return isUnused ? '' : renderHistogram(name, labels, values)
  return isUnused && labels === OVERFLOW_LABELS ? '' : renderSample(name, labels, values[0] ?? 0)
}

function renderHistogram(name: string, labels: Labels, values: readonly number[]): string {
  let count = 0
  let lines = ''
  for (const [bucket, boundMs] of [...DURATION_BOUNDS_MS, Number.POSITIVE_INFINITY].entries()) {
    count += values[bucket] ?? 0
    lines += renderSample(`${name}_bucket`, { ...labels, le: renderNumber(boundMs / 1000) }, count)
  }
  lines += renderSample(`${name}_sum`, labels, (values[SUM_CELL] ?? 0) / 1000)
  return lines + renderSample(`${name}_count`, labels, count)
}

function renderSample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeText(text).replaceAll('"', '\\"')}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${renderNumber(value)}\n`
}

/** Exposition format 0.0.4: a backslash and a line feed are escaped everywhere, quotes in label values too. */
function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function renderNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : `${value}`
}
