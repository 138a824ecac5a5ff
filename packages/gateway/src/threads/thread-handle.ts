/** Owns main's end of one data thread: what it has, what it answered, and its life. */
import { Worker } from 'node:worker_threads'
import type { Api } from '@gatewright/model'
import type { ChallengeSet } from '../acme/challenges/challenge-set.ts'
import { type ShippedPart, toApiPatch } from '../snapshot/api-patch.ts'
import { listPartsWithout, type Snapshot, type SnapshotPart, type SnapshotParts } from '../snapshot/snapshot.ts'
import { toSnapshotPatch } from '../snapshot/snapshot-patch.ts'
import type { CredentialsDescriptor } from '../state/credentials/credentials-index.ts'
import type { ColumnsKnown } from '../state/gauges/columns.ts'
import type { SharedMemory } from '../state/shared-state.ts'
import type { SharedValueRequest } from '../state/shared-values/shared-value-messages.ts'
import type { FromThread, PrepareFault, ThreadBirth, ToThread } from './messages.ts'

export interface ThreadEvents {
  onLog(message: Extract<FromThread, { kind: 'log' }>): void
  /** Main answers by `send`. */
  onValueRequest(request: SharedValueRequest): void
  onExit(thread: ThreadHandle, error: Error | undefined): void
}

