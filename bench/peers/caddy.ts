// Owns Caddy as a bare proxy.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCommand, readVersion, start } from '../processes.ts'
import type { Peer } from './peer.ts'

export const caddy: Peer = {
  name: 'Caddy',
  findVersion() {
    const command = findCommand('caddy')
    return command && readVersion(command, ['version'], /v?(\d+\.\d+\.\d+)/)
  },
  start({ upstreamPort, port, dir, threads, cores }) {
    const file = join(dir, 'Caddyfile')
    // By default 32 idle connections are kept to an upstream: fewer than the load has, so half the requests would connect anew.
    writeFileSync(
      file,
      `
{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort} {
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
`,
    )
    return start(findCommand('caddy')!, ['run', '--config', file, '--adapter', 'caddyfile'], {
      dir,
      name: 'caddy',
      cores,
      env: { XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir, HOME: dir, GOMAXPROCS: String(threads) },
    })
  },
}
