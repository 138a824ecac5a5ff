/**
 * Owns a gateway that nobody can connect to: the real parser, router, policies and serializer, with memory for sockets, a
 * clock that jumps, and upstreams that answer what they are told. `gatewright test` and `explain` ask it.
 */
import { setImmediate, setTimeout } from 'node:timers/promises'
import { compilePattern } from '@gatewright/expressions'
import type { App, GatewayModel, Listener } from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import { NO_CHALLENGES } from '../certificates/certificate-feed.ts'
import { TrustedProxies } from '../exchange/client-address.ts'
import type { Ended, GatewayExchange } from '../exchange/gateway-exchange.ts'
import { Gateway } from '../gateway.ts'
import type { ConnectionOrigin, ConnectionSettings } from '../listen/connection-contract.ts'
import { Gate } from '../listen/gate.ts'
import { Http1Connection } from '../listen/http1-connection.ts'
import { TunnelKeeper } from '../listen/tunnels.ts'
import { FaultLog } from '../observe/fault-log.ts'
import { Recorder } from '../observe/recorder.ts'
import { compileSnapshot, runInSlices } from '../snapshot/compile-snapshot.ts'
import { ExtensionLoader } from '../snapshot/extension-loader.ts'
import type { SnapshotRuntime } from '../snapshot/runtime.ts'
import { type ExtensionModule, toSnapshot } from '../snapshot/snapshot.ts'
import { adoptSocket } from '../sockets/adopt-socket.ts'
import { CredentialsIndex, openCredentials } from '../state/credentials/credentials-index.ts'
import type { SharedFiles } from '../state/files/file-table.ts'
import { ThreadFiles } from '../state/files/thread-files.ts'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { NOBODY_ASKED } from '../tls/client-certificate.ts'
import { DemandsTable } from '../tls/demands.ts'
import { CaseCounters } from './case-counters.ts'
import { CaseReplays } from './case-replays.ts'
import { CaseRevocations } from './case-revocations.ts'
import { MemorySocket } from './memory-socket.ts'
import { createLonelyValues, NO_CALLS, NO_DIRECTORIES } from './no-calls.ts'
import { parseAnswer, type ReceivedAnswer } from './parse-answer.ts'
import { RehearsalClock } from './rehearsal-clock.ts'
import { type ReceivedAttempt, type RehearsedAnswer, RehearsedUpstream, type Stage } from './rehearsed-upstream.ts'

export interface RehearsalParts {
  readonly model: GatewayModel
  readonly apps: readonly App[]
  readonly extensions: readonly ExtensionModule[]
  /** What policies read; nothing if absent. */
  readonly files?: SharedFiles
  readonly log: Log
  /** What the wall clock says when a case begins, in milliseconds since the epoch. */
  readonly startMs: number
}

export interface RehearsedRequest {
  /** A whole request, head and body, as a client would send it. */
  readonly bytes: Buffer
  /** What the bytes say, for reading the answer. */
  readonly method: string
  /** Where it comes from; `192.0.2.1` if absent. */
  readonly address?: string
  /** The id of the listener; the first one if absent. */
  readonly listener?: string
  /** What attempts at upstreams meet, in order; the last one answers all that follow. `200` without a body if absent. */
  readonly upstream?: readonly RehearsedAnswer[]
}

export interface RehearsedExchange {
  /** undefined: the connection was closed without an answer. */
  readonly answer: ReceivedAnswer | undefined
  /** The code of the problem that was answered. */
  readonly problem: string | undefined
  /** `orders` and `ping`; empty where none matched. */
  readonly api: string
  readonly route: string
  /** The revision that was chosen, of an API that has several. */
  readonly release: string | undefined
  /** Names of the policies that ran, in order. */
  readonly policies: readonly string[]
  readonly attempts: readonly ReceivedAttempt[]
  /** How long it took on the rehearsal's clock. */
  readonly durationMs: number
}