/** Where a data thread begins; beside this file, in source and in built packages alike. */
const ENTRY = new URL(`./data-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

export class ThreadHandle {
  readonly index: number
  version = 0
  hash = ''
  readonly ready: Promise<void>
  readonly closed: Promise<void>
  readonly #worker: Worker
  readonly #events: ThreadEvents
  #columns: ColumnsKnown
  #sentParts: SnapshotParts = new Map()
  /** What it has beside, in case the last snapshot is abandoned. */
  #sentBefore: SnapshotParts = new Map()
  /** What it was sent last, and what it serves: what follows is told as a change of that. */
  #prepared: Snapshot | undefined
  #serving: Snapshot | undefined
  #awaited: { readonly version: number; resolve(fault: PrepareFault | undefined): void } | undefined
  #awaitedCommit: { readonly version: number; resolve(): void } | undefined
  readonly #awaitedAnswers = new Map<number, () => void>()
  #questions = 0
  #isGone = false

  constructor(birth: ThreadBirth, events: ThreadEvents) {
    this.index = birth.index
    this.#columns = birth.columns.upTo
    this.#events = events
    this.#worker = new Worker(ENTRY, {
      workerData: birth,
      name: `data-${birth.index}`,
      // The young generation decides how often a busy thread collects. Measured per request: 4 MB 27 µs, 16 MB 23 µs, 48 MB 23 µs.
      // A policy that fills the heap ends its thread, and not the machine.
      resourceLimits: { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 1024 },
    })
    const { promise: ready, resolve: setReady } = Promise.withResolvers<void>()
    const { promise: closed, resolve: setClosed } = Promise.withResolvers<void>()
    this.ready = ready
    this.closed = closed
    let failure: Error | undefined
    this.#worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error))
    })
    this.#worker.on('exit', () => {
      this.#isGone = true
      this.version = 0
      this.hash = ''
      setReady()
      setClosed()
      const message = `thread ${this.index} ended${failure === undefined ? '' : `: ${failure.message}`}`
      this.#awaited?.resolve({ message })
      this.#awaitedCommit?.resolve()
      for (const resolve of this.#awaitedAnswers.values()) resolve()
      events.onExit(this, failure)
    })
    this.#worker.on('message', (message: FromThread) => this.#onMessage(message, { setReady, setClosed }))
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Answers why it cannot run the snapshot, or undefined. */
  prepare(snapshot: Snapshot, parts: SnapshotParts, memory: SharedMemory): Promise<PrepareFault | undefined> {
    if (this.#isGone) return Promise.resolve(undefined)
    const missing = this.#toMissing(parts)
    // The thread keeps what the serving snapshot and the prepared one refer to; anything else is sent again when it comes back.
    this.#sentBefore = this.#sentParts
    this.#sentParts = parts
    const { promise, resolve } = Promise.withResolvers<PrepareFault | undefined>()
    this.#awaited = { version: snapshot.version, resolve }
    this.#prepared = snapshot
    const { health, pems, files } = memory
    const columns = memory.columns(this.#columns)
    this.#columns = columns.upTo
    const patch = toSnapshotPatch(snapshot, this.#serving)
    this.send({ kind: 'prepare', snapshot: patch, parts: missing, columns, health, pems, files })
    return promise
  }

  /** `credentials`: what it knows callers by from the same moment on; as before if absent. */
  commit(version: number, credentials?: CredentialsDescriptor): Promise<void> {
    if (this.#isGone) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#awaitedCommit = { version, resolve }
    this.send({ kind: 'commit', version, credentials })
    return promise
  }

  /** The thread serves on with what it had; what it was sent for this version may be gone there. Resolves when it holds none of its ports. */
  abandon(version: number, serving: Snapshot | undefined): Promise<void> {
    const kept = new Set(serving === undefined ? [] : listPartsWithout(serving, undefined))
    this.#sentParts = new Map([...this.#sentBefore].filter(([hash]) => kept.has(hash)))
    return this.#ask((number) => ({ kind: 'abandon', number, version }))
  }

  /** Resolves when the thread answers with these, or has ended. */
  challenge(feed: ChallengeSet): Promise<void> {
    return this.#ask((number) => ({ kind: 'challenges', number, feed }))
  }

  /** Resolves when the thread knows callers by these, or has ended. */
  acquaint(descriptor: CredentialsDescriptor): Promise<void> {
    return this.#ask((number) => ({ kind: 'credentials', number, descriptor }))
  }

  #ask(toMessage: (number: number) => ToThread): Promise<void> {
    if (this.#isGone) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#questions++
    this.#awaitedAnswers.set(this.#questions, resolve)
    this.send(toMessage(this.#questions))
    return promise
  }

  /** Of its event loop, since it began. */
  get loop(): { readonly activeMs: number; readonly idleMs: number } {
    const { active, idle } = this.#worker.performance.eventLoopUtilization()
    return { activeMs: Math.round(active), idleMs: Math.round(idle) }
  }

  send(message: ToThread): void {
    if (!this.#isGone) this.#worker.postMessage(message)
  }

  /** Ends it at once. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  /** Of an API whose earlier form is there, what is new. */
  #toMissing(wanted: SnapshotParts): Map<string, ShippedPart> {
    const added: [string, SnapshotPart][] = []
    for (const part of wanted) if (!this.#sentParts.has(part[0])) added.push(part)
    const ids = new Set(added.map(([, { id }]) => id))
    const formerApis = new Map<string, Api>()
    for (const part of this.#sentParts.values()) {
      if ('releases' in part && ids.has(part.id)) formerApis.set(part.id, part)
    }
    const missing = new Map<string, ShippedPart>()
    for (const [hash, part] of added) {
      const former = formerApis.get(part.id)
      missing.set(hash, former !== undefined && 'releases' in part ? toApiPatch(part, former) : part)
    }
    return missing
  }

  #onMessage(message: FromThread, { setReady, setClosed }: { setReady: () => void; setClosed: () => void }): void {
    switch (message.kind) {
      case 'ready':
        setReady()
        break
      case 'prepared':
        if (this.#awaited?.version === message.version) this.#awaited.resolve(message.fault)
        break
      case 'committed':
        this.version = message.version
        this.hash = message.hash
        if (this.#prepared?.version === message.version) this.#serving = this.#prepared
        if (this.#awaitedCommit?.version === message.version) this.#awaitedCommit.resolve()
        break
      case 'abandoned':
      case 'challenged':
      case 'acquainted':
        this.#awaitedAnswers.get(message.number)?.()
        this.#awaitedAnswers.delete(message.number)
        break
      case 'closed':
        setClosed()
        break
      case 'log':
        this.#events.onLog(message)
        break
      case 'value-wanted':
      case 'value-loaded':
      case 'value-failed':
        this.#events.onValueRequest(message)
        break
    }
  }
}
