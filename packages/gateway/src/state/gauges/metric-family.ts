/**
 * Owns the kinds of metrics, how many cells of a thread's column each takes, and how they are counted. Counting is in the
 * path of every request: a cell has one writer, so an addition needs no atomics.
 */

/** `gauge` goes down again and dies with its thread; all others only go up and are kept. */
export type MetricKind = 'counter' | 'gauge' | 'status-counter' | 'grpc-counter' | 'histogram'

export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly kind: MetricKind
}

/** Where a series' cells stand in a thread's column. */
export interface Cells {
  readonly cells: Float64Array
  readonly at: number
}

/** Upper ends, inclusive: the row 1, 2.5, 5 from a millisecond, where a gateway's own time shows, to ten seconds. */
export const DURATION_BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const
const INFINITE = DURATION_BOUNDS_MS.length
/** Which of a histogram's cells has the sum, in milliseconds. */
export const SUM_CELL = INFINITE + 1

/**
 * Status codes with a cell of their own: those of RFC 9110 §15 and RFC 6585, and what gateways are known to send. All
 * others are counted by class.
 */
export const STATUS_LABELS: readonly string[] = (
  '1xx 2xx 3xx 4xx 5xx other ' +
  '101 200 201 202 203 204 205 206 207 208 300 301 302 303 304 305 307 308 ' +
  '400 401 402 403 404 405 406 407 408 409 410 411 412 413 414 415 416 417 418 421 422 423 424 425 426 428 429 431 451 499 ' +
  '500 501 502 503 504 505 507 508 511 520'
).split(' ')

const STATUS_OTHER = STATUS_LABELS.indexOf('other')
const STATUS_CELLS = Uint8Array.from({ length: 1000 }, (_, status) => {
  const own = STATUS_LABELS.indexOf(`${status}`)
  if (own >= 0) return own
  return status >= 100 && status < 600 ? Math.floor(status / 100) - 1 : STATUS_OTHER
})

/** Statuses of gRPC (grpc.io, Status Codes), and what is none. */
export const GRPC_LABELS: readonly string[] = [...Array.from({ length: 17 }, (_, status) => `${status}`), 'other']
const GRPC_OTHER = GRPC_LABELS.length - 1

export const CELLS_OF: Readonly<Record<MetricKind, number>> = {
  counter: 1,
  gauge: 1,
  'status-counter': STATUS_LABELS.length,
  'grpc-counter': GRPC_LABELS.length,
  histogram: SUM_CELL + 1,
}

/** So many more, or less, of a counter or gauge. */
export function add({ cells, at }: Cells, amount: number): void {
  cells[at] = (cells[at] ?? 0) + amount
}

/** One more answer with this status. */
export function recordStatus({ cells, at }: Cells, status: number): void {
  const cell = at + (STATUS_CELLS[status] ?? STATUS_OTHER)
  cells[cell] = (cells[cell] ?? 0) + 1
}

/** One more call of gRPC that ended with this status. */
export function recordGrpcStatus({ cells, at }: Cells, status: number): void {
  const cell = at + Math.min(status, GRPC_OTHER)
  cells[cell] = (cells[cell] ?? 0) + 1
}

/** One more duration. A cell counts its own bucket alone; they are summed up when they are read. */
export function recordDuration({ cells, at }: Cells, durationMs: number): void {
  let bucket = 0
  while (bucket < INFINITE && durationMs > (DURATION_BOUNDS_MS[bucket] ?? 0)) bucket++
  cells[at + bucket] = (cells[at + bucket] ?? 0) + 1
  cells[at + SUM_CELL] = (cells[at + SUM_CELL] ?? 0) + durationMs
}
