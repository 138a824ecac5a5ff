/** Owns an upstream for bodies that are too large to keep: it counts them, and reads only when it is told to. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface CountingUpstream {
  readonly url: string
  /** Bytes of the body that came, chunk framing aside where there is a length. */
  readonly bodyBytes: number
  resume(): void
  close(): Promise<void>
}

/** Answers 200 when as many bytes came as `Content-Length` says, or the last chunk. */
export async function countingUpstream({ startsPaused = false } = {}): Promise<CountingUpstream> {
  const sockets = new Set<Socket>()
  let bodyBytes = 0
  let isPaused = startsPaused
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (isPaused) socket.pause()
    let head = ''
    let length: number | undefined
    let tail = ''
    socket.on('data', (chunk: Buffer) => {
      let body = chunk
      if (!head.includes('\r\n\r\n')) {
        head += chunk.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        body = chunk.subarray(chunk.length - (head.length - end - 4))
        head = head.slice(0, end + 4)
        const announced = /^content-length: *(\d+)/im.exec(head)?.[1]
        length = announced === undefined ? undefined : Number(announced)
      }
      bodyBytes += body.length
      tail = (tail + body.toString('latin1', Math.max(0, body.length - 7))).slice(-7)
      if (length === undefined ? tail === '\r\n0\r\n\r\n' : bodyBytes === length) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        head = ''
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get bodyBytes() {
      return bodyBytes
    },
    resume() {
      isPaused = false
      for (const socket of sockets) socket.resume()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
