/** Owns the running of a gateway from the command line: start, say where it is, end with the right exit code. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { type ControlPlaneSettings, type Opened, type Refused, SecretKey } from '@gatewright/control-plane/thread'
import { GatewayProcess, type LoadOptions, NodeFeed, type NodeOptions, Seal, StatusServer } from '@gatewright/gateway'
import { type Finding, type GatewayModel, toFindingText } from '@gatewright/model'
import { toControlAddress, toSetUpLines } from './control-greeting.ts'
import { createLineWriter } from './line-writer.ts'
import { LocalControlPlane } from './local-control-plane.ts'
import { createLog } from './log.ts'
import { SignalFollower } from './signal-follower.ts'
import { toAuthority } from './to-authority.ts'
import { toControlFault } from './to-control-fault.ts'

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
  /** Runs beside the gateway, where it is to. */
  readonly controlPlane: ControlPlaneSettings | undefined
  /** Fed by control planes on other machines, where there are any. */
  readonly node: Omit<NodeOptions, 'log'> | undefined
  /** Says not ready, and answers with `Connection: close`, for so long before listeners close. */
  readonly drainDelayMs: number
  /** What is still open after so long is cut off. */
  readonly drainTimeoutMs: number
  /** Printed once the gateway serves; `{port}` stands for the first listener's. */
  readonly greeting: readonly string[]
  readonly earlySignals: ReadonlySet<NodeJS.Signals>
}

const ADMIN_HOST = '127.0.0.1'

/** Resolves with the exit code when the gateway has ended. */
export async function startGateway(options: StartOptions): Promise<number> {
  // A full disk or a reader that went away must not end what serves: what cannot be written is lost, and the next is tried.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const log = createLog(
    createLineWriter(process.stderr, (lines) =>
      log.warn('lines of this log are lost: its reader did not read', { lines }),
    ),
  )
  const threads = options.threads ?? availableParallelism()
  const control = options.controlPlane && new LocalControlPlane(options.controlPlane, log)
  const node = options.node && new NodeFeed({ ...options.node, log })
  const gateway = new GatewayProcess({
    config: options.config,
    overlays: options.overlays,
    threads,
    log,
    adjust: (model) => adjust(model, options.port),
    ...(options.dataDir !== undefined && { dataDir: options.dataDir, seal: toSeal(options.dataDir, node) }),
    ...(control && { feed: control.feed }),
    ...(node && { feed: node.feed, condition: node.condition }),
  })
  const admin = new StatusServer(gateway, 'admin')
  const servers = [admin]
  const end = async (code: number): Promise<number> => {
    for (const server of servers) server.close()
    gateway.close()
    await gateway.supervisor.stop(0)
    await control?.close()
    await node?.close()
    return code
  }
  const beside = control ?? node
  const signals = new SignalFollower(gateway, { ...options, log, servers, ...(beside && { control: beside }) })
  // A file that takes long to load holds nobody up who is told to end.
  const start = async (): Promise<string | undefined> => {
    const refused = await node?.prepare(gateway).catch((error: Error) => error.message)
    if (refused !== undefined) return refused
    await control?.prepare(gateway)
    return await gateway.start()
  }
  const fault = await Promise.race([start(), signals.ended.then(() => undefined)])
  if (signals.isEnding) return signals.ended
  if (fault !== undefined) {
    log.error(toStartFault(fault))
    return end(1)
  }
  try {
    const adminPort = await admin.listen({ host: ADMIN_HOST, port: options.adminPort })
    if (options.statusPort !== undefined) {
      const status = new StatusServer(gateway, 'status')
      servers.push(status)
      const host = options.statusHost ?? '0.0.0.0'
      const port = await status.listen({ host, port: options.statusPort })
      log.info('status endpoints', { address: `http://${toAuthority(host, port)}` })
    }
    // What was loaded is loaded: from here on the young generation may grow as traffic wants it.
    setFlagsFromString('--semi-space-growth-factor=2')
    if (signals.isEnding) return signals.ended
    node?.open(gateway)
    const opened = await control?.open()
    if (opened !== undefined && 'refused' in opened && opened.reason === 'port') throw new Error(toControlFault(opened))
    if (opened !== undefined && 'port' in opened) admin.controlAddress = opened.origin ?? toControlAddress(opened)
    greet(gateway, { adminPort, threads, opened, greeting: options.greeting })
  } catch (error) {
    log.error(toStartFault(error instanceof Error ? error.message : String(error)))
    return end(1)
  }
  signals.startServing()
  return signals.ended
}

