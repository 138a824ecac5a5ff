/** Owns what runs on a data thread: prepare a snapshot while the old one serves, swap, drain, close. */

import { compilePattern } from '@gatewright/expressions'
import type { Log } from '@gatewright/policies'
import { NodeHttpCalls } from '../calls/http-calls.ts'
import { LdapDirectories } from '../calls/ldap-directories.ts'
import { EgressGuards } from '../egress/egress-guard.ts'
import { Gateway } from '../gateway.ts'
import { type BoundListeners, ListenerSet } from '../listen/listener-set.ts'
import { TunnelKeeper } from '../listen/tunnels.ts'
import { AccessLog } from '../observe/access-log.ts'
import { FaultLog } from '../observe/fault-log.ts'
import { HandshakeLog } from '../observe/handshake-log.ts'
import { LineSink } from '../observe/line-sink.ts'
import { Recorder } from '../observe/recorder.ts'
import { ThreadMeter } from '../observe/thread-meter.ts'
import { PolicyFault } from '../pipeline/policy-fault.ts'
import { applyApiPatch } from '../snapshot/api-patch.ts'
import { type CompiledSnapshot, compileSnapshot, runInSlices } from '../snapshot/compile-snapshot.ts'
import { ExtensionFault, ExtensionLoader } from '../snapshot/extension-loader.ts'
import { listPartsWithout, type Snapshot, type SnapshotPart } from '../snapshot/snapshot.ts'
import { applySnapshotPatch } from '../snapshot/snapshot-patch.ts'
import { openCounters } from '../state/counters/shared-counters.ts'
import { type CredentialsDescriptor, openCredentials } from '../state/credentials/credentials-index.ts'
import { ThreadFiles } from '../state/files/thread-files.ts'
import { openHealth } from '../state/health/health-table.ts'
import { openPems } from '../state/pems/pem-table.ts'
import { openReplays } from '../state/replays/shared-replays.ts'
import { openRevocations } from '../state/revocations/shared-revocations.ts'
import { ThreadSharedValues } from '../state/shared-values/thread-shared-values.ts'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { createSystemClock } from '../timers/system-clock.ts'
import { CertificateStore } from '../tls/certificate-store.ts'
import { UpstreamRuntime } from '../upstream/upstream-runtime.ts'
import { giveBackMemory } from './give-back-memory.ts'
import type { FromThread, PrepareFault, ThreadBirth, ToThread } from './messages.ts'

type Prepare = Extract<ToThread, { kind: 'prepare' }>
type Commit = Extract<ToThread, { kind: 'commit' }>

interface Prepared {
  readonly snapshot: Snapshot
  readonly compiled: CompiledSnapshot
  readonly newListeners: BoundListeners
  /** The one that is open already, unless the snapshot names another. */
  readonly accessLog: OpenAccessLog
}

interface OpenAccessLog {
  /** What the configuration calls it. */
  readonly target: string
  readonly sink?: LineSink
  readonly log?: AccessLog
}

/** With 10 000 routes there are less; with 50 000 it would be half of the time until the first request, for a tenth of the heap. */
const QUICKLY_COLLECTED_BYTES = 80 * 1024 * 1024

export class ThreadRuntime {
  readonly #say: (message: FromThread) => void
  readonly #wheel = new DeadlineWheel()
  readonly #clock = createSystemClock()
  readonly #log: Log
  readonly #meter: ThreadMeter
  readonly #counters
  readonly #revocations
  readonly #replays
  readonly #credentials
  readonly #tunnels: TunnelKeeper
  readonly #certificates: CertificateStore
  readonly #extensions = new ExtensionLoader()
  readonly #guards = new EgressGuards()
  readonly #calls = new NodeHttpCalls()
  readonly #directories = new LdapDirectories()
  readonly #values: ThreadSharedValues
  readonly #files = new ThreadFiles()
  readonly #listeners: ListenerSet
  readonly #parts = new Map<string, SnapshotPart>()
  #current: CompiledSnapshot | undefined
  #snapshot: Snapshot | undefined
  #prepared: Prepared | undefined
  #accessLog: OpenAccessLog = { target: 'off' }
  #isClosing = false
  #work: Promise<void> = Promise.resolve()

