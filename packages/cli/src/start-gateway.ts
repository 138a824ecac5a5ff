/** Owns the running of a gateway from the command line: start, say where it is, follow signals, end with the right exit code. */
import { closeSync, openSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { GatewayProcess, type LoadOptions, StatusServer } from '@gatewright/gateway'
import type { GatewayModel } from '@gatewright/model'
import { createLog } from './log.ts'

export interface StartOptions {
  readonly config: LoadOptions['config']
  readonly overlays: readonly string[]
  /** Of the first listener. */
  readonly port: number | undefined
  readonly adminPort: number
  readonly statusHost: string | undefined
  readonly statusPort: number | undefined
  readonly threads: number | undefined
  readonly dataDir: string | undefined
  /** Says not ready, and answers with `Connection: close`, for so long before listeners close. */
  readonly drainDelayMs: number
  /** What is still open after so long is cut off. */
  readonly drainTimeoutMs: number
  /** Printed once the gateway serves; `{port}` stands for the first listener's. */
  readonly greeting: readonly string[]
}

const ADMIN_HOST = '127.0.0.1'

/** Resolves with the exit code when the gateway has ended. */
export async function startGateway(options: StartOptions): Promise<number> {
  // A full disk or a reader that went away must not end what serves: what cannot be written is lost, and the next is tried.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const log = createLog((line) => process.stderr.write(line))
  const threads = options.threads ?? availableParallelism()
  const gateway = new GatewayProcess({
    config: options.config,
    overlays: options.overlays,
    threads,
    log,
    adjust: (model) => adjust(model, options.port),
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
  })
  const servers: StatusServer[] = []
  const end = async (code: number): Promise<number> => {
    for (const server of servers) server.close()
    gateway.close()
    await gateway.supervisor.stop(0)
    return code
  }
  const fault = await gateway.start()
  if (fault !== undefined) {
    log.error(toStartFault(fault))
    return end(1)
  }
  try {
    servers.push(new StatusServer(gateway, 'admin'))
    const adminPort = await servers[0]?.listen({ host: ADMIN_HOST, port: options.adminPort })
    if (options.statusPort !== undefined) {
      const status = new StatusServer(gateway, 'status')
      servers.push(status)
      const host = options.statusHost ?? '0.0.0.0'
      const port = await status.listen({ host, port: options.statusPort })
      log.info('status endpoints', { address: `http://${toAuthority(host, port)}` })
    }
    // What was loaded is loaded: from here on the young generation may grow as traffic wants it.
    setFlagsFromString('--semi-space-growth-factor=2')
    greet(gateway, { adminPort, threads, greeting: options.greeting })
  } catch (error) {
    log.error(toStartFault(error instanceof Error ? error.message : String(error)))
    return end(1)
  }
  return followSignals(gateway, { log, servers, options })
}

function adjust(model: GatewayModel, port: number | undefined): GatewayModel {
  const [first, ...others] = model.listeners
  if (port === undefined || first === undefined) return model
  return { ...model, listeners: [{ ...first, port }, ...others] }
}

function greet(
  gateway: GatewayProcess,
  { adminPort, threads, greeting }: { adminPort: number | undefined; threads: number; greeting: readonly string[] },
): void {
  const listeners = gateway.model?.listeners.filter(({ enabled }) => enabled !== false) ?? []
  const lines = listeners.map(({ id, host, port }) => `  ${id.padEnd(8)} http://${toAuthority(host, port)}`)
  lines.push(`  ${'admin'.padEnd(8)} http://${ADMIN_HOST}:${adminPort}  (/livez /readyz /metrics /snapshot)`)
  lines.push(`  ${'serves'.padEnd(8)} ${toSummary(gateway)}`)
  const port = String(listeners[0]?.port ?? '')
  if (greeting.length > 0) lines.push('', ...greeting.map((line) => line.replaceAll('{port}', port)))
  process.stderr.write(`Gatewright serves on ${threads} ${threads === 1 ? 'thread' : 'threads'}\n${lines.join('\n')}\n`)
}

/** `2 APIs, 5 routes`, and that there are warnings. */
function toSummary({ model, configuration }: GatewayProcess): string {
  const apis = model?.apis ?? []
  const routes = apis.reduce(
    (sum, api) => sum + api.releases.reduce((all, release) => all + release.routes.length, 0),
    0,
  )
  const warnings = configuration.findings.filter(({ severity }) => severity === 'warning').length
  const parts = [toCount(apis.length, 'API'), toCount(routes, 'route')]
  if (warnings > 0) parts.push(`${toCount(warnings, 'warning')}, which \`gatewright validate\` shows`)
  return parts.join(', ')
}

function toCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function toAuthority(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `localhost:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

interface Running {
  readonly log: ReturnType<typeof createLog>
  readonly servers: readonly StatusServer[]
  readonly options: StartOptions
}

/** SIGHUP reads again and reopens the access log, SIGUSR1 only the latter; SIGTERM and SIGINT drain; the second of them ends at once. */
function followSignals(gateway: GatewayProcess, { log, servers, options }: Running): Promise<number> {
  return new Promise((resolve) => {
    let isEnding = false
    const wasTerminal = process.stdin.isTTY === true
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      if (isEnding) {
        log.warn('ends at once', { signal })
        process.exit(130)
      }
      isEnding = true
      // Somebody at a keyboard waits for no load balancer to notice.
      const delayMs = signal === 'SIGINT' ? 0 : options.drainDelayMs
      log.info('drains', { signal, delayMs, timeoutMs: options.drainTimeoutMs })
      gateway.supervisor.drain()
      if (delayMs > 0) await new Promise((done) => setTimeout(done, delayMs))
      const startedMs = performance.now()
      const ended = await gateway.supervisor.stop(options.drainTimeoutMs)
      for (const server of servers) server.close()
      gateway.close()
      const tookMs = Math.round(performance.now() - startedMs)
      if (ended === 'deadline') log.warn('the deadline passed: what was still open is cut off', { tookMs })
      else log.info('has ended: every exchange was answered', { tookMs })
      resolve(0)
    }
    // SIGHUP asks for a reload; from a terminal that was closed it means that nobody is there any more.
    process.on('SIGHUP', (signal) => {
      if (wasTerminal && !hasTerminal()) void end(signal)
      else {
        gateway.supervisor.reopenLog()
        gateway.reload('SIGHUP came', { isAsked: true })
      }
    })
    // What log rotation sends elsewhere. Left alone, Node would open its debugger for everybody on this machine.
    process.on('SIGUSR1', () => gateway.supervisor.reopenLog())
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
  })
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

/** What the system says, and what to do about it. */
function toStartFault(fault: string): string {
  const taken = /EADDRINUSE.*?((?:\d+\.){3}\d+|::\S*?|\S+):(\d+)/.exec(fault)
  if (taken !== null) {
    return `cannot start: ${taken[1]}:${taken[2]} is in use, perhaps by another instance; end that, or choose another port with --port or --admin-port`
  }
  if (/listen EACCES/.test(fault))
    return `cannot start: ${fault}; ports below 1024 need rights: choose another with --port`
  return fault.includes('\n') ? `cannot start:\n${fault}` : `cannot start: ${fault}`
}
