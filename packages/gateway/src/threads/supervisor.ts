/**
 * Owns the data threads: starts and restarts them, ships snapshots, drains them. Main runs it and handles no request.
 *
 *   publish ─▶ prepare on every thread ─▶ all could ─▶ commit on every thread
 *                                      └▶ one could not ─▶ abandon: it runs on none
 */
import { randomBytes } from 'node:crypto'
import type { App, EgressRules, GatewayModel, Listener, PolicyUse } from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import type { AcmeOptions } from '../acme/acme-options.ts'
import type { ChallengeSet } from '../acme/challenges/challenge-set.ts'
import type { CertificateStatus } from '../acme/kept-certificate.ts'
import { NO_CHALLENGES } from '../certificates/certificate-feed.ts'
import { type CertificateBatch, CertificateShelf } from '../certificates/certificate-shelf.ts'
import { toOrderedCertificate } from '../certificates/load-certificates.ts'
import { type ExtensionModule, type Snapshot, type SnapshotParts, toSnapshot } from '../snapshot/snapshot.ts'
import type { Pepper } from '../state/credentials/pepper.ts'
import type { SharedFiles } from '../state/files/file-table.ts'
import { type SharedMemory, SharedState } from '../state/shared-state.ts'
import { SharedValueBroker } from '../state/shared-values/shared-value-broker.ts'
import type { PrepareFault } from './messages.ts'
import { PortLocks } from './port-lock.ts'
import { probeListeners, toNewListeners } from './probe-port.ts'
import { PublishedApps } from './published-apps.ts'
import { watchPulse } from './pulse.ts'
import { type CertificateNews, ServiceHandle } from './service-handle.ts'
import { ThreadHandle } from './thread-handle.ts'

export interface SupervisorOptions {
  readonly threads: number
  readonly log: Log
  /** Where certificates that are ordered are kept; undefined: none are. */
  readonly acmeFolder?: string
  /** What the hashes of weak keys are made with; if absent, a secret of this process. */
  readonly pepper?: Pepper
}

/** What travels beside a model. */
export interface Published {
  readonly apps: readonly App[]
  readonly extensions: readonly ExtensionModule[]
  /** Texts of the PEM files that the model refers to, by SHA-256. */
  readonly pems: ReadonlyMap<string, string>
  /** What policies read, by the path that their options name. */
  readonly files: SharedFiles
  /** Those that listeners show, from files. */
  readonly certificates: CertificateBatch
  /** Those that are to be had from CAs. */
  readonly orders: readonly AcmeOptions[]
}

/** A snapshot that cannot run on every thread: what serves goes on serving. */
export class PublishFault extends Error {
  /** The one that could not be made, if that is why. */
  readonly use: PolicyUse | undefined
  /** It fails the same until something is changed. */

  readonly isLasting: boolean

  constructor({ message, use, isLasting = false }: PrepareFault) {
    super(message)
    this.use = use
    this.isLasting = isLasting
  }
}

/** What drains ends as it is: a new listener would have nobody to close it. */
const ENDING: PrepareFault = { message: 'the gateway is ending, and takes over nothing new' }

/** A thread that dies again within so long is restarted with growing delays, up to the longest. */
const CRASH_LOOP_MS = 10_000
const LONGEST_RESTART_DELAY_MS = 10_000

/** A thread may end of something else while it prepares; one that ends again is ended by the snapshot. */
const PREPARE_ATTEMPTS = 2

/** Node's: a name, and two keys of 16 octets each. */
const TICKET_KEY_BYTES = 48
/** Who learns a key reads the connections that were resumed by its tickets, and under TLS 1.2 also those that got them. */
const TICKET_KEY_LIFE_MS = 12 * 3_600_000

/** Closing sockets and writing their records takes a few milliseconds. */
const CUT_OFF_MS = 1_000

