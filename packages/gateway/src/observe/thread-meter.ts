/** Owns what one thread counts: in its own column of shared memory, by additions to cells that were looked up beforehand. */
import type { Upstream } from '@gatewright/model'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { ConnectionGauge } from '../listen/connection-gauge.ts'
import type { HandshakeMeter } from '../listen/listener.ts'
import { AddressGauge, type AddressGaugeDescriptor } from '../state/gauges/address-gauge.ts'
import { type Column, type ColumnsDescriptor, openColumn } from '../state/gauges/columns.ts'
import { add, type Cells, recordDuration, recordGrpcStatus, recordStatus } from '../state/gauges/metric-family.ts'
import type { ApiMeter, UpstreamMeter } from './meters.ts'
import { METRICS, STATUS_CLASSES } from './metrics.ts'
import type { Meter } from './recorder.ts'

interface MeterParts {
  readonly columns: ColumnsDescriptor
  readonly addresses: AddressGaugeDescriptor
  readonly index: number
}

export class ThreadMeter implements Meter, ConnectionGauge, HandshakeMeter {
  readonly #column: Column
  readonly #addresses: AddressGauge
  readonly #connections: Cells
  readonly #everyConnections: readonly Cells[]
  readonly #inFlight: Cells
  readonly #tunnels: Cells
  readonly #refusals: Cells
  readonly #received: Cells
  readonly #sent: Cells
  readonly #dropped: Cells
  readonly #handshakes: Cells
  readonly #handshakeFailures: Cells

  constructor({ columns, addresses, index }: MeterParts) {
    this.#column = openColumn(columns, index)
    this.#addresses = new AddressGauge(addresses, index)
    this.#connections = this.#column.getCells(METRICS.connections)
    this.#everyConnections = Array.from({ length: columns.threads }, (_, thread) =>
      openColumn(columns, thread).getCells(METRICS.connections),
    )
    this.#inFlight = this.#column.getCells(METRICS.requestsInFlight)
    this.#tunnels = this.#column.getCells(METRICS.tunnels)
    this.#refusals = this.#column.getCells(METRICS.refusals)
    this.#received = this.#column.getCells(METRICS.receivedBytes)
    this.#sent = this.#column.getCells(METRICS.sentBytes)
    this.#handshakes = this.#column.getCells(METRICS.tlsHandshakes)
    this.#handshakeFailures = this.#column.getCells(METRICS.tlsHandshakeFailures)
    this.#dropped = this.#column.getCells(METRICS.accessLogDropped)
  }

  /** Main defined more series: those that are new to this thread. */
  extend(columns: ColumnsDescriptor): void {
    this.#column.extend(columns)
  }

  toApiMeter(api: string): ApiMeter {
    return {
      requests: this.#column.getCells(METRICS.requests, { api }),
      grpcCalls: this.#column.getCells(METRICS.grpcCalls, { api }),
      durations: STATUS_CLASSES.map((code) => this.#column.getCells(METRICS.requestDuration, { api, code })),
    }
  }

  toUpstreamMeter(upstream: Upstream): UpstreamMeter {
    return openUpstreamMeter(this.#column, upstream)
  }

  began(): void {
    add(this.#inFlight, 1)
  }

  ended({ api, status, grpcStatus, bytesIn, bytesOut }: GatewayExchange, durationMs: number): void {
    add(this.#inFlight, -1)
    add(this.#received, bytesIn)
    add(this.#sent, bytesOut)
    const meter = api?.meter
    if (meter === undefined) {
      recordStatus(this.#refusals, status)
      return
    }
    recordStatus(meter.requests, status)
    if (grpcStatus !== undefined) recordGrpcStatus(meter.grpcCalls, grpcStatus)
    const durations = meter.durations[Math.floor(status / 100) - 1]
    if (durations !== undefined) recordDuration(durations, durationMs)
  }

  opened(address: string): { readonly total: number; readonly ofAddress: number } {
    add(this.#connections, 1)
    this.#addresses.add(address, 1)
    let total = 0
    for (const { cells, at } of this.#everyConnections) total += cells[at] ?? 0
    return { total, ofAddress: this.#addresses.count(address) }
  }

  closed(address: string): void {
    add(this.#connections, -1)
    this.#addresses.add(address, -1)
  }

  tunnelsChanged(amount: 1 | -1): void {
    add(this.#tunnels, amount)
  }

  onSecure(): void {
    add(this.#handshakes, 1)
  }

  onFailed(): void {
    add(this.#handshakeFailures, 1)
  }

  droppedLines(lines: number): void {
    add(this.#dropped, lines)
  }
}

export function openUpstreamMeter(column: Column, { id: upstream, targets }: Upstream): UpstreamMeter {
  const ejected = new Map<string, Cells>()
  for (const { url } of targets) {
    const cells = column.findCells(METRICS.upstreamTargetEjected, { upstream, target: url })
    if (cells !== undefined) ejected.set(url, cells)
  }
  return {
    requests: column.getCells(METRICS.upstreamRequests, { upstream }),
    durations: column.getCells(METRICS.upstreamDuration, { upstream }),
    failures: column.getCells(METRICS.upstreamFailures, { upstream }),
    connections: column.getCells(METRICS.upstreamConnections, { upstream }),
    breakerOpen: column.findCells(METRICS.upstreamBreakerOpen, { upstream }),
    ejected,
  }
}
