/** Owns the memory that threads share, as main holds it: counters, revocations, credentials, metrics, connection counts. */
import type { App, GatewayModel } from '@gatewright/model'
import {
  defineApiSeries,
  defineProcessSeries,
  defineUpstreamSeries,
  type MainReadings,
  METRICS,
  renderMetrics,
  type TargetHealth,
} from '../observe/metrics.ts'
import type { ThreadBirth } from '../threads/messages.ts'
import { createPulse, type PulseDescriptor } from '../threads/pulse.ts'
import {
  createSharedCounters,
  openCounters,
  type SharedCounters,
  SWEEP_INTERVAL_MS,
} from './counters/shared-counters.ts'
import { type CredentialsDescriptor, CredentialsIndex } from './credentials/credentials-index.ts'
import { FedCredentials } from './credentials/fed-credentials.ts'
import type { Pepper } from './credentials/pepper.ts'
import { FileTable, type SharedFiles } from './files/file-table.ts'
import { clearAddresses, createAddressGauge } from './gauges/address-gauge.ts'
import { Columns, type ColumnsDescriptor, type ColumnsKnown, type Series } from './gauges/columns.ts'
import type { MetricFamily } from './gauges/metric-family.ts'
import { type HealthDescriptor, HealthTable, openHealth } from './health/health-table.ts'
import { type PemDescriptor, PemTable } from './pems/pem-table.ts'
import { createSharedReplays } from './replays/shared-replays.ts'
import { createSharedRevocations } from './revocations/shared-revocations.ts'

/** What threads are told anew with each snapshot, because each may need more of it. */
export interface SharedMemory {
  /** What is new to a thread that knows so much. */
  columns(known: ColumnsKnown): ColumnsDescriptor
  readonly health: HealthDescriptor
  readonly pems: PemDescriptor
  readonly files: SharedFiles
}

/** What of a thread's birth is shared memory. */
type SharedBirth = Omit<ThreadBirth, 'certificates' | 'challenges' | 'ticketKey'>

export class SharedState {
  readonly #threads: number
  readonly #columns: Columns
  readonly #counters = createSharedCounters()
  readonly #counting: SharedCounters
  readonly #revocations = createSharedRevocations()
  readonly #replays = createSharedReplays()
  /** Of what the own files say, and of what is published elsewhere. */
  readonly #credentials: CredentialsIndex
  readonly #fedCredentials: CredentialsIndex
  readonly fed: FedCredentials
  readonly #addresses
  readonly #health = new HealthTable()
  readonly #pems = new PemTable()
  /** What policies read. */
  readonly files = new FileTable()
  /** Whom active health asks. */
  #checked: readonly Pick<TargetHealth, 'upstream' | 'target'>[] = []
  readonly #sweeper: NodeJS.Timeout
  readonly pulse: PulseDescriptor

  constructor(threads: number, pepper?: Pepper) {
    this.#threads = threads
    this.#credentials = new CredentialsIndex(pepper)
    this.#fedCredentials = new CredentialsIndex(pepper)
    this.fed = new FedCredentials({ fed: this.#fedCredentials, own: this.#credentials })
    this.pulse = createPulse(threads)
    this.#columns = new Columns({ threads })
    defineProcessSeries(this.#columns)
    this.#counting = openCounters(this.#counters)
    this.#addresses = createAddressGauge(threads)
    this.#sweeper = setInterval(() => this.#counting.sweep(), SWEEP_INTERVAL_MS).unref()
  }

  toBirth(index: number, reusePort: boolean): SharedBirth {
    return {
      index,
      reusePort,
      counters: this.#counters,
      revocations: this.#revocations,
      replays: this.#replays,
      credentials: this.credentials,
      columns: this.#columns.descriptor(),
      addresses: this.#addresses,
      pulse: this.pulse,
    }
  }

  /** Makes room for what this model counts and whom it asks for their health, and answers where threads find it. */
  define(model: GatewayModel, pems: ReadonlyMap<string, string>): SharedMemory {
    this.#columns.beginGeneration()
    this.#health.beginGeneration()
    this.#pems.define(pems)
    for (const api of model.apis) {
      this.#columns.defineFor(api, () => defineApiSeries(this.#columns, { api: api.id }))
    }
    for (const upstream of model.upstreams) {
      const { id, health, targets } = upstream
      this.#columns.defineFor(upstream, () => defineUpstreamSeries(this.#columns, upstream))
      if (health.active !== undefined) for (const { url } of targets) this.#health.define(id, url)
    }
    return this.memory
  }

  /** The model that was defined last runs: what only those before it counted is forgotten. */
  settle(model: GatewayModel): void {
    this.#columns.settleGeneration()
    this.#health.settleGeneration()
    this.#pems.settle()
    this.files.settle()
    this.#checked = model.upstreams.flatMap(({ id, health, targets }) =>
      health.active === undefined ? [] : targets.map(({ url }) => ({ upstream: id, target: url })),
    )
  }

  get memory(): SharedMemory {
    return {
      columns: (known) => this.#columns.descriptor(known),
      health: this.#health.descriptor(),
      pems: this.#pems.descriptor,
      files: this.files.files,
    }
  }

  replaceCredentials(apps: readonly App[]): void {
    this.#credentials.replace(apps)
    this.fed.noteOwn(apps)
  }

  /** By what threads know callers now. */
  get credentials(): CredentialsDescriptor {
    const own = this.#credentials.descriptor()
    return this.fed.isUsed ? { ...own, fed: this.#fedCredentials.descriptor() } : own
  }

  /** After a thread's end: what goes down again is gone with it. */
  clearThread(index: number): void {
    this.#columns.clear(index)
    clearAddresses(this.#addresses, index)
  }

  /** What has begun and not ended, on all threads. */
  countUnderWay(): { readonly requests: number; readonly tunnels: number } {
    const [requests = 0] = this.#columns.sum(METRICS.requestsInFlight)
    const [tunnels = 0] = this.#columns.sum(METRICS.tunnels)
    return { requests, tunnels }
  }

  /** The text that Prometheus reads. */
  renderMetrics(readings: Omit<MainReadings, 'targets' | 'threads' | 'counterOverflow'>): string {
    const findHealth = openHealth(this.#health.descriptor())
    const targets = this.#checked.map((checked) => ({
      ...checked,
      isHealthy: findHealth(checked.upstream, checked.target)?.isOut !== true,
    }))
    return renderMetrics(this.#columns, {
      ...readings,
      targets,
      threads: this.#threads,
      counterOverflow: this.#counting.overflowCount(),
    })
  }

  /** What threads count, of these families. */
  readSeries(families: ReadonlySet<MetricFamily>): Series[] {
    return this.#columns.read(families)
  }

  close(): void {
    clearInterval(this.#sweeper)
  }
}
