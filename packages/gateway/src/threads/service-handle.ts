/** Owns main's end of the service thread: there is none until something is to be watched, and another takes the place of one that ended. */
import { Worker } from 'node:worker_threads'
import type { Upstream } from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import type { SharedMemory } from '../state/shared-state.ts'
import type { FromService, ToService } from './messages.ts'

/** Beside this file, in source and in built packages alike. */
const ENTRY = new URL(`./service-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

/** Verdicts outlive the thread, in shared memory; probes may rest for a moment. */
const RESTART_DELAY_MS = 1000

export class ServiceHandle {
  readonly #log: Log
  #worker: Worker | undefined
  #watched: ToService | undefined
  #restart: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(log: Log) {
    this.#log = log
  }

  /** Asks the targets of these upstreams from here on, as far as they want it, and no others; nobody once it is stopped. */
  watch(upstreams: readonly Upstream[], { health, pems }: Pick<SharedMemory, 'health' | 'pems'>): void {
    if (this.#isStopped) return
    const wanted = upstreams.filter((upstream) => upstream.enabled !== false && upstream.health.active !== undefined)
    if (wanted.length === 0 && this.#watched === undefined) return
    this.#watched = { kind: 'watch', upstreams: wanted, health, pems }
    if (this.#worker === undefined && this.#restart === undefined) this.#start()
    else this.#worker?.postMessage(this.#watched)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#restart)
    await this.#worker?.terminate()
  }

  #start(): void {
    this.#restart = undefined
    const worker = new Worker(ENTRY, { name: 'service' })
    this.#worker = worker
    let failure: Error | undefined
    worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error))
    })
    worker.on('message', ({ level, message, facts }: FromService) => {
      this.#log[level](message, { thread: 'service', ...facts })
    })
    worker.on('exit', () => {
      this.#worker = undefined
      if (this.#isStopped) return
      this.#log.error('the service thread ended and is started again', { error: failure?.message })
      this.#restart = setTimeout(() => this.#start(), RESTART_DELAY_MS)
    })
    if (this.#watched !== undefined) worker.postMessage(this.#watched)
  }
}
