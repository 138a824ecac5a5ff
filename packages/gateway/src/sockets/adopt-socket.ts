/** Owns the one place where an accepted socket gets a read buffer of ours: Node offers `onread` to sockets that connect, and not to those that are accepted. */
import { Socket, type SocketConstructorOpts } from 'node:net'
import type { ReadBuffer } from './read-buffer.ts'

/** What every accepted socket has and the published types leave out. */
interface HandleHolder {
  _handle: unknown
}

interface OnReadOptions {
  readonly handle: unknown
  readonly onread: { readonly buffer: () => Uint8Array; readonly callback: (bytes: number) => boolean }
}

/** The same connection as a socket that reads into `buffer`; `onData` gets bytes that are gone when it returns. The given one is empty afterwards. */
export function adoptSocket(accepted: Socket, buffer: ReadBuffer, onData: (chunk: Buffer) => void): Socket {
  const holder = accepted as unknown as HandleHolder
  const handle = holder._handle
  // A socket that is no plain TCP connection (TLS, a test's pair), or that ended meanwhile, is read as Node reads it.
  if (handle === null || handle === undefined || accepted.constructor !== Socket) {
    accepted.on('data', (chunk: Buffer) => onData(chunk))
    return accepted
  }
  holder._handle = null
  const options: OnReadOptions = {
    handle,
    onread: {
      buffer: buffer.next,
      callback: (bytes) => {
        onData(buffer.take(bytes))
        return true
      },
    },
  }
  const socket = new Socket(options as unknown as SocketConstructorOpts)
  socket.setNoDelay(true)
  return socket
}
