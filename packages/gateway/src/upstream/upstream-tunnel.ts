/** Owns the upstream's half of a tunnel between its 101 and the moment the client's half is there. */
import type { Socket } from 'node:net'
import type { Tunnel } from '@gatewright/policies'
import type { Http2Stream } from '../http2/http2-stream.ts'
import { StreamSocket } from '../sockets/stream-socket.ts'
import type { TunnelEnd } from '../sockets/tunnel-end.ts'

export class UpstreamTunnel implements Tunnel {
  readonly end: TunnelEnd

  constructor(end: TunnelEnd) {
    this.end = end
  }

  /** Takes the socket from the connection that brought the 101; until the client's half is there, it is not read. */
  static takeOver(socket: Socket, rest: Uint8Array, readWith: TunnelEnd['readWith']): UpstreamTunnel {
    // What listened to it stays and does nothing more: the connection is gone. Node's own listeners free what TLS holds.
    socket.pause()
    return new UpstreamTunnel({ socket, rest: Buffer.from(rest), readWith, release() {} })
  }

  /** A stream of HTTP/2 stands for the socket; `onOver` once it is of no more use. */
  static overStream(stream: Http2Stream, onOver: () => void): UpstreamTunnel {
    const socket = new StreamSocket(stream, onOver)
    socket.pause()
    const readWith = (reader: (chunk: Buffer) => void): void => void socket.on('data', reader)
    return new UpstreamTunnel({ socket, rest: Buffer.alloc(0), readWith, release() {} })
  }

  discard(): void {
    this.end.socket.destroy()
  }
}
