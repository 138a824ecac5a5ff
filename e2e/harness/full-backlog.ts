/** Owns a target that never completes a handshake: a socket that listens, accepts nobody, and whose queue is full. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { within } from './deadline.ts'

export interface FullBacklog {
  readonly url: string
  close(): Promise<void>
}

/** Linux lets one more wait than the backlog says, and then drops what asks to connect. */
const BACKLOG = 1

/** It listens on a thread that blocks for ever, and so never accepts. */
const LISTEN = `
const { parentPort } = require('node:worker_threads')
const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: ${BACKLOG} }, () => {
  parentPort.postMessage(server.address().port)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
`

export async function listenWithFullBacklog(): Promise<FullBacklog> {
  const worker = new Worker(LISTEN, { eval: true })
  const [port] = (await within(once(worker, 'message'), 'the port')) as [number]
  const queued: Socket[] = []
  for (let i = 0; i <= BACKLOG; i++) {
    const socket = connect(port, '127.0.0.1')
    await within(once(socket, 'connect'), 'a place in the queue')
    queued.push(socket.on('error', () => {}))
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      for (const socket of queued) socket.destroy()
      await worker.terminate()
    },
  }
}
