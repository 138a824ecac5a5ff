// Owns Gatewright as a contestant: the command as its users start it, on the Node that runs the bench.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort } from '../../packages/policies/src/testing/free-ports.ts'
import { type Running, start } from '../processes.ts'
import type { Peer, PeerStart } from './peer.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** From source, or, as users install it, what `npm run pack` made: name its bin/gatewright.js in BENCH_COMMAND. */
export const GATEWRIGHT_COMMAND = process.env.BENCH_COMMAND ?? join(ROOT, 'packages', 'cli', 'bin', 'gatewright.js')

export interface GatewrightRunning extends Running {
  adminPort: number
  configFile: string
}

/** What a GatewrightFile holds beside version and listener; JSON, which is YAML too. */
export type GatewrightParts = Record<string, unknown>

export function findGatewrightVersion(): string | undefined {
  if (!existsSync(GATEWRIGHT_COMMAND)) return undefined
  return JSON.parse(readFileSync(join(ROOT, 'packages', 'cli', 'package.json'), 'utf8')).version
}

export async function startGatewright(given: PeerStart, parts: GatewrightParts): Promise<GatewrightRunning> {
  const configFile = join(given.dir, 'gatewright.yaml')
  writeFileSync(configFile, toFile(given.port, parts))
  const flags = ['--config', configFile, '--port', String(given.port), '--threads', String(given.threads)]
  return { ...(await startGatewrightCommand(given, flags)), configFile }
}

/** `gatewright start` with these flags and a free admin port. */
export async function startGatewrightCommand(
  given: PeerStart,
  flags: string[],
): Promise<Running & { adminPort: number }> {
  const adminPort = await findFreePort()
  const args = [GATEWRIGHT_COMMAND, 'start', ...flags, '--admin-port', String(adminPort)]
  return { ...start(process.execPath, args, { dir: given.dir, name: 'gatewright', cores: given.cores }), adminPort }
}

export function toFile(port: number, parts: GatewrightParts): string {
  return JSON.stringify({ gatewright: 1, listeners: [{ id: 'public', host: '127.0.0.1', port }], ...parts }, null, 1)
}

/** One API under `/` with one upstream; what else they hold is the caller's. */
export function toPlainParts(
  upstreamPort: number,
  {
    upstream,
    api,
    ...rest
  }: { upstream?: Record<string, unknown>; api?: Record<string, unknown>; [part: string]: unknown } = {},
): GatewrightParts {
  return {
    accessLog: 'off',
    upstreams: [{ id: 'orders', targets: [{ url: `http://127.0.0.1:${upstreamPort}` }], ...upstream }],
    // With neither routes nor a document every path is forwarded.
    apis: [{ id: 'orders', basePath: '/', upstream: 'orders', ...api }],
    ...rest,
  }
}

/** No policies, access log off, metrics on. */
export const gatewright: Peer = {
  name: 'Gatewright',
  findVersion: findGatewrightVersion,
  start: (given) => startGatewright(given, toPlainParts(given.upstreamPort)),
}

/** The same with upstream requests coalesced: all of the load's 64 may be in flight on four connections. One address is one caller. */
export const gatewrightCoalescing: Peer = {
  name: 'Gatewright, coalescing',
  findVersion: findGatewrightVersion,
  start: (given) =>
    startGatewright(
      given,
      toPlainParts(given.upstreamPort, { upstream: { pool: { pipelining: 16, maxConnections: 4 } } }),
    ),
}

/** The same with HTTP/2 to the upstream: all of the load's requests are streams of one connection. */
export const gatewrightMultiplexing: Peer = {
  name: 'Gatewright, HTTP/2 behind',
  findVersion: findGatewrightVersion,
  start: (given) => startGatewright(given, toPlainParts(given.upstreamPort, { upstream: { protocol: 'h2c' } })),
}

/** The same with TLS to the upstream, which proves its name by this CA. */
export function gatewrightToTls(ca: string): Peer {
  return {
    name: 'Gatewright, TLS behind',
    findVersion: findGatewrightVersion,
    start: ({ upstreamPort, ...given }) =>
      startGatewright(
        { ...given, upstreamPort },
        toPlainParts(upstreamPort, { upstream: { targets: [`https://127.0.0.1:${upstreamPort}`], tls: { ca } } }),
      ),
  }
}
