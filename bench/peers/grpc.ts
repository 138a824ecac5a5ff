// Owns the contestants that pass on gRPC: TLS and HTTP/2 in front, HTTP/2 without TLS behind.
import { makeEdgeCertificate } from '../edge-certificate.ts'
import { startNginx } from '../nginx-process.ts'
import { caddy } from './caddy.ts'
import { startCaddyEdge } from './edge.ts'
import { findGatewrightVersion, startGatewright, toPlainParts } from './gatewright.ts'
import { nginx } from './nginx.ts'
import type { Peer } from './peer.ts'

export const gatewrightGrpc: Peer = {
  name: 'Gatewright',
  findVersion: findGatewrightVersion,
  start(given) {
    const { cert, key } = makeEdgeCertificate(given.dir)
    return startGatewright(given, {
      ...toPlainParts(given.upstreamPort, { upstream: { protocol: 'h2c' } }),
      listeners: [{ id: 'public', host: '127.0.0.1', port: given.port, tls: {} }],
      certificates: [{ id: 'edge', cert, key }],
    })
  },
}

export const nginxGrpc: Peer = {
  name: nginx.name,
  findVersion: nginx.findVersion,
  start(given) {
    const { cert, key } = makeEdgeCertificate(given.dir)
    return startNginx({
      dir: given.dir,
      name: 'nginx',
      workers: given.threads,
      cores: given.cores,
      http: `
    upstream calls { server 127.0.0.1:${given.upstreamPort}; keepalive 256; keepalive_requests 1000000000; keepalive_timeout 1h; }
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.2 TLSv1.3;
    server {
      listen 127.0.0.1:${given.port} ssl http2 reuseport backlog=4096;
      location / { grpc_pass grpc://calls; }
    }`,
    })
  },
}

export const caddyGrpc: Peer = {
  name: caddy.name,
  findVersion: caddy.findVersion,
  start: (given) => startCaddyEdge(given, `reverse_proxy h2c://127.0.0.1:${given.upstreamPort}`),
}
