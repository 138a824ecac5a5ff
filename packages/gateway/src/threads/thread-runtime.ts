/** Owns what runs on a data thread: prepare a snapshot while the old one serves, swap, drain, close. */
import { compilePattern } from '@gatewright/expressions'
import type { Api, Listener, Upstream } from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import { Gateway } from '../gateway.ts'
import type { ConnectionGauge } from '../listen/connection-gauge.ts'
import { ListenerRuntime } from '../listen/listener.ts'
import { TunnelKeeper } from '../listen/tunnels.ts'
import { AccessLog } from '../observe/access-log.ts'
import { FaultLog } from '../observe/fault-log.ts'
import { LineSink } from '../observe/line-sink.ts'
import { Recorder } from '../observe/recorder.ts'
import { ThreadMeter } from '../observe/thread-meter.ts'
import { applyApiPatch } from '../snapshot/api-patch.ts'
import { type CompiledSnapshot, compileSnapshot, runInSlices } from '../snapshot/compile-snapshot.ts'
import { ExtensionLoader } from '../snapshot/extension-loader.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { openCounters } from '../state/counters/shared-counters.ts'
import { openCredentials } from '../state/credentials/credentials-index.ts'
import { openHealth } from '../state/health/health-table.ts'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { createSystemClock } from '../timers/system-clock.ts'
import { UpstreamRuntime } from '../upstream/upstream-runtime.ts'
import { giveBackMemory } from './give-back-memory.ts'
import type { FromThread, ThreadBirth, ToThread } from './messages.ts'

type Prepare = Extract<ToThread, { kind: 'prepare' }>

interface Prepared {
  readonly snapshot: Snapshot
  readonly compiled: CompiledSnapshot
  /** Listening already, accepting nothing that counts until the commit. */
  readonly newListeners: ReadonlyMap<string, ListenerRuntime>
  /** The one that is open already, unless the snapshot names another. */
  readonly accessLog: OpenAccessLog
}

interface OpenAccessLog {
  /** What the configuration calls it. */
  readonly target: string
  readonly sink?: LineSink
  readonly log?: AccessLog
}

export class ThreadRuntime {
  readonly #birth: ThreadBirth
  readonly #say: (message: FromThread) => void
  readonly #wheel = new DeadlineWheel()
  readonly #clock = createSystemClock()
  readonly #log: Log
  readonly #meter: ThreadMeter
  readonly #counters
  readonly #credentials
  readonly #gateway: Gateway
  readonly #tunnels: TunnelKeeper
  readonly #extensions = new ExtensionLoader()
  readonly #gauge: ConnectionGauge
  /** By address: `host:port` is what a socket is bound to, whatever its id. */
  readonly #listeners = new Map<string, ListenerRuntime>()
  /** Taken out of the configuration; their last connections may still be answered. */
  readonly #closing = new Set<ListenerRuntime>()
  #parts = new Map<string, Upstream | Api>()
  #current: CompiledSnapshot | undefined
  #snapshot: Snapshot | undefined
  #prepared: Prepared | undefined
  #accessLog: OpenAccessLog = { target: 'off' }
  #work: Promise<void> = Promise.resolve()

