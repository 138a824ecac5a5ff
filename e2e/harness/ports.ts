/** Owns free TCP ports for programs that must be told one. */
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below 32768, where Linux takes the local ports of outgoing connections from: those could seize ours before we bind it.
const FIRST = 12_000
/** Test files run in processes of their own, at the same time: each has its own ports, or two would find the same one free. */
const PORTS_A_PROCESS = 100
const PROCESSES = 200

let next = 0

export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < PORTS_A_PROCESS; attempt++) {
    const port = FIRST + (process.pid % PROCESSES) * PORTS_A_PROCESS + (next++ % PORTS_A_PROCESS)
    if (await isFree(port)) return port
  }
  throw new Error(`found no free port in ${PORTS_A_PROCESS} attempts`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '0.0.0.0')
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
