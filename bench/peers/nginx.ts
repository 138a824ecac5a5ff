// Owns nginx as a bare proxy: proxy_pass with kept upstream connections, as its own documentation recommends.
import { findNginxVersion, startNginx } from '../nginx-process.ts'
import type { Peer, PeerStart } from './peer.ts'

export const NGINX_UPSTREAM = (port: number): string => `
    upstream orders { server 127.0.0.1:${port}; keepalive 256; keepalive_requests 1000000000; keepalive_timeout 1h; }`

export const NGINX_PROXY = `
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://orders;`

export const nginx: Peer = { name: 'nginx', findVersion: findNginxVersion, start: (given) => startNginxProxy(given) }

/** An nginx in front of the upstream; `server` is what else stands in the server block, `before` what stands before it. */
export function startNginxProxy(
  given: PeerStart,
  server = `location / {${NGINX_PROXY}}`,
  { name = 'nginx', before = '' }: { name?: string; before?: string } = {},
) {
  return startNginx({
    dir: given.dir,
    name,
    workers: given.threads,
    cores: given.cores,
    http: `${NGINX_UPSTREAM(given.upstreamPort)}
    ${before}
    server {
      listen 127.0.0.1:${given.port} reuseport backlog=4096;
      ${server}
    }`,
  })
}
