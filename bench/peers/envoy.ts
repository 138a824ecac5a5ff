// Owns Envoy as a bare proxy; measured where an `envoy` is on PATH.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCommand, readVersion, start } from '../processes.ts'
import type { Peer } from './peer.ts'

export const envoy: Peer = {
  name: 'Envoy',
  findVersion() {
    const command = findCommand('envoy')
    return command && readVersion(command, ['--version'], /\/(\d+\.\d+\.\d+)/)
  },
  start({ upstreamPort, port, dir, threads, cores }) {
    const file = join(dir, 'envoy.json')
    writeFileSync(file, JSON.stringify(toConfig(port, upstreamPort)))
    const args = ['-c', file, '--concurrency', String(threads), '--disable-hot-restart', '-l', 'warn']
    return start(findCommand('envoy')!, args, { dir, name: 'envoy', cores })
  },
}

function toConfig(port: number, upstreamPort: number): unknown {
  const router = {
    name: 'envoy.filters.http.router',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
  }
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'public',
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'orders' } }] },
      ],
    },
    http_filters: [router],
  }
  const address = (port_value: number): unknown => ({ socket_address: { address: '127.0.0.1', port_value } })
  const endpoint = { endpoint: { address: address(upstreamPort) } }
  return {
    static_resources: {
      listeners: [
        {
          name: 'public',
          address: address(port),
          filter_chains: [
            { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] },
          ],
        },
      ],
      clusters: [
        {
          name: 'orders',
          type: 'STATIC',
          connect_timeout: '2s',
          load_assignment: { cluster_name: 'orders', endpoints: [{ lb_endpoints: [endpoint] }] },
        },
      ],
    },
  }
}
