// Owns HAProxy as a bare proxy.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCommand, type Running, readVersion, start } from '../processes.ts'
import type { Peer, PeerStart } from './peer.ts'

export const haproxy: Peer = {
  name: 'HAProxy',
  findVersion() {
    const command = findCommand('haproxy')
    return command && readVersion(command, ['-v'], /version (\d[\d.]*)/)
  },
  start: (given) => startHaproxy(given),
}

/** What else stands in its sections. */
export function startHaproxy(
  { upstreamPort, port, dir, threads, cores }: PeerStart,
  { defaults = '', frontend = '' }: { defaults?: string; frontend?: string } = {},
): Running {
  const file = join(dir, 'haproxy.cfg')
  writeFileSync(
    file,
    `
global
  nbthread ${threads}
  maxconn 9000
defaults
  mode http
  timeout connect 2s
  timeout client 75s
  timeout server 60s
  http-reuse always
  ${defaults}
frontend public
  bind 127.0.0.1:${port}
  ${frontend}
  default_backend orders
backend orders
  server one 127.0.0.1:${upstreamPort}
`,
  )
  return start(findCommand('haproxy')!, ['-db', '-f', file], { dir, name: 'haproxy', cores })
}
