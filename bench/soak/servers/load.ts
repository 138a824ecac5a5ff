// Owns a steady load, and the upstream behind it: keep-alive connections that ask again a while after each answer, and look at each of them.
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { LoadTally } from '../load-tally.ts'

const STEADY = 'this stays as it is'
/** A little longer than the gateway may take for anything. */
const PATIENCE_MS = 10_000

interface Wanted {
  readonly ports: readonly number[]
  readonly connections: number
  readonly pauseMs: number
  readonly changing: number
}

const upstream = createServer((_, response) => response.end(STEADY))
upstream.listen(0, '127.0.0.1', () => process.send?.({ upstreamPort: (upstream.address() as AddressInfo).port }))
let tally = new LoadTally()

process.on('message', (message: Wanted | 'say') => {
  if (message === 'say') {
    process.send?.(tally.tell())
    tally = new LoadTally()
    return
  }
  for (const port of message.ports) {
    for (let number = 0; number < message.connections; number++) new Asking(port, number, message)
  }
})

/** One connection. It stays on one thread, so that the numbers it gets never go back. */
class Asking {
  readonly #port: number
  readonly #wanted: Wanted
  readonly #seen = new Map<string, number>()
  #turn: number
  #path = ''
  #sentAt = 0
  #text = ''
  #socket: Socket
  #late: NodeJS.Timeout | undefined

  constructor(port: number, number: number, wanted: Wanted) {
    this.#port = port
    this.#turn = number
    this.#wanted = wanted
    this.#socket = this.#open()
  }

  #open(): Socket {
    // What another connection had seen says nothing of the thread of this one.
    this.#seen.clear()
    const socket = connect(this.#port, '127.0.0.1', () => this.#ask())
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take(chunk.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#fail('the connection was closed')
      setTimeout(() => {
        this.#socket = this.#open()
      }, 100)
    })
    return socket
  }

  #ask(): void {
    const turn = this.#turn++
    this.#path = turn % 2 === 0 ? '/steady' : `/api-${(turn >> 1) % this.#wanted.changing}`
    this.#text = ''
    this.#sentAt = performance.now()
    this.#late = setTimeout(() => this.#socket.destroy(), PATIENCE_MS)
    this.#socket.write(`GET ${this.#path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  }

  #take(text: string): void {
    this.#text += text
    const headEnd = this.#text.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#text)
    const body = this.#text.slice(headEnd + 4)
    if (length !== null && body.length < Number(length[1])) return
    clearTimeout(this.#late)
    if (this.#isRight(body)) tally.add(performance.now() - this.#sentAt)
    else this.#fail(`${this.#path}: ${this.#text.slice(0, 15)} ${body}`)
    setTimeout(() => this.#ask(), this.#wanted.pauseMs)
  }

  #isRight(body: string): boolean {
    if (!this.#text.startsWith('HTTP/1.1 200 ')) return false
    if (this.#path === '/steady') return body === STEADY
    const before = this.#seen.get(this.#path) ?? 0
    const now = Number(body)
    this.#seen.set(this.#path, now)
    return now >= before
  }

  #fail(why: string): void {
    clearTimeout(this.#late)
    tally.fail(why)
  }
}
