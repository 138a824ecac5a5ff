/** Owns the shapes in which a thread counts: cells of its column, looked up when a snapshot is compiled. */
import type { Cells } from '../state/gauges/metric-family.ts'

/** Where the requests of one API are counted. */
export interface ApiMeter {
  readonly requests: Cells
  readonly grpcCalls: Cells
  /** By the first digit of the status. */
  readonly durations: readonly Cells[]
}

/** Where the attempts at one upstream are counted. */
export interface UpstreamMeter {
  readonly requests: Cells
  readonly durations: Cells
  readonly failures: Cells
  readonly connections: Cells
  /** Only with a breaker. */
  readonly breakerOpen: Cells | undefined
  /** By the URL of the target; empty without passive health. */
  readonly ejected: ReadonlyMap<string, Cells>
}