export class Supervisor {
  readonly state: SharedState
  readonly certificates = new CertificateShelf()
  /** By whom callers are known. */
  readonly apps = new PublishedApps((apps) => this.state.replaceCredentials(apps))
  /** How it goes with those that are ordered. */
  orders: readonly CertificateStatus[] = []
  #challenges: ChallengeSet = NO_CHALLENGES
  #ticketKey: Uint8Array = randomBytes(TICKET_KEY_BYTES)
  readonly #rotation: NodeJS.Timeout
  readonly #options: SupervisorOptions
  readonly #reusePort: boolean
  readonly #threads: ThreadHandle[] = []
  readonly #service: ServiceHandle
  readonly #locks: PortLocks
  readonly #values = new SharedValueBroker({
    send: (thread, answer) => this.#threads[thread]?.send(answer),
    now: Date.now,
  })
  readonly #restarts: { delayMs: number; atMs: number }[] = []
  #snapshot: Snapshot | undefined
  #parts: SnapshotParts = new Map()
  /** Whom CAs' responders may be. */
  #egress: EgressRules = { deny: [], allow: [] }
  readonly #stopWatching: () => void
  #versions = 0
  #isStopping = false
  #isDraining = false
  #work: Promise<unknown> = Promise.resolve()

  constructor(options: SupervisorOptions) {
    this.#options = options
    // Node has reusePort where the kernel balances connections: Linux, DragonFly BSD, FreeBSD, Solaris, AIX.
    this.#reusePort = process.platform === 'linux' || process.platform === 'freebsd'
    const threads = this.#reusePort ? options.threads : 1
    if (threads < options.threads) {
      options.log.warn('this platform does not share a port between threads: one data thread runs', {
        platform: process.platform,
      })
    }
    this.state = new SharedState(threads, options.pepper)
    this.#service = new ServiceHandle(options.log, { onNews: (news) => this.#onNews(news) })
    this.#locks = new PortLocks(options.log)
    for (let index = 0; index < threads; index++) this.#threads.push(this.#startThread(index))
    this.#rotation = setInterval(() => this.#rotateTicketKey(), TICKET_KEY_LIFE_MS).unref()
    this.#stopWatching = watchPulse(this.state.pulse, (thread) => this.#onSilent(thread))
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot
  }

  /** Version and hash that each thread serves. */
  get threads(): readonly { readonly index: number; readonly version: number; readonly hash: string }[] {
    return this.#threads.map(({ index, version, hash }) => ({ index, version, hash }))
  }

  /** How busy each thread has been. */
  get loops(): readonly ThreadHandle['loop'][] {
    return this.#threads.map(({ loop }) => loop)
  }

  get isReady(): boolean {
    const current = this.#snapshot
    // While a thread is started again, or takes over a new snapshot, the others answer.
    return !this.#isDraining && current !== undefined && this.#threads.some(({ version }) => version > 0)
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Serves this model on every thread, or on none; on none once it drains. @throws PublishFault */
  publish(model: GatewayModel, given: Published): Promise<Snapshot> {
    const published = this.#work.then(() => this.#publish(model, given))
    this.#work = published.catch(() => {})
    return published
  }

  /** What stands in `state.fed` is another now. Resolves when every thread that lives answers by it. */
  async acquaint(): Promise<void> {
    const { credentials } = this.state
    await Promise.all(this.#threads.map((thread) => thread.acquaint(credentials)))
  }

  /** What policies read, with what stands in it by now: no snapshot changes, and no request waits. */
  replaceFiles(files: SharedFiles): void {
    if (this.state.files.replace(files)) this.#sendFiles()
  }

  /** Every thread opens the access log anew: it was renamed. */
  reopenLog(): void {
    for (const thread of this.#threads) thread.send({ kind: 'reopen-log' })
  }

  /** Answers close their connections from here on; new ones are still accepted. */
  drain(): void {
    this.#isDraining = true
    for (const thread of this.#threads) thread.send({ kind: 'drain' })
  }

  /** Accepts nothing more; resolves when every connection ended, or the deadline did it. */
  async stop(deadlineMs: number): Promise<'clean' | 'deadline'> {
    this.#stopWatching()
    clearInterval(this.#rotation)
    this.#isStopping = true
    this.#isDraining = true
    for (const thread of this.#threads) thread.send({ kind: 'close' })
    const { promise: late, resolve } = Promise.withResolvers<'deadline'>()
    const timer = setTimeout(() => resolve('deadline'), deadlineMs)
    const clean = Promise.all(this.#threads.map(({ closed }) => closed)).then(() => 'clean' as const)
    const ended = await Promise.race([clean, late])
    clearTimeout(timer)
    if (ended === 'deadline') await this.#cutOff()
    await Promise.all([this.#service.stop(), ...this.#threads.map((thread) => thread.terminate())])
    return ended
  }

  /** What is still open ends, and its records are written, unless a thread hangs. */
  async #cutOff(): Promise<void> {
    const serving = this.#threads.filter(({ version }) => version > 0)
    for (const thread of serving) thread.send({ kind: 'cut-off' })
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, CUT_OFF_MS)
    await Promise.race([Promise.all(serving.map(({ closed }) => closed)), late])
    clearTimeout(timer)
  }

  async #publish(model: GatewayModel, published: Published): Promise<Snapshot> {
    if (this.#isDraining) throw new PublishFault(ENDING)
    const { apps, extensions, pems, files, certificates, orders } = published
    const { snapshot, parts } = toSnapshot(model, { version: this.#versions + 1, extensions })
    if (this.#snapshot?.hash === snapshot.hash) {
      // The same, of what was read last: of thousands of APIs, none is to be held twice.
      this.#parts = parts
      this.apps.replace(apps)
      void this.acquaint()
      this.#replaceCertificates(model, certificates)
      this.#order(orders, model.egress)
      this.replaceFiles(files)
      return this.#snapshot
    }
    this.#versions++
    this.state.files.define(files)
    const added = toNewListeners(snapshot.frame.listeners, this.#snapshot?.frame.listeners ?? [])
    await this.#bindAlone(added, () => this.#prepare(snapshot, parts, this.state.define(model, pems)))
    if (this.#isDraining) {
      await this.#abandon(snapshot, this.#threads)
      throw new PublishFault(ENDING)
    }
    // Every thread can run it. Its keys come with it: no route answers before they are known, and nobody has a plan that is not.
    try {
      this.apps.replace(apps)
    } catch (fault) {
      await this.#abandon(snapshot, this.#threads)
      throw fault
    }
    const { credentials } = this.state
    this.#replaceCertificates(model, certificates)
    this.#snapshot = snapshot
    this.#parts = parts
    await Promise.all(this.#threads.map((thread) => thread.commit(snapshot.version, credentials)))
    this.state.settle(model)
    this.#sendFiles()
    this.#service.watch(model, this.state.memory)
    this.#order(orders, model.egress)
    return snapshot
  }

  /** Threads bind in `act` what nobody else has. @throws the system's error where somebody has it */
  #bindAlone<Result>(listeners: readonly Listener[], act: () => Promise<Result>): Promise<Result> {
    const look = async (): Promise<Result> => {
      await probeListeners(listeners)
      return act()
    }
    // Without reusePort the second to bind fails by itself.
    return this.#reusePort
      ? this.#locks.while(
          listeners.map(({ port }) => port),
          look,
        )
      : look()
  }

  /** Every thread that lives holds it afterwards, beside what it serves. @throws PublishFault when none does */
  async #prepare(snapshot: Snapshot, parts: SnapshotParts, memory: SharedMemory): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await Promise.all(this.#threads.map(({ ready }) => ready))
      const outcomes = await Promise.all(this.#threads.map((thread) => thread.prepare(snapshot, parts, memory)))
      const living = this.#threads.filter(({ isGone }) => !isGone)
      const fault = outcomes.find((found) => found !== undefined)
      // A thread that had ended before is started again with what serves by then.
      if (fault === undefined && living.length > 0) return
      await this.#abandon(snapshot, living)
      const couldAllThatLive = this.#threads.every(({ isGone }, index) => isGone || outcomes[index] === undefined)
      // If all of several ended, it was the snapshot, and trying again would end them again.
      const isWorthAnother = couldAllThatLive && (living.length > 0 || this.#threads.length === 1)
      if (this.#isStopping || !isWorthAnother || attempt === PREPARE_ATTEMPTS) {
        throw new PublishFault(fault ?? { message: 'no data thread runs: the log says what they died of' })
      }
      // Not after its delay: what is published may be what mends it.
      await Promise.all(this.#threads.map(({ index }) => this.#restart(index)))
    }
  }

  /** The next snapshot may have the same listeners: main looks whether their ports are free. */
  async #abandon({ version }: Snapshot, threads: readonly ThreadHandle[]): Promise<void> {
    await Promise.all(threads.map((thread) => thread.abandon(version, this.#snapshot)))
  }

  #replaceCertificates(model: GatewayModel, batch: CertificateBatch): void {
    this.#egress = model.egress
    const sources = model.certificates.filter(({ enabled }) => enabled !== false)
    if (this.certificates.setFiles(batch, sources)) this.#sendCertificates()
    this.#askForStaples()
  }

  /** What is on the shelf has changed. */
  #sendCertificates(): void {
    for (const thread of this.#threads) thread.send({ kind: 'certificates', feed: this.certificates.feed })
  }

  #sendFiles(): void {
    const { files } = this.state.files
    for (const thread of this.#threads) thread.send({ kind: 'files', files })
  }

  /** Resolves when every thread that lives answers CAs with these, and with no others. */
  async #challenge(feed: ChallengeSet): Promise<void> {
    this.#challenges = feed
    await Promise.all(this.#threads.map((thread) => thread.challenge(feed)))
  }

  #order(orders: readonly AcmeOptions[], egress: EgressRules): void {
    const { acmeFolder } = this.#options
    if (acmeFolder !== undefined) this.#service.keep(orders, acmeFolder, egress)
  }

  #askForStaples(): void {
    const { stapleOrders, feed } = this.certificates
    this.#service.staple(stapleOrders, feed.pems, this.#egress)
  }

  /** Of a CA. */
  #onNews(news: CertificateNews): void {
    switch (news.kind) {
      case 'challenges':
        void this.#challenge(news.set).then(() => this.#service.challenged(news.number))
        break
      case 'certificate':
        if (this.certificates.setOrdered(news.id, toOrderedCertificate(news.id, news.served))) this.#sendCertificates()
        this.#askForStaples()
        break
      case 'staples':
        if (this.certificates.setStaples(news.news)) this.#sendCertificates()
        break
      case 'orders':
        this.orders = news.status
        break
    }
  }

  #rotateTicketKey(): void {
    this.#ticketKey = randomBytes(TICKET_KEY_BYTES)
    for (const thread of this.#threads) thread.send({ kind: 'ticket-key', key: this.#ticketKey })
  }

  #startThread(index: number): ThreadHandle {
    const birth = {
      ...this.state.toBirth(index, this.#reusePort),
      certificates: this.certificates.feed,
      challenges: this.#challenges,
      ticketKey: this.#ticketKey,
    }
    return new ThreadHandle(birth, {
      onLog: ({ level, message, facts }) => this.#options.log[level](message, { thread: index, ...facts }),
      onValueRequest: (request) => this.#values.onRequest(index, request),
      onExit: (_, error) => this.#onExit(index, error),
    })
  }

  /** A policy that never returns holds its thread for ever, and every connection on it. */
  #onSilent(index: number): void {
    this.#options.log.error('a data thread does not answer and is ended', { thread: index })
    void this.#threads[index]?.terminate()
  }

  /** Only main's death ends the process: a thread that dies leaves its connections, and another takes its place. */
  #onExit(index: number, error: Error | undefined): void {
    this.state.clearThread(index)
    this.#values.onThreadGone(index)
    if (this.#isStopping) return
    const last = this.#restarts[index]
    const nowMs = performance.now()
    const isLoop = last !== undefined && nowMs - last.atMs < CRASH_LOOP_MS
    const delayMs = isLoop ? Math.min(LONGEST_RESTART_DELAY_MS, Math.max(100, last.delayMs * 2)) : 0
    this.#restarts[index] = { delayMs, atMs: nowMs }
    this.#options.log.error('a data thread ended and is started again', {
      thread: index,
      error: error?.message,
      delayMs,
    })
    setTimeout(() => {
      const restarted = this.#work.then(() => this.#restart(index))
      this.#work = restarted.catch(() => {})
    }, delayMs)
  }

  /** Unless it runs already. */
  async #restart(index: number): Promise<void> {
    if (this.#isStopping || this.#threads[index]?.isGone !== true) return
    const thread = this.#startThread(index)
    this.#threads[index] = thread
    await thread.ready
    const snapshot = this.#snapshot
    if (snapshot === undefined || thread.isGone || this.#isStopping) return
    // Where no other thread serves, the ports were free for a moment.
    const isAlone = !this.#threads.some(({ version }) => version > 0)
    const free = isAlone ? toNewListeners(snapshot.frame.listeners, []) : []
    const fault = await this.#bindAlone(free, () => thread.prepare(snapshot, this.#parts, this.state.memory)).catch(
      (error): PrepareFault => ({ message: String(error) }),
    )
    // It was told to close, and `stop` ends it.
    if (this.#isStopping) return
    if (fault !== undefined) {
      this.#options.log.error('a restarted thread cannot run the snapshot', { thread: index, fault: fault.message })
      // It ends, and its end is what starts it again, later each time.
      await thread.terminate()
      return
    }
    await thread.commit(snapshot.version)
    if (this.#isDraining) thread.send({ kind: 'drain' })
  }
}
