/** Owns the chunked coding on its way out (RFC 9112 §7.1), to clients and to targets alike. */
import type { Socket } from 'node:net'
import type { HeaderList } from '@gatewright/policies'
import { createFieldMask, serializeFields } from './serialize-head.ts'

const CRLF = Buffer.from('\r\n')
const NOTHING_DROPPED = createFieldMask([])

/** One write to the kernel for size, data and line end. False: the socket wants to drain first. An empty chunk would be the last one, so there must be data. */
export function writeChunk(socket: Socket, data: Uint8Array): boolean {
  socket.cork()
  socket.write(`${data.length.toString(16)}\r\n`, 'latin1')
  socket.write(data)
  const isReady = socket.write(CRLF)
  socket.uncork()
  return isReady
}

export function writeLastChunk(socket: Socket, trailers: HeaderList | undefined): void {
  const fields = trailers === undefined ? '' : serializeFields(trailers, NOTHING_DROPPED)
  socket.write(`0\r\n${fields}\r\n`, 'latin1')
}
