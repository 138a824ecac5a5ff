/** Owns the thread of a control plane, from outside: it is started again when it ends, and what it published last stays live meanwhile. */
import { Worker } from 'node:worker_threads'
import type { CredentialsLine } from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import type { ControlPlaneSettings } from '../control-plane.ts'
import type { Taken } from '../publish/rollout.ts'
import type { FromControl, PublishedChange, ToControl } from './control-messages.ts'

/** Beside this file, in source and in built packages alike. */
const ENTRY = new URL(`./control-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

/** Of what cannot be reached it is asked ever less often. */
const AGAIN_MS = 1_000
const LONGEST_AGAIN_MS = 30_000

export interface ControlPlaneThreadOptions {
  readonly settings: ControlPlaneSettings
  readonly log: Log
  /** The gateway: resolves when all of its threads run what is published, or it does not. */
  take(publication: PublishedChange): Promise<Taken>
  /** The same of apps and keys. @rejects where it makes no sense there */
  takeCredentials(line: CredentialsLine): Promise<void>
}

export type Opened = Extract<FromControl, { kind: 'opened' }>

/** Its port cannot be had, or its store cannot be opened; it is tried again. */
export interface Refused {
  readonly refused: string
  readonly reason: 'port' | 'store'
}

export class ControlPlaneThread {
  readonly #options: ControlPlaneThreadOptions
  #worker: Worker | undefined
  #isClosed = false
  /** Whoever started it has been told that it does not run. */
  #hasRefused = false
  #hasOpened = false
  #againMs = AGAIN_MS
  #again: NodeJS.Timeout | undefined
  #first = Promise.withResolvers<PublishedChange | Refused>()
  #opened = Promise.withResolvers<Opened | Refused>()

  constructor(options: ControlPlaneThreadOptions) {
    this.#options = options
    this.#start()
  }

  /** What is published when it begins, or why that is not known. Its taking is waited for before the port answers. */
  get first(): Promise<PublishedChange | Refused> {
    return this.#first.promise
  }

  /** Resolves when its port answers, or the first attempt has failed. */
  get opened(): Promise<Opened | Refused> {
    return this.#opened.promise
  }

  /** What is under way is answered first. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#again)
    const worker = this.#worker
    if (worker === undefined) return
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage({ kind: 'close' } satisfies ToControl)
    await ended
  }

  #start(): void {
    const { settings } = this.#options
    const worker = new Worker(ENTRY, {
      name: 'control-plane',
      workerData: settings,
      // As of a data thread: more would only let garbage of twenty publishes a second lie for longer.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    })
    this.#worker = worker
    let ended: Refused = { refused: 'its thread has ended', reason: 'store' }
    worker.on('error', (error) => {
      ended = { refused: error instanceof Error ? error.message : String(error), reason: 'store' }
    })
    worker.on('message', (message: FromControl) => {
      if (message.kind === 'refused') ended = { refused: message.why, reason: message.reason }
      this.#hear(worker, message)
    })
    worker.on('exit', () => this.#startAgain(ended))
  }

  #startAgain(ended: Refused): void {
    this.#worker = undefined
    this.#refuse(ended)
    // Who starts with a port that is taken is told, and ends.
    if (this.#isClosed || (ended.reason === 'port' && !this.#hasOpened)) return
    this.#options.log.error('the control plane does not run, and is started again: what it published stays live', {
      error: ended.refused,
      inMs: this.#againMs,
    })
    this.#again = setTimeout(() => this.#start(), this.#againMs)
    this.#againMs = Math.min(LONGEST_AGAIN_MS, this.#againMs * 2)
  }

  #hear(worker: Worker, message: FromControl): void {
    switch (message.kind) {
      case 'log':
        return this.#options.log[message.level](message.message, message.facts)
      case 'refused':
        return this.#refuse({ refused: message.why, reason: message.reason })
      case 'opened':
        this.#againMs = AGAIN_MS
        this.#hasOpened = true
        if (this.#hasRefused) this.#options.log.info('the control plane runs', { ...message, kind: undefined })
        return this.#opened.resolve(message)
      case 'publication':
        void this.#take(worker, message.publication)
        return
      case 'credentials':
        void this.#takeCredentials(worker, message.line)
    }
  }

  #refuse(refused: Refused): void {
    this.#hasRefused = true
    this.#first.resolve(refused)
    this.#opened.resolve(refused)
  }

  async #takeCredentials(worker: Worker, line: CredentialsLine): Promise<void> {
    const fault = await this.#options.takeCredentials(line).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    worker.postMessage({ kind: 'acquainted', fault } satisfies ToControl)
  }

  async #take(worker: Worker, publication: PublishedChange): Promise<void> {
    this.#first.resolve(publication)
    const taken = await this.#options.take(publication)
    worker.postMessage({ kind: 'taken', sequence: publication.sequence, taken } satisfies ToControl)
  }
}
