/** Owns the chunked coding on its way out (RFC 9112 §7.1), to clients and to targets alike. */
import type { Socket } from 'node:net'
import { type HeaderList, KNOWN_FIELDS } from '@gatewright/policies'
import { createFieldMask, serializeFields } from './serialize-head.ts'

const CRLF = Buffer.from('\r\n')

// RFC 9110 §6.5.1: what came from the other side is without them already; a policy's trailers may not be.
const FRAMING = createFieldMask([
  KNOWN_FIELDS['content-length'],
  KNOWN_FIELDS['transfer-encoding'],
  KNOWN_FIELDS.host,
  KNOWN_FIELDS.trailer,
  KNOWN_FIELDS.connection,
  KNOWN_FIELDS.te,
  KNOWN_FIELDS.upgrade,
])

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
  const fields = trailers === undefined ? '' : serializeFields(trailers, FRAMING)
  socket.write(`0\r\n${fields}\r\n`, 'latin1')
}
