/** Owns the words before TLS on a connection of LDAP (RFC 4511 §4.14): one request, one answer, and not a byte beside them. */
import type { Socket } from 'node:net'
import { CallFault } from '@gatewright/policies'

/** LDAPMessage { messageID 1, ExtendedRequest { requestName 1.3.6.1.4.1.1466.20037 } } */
const REQUEST = Buffer.concat([Buffer.from('301d02010177188016', 'hex'), Buffer.from('1.3.6.1.4.1.1466.20037')])
const MOST_ANSWER_BYTES = 4096

const SEQUENCE = 0x30
const EXTENDED_RESPONSE = 0x78
const ENUMERATED = 0x0a

/**
 * Resolves when the server is ready for the handshake. What stands behind its answer was written by who sits in between, so that
 * it is taken for an answer later: such a connection is not used. @rejects CallFault
 */
export function startTls(socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let read = Buffer.alloc(0)
  const onData = (piece: Buffer): void => {
    read = Buffer.concat([read, piece])
    const end = findEnd(read)
    if (end === undefined && read[0] === SEQUENCE && read.length <= MOST_ANSWER_BYTES) return
    stop()
    const fault = end === undefined ? 'no answer in LDAP' : findFault(read, end)
    if (fault === undefined) resolve()
    else reject(new CallFault('starttls', `TLS does not begin: ${fault}`))
  }
  const onEnd = (): void => {
    stop()
    reject(new CallFault('closed', 'the connection ended before TLS began'))
  }
  const stop = (): void => {
    socket.off('data', onData).off('error', onEnd).off('close', onEnd)
    socket.pause()
  }
  socket.on('data', onData).on('error', onEnd).on('close', onEnd)
  socket.write(REQUEST)
  return promise
}

/** Behind the outermost value, or undefined where it is not whole yet. */
function findEnd(bytes: Buffer): number | undefined {
  const length = readLength(bytes, 1)
  return length === undefined || bytes.length < length.end ? undefined : length.end
}

function findFault(bytes: Buffer, end: number): string | undefined {
  if (bytes.length > end) return 'there is more than the answer'
  if (bytes[0] !== SEQUENCE) return 'no answer in LDAP'
  const start = readLength(bytes, 1)?.start ?? 0
  // messageID 1, as it was asked.
  if (bytes.readUIntBE(start, 3) !== 0x020101 || bytes[start + 3] !== EXTENDED_RESPONSE) return 'no answer to this'
  const at = readLength(bytes, start + 4)?.start ?? 0
  if (bytes[at] !== ENUMERATED || bytes[at + 1] !== 1) return 'no answer to this'
  return bytes[at + 2] === 0 ? undefined : `the server refuses it (${bytes[at + 2]})`
}

/** X.690 §8.1.3: one byte, or how many bytes and then they; Active Directory writes four where one would do. */
function readLength(bytes: Buffer, at: number): { readonly start: number; readonly end: number } | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  if (first < 0x80) return { start: at + 1, end: at + 1 + first }
  const count = first & 0x7f
  if (count === 0 || count > 4 || bytes.length < at + 1 + count) return undefined
  const start = at + 1 + count
  return { start, end: start + bytes.readUIntBE(at + 1, count) }
}