/** From the documentation's range (RFC 5737): nobody's. */
const CLIENT_ADDRESS = '192.0.2.1'
const CLIENT_PORT = 50_000
/** Turns of the event loop that promises and streams get before time jumps. */
const TURNS = 3
/** Real time that is waited for what no clock of ours drives, such as a policy that reads a file. */
const REAL_WAIT_MS = 10_000
const REAL_STEP_MS = 5

export class Rehearsal implements Stage {
  readonly clock: RehearsalClock
  readonly #counters: CaseCounters
  readonly #revocations: CaseRevocations
  readonly #replays: CaseReplays
  readonly #wheel = new DeadlineWheel()
  readonly #upstreams: RehearsedUpstream[] = []
  readonly #listeners: readonly Listener[]
  readonly #trusted = new Map<string, TrustedProxies>()
  readonly #tunnels: TunnelKeeper
  #gateway: Gateway | undefined
  #answers: readonly RehearsedAnswer[] = []
  #attempts: ReceivedAttempt[] = []
  #exchange: GatewayExchange | undefined
  #isEnded = false

  private constructor({ model, startMs }: RehearsalParts) {
    this.clock = new RehearsalClock(startMs)
    this.#counters = new CaseCounters(this.clock)
    this.#revocations = new CaseRevocations(this.clock)
    this.#replays = new CaseReplays(this.clock)
    this.#listeners = model.listeners
    this.#tunnels = new TunnelKeeper({
      wheel: this.#wheel,
      rightEndsAtMs: () => Number.POSITIVE_INFINITY,
      // One that opened is the answer: nothing more is waited for.
      onChanged: () => {
        this.#isEnded = true
      },
      onEnded: () => {
        this.#isEnded = true
      },
    })
  }

  /** @throws what compiling throws: options that fail, an extension that cannot be loaded. */
  static async create(parts: RehearsalParts): Promise<Rehearsal> {
    const rehearsal = new Rehearsal(parts)
    const runtime = await rehearsal.#compile(parts)
    rehearsal.#gateway = new Gateway({
      current: () => runtime,
      recorder: new RehearsalRecorder({
        onOpened: (exchange) => {
          rehearsal.#exchange = exchange
        },
        onEnded: () => {
          rehearsal.#isEnded = true
        },
        onListenerError: (error) => parts.log.error('a finish listener failed', { error: String(error) }),
      }),
      faults: new FaultLog(parts.log),
      tunnels: rehearsal.#tunnels,
    })
    return rehearsal
  }

  /** A new case: nothing was counted, nobody called, the clock says the same as at first, or `startMs`. */
  restart(startMs?: number): void {
    this.clock.restart(startMs)
    this.#counters.restart()
    this.#revocations.restart()
    this.#replays.restart()
    for (const upstream of this.#upstreams) upstream.restart()
  }

  /** Sends one request on a connection of its own. @throws when it is never answered. */
  async send(request: RehearsedRequest): Promise<RehearsedExchange> {
    this.#answers = request.upstream ?? []
    this.#attempts = []
    this.#exchange = undefined
    this.#isEnded = false
    const beganMs = this.clock.monotonicMs()
    const socket = new MemorySocket(request.address ?? CLIENT_ADDRESS, CLIENT_PORT)
    const { settings, origin } = this.#toSettings(request.listener)
    const connection = new Http1Connection(adoptSocket(socket.asSocket()), settings, origin)
    socket.receive(request.bytes)
    await this.#untilAnswered(socket)
    const answer = parseAnswer(socket.written, request.method)
    const exchange = this.#exchange as GatewayExchange | undefined
    connection.destroy()
    this.#tunnels.endWhere(() => true)
    return {
      answer,
      problem: exchange?.problem?.code,
      api: exchange?.route.api ?? '',
      route: exchange?.route.route ?? '',
      release: exchange?.route.release,
      policies: exchange?.story ?? [],
      attempts: this.#attempts,
      durationMs: this.clock.monotonicMs() - beganMs,
    }
  }

  nextAnswer(): RehearsedAnswer {
    const [next = {}, ...later] = this.#answers
    if (later.length > 0) this.#answers = later
    return next
  }

  note(attempt: ReceivedAttempt): void {
    this.#attempts.push(attempt)
  }

  async #compile({ model, apps, extensions, files, log }: RehearsalParts): Promise<SnapshotRuntime> {
    const index = new CredentialsIndex()
    index.replace(apps)
    const loader = new ExtensionLoader()
    const credentials = openCredentials(index.descriptor(), { now: () => this.clock.now() })
    const { runtime } = await runInSlices(
      compileSnapshot(toSnapshot(model, { version: 1, extensions }), undefined, {
        services: {
          clock: this.clock,
          counters: this.#counters,
          revocations: this.#revocations,
          replays: this.#replays,
          credentials,
          http: NO_CALLS,
          directories: NO_DIRECTORIES,
          shared: createLonelyValues(() => this.clock.now()),
          files: new ThreadFiles(files),
          log,
        },
        compilePattern,
        createUpstream: (upstream) => {
          const made = new RehearsedUpstream(upstream, this, this.#wheel)
          this.#upstreams.push(made)
          return made
        },
        loadCatalogue: (modules) => loader.loadCatalogue(modules),
        toApiMeter: () => undefined,
      }),
    )
    return runtime
  }

  #toSettings(id: string | undefined): { settings: ConnectionSettings; origin: ConnectionOrigin } {
    const listener = this.#listeners.find((each) => each.id === (id ?? this.#listeners[0]?.id))
    if (listener === undefined || this.#gateway === undefined) throw new RangeError(`there is no listener "${id}"`)
    const trusted = this.#trusted.get(listener.id) ?? new TrustedProxies(listener.trustedProxies)
    this.#trusted.set(listener.id, trusted)
    const settings: ConnectionSettings = {
      receiver: this.#gateway,
      wheel: this.#wheel,
      limits: listener.limits,
      http2: listener.http2,
      localPort: listener.port,
      trusted,
      // Whatever TLS demands of connections is fulfilled here: there are none.
      gate: new Gate(listener, { demands: undefined, challenges: () => NO_CHALLENGES }),
      isDraining: false,
      onClosed() {},
    }
    const tls = listener.tls && {
      version: 'TLSv1.3',
      demands: new DemandsTable(listener.tls).find(undefined),
      ...NOBODY_ASKED,
    }
    return { settings, origin: { tls } }
  }

  /** Lets everything happen that can, and moves the clock only when it is what is waited for. */
  async #untilAnswered(socket: MemorySocket): Promise<void> {
    let waitedMs = 0
    const isOver = (): boolean => this.#isEnded || socket.isDestroyed
    while (!isOver()) {
      for (let turn = 0; turn < TURNS && !isOver(); turn++) await setImmediate()
      if (isOver() || this.clock.skip()) continue
      if (waitedMs >= REAL_WAIT_MS) {
        throw new Error(`there was no answer within ${REAL_WAIT_MS / 1000} s, and no timer would bring one`)
      }
      await setTimeout(REAL_STEP_MS)
      waitedMs += REAL_STEP_MS
    }
  }
}

interface RehearsalListener {
  onOpened(exchange: GatewayExchange): void
  onEnded(): void
  onListenerError(error: unknown): void
}

/** Keeps the story of each exchange, and says when it is over. */
class RehearsalRecorder extends Recorder {
  readonly #listener: RehearsalListener

  constructor(listener: RehearsalListener) {
    super({
      meter: { began() {}, ended() {} },
      accessLog: () => undefined,
      onListenerError: (error) => listener.onListenerError(error),
    })
    this.#listener = listener
  }

  override open(exchange: GatewayExchange): void {
    super.open(exchange)
    exchange.story = []
    this.#listener.onOpened(exchange)
  }

  override record(exchange: GatewayExchange, ended: Ended): void {
    super.record(exchange, ended)
    this.#listener.onEnded()
  }
}
