/** Owns free TCP ports for programs that must be told one. */
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below 32768, where Linux takes the local ports of outgoing connections from: those could seize ours before we bind it.
const FIRST = 12_000
const COUNT = 20_000

export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (await isFree(port)) return port
  }
  throw new Error('found no free port in 100 attempts')
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
