// Owns the upstream every contestant talks to: an nginx that answers at once, so that it is never what is measured.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { makeEdgeCertificate } from './edge-certificate.ts'
import { startNginx } from './nginx-process.ts'
import { type Running, waitUntilAnswering } from './processes.ts'

/** 101 bytes: the answer of every row but the large one. */
export const ANSWER =
  '{"id":"ord_00001","status":"shipped","total":{"amount":12950,"currency":"EUR"},"items":3,"gift":true}'

export const LARGE_PATH = '/large'
export const LARGE_BYTES = 1024 * 1024

export interface Upstream extends Running {
  port: number
  /** The same answers over HTTP/2, without TLS. */
  http2Port: number
  /** The same over TLS, and the CA that proves it. */
  tlsPort: number
  ca: string
}

export async function startUpstream(options: { dir: string; cores?: string | undefined }): Promise<Upstream> {
  const port = await findFreePort()
  const http2Port = await findFreePort()
  const tlsPort = await findFreePort()
  const { cert, key } = makeEdgeCertificate(options.dir)
  const locations = `
      location = ${LARGE_PATH} { root ${options.dir}; }
      location / { return 200 '${ANSWER}'; }`
  writeFileSync(join(options.dir, 'large'), Buffer.alloc(LARGE_BYTES, '0123456789abcdef'))
  const running = startNginx({
    ...options,
    name: 'upstream',
    http: `
    sendfile on;
    tcp_nopush on;
    server {
      listen 127.0.0.1:${port} backlog=4096;${locations}
    }
    server {
      listen 127.0.0.1:${http2Port} http2 backlog=4096;
      keepalive_requests 1000000000;${locations}
    }
    server {
      listen 127.0.0.1:${tlsPort} ssl backlog=4096;
      ssl_certificate ${cert};
      ssl_certificate_key ${key};
      keepalive_requests 1000000000;${locations}
    }`,
  })
  await waitUntilAnswering(running, `http://127.0.0.1:${port}/`)
  return { ...running, port, http2Port, tlsPort, ca: cert }
}
