/** Owns main's end of the service thread: there is none until something is to be watched or kept, and another takes the place of one that ended. */
import { isDeepStrictEqual } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { EgressRules, GatewayModel } from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import type { AcmeOptions } from '../acme/acme-options.ts'
import type { StapleOrder } from '../ocsp/staple-order.ts'
import type { PemDescriptor } from '../state/pems/pem-table.ts'
import type { SharedMemory } from '../state/shared-state.ts'
import type { FromService, ToService } from './messages.ts'

/** Beside this file, in source and in built packages alike. */
const ENTRY = new URL(`./service-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

/** Verdicts outlive the thread, in shared memory; probes may rest for a moment. */
const RESTART_DELAY_MS = 1000
/** Calling off an order and taking its records out of the DNS takes a few round trips. */
const STOP_MS = 5000

/** Told what is found out about certificates. */
export type CertificateNews = Exclude<FromService, { kind: 'log' | 'stopped' }>

interface ServiceEvents {
  onNews(news: CertificateNews): void
}

export class ServiceHandle {
  readonly #log: Log
  readonly #events: ServiceEvents
  #worker: Worker | undefined
  #watched: ToService | undefined
  #kept: ToService | undefined
  #stapled: Extract<ToService, { kind: 'staple' }> | undefined
  #restart: NodeJS.Timeout | undefined
  #isStopped = false
  #onStopped: () => void = () => {}

  constructor(log: Log, events: ServiceEvents = { onNews() {} }) {
    this.#log = log
    this.#events = events
  }

  /** Asks the targets of these upstreams from here on, as far as they want it, and no others; nobody once it is stopped. */
  watch(
    { upstreams, egress }: Pick<GatewayModel, 'upstreams' | 'egress'>,
    { health, pems }: Pick<SharedMemory, 'health' | 'pems'>,
  ): void {
    if (this.#isStopped) return
    const wanted = upstreams.filter((upstream) => upstream.enabled !== false && upstream.health.active !== undefined)
    if (wanted.length === 0 && this.#watched === undefined) return
    this.#watched = { kind: 'watch', upstreams: wanted, egress, health, pems }
    this.#tell(this.#watched)
  }

  /** Orders these certificates, and no others, and keeps them in the folder. */
  keep(orders: readonly AcmeOptions[], folder: string, egress: EgressRules): void {
    if (this.#isStopped || (orders.length === 0 && this.#kept === undefined)) return
    this.#kept = { kind: 'keep', orders, folder, egress }
    this.#tell(this.#kept)
  }

  /** Asks CAs whether these certificates are revoked, and about no others; `pems` holds their chains. */
  staple(orders: readonly StapleOrder[], pems: PemDescriptor, egress: EgressRules): void {
    if (this.#isStopped || (orders.length === 0 && this.#stapled === undefined)) return
    if (isDeepStrictEqual([orders, egress], [this.#stapled?.orders, this.#stapled?.egress])) return
    this.#stapled = { kind: 'staple', orders, pems, egress }
    this.#tell(this.#stapled)
  }

  /** Every data thread answers with the challenges of this number. */
  challenged(number: number): void {
    this.#worker?.postMessage({ kind: 'challenged', number } satisfies ToService)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#restart)
    if (this.#worker !== undefined && this.#kept !== undefined) await this.#stopOrders(this.#worker)
    await this.#worker?.terminate()
  }

  #stopOrders(worker: Worker): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, STOP_MS)
    this.#onStopped = () => {
      clearTimeout(timer)
      resolve()
    }
    worker.postMessage({ kind: 'stop' } satisfies ToService)
    return promise
  }

  #tell(message: ToService): void {
    if (this.#worker === undefined && this.#restart === undefined) this.#start()
    else this.#worker?.postMessage(message)
  }

  #start(): void {
    this.#restart = undefined
    const worker = new Worker(ENTRY, { name: 'service' })
    this.#worker = worker
    let failure: Error | undefined
    worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error))
    })
    worker.on('message', (message: FromService) => this.#onMessage(message))
    worker.on('exit', () => {
      this.#worker = undefined
      this.#onStopped()
      if (this.#isStopped) return
      this.#log.error('the service thread ended and is started again', { error: failure?.message })
      this.#restart = setTimeout(() => this.#start(), RESTART_DELAY_MS)
    })
    for (const message of [this.#watched, this.#kept, this.#stapled])
      if (message !== undefined) worker.postMessage(message)
  }

  #onMessage(message: FromService): void {
    if (message.kind === 'log') this.#log[message.level](message.message, { thread: 'service', ...message.facts })
    else if (message.kind === 'stopped') this.#onStopped()
    else if (!this.#isStopped) this.#events.onNews(message)
  }
}
