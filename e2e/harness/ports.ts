/** Owns free TCP ports for programs that must be told one. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

// Below 32768, where Linux takes the local ports of outgoing connections from: those could seize ours before we bind it.
const FIRST = 12_000
/** Test files run in processes of their own, at the same time: each has its own ports, or two would find the same one free. */
const PORTS_A_PROCESS = 100
const PROCESSES = 190
/** Behind them, one for each of these parts of the range: who listens there has it, for as long as it lives. */
const FIRST_GUARD = FIRST + PROCESSES * PORTS_A_PROCESS

let first: Promise<number> | undefined
let next = 0

export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < PORTS_A_PROCESS; attempt++) {
    first ??= takePart()
    const port = (await first) + (next++ % PORTS_A_PROCESS)
    if (await isFree(port)) return port
  }
  throw new Error(`found no free port in ${PORTS_A_PROCESS} attempts`)
}

/** The first of its ports. */
async function takePart(): Promise<number> {
  for (let at = 0; at < PROCESSES; at++) {
    const part = (process.pid + at) % PROCESSES
    const guard = createServer()
    guard.listen(FIRST_GUARD + part, '127.0.0.1')
    // A process ends all the same.
    guard.unref()
    if (await hasOpened(guard)) return FIRST + part * PORTS_A_PROCESS
  }
  throw new Error(`${PROCESSES} processes have ports of their own already`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '0.0.0.0')
  if (!(await hasOpened(server))) return false
  server.close()
  await once(server, 'close')
  return true
}

async function hasOpened(server: Server): Promise<boolean> {
  return await once(server, 'listening').then(
    () => true,
    () => false,
  )
}