/** Of a node what it seals everything with; else of the key that secrets are sealed with. */
function toSeal(dataDir: string, node: NodeFeed | undefined): () => Seal {
  let seal = node?.seal
  return () => {
    seal ??= openSeal(join(dataDir, 'secret.key'))
    return seal
  }
}

function openSeal(file: string): Seal {
  const [key = '', ...former] = SecretKey.open({ file })
    .revealKeysFor('last good')
    .map((each) => each.toString('hex'))
  return new Seal(key, ...former)
}

function adjust(model: GatewayModel, port: number | undefined): GatewayModel {
  const [first, ...others] = model.listeners
  if (port === undefined || first === undefined) return model
  return { ...model, listeners: [{ ...first, port }, ...others] }
}

interface Greeting {
  readonly adminPort: number | undefined
  readonly threads: number
  readonly opened: Opened | Refused | undefined
  readonly greeting: readonly string[]
}

function greet(gateway: GatewayProcess, { adminPort, threads, opened, greeting }: Greeting): void {
  const listeners = gateway.model?.listeners.filter(({ enabled }) => enabled !== false) ?? []
  const lines = listeners.map(
    ({ id, host, port, tls }) =>
      `  ${id.padEnd(8)} ${tls === undefined ? 'http' : 'https'}://${toAuthority(host, port)}`,
  )
  lines.push(`  ${'admin'.padEnd(8)} http://${ADMIN_HOST}:${adminPort}  (/livez /readyz /metrics /snapshot)`)
  const control = opened !== undefined && 'port' in opened ? opened : undefined
  if (control !== undefined) lines.push(`  ${'control'.padEnd(8)} ${toControlAddress(control)}  (/api/v1)`)
  lines.push(`  ${'serves'.padEnd(8)} ${toSummary(gateway)}`)
  lines.push(...toWarningLines(gateway.configuration.findings))
  if (control !== undefined) lines.push(...toSetUpLines(control))
  const port = String(listeners[0]?.port ?? '')
  if (greeting.length > 0) lines.push('', ...greeting.map((line) => line.replaceAll('{port}', port)))
  process.stderr.write(`Gatewright serves on ${threads} ${threads === 1 ? 'thread' : 'threads'}\n${lines.join('\n')}\n`)
}

/** More of them would push the addresses out of sight. */
const SHOWN_WARNINGS = 10

function toWarningLines(findings: readonly Finding[]): string[] {
  const warnings = findings.filter(({ severity }) => severity === 'warning')
  const untold = warnings.length - SHOWN_WARNINGS
  return [
    ...(warnings.length === 0 ? [] : ['']),
    ...warnings.slice(0, SHOWN_WARNINGS).map((warning) => `  ${toFindingText(warning).replaceAll('\n', '\n  ')}`),
    ...(untold > 0 ? [`  and ${toCount(untold, 'more warning')}, which \`gatewright validate\` shows`] : []),
  ]
}

/** `2 APIs, 5 routes` */
function toSummary({ model }: GatewayProcess): string {
  const apis = model?.apis ?? []
  const routes = apis.reduce(
    (sum, api) => sum + api.releases.reduce((all, release) => all + release.routes.length, 0),
    0,
  )
  return `${toCount(apis.length, 'API')}, ${toCount(routes, 'route')}`
}

function toCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** What the system says, and what to do about it. */
function toStartFault(fault: string): string {
  const taken = /EADDRINUSE.*?((?:\d+\.){3}\d+|::\S*?|\S+):(\d+)/.exec(fault)
  if (taken !== null) {
    return `cannot start: ${taken[1]}:${taken[2]} is in use, perhaps by another instance; end that, or choose another port with --port or --admin-port`
  }
  if (/listen EACCES/.test(fault)) {
    return `cannot start: ${fault}; ports below 1024 need a right: give the service AmbientCapabilities=CAP_NET_BIND_SERVICE (docs/how-to/run-as-a-service.md), or choose another port in the listener`
  }
  return fault.includes('\n') ? `cannot start:\n${fault}` : `cannot start: ${fault}`
}
