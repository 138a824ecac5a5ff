// Owns the contestants at the edge: the same three as bare proxies, with TLS, HTTP/1.1 and HTTP/2 in front.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeEdgeCertificate } from '../edge-certificate.ts'
import { startNginx } from '../nginx-process.ts'
import { findCommand, type Running, start } from '../processes.ts'
import { caddy } from './caddy.ts'
import { findGatewrightVersion, startGatewright, toPlainParts } from './gatewright.ts'
import { NGINX_PROXY, NGINX_UPSTREAM, nginx } from './nginx.ts'
import type { Peer, PeerStart } from './peer.ts'

export const gatewrightEdge: Peer = {
  name: 'Gatewright',
  findVersion: findGatewrightVersion,
  start(given) {
    const { cert, key } = makeEdgeCertificate(given.dir)
    return startGatewright(given, {
      ...toPlainParts(given.upstreamPort),
      listeners: [{ id: 'public', host: '127.0.0.1', port: given.port, tls: {} }],
      certificates: [{ id: 'edge', cert, key }],
    })
  },
}

export const nginxEdge: Peer = {
  name: nginx.name,
  findVersion: nginx.findVersion,
  start(given) {
    const { cert, key } = makeEdgeCertificate(given.dir)
    return startNginx({
      dir: given.dir,
      name: 'nginx',
      workers: given.threads,
      cores: given.cores,
      http: `${NGINX_UPSTREAM(given.upstreamPort)}
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:edge:10m;
    server {
      listen 127.0.0.1:${given.port} ssl http2 reuseport backlog=4096;
      location / {${NGINX_PROXY}}
    }`,
    })
  },
}

export const caddyEdge: Peer = {
  name: caddy.name,
  findVersion: caddy.findVersion,
  start: (given) =>
    startCaddyEdge(
      given,
      `reverse_proxy 127.0.0.1:${given.upstreamPort} {
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }`,
    ),
}

export function startCaddyEdge({ port, dir, threads, cores }: PeerStart, handler: string): Running {
  const { cert, key } = makeEdgeCertificate(dir)
  const file = join(dir, 'Caddyfile')
  writeFileSync(
    file,
    `
{
  admin off
  auto_https off
  servers {
    protocols h1 h2
  }
}
https://localhost:${port}, https://127.0.0.1:${port} {
  bind 127.0.0.1
  tls ${cert} ${key}
  ${handler}
}
`,
  )
  return start(findCommand('caddy')!, ['run', '--config', file, '--adapter', 'caddyfile'], {
    dir,
    name: 'caddy',
    cores,
    env: { XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir, HOME: dir, GOMAXPROCS: String(threads) },
  })
}
