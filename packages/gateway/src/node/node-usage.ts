/** Owns what a node says of its use: read from what threads count anyway, and made so that nothing of it ever goes down. */
import { MOST_USED_APIS, type Usage } from '@gatewright/model'
import { METRICS, STATUS_CLASSES } from '../observe/metrics.ts'
import type { Series } from '../state/gauges/columns.ts'
import { type MetricFamily, STATUS_LABELS } from '../state/gauges/metric-family.ts'

/** What of the columns is read for it. */
export const USED_FAMILIES: ReadonlySet<MetricFamily> = new Set([
  METRICS.requests,
  METRICS.refusals,
  METRICS.receivedBytes,
  METRICS.sentBytes,
  METRICS.requestsInFlight,
  METRICS.connections,
])

/** What the process and its threads say of themselves. */
export type OwnUsage = Pick<Usage, 'memoryBytes' | 'cpuMs' | 'loops'>

type Classes = number[]

export class NodeUsage {
  readonly #sinceMs: number
  /** Of APIs, as they were read last. */
  #last = new Map<string, Classes>()
  /** Of those that are gone, or began anew. */
  #gone = toNone()

  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs
  }

  tell(series: readonly Series[], own: OwnUsage): Usage {
    const apis = new Map<string, Classes>()
    for (const { family, labels, values } of series) {
      if (family === METRICS.requests) apis.set(labels.api ?? '', toClasses(values))
    }
    for (const [api, last] of this.#last) {
      const now = apis.get(api)
      if (now === undefined || now.some((count, index) => count < (last[index] ?? 0)))
        this.#gone = add(this.#gone, last)
    }
    this.#last = apis
    const used = [...apis].filter(([, counts]) => sum(counts) > 0).sort(([, one], [, other]) => sum(other) - sum(one))
    const others = used.slice(MOST_USED_APIS).reduce((all, [, counts]) => add(all, counts), this.#gone)
    const read = (family: MetricFamily): readonly number[] =>
      series.find((each) => each.family === family)?.values ?? []
    return {
      sinceMs: this.#sinceMs,
      requests: used.slice(0, MOST_USED_APIS).reduce((all, [, counts]) => add(all, counts), others),
      refusals: toClasses(read(METRICS.refusals)),
      bytesIn: sum(read(METRICS.receivedBytes)),
      bytesOut: sum(read(METRICS.sentBytes)),
      apis: used.slice(0, MOST_USED_APIS).map(([api, requests]) => ({ api, requests })),
      others,
      inFlight: sum(read(METRICS.requestsInFlight)),
      connections: sum(read(METRICS.connections)),
      ...own,
    }
  }
}

function toNone(): Classes {
  return STATUS_CLASSES.map(() => 0)
}

/** What is no status at all is in none of them. */
function toClasses(values: readonly number[]): Classes {
  const classes = toNone()
  for (const [index, label] of STATUS_LABELS.entries()) {
    const at = Number(label[0]) - 1
    const count = values[index] ?? 0
    if (at >= 0) classes[at] = (classes[at] ?? 0) + count
  }
  return classes
}

function add(some: readonly number[], more: readonly number[]): Classes {
  return some.map((count, index) => count + (more[index] ?? 0))
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