  constructor(birth: ThreadBirth, say: (message: FromThread) => void) {
    this.#birth = birth
    this.#say = say
    const log = (level: 'info' | 'warn' | 'error') => (message: string, facts?: Readonly<Record<string, unknown>>) =>
      say({ kind: 'log', level, message, ...(facts && { facts }) })
    this.#log = { info: log('info'), warn: log('warn'), error: log('error') }
    this.#meter = new ThreadMeter(birth)
    this.#gauge = this.#meter
    this.#counters = openCounters(birth.counters)
    this.#credentials = openCredentials(birth.credentials)
    const recorder = new Recorder({
      meter: this.#meter,
      accessLog: () => this.#accessLog.log,
      onListenerError: (error) => this.#log.error('a finish listener failed', { error: String(error) }),
    })
    this.#tunnels = new TunnelKeeper({
      wheel: this.#wheel,
      onEnded: (exchange, ended) => recorder.record(exchange, ended),
      onChanged: (amount) => this.#meter.tunnelsChanged(amount),
    })
    this.#gateway = new Gateway({
      current: () => this.#getCurrent().runtime,
      recorder,
      faults: new FaultLog(this.#log),
      tunnels: this.#tunnels,
    })
  }

  onMessage(message: ToThread): void {
    switch (message.kind) {
      case 'prepare':
        // One after the other: two compilations at once would both start from the same previous snapshot.
        this.#work = this.#work.then(() => this.#prepare(message))
        break
      case 'commit':
        this.#work = this.#work.then(() => this.#commit(message.version))
        break
      case 'abandon':
        this.#work = this.#work.then(() => this.#abandon(message.version))
        break
      case 'credentials':
        if (message.descriptor !== undefined) this.#credentials.reopen(message.descriptor)
        this.#endRevokedTunnels()
        break
      case 'reopen-log':
        this.#accessLog.sink?.reopen()
        break
      case 'drain':
        for (const listener of this.#listeners.values()) listener.startDraining()
        break
      case 'close':
        this.#close()
        break
      case 'cut-off':
        this.#tunnels.endWhere(() => true)
        for (const listener of this.#everyListener()) listener.destroy('drain-timeout')
        break
    }
  }

  async #prepare({ snapshot, parts, columns, health }: Prepare): Promise<void> {
    const { version } = snapshot
    const all = this.#addParts(parts)
    const wanted = new Set([...snapshot.apis, ...snapshot.upstreams].map(({ hash }) => hash))
    for (const hash of all.keys()) if (!wanted.has(hash) && !this.#isCurrentPart(hash)) all.delete(hash)
    this.#parts = all
    this.#meter.reopen(columns)
    const findHealth = openHealth(health)
    try {
      const compiled = await runInSlices(
        compileSnapshot({ snapshot, parts: new Map([...all].filter(([hash]) => wanted.has(hash))) }, this.#current, {
          services: { clock: this.#clock, counters: this.#counters, credentials: this.#credentials, log: this.#log },
          compilePattern,
          createUpstream: (model) =>
            new UpstreamRuntime(model, this.#wheel, {
              meter: this.#meter.toUpstreamMeter(model),
              findHealth,
              log: this.#log,
            }),
          loadCatalogue: (extensions) => this.#extensions.loadCatalogue(extensions),
          toApiMeter: (api) => this.#meter.toApiMeter(api),
        }),
      )
      const accessLog = this.#openAccessLog(snapshot)
      const newListeners = await this.#openListeners(snapshot.frame.listeners).catch((error) => {
        this.#closeAccessLog(accessLog)
        throw error
      })
      this.#prepared = { snapshot, compiled, newListeners, accessLog }
      // Nobody is served yet: it is the one moment at which a collection delays nothing but the start.
      if (this.#current === undefined) giveBackMemory()
      this.#say({ kind: 'prepared', version })
    } catch (error) {
      this.#say({ kind: 'prepared', version, fault: toFault(error) })
    }
  }

  async #openListeners(models: readonly Listener[]): Promise<ReadonlyMap<string, ListenerRuntime>> {
    const opened = new Map<string, ListenerRuntime>()
    try {
      for (const model of models) {
        const address = toAddress(model)
        if (model.enabled === false || this.#listeners.has(address)) continue
        const listener = new ListenerRuntime(model, {
          receiver: this.#gateway,
          wheel: this.#wheel,
          gauge: this.#gauge,
          reusePort: this.#birth.reusePort,
        })
        // The first snapshot is served from the first connection on; later ones are bound while an older one answers.
        await listener.listen()
        opened.set(address, listener)
      }
    } catch (error) {
      for (const listener of opened.values()) listener.destroy()
      throw error
    }
    return opened
  }

  #commit(version: number): void {
    const prepared = this.#prepared
    if (prepared === undefined || prepared.snapshot.version !== version) return
    this.#prepared = undefined
    const { snapshot, compiled, newListeners, accessLog } = prepared
    const previous = this.#current
    this.#current = compiled
    this.#snapshot = snapshot
    for (const [address, listener] of newListeners) this.#listeners.set(address, listener)
    this.#settleListeners(snapshot.frame.listeners)
    const formerLog = this.#accessLog
    this.#accessLog = accessLog
    this.#closeAccessLog(formerLog)
    for (const [id, { runtime }] of previous?.upstreams ?? []) {
      if (compiled.upstreams.get(id)?.runtime !== runtime) runtime.retire()
    }
    this.#tunnels.endWhere(
      (exchange) => exchange.api !== undefined && !compiled.runtime.apis.has(exchange.api.model.id),
    )
    this.#say({ kind: 'committed', version, hash: snapshot.hash })
  }

  #abandon(version: number): void {
    if (this.#prepared?.snapshot.version !== version) return
    const { newListeners, compiled, accessLog } = this.#prepared
    this.#closeAccessLog(accessLog)
    for (const listener of newListeners.values()) listener.destroy()
    for (const [id, { runtime }] of compiled.upstreams) {
      if (this.#current?.upstreams.get(id)?.runtime !== runtime) runtime.retire()
    }
    this.#prepared = undefined
  }

  /** A listener that stays is never closed: what changed of it is changed in place. */
  #settleListeners(models: readonly Listener[]): void {
    const wanted = new Map(models.filter((model) => model.enabled !== false).map((model) => [toAddress(model), model]))
    for (const [address, listener] of this.#listeners) {
      const model = wanted.get(address)
      if (model !== undefined) {
        listener.update(model)
      } else {
        listener.close()
        this.#listeners.delete(address)
        this.#closing.add(listener)
      }
    }
    for (const listener of this.#closing) if (listener.isDone) this.#closing.delete(listener)
  }

  /** While the snapshot is prepared, so that one whose log cannot be opened runs on no thread. @throws with the path */
  #openAccessLog({ frame: { accessLog } }: Snapshot): OpenAccessLog {
    const target = typeof accessLog.to === 'string' ? accessLog.to : `file ${accessLog.to.file}`
    if (target === this.#accessLog.target) return this.#accessLog
    if (accessLog.to === 'off') return { target }
    try {
      const sink = new LineSink(accessLog.to === 'stdout' ? { fd: 1 } : { file: accessLog.to.file }, {
        onDrop: (lines) => this.#meter.droppedLines(lines),
        onTrouble: (why) => this.#log.error(`the access log (${target}) loses records`, { why }),
      })
      return { target, sink, log: new AccessLog(sink) }
    } catch (cause) {
      throw new Error(`the access log (${target}) cannot be opened: ${toFault(cause)}`, { cause })
    }
  }

  /** Unless it is in use. */
  #closeAccessLog(accessLog: OpenAccessLog): void {
    if (accessLog !== this.#accessLog) accessLog.sink?.close()
  }

  #endRevokedTunnels(): void {
    this.#tunnels.endWhere(
      ({ caller }) => caller?.credential.kind === 'key' && !this.#credentials.isKeyLive(caller.credential.id),
    )
  }

  /** Says `closed` once the last connection ended, tunnels among them: what does not end by itself, main's deadline ends. */
  #close(): void {
    const all = this.#everyListener()
    for (const listener of all) listener.close()
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
  #addParts(shipped: Prepare['parts']): Map<string, Upstream | Api> {
    const all = new Map(this.#parts)
    for (const [hash, part] of shipped) {
      const base = 'base' in part ? this.#parts.get(part.base) : undefined
      if (!('base' in part)) all.set(hash, part)
      else if (base !== undefined && 'releases' in base) all.set(hash, applyApiPatch(part, base))
    }
    return all
  }

  #everyListener(): readonly ListenerRuntime[] {
    return [...this.#listeners.values(), ...this.#closing]
  }

  #isCurrentPart(hash: string): boolean {
    const snapshot = this.#snapshot
    return snapshot !== undefined && [...snapshot.apis, ...snapshot.upstreams].some((part) => part.hash === hash)
  }

  #getCurrent(): CompiledSnapshot {
    // Between bind and the first commit a connection may already be accepted: the prepared snapshot is what it gets.
    const current = this.#current ?? this.#prepared?.compiled
    if (current === undefined) throw new Error('a request came before the first snapshot')
    return current
  }
}

function toAddress({ host, port }: Listener): string {
  return `${host}:${port}`
}

function toFault(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
