// Owns Traefik as a bare proxy; measured where a `traefik` is on PATH.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCommand, readVersion, start } from '../processes.ts'
import type { Peer } from './peer.ts'

export const traefik: Peer = {
  name: 'Traefik',
  findVersion() {
    const command = findCommand('traefik')
    return command && readVersion(command, ['version'], /Version:\s+v?(\d\S*)/)
  },
  start({ upstreamPort, port, dir, threads, cores }) {
    const dynamic = join(dir, 'dynamic.yaml') // JSON is YAML; Traefik takes no file that ends in .json
    const fixed = join(dir, 'traefik.yaml')
    const http = {
      routers: { all: { rule: 'PathPrefix(`/`)', service: 'orders', entryPoints: ['public'] } },
      services: { orders: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${upstreamPort}` }] } } },
    }
    writeFileSync(dynamic, JSON.stringify({ http }))
    writeFileSync(
      fixed,
      JSON.stringify({
        entryPoints: { public: { address: `127.0.0.1:${port}` } },
        providers: { file: { filename: dynamic } },
        global: { checkNewVersion: false, sendAnonymousUsage: false },
      }),
    )
    return start(findCommand('traefik')!, [`--configFile=${fixed}`], {
      dir,
      name: 'traefik',
      cores,
      env: { GOMAXPROCS: String(threads) },
    })
  },
}