  constructor(birth: ThreadBirth, say: (message: FromThread) => void) {
    this.#say = say
    const log = (level: 'info' | 'warn' | 'error') => (message: string, facts?: Readonly<Record<string, unknown>>) =>
      say({ kind: 'log', level, message, ...(facts && { facts }) })
    this.#log = { info: log('info'), warn: log('warn'), error: log('error') }
    this.#meter = new ThreadMeter(birth)
    this.#counters = openCounters(birth.counters)
    this.#revocations = openRevocations(birth.revocations)
    this.#replays = openReplays(birth.replays)
    this.#credentials = openCredentials(birth.credentials)
    this.#values = new ThreadSharedValues({ say, now: Date.now })
    this.#certificates = new CertificateStore(birth.ticketKey)
    this.#certificates.replace(birth.certificates)
    this.#certificates.challenges = birth.challenges
    const handshakeLog = new HandshakeLog(this.#log, () => performance.now())
    const recorder = new Recorder({
      meter: this.#meter,
      accessLog: () => this.#accessLog.log,
      onListenerError: (error) => this.#log.error('a finish listener failed', { error: String(error) }),
    })
    this.#tunnels = new TunnelKeeper({
      wheel: this.#wheel,
      rightEndsAtMs: ({ caller }) => this.#credentials.getRightEnd(caller),
      onEnded: (exchange, ended) => recorder.record(exchange, ended),
      onChanged: (amount) => this.#meter.tunnelsChanged(amount),
    })
    const gateway = new Gateway({
      current: () => this.#getCurrent().runtime,
      recorder,
      faults: new FaultLog(this.#log),
      tunnels: this.#tunnels,
    })
    this.#listeners = new ListenerSet({
      receiver: gateway,
      wheel: this.#wheel,
      gauge: this.#meter,
      reusePort: birth.reusePort,
      certificates: this.#certificates,
      handshakes: {
        onSecure: () => this.#meter.onSecure(),
        onFailed: (why, listener) => {
          this.#meter.onFailed()
          handshakeLog.onFailed(why, listener)
        },
      },
    })
  }

  onMessage(message: ToThread): void {
    switch (message.kind) {
      case 'prepare':
        // One after the other: two compilations at once would both start from the same previous snapshot.
        this.#work = this.#work.then(() => this.#prepare(message))
        break
      case 'commit':
        this.#work = this.#work.then(() => this.#commit(message))
        break
      case 'abandon':
        this.#work = this.#work.then(() => {
          this.#abandon(message.version)
          this.#say({ kind: 'abandoned', number: message.number })
        })
        break
      case 'credentials':
        this.#reopenCredentials(message.descriptor)
        this.#say({ kind: 'acquainted', number: message.number })
        break
      case 'certificates':
        this.#certificates.replace(message.feed)
        break
      case 'files':
        this.#files.replace(message.files)
        break
      case 'challenges':
        this.#certificates.challenges = message.feed
        this.#say({ kind: 'challenged', number: message.number })
        break
      case 'ticket-key':
        this.#certificates.rotate(message.key)
        break
      case 'reopen-log':
        this.#accessLog.sink?.reopen()
        break
      case 'drain':
        this.#listeners.startDraining()
        break
      case 'close':
        this.#close()
        break
      case 'value':
      case 'value-load':
        this.#values.onAnswer(message)
        break
      case 'cut-off':
        this.#tunnels.cutOff()
        this.#listeners.destroy('drain-timeout')
        break
    }
  }

  async #prepare({ snapshot: patch, parts, columns, health, pems, files }: Prepare): Promise<void> {
    const { version } = patch
    this.#addParts(parts)
    this.#meter.extend(columns)
    this.#files.add(files)
    // Policies may call as soon as they are made; whoever serves already goes by the rules that serve.
    if (this.#current === undefined) this.#setEgress(patch)
    const findHealth = openHealth(health)
    const getPem = openPems(pems)
    // What serves refers to texts that are there as well.
    this.#certificates.useSnapshotPems(getPem)
    let snapshot: Snapshot | undefined
    try {
      snapshot = applySnapshotPatch(patch, this.#snapshot)
      const compiled = await runInSlices(
        compileSnapshot({ snapshot, parts: this.#parts }, this.#current, {
          services: {
            clock: this.#clock,
            counters: this.#counters,
            revocations: this.#revocations,
            replays: this.#replays,
            credentials: this.#credentials,
            http: this.#calls,
            directories: this.#directories,
            shared: this.#values,
            files: this.#files,
            log: this.#log,
          },
          compilePattern,
          createUpstream: (model, egress) =>
            new UpstreamRuntime(model, this.#wheel, {
              guard: this.#guards.get(egress),
              meter: this.#meter.toUpstreamMeter(model),
              findHealth,
              getPem,
              log: this.#log,
            }),
          loadCatalogue: (extensions) => this.#extensions.loadCatalogue(extensions),
          toApiMeter: (api) => this.#meter.toApiMeter(api),
        }),
      )
      const accessLog = this.#openAccessLog(snapshot)
      const newListeners = await this.#listeners.bind(snapshot.frame.listeners).catch((error) => {
        this.#closeAccessLog(accessLog)
        throw error
      })
      this.#prepared = { snapshot, compiled, newListeners, accessLog }
      if (this.#isClosing) {
        this.#abandon(version)
        throw new Error('the thread is closing')
      }
      // Nobody is served yet: it is the one moment at which a collection delays nothing but the start.
      if (this.#current === undefined) giveBackMemory(QUICKLY_COLLECTED_BYTES)
      this.#say({ kind: 'prepared', version })
    } catch (error) {
      if (snapshot !== undefined) this.#dropParts(snapshot)
      this.#say({ kind: 'prepared', version, fault: toPrepareFault(error) })
    }
  }

  async #commit({ version, credentials }: Commit): Promise<void> {
    if (credentials !== undefined) this.#reopenCredentials(credentials)
    const prepared = this.#prepared
    if (prepared === undefined || prepared.snapshot.version !== version) return
    this.#prepared = undefined
    const { snapshot, compiled, newListeners, accessLog } = prepared
    const previous = this.#current
    this.#current = compiled
    compiled.planShelf.replace(compiled.plans, Date.now())
    this.#setEgress(snapshot)
    const former = this.#snapshot
    this.#snapshot = snapshot
    if (former !== undefined) this.#dropParts(former)
    const left = this.#listeners.settle(snapshot.frame.listeners, newListeners)
    const formerLog = this.#accessLog
    this.#accessLog = accessLog
    this.#closeAccessLog(formerLog)
    for (const [id, { runtime }] of previous?.upstreams ?? []) {
      if (compiled.upstreams.get(id)?.runtime !== runtime) runtime.retire()
    }
    this.#tunnels.endWhere((exchange) => exchange.api !== undefined && !compiled.apis.has(exchange.api.model.id))
    // The next snapshot may want back an address that this one left: main looks whether it is free.
    for (const { stopped } of left) await stopped
    this.#say({ kind: 'committed', version, hash: snapshot.hash })
  }

  #reopenCredentials(descriptor: CredentialsDescriptor): void {
    this.#credentials.reopen(descriptor)
    this.#tunnels.judgeAgain()
  }

  #setEgress({ frame: { egress } }: Pick<Snapshot, 'frame'>): void {
    const guard = this.#guards.get(egress)
    this.#calls.setGuard(guard)
    this.#directories.setGuard(guard)
  }

  #abandon(version: number): void {
    if (this.#prepared?.snapshot.version !== version) return
    const { snapshot, newListeners, compiled, accessLog } = this.#prepared
    this.#closeAccessLog(accessLog)
    for (const listener of newListeners.values()) listener.destroy()
    for (const [id, { runtime }] of compiled.upstreams) {
      if (this.#current?.upstreams.get(id)?.runtime !== runtime) runtime.retire()
    }
    this.#prepared = undefined
    this.#dropParts(snapshot)
  }

  /** While the snapshot is prepared, so that one whose log cannot be opened runs on no thread. @throws with the path */
  #openAccessLog({ frame: { accessLog } }: Snapshot): OpenAccessLog {
    const target = typeof accessLog.to === 'string' ? accessLog.to : `file ${accessLog.to.file}`
    if (target === this.#accessLog.target) return this.#accessLog
    if (accessLog.to === 'off') return { target }
    try {
      const place = accessLog.to === 'stdout' ? { fd: 1 } : { file: accessLog.to.file }
      const sink = new LineSink(place, (lines, why) => {
        this.#meter.droppedLines(lines)
        if (why !== undefined) this.#log.error(`the access log (${target}) loses records`, { why })
      })
      return { target, sink, log: new AccessLog(sink) }
    } catch (cause) {
      throw new Error(`the access log (${target}) cannot be opened: ${toMessage(cause)}`, { cause })
    }
  }

  /** Unless it is in use. */
  #closeAccessLog(accessLog: OpenAccessLog): void {
    if (accessLog !== this.#accessLog) accessLog.sink?.close()
  }

  /** Says `closed` once the last connection ended, tunnels among them: what does not end by itself, main's deadline ends. */
  #close(): void {
    this.#isClosing = true
    // Its listeners are bound, and would accept what nobody answers.
    if (this.#prepared !== undefined) this.#abandon(this.#prepared.snapshot.version)
    const all = this.#listeners.close()
    const look = (): void => {
      if (all.some(({ isDone }) => !isDone)) return
      clearInterval(timer)
      this.#accessLog.sink?.flush()
      this.#say({ kind: 'closed' })
    }
    const timer = setInterval(look, 20)
    look()
  }

  /** Routes that stay are the same objects as before. A patch without its base is left out, and the compiler misses it. */
  #addParts(shipped: Prepare['parts']): void {
    for (const [hash, part] of shipped) {
      const base = 'base' in part ? this.#parts.get(part.base) : undefined
      if (!('base' in part)) this.#parts.set(hash, part)
      else if (base !== undefined && 'releases' in base) this.#parts.set(hash, applyApiPatch(part, base))
    }
  }

  /** What only this one had: if it comes back, it is sent again. */
  #dropParts(former: Snapshot): void {
    for (const hash of listPartsWithout(former, this.#snapshot)) this.#parts.delete(hash)
  }

  #getCurrent(): CompiledSnapshot {
    // Between bind and the first commit a connection may already be accepted: the prepared snapshot is what it gets.
    const current = this.#current ?? this.#prepared?.compiled
    if (current === undefined) throw new Error('a request came before the first snapshot')
    return current
  }
}

function toPrepareFault(error: unknown): PrepareFault {
  return {
    message: toMessage(error),
    ...(error instanceof PolicyFault && { use: error.use }),
    ...(error instanceof ExtensionFault && { isLasting: true }),
  }
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
