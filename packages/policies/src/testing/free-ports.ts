/** Owns free TCP ports for programs that must be told one. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'

/** Test files run in processes of their own, at the same time: each has its own ports, or two would find the same one free. */
const PORTS_A_PROCESS = 100
/** With its guard: who listens there has the others, for as long as it lives. */
const PORTS_A_PART = PORTS_A_PROCESS + 1

export interface PortRange {
  readonly first: number
  readonly last: number
}

const LOWEST = 10_000
const HIGHEST = 65_535
/** RFC 6335 §6, for systems that do not say theirs. */
const DYNAMIC: PortRange = { first: 49_152, last: HIGHEST }
/** Where the system leaves too little, these are as good as any. */
const ANYWAY: PortRange = { first: 12_000, last: 31_999 }
const FEWEST_PARTS = 10

let first: Promise<number> | undefined
let next = 0

export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < PORTS_A_PROCESS; attempt++) {
    first ??= takePart(chooseRange(readLocalPorts()))
    const port = (await first) + (next++ % PORTS_A_PROCESS)
    if (await isFree(port)) return port
  }
  throw new Error(`found no free port in ${PORTS_A_PROCESS} attempts`)
}

/**
 * Beside those where the system takes the local ports of outgoing connections from: such a connection could seize a port that
 * we found free before the program binds it. Systems differ: Linux has 32768 to 60999, sandboxes begin at 16000 and go to the end.
 */
export function chooseRange(local: PortRange): PortRange {
  const below = { first: LOWEST, last: local.first - 1 }
  const above = { first: local.last + 1, last: HIGHEST }
  const larger = countParts(below) >= countParts(above) ? below : above
  return countParts(larger) >= FEWEST_PARTS ? larger : ANYWAY
}

function countParts({ first: from, last }: PortRange): number {
  return Math.floor((last - from + 1) / PORTS_A_PART)
}

/** https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html: `ip_local_port_range`. */
function readLocalPorts(): PortRange {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    const [from, last] = text.trim().split(/\s+/).map(Number)
    return from === undefined || last === undefined ? DYNAMIC : { first: from, last }
  } catch {
    return DYNAMIC
  }
}

/** The first of its ports. */
async function takePart(range: PortRange): Promise<number> {
  const parts = countParts(range)
  for (let at = 0; at < parts; at++) {
    const start = range.first + ((process.pid + at) % parts) * PORTS_A_PART
    const guard = createServer()
    guard.listen(start + PORTS_A_PROCESS, '127.0.0.1')
    // A process ends all the same.
    guard.unref()
    if (await hasOpened(guard)) return start
  }
  throw new Error(`${parts} processes have ports of their own already`)
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
