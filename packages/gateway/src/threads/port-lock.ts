/**
 * Owns the right to look whether a port is free and then to bind it: one instance has it at a time, or two that start together
 * would both find the port free, and then share it.
 *
 * A lock is a UNIX socket in Linux's abstract namespace: it goes with its process however that ends, needs no file, and is
 * seen wherever the port is, because the namespace is that of the network. Whoever waits is connected to it until it closes.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '@gatewright/policies'

/** Longer than any configuration takes to be compiled. Beyond it sits a process that is stopped, or one that means harm. */
const PATIENCE_MS = 30_000
const RETRY_MS = 20

export class PortLocks {
  readonly #log: Log
  readonly #patienceMs: number

  constructor(log: Log, patienceMs = PATIENCE_MS) {
    this.#log = log
    this.#patienceMs = patienceMs
  }

  /** Does it while no other instance looks at these ports or binds them, whatever the hosts. */
  async while<Result>(ports: Iterable<number>, act: () => Promise<Result>): Promise<Result> {
    const held: Lock[] = []
    try {
      // In one order for all, or two instances could wait for each other.
      for (const port of [...new Set(ports)].sort((a, b) => a - b)) held.push(await this.#lock(port))
      return await act()
    } finally {
      for (const lock of held) lock.release()
    }
  }

  async #lock(port: number): Promise<Lock> {
    const path = `\0gatewright-port-${port}`
    const patience = AbortSignal.timeout(this.#patienceMs)
    for (;;) {
      const lock = new Lock()
      const code = await lock.take(path)
      if (code === undefined) return lock
      // Where there are no such sockets, or not for us, the look at the port has to be enough.
      if (code !== 'EADDRINUSE') return lock
      if (patience.aborted) {
        this.#log.warn('another process has been about to open this port for long: it is not waited for any more', {
          port,
        })
        return lock
      }
      await waitForEnd(path, patience)
    }
  }
}

class Lock {
  readonly #server: Server
  readonly #waiting = new Set<Socket>()

  constructor() {
    this.#server = createServer((socket) => {
      this.#waiting.add(
        socket
          .unref()
          .on('error', () => {})
          .on('close', () => this.#waiting.delete(socket)),
      )
    })
  }

  /** Answers why it cannot be had. */
  take(path: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#server.once('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => resolve(code))
      this.#server.listen(path, () => resolve(undefined))
    })
  }

  release(): void {
    this.#server.close()
    for (const socket of this.#waiting) socket.destroy()
  }
}

/** Resolves when the lock may be free. */
async function waitForEnd(path: string, patience: AbortSignal): Promise<void> {
  let isConnected = false
  const socket = connect(path, () => {
    isConnected = true
  })
  const giveUp = (): void => void socket.destroy()
  patience.addEventListener('abort', giveUp)
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  socket
    .on('error', () => {})
    .on('close', () => resolve())
    .resume()
  await closed
  patience.removeEventListener('abort', giveUp)
  // It is gone, or it is somebody's who does not listen.
  if (!isConnected) await pause(RETRY_MS)
}
