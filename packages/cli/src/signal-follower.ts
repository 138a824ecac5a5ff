/**
 * Owns what signals mean to a gateway, from its first moment on: SIGHUP reads again and reopens the access log, SIGUSR1 only the
 * latter; SIGTERM and SIGINT drain; the second of them ends at once.
 */
import { closeSync, openSync } from 'node:fs'
import type { GatewayProcess, StatusServer } from '@gatewright/gateway'
import type { Log } from '@gatewright/policies'
import { toDrainWords } from './drain-words.ts'

export interface SignalFollowerOptions {
  readonly log: Log
  /** Closed when the gateway has ended. */
  readonly servers: readonly StatusServer[]
  readonly control?: { close(): Promise<void> }
  /** Those that came before there was anybody to follow them. */
  readonly earlySignals: ReadonlySet<NodeJS.Signals>
  readonly drainDelayMs: number
  readonly drainTimeoutMs: number
}

export class SignalFollower {
  readonly #gateway: GatewayProcess
  readonly #options: SignalFollowerOptions
  readonly #wasTerminal = process.stdin.isTTY === true
  readonly #ended = Promise.withResolvers<number>()
  /** What is asked of a gateway that does not serve yet. */
  readonly #waiting = new Set<NodeJS.Signals>()
  #isServing = false
  #isEnding = false

  constructor(gateway: GatewayProcess, options: SignalFollowerOptions) {
    this.#gateway = gateway
    this.#options = options
    const follow = (signal: NodeJS.Signals): void => this.#follow(signal)
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGTERM'] as const) process.on(signal, follow)
    for (const signal of options.earlySignals) follow(signal)
  }

  /** Resolves with the exit code when a signal has ended the gateway. */
  get ended(): Promise<number> {
    return this.#ended.promise
  }

  get isEnding(): boolean {
    return this.#isEnding
  }

  /** What came meanwhile is done now. */
  startServing(): void {
    this.#isServing = true
    // Until now nobody was served, and whoever is at a keyboard ends it at once, also while a file does not let itself be read.
    process.on('SIGINT', (signal) => this.#follow(signal))
    for (const signal of this.#waiting) this.#follow(signal)
    this.#waiting.clear()
  }

  #follow(signal: NodeJS.Signals): void {
    // SIGHUP asks for a reload; from a terminal that was closed it means that nobody is there any more.
    const isHungUp = signal === 'SIGHUP' && this.#wasTerminal && !hasTerminal()
    if (signal === 'SIGTERM' || signal === 'SIGINT' || isHungUp) return this.#end(signal)
    if (!this.#isServing) {
      this.#waiting.add(signal)
      return
    }
    // SIGUSR1 is what log rotation sends elsewhere. Left alone, Node would open its debugger for everybody on this machine.
    this.#gateway.supervisor.reopenLog()
    if (signal === 'SIGHUP') this.#gateway.reload('SIGHUP came', { isAsked: true })
  }

  #end(signal: NodeJS.Signals): void {
    const { log } = this.#options
    if (this.#isEnding) {
      log.warn('ends at once', { signal })
      process.exit(130)
    }
    this.#isEnding = true
    void this.#drain(signal).then(() => this.#ended.resolve(0))
  }

  async #drain(signal: NodeJS.Signals): Promise<void> {
    const { log, servers, control, drainDelayMs, drainTimeoutMs } = this.#options
    // Somebody at a keyboard waits for no load balancer to notice, and one that does not serve yet is in none.
    const delayMs = signal === 'SIGINT' || !this.#isServing ? 0 : drainDelayMs
    const drain = { signal, delayMs, timeoutMs: drainTimeoutMs, ...this.#gateway.countUnderWay() }
    log.info(toDrainWords(drain), { ...drain })
    this.#gateway.supervisor.drain()
    // What the control plane acknowledges is kept, and from here on nobody here runs it.
    const [{ ended, tookMs }] = await Promise.all([this.#stop(delayMs), control?.close()])
    for (const server of servers) server.close()
    this.#gateway.close()
    if (ended === 'deadline') log.warn('the deadline passed: what was still open is cut off', { tookMs })
    else log.info('has ended: every exchange was answered', { tookMs })
  }

  async #stop(delayMs: number) {
    if (delayMs > 0) await new Promise((done) => setTimeout(done, delayMs))
    const startedMs = performance.now()
    const ended = await this.#gateway.supervisor.stop(this.#options.drainTimeoutMs)
    return { ended, tookMs: Math.round(performance.now() - startedMs) }
  }
}

/** Opening the controlling terminal fails once it was hung up. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
