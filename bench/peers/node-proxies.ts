// Owns the proxies from the npm registry: each a process of its own on the Node that runs the bench.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { start } from '../processes.ts'
import type { Peer } from './peer.ts'

export const nodeProxies: Peer[] = [
  defineNodeProxy('@fastify/http-proxy', 'fastify.ts'),
  defineNodeProxy('http-proxy-3', 'http-proxy-3.ts'),
  defineNodeProxy('httpxy', 'httpxy.ts'),
]

export function defineNodeProxy(packageName: string, server: string, env: Record<string, string> = {}): Peer {
  return {
    name: packageName,
    findVersion: () => findPackageVersion(packageName),
    // Each is one process by nature; more threads would need a cluster around it that its users do not get.
    start: ({ upstreamPort, port, dir, cores }) =>
      start(process.execPath, [join(import.meta.dirname, '..', 'servers', server)], {
        dir,
        name: server,
        cores,
        env: { PORT: String(port), UPSTREAM: `http://127.0.0.1:${upstreamPort}`, ...env },
      }),
  }
}

function findPackageVersion(name: string): string | undefined {
  try {
    let folder = fileURLToPath(import.meta.resolve(name))
    folder = folder.slice(0, folder.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}/`.length)
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
  } catch {
    return undefined
  }
}
