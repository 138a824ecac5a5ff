/** Owns clients of tests that write what they like to a port, and read what comes. */
import { connect, type Socket } from 'node:net'

/** What a server that has had enough does to who still writes is no fault of the test. */
export function openSocket(port: number): Socket {
  return connect(port, '127.0.0.1').on('error', () => {})
}

/** All that comes until the connection ends, a letter for each octet. */
export async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (part) => {
    text += part
  })
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  return text
}
