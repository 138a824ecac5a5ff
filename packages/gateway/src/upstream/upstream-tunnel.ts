/** Owns the upstream's half of a tunnel between its 101 and the moment the client's half is there. */
import type { Tunnel } from '@gatewright/policies'
import type { TunnelEnd } from '../sockets/tunnel-end.ts'

export class UpstreamTunnel implements Tunnel {
  readonly end: TunnelEnd

  constructor(end: TunnelEnd) {
    this.end = end
  }

  discard(): void {
    this.end.socket.destroy()
  }
}
