/**
 * Owns that a folder has one node at a time: two would write over each other what they were told, and what they say would be of one name.
 *
 * As the lock of a port (`threads/port-lock.ts`) it is a UNIX socket in Linux's abstract namespace, which goes with its process however that
 * ends; where there are none, nobody is refused.
 */
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** One that is just ending lets go of it. */
const PATIENCE_MS = 2_000
const RETRY_MS = 50

export class FolderLock {
  #server: Server | undefined

  /** Of a folder that is there, by whatever path. @rejects where another node has it */
  async take(folder: string): Promise<void> {
    const { dev, ino } = statSync(folder)
    const end = performance.now() + PATIENCE_MS
    for (;;) {
      const server = createServer().unref()
      const code = await listen(server, `\0gatewright-node-${dev}-${ino}`)
      if (code === undefined) this.#server = server
      if (code !== 'EADDRINUSE') return
      if (performance.now() >= end) break
      await pause(RETRY_MS)
    }
    throw new Error(`another node has the folder ${folder}: end that first, or name another folder with --data`)
  }

  release(): void {
    this.#server?.close()
  }
}

/** Answers why it cannot be had. */
async function listen(server: Server, path: string): Promise<string | undefined> {
  try {
    await once(server.listen(path), 'listening')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}
