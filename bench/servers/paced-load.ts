// Owns a load of constant rate: requests leave when they are due, and their time runs from when they were due.
//
// wrk sends as fast as it is answered, and h2load's --rps sends bursts of one request per connection; both hide waiting.
import { connect, type Socket } from 'node:net'

const [port, rate, seconds, connections] = ['PORT', 'RATE', 'SECONDS', 'CONNECTIONS'].map((name) =>
  Number(process.env[name]),
) as [number, number, number, number]
const request = Buffer.from(process.env.REQUEST ?? '', 'latin1')
const expected = Buffer.from(process.env.BODY ?? '', 'latin1')

// Node's timers tick in milliseconds, in which dozens of requests would fall due at once; a futex waits 50 µs.
const NAP_MS = 0.05
const nap = new Int32Array(new SharedArrayBuffer(4))

interface Line {
  socket: Socket
  dueMs: number
}

const idle: Line[] = []
const micros = new Uint32Array(Math.ceil(rate * seconds) + 1)
let answered = 0
let failed = 0

for (let index = 0; index < connections; index++) idle.push(await openLine())
const began = performance.now()
let sent = 0
setImmediate(turn)

function turn(): void {
  const now = performance.now()
  for (; idle.length > 0; sent++) {
    const dueMs = began + (sent / rate) * 1000
    if (dueMs > now) break
    const line = idle.pop()!
    line.dueMs = dueMs
    line.socket.write(request)
  }
  if (now >= began + seconds * 1000) report()
  Atomics.wait(nap, 0, 0, NAP_MS)
  setImmediate(turn)
}

function openLine(): Promise<Line> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(8192)
    const line: Line = { dueMs: 0, socket: connect({ port, host: '127.0.0.1', onread: { buffer, callback: read } }) }
    let isGood = false
    line.socket.setNoDelay(true)
    line.socket.once('connect', () => resolve(line))
    line.socket.once('error', (error) => reject(error)) // after the connect only 'close' counts, which follows
    line.socket.once('close', () => failed++)

    // An answer may come in two reads: the first must begin with a 200, the last end with the body.
    function read(size: number): boolean {
      if (buffer.toString('latin1', 0, 5) === 'HTTP/') isGood = buffer.toString('latin1', 9, 12) === '200'
      if (!buffer.subarray(Math.max(0, size - expected.length), size).equals(expected)) return true
      if (!isGood) failed++
      isGood = false
      micros[answered++] = (performance.now() - line.dueMs) * 1000
      idle.push(line)
      return true
    }
  })
}

function report(): never {
  const sorted = micros.subarray(0, answered).sort()
  const at = (share: number): number => sorted[Math.floor(answered * share)] ?? 0
  console.log(JSON.stringify({ answered, failed, p50Us: at(0.5), p99Us: at(0.99) }))
  process.exit(0)
}
