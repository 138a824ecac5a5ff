/** Owns a client that is nothing but a socket: it sends exactly the bytes it is given, cut where it is told. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Answer, parseAnswer } from './answer.ts'
import { within } from './deadline.ts'
import { type Delivery, deliver } from './deliveries.ts'

export class RawClient {
  readonly socket: Socket
  /** How the other side ended: `end` in order, `reset` not; undefined while it has not. */
  ended: 'end' | 'reset' | undefined
  #chunks: Buffer[] = []
  /** What came after the last answer that was handed out: all that must be looked at again when more comes. */
  #rest: Buffer = Buffer.alloc(0)
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
      this.#wake()
    })
    socket.on('end', () => this.#end('end'))
    socket.on('error', () => this.#end('reset'))
    socket.on('close', () => this.#end('end'))
  }

  /** `from`: the address of our end; loopback has many. */
  static async connect(port: number, host = '127.0.0.1', from?: string): Promise<RawClient> {
    const socket = connect({ port, host, allowHalfOpen: true, ...(from !== undefined && { localAddress: from }) })
    await within(once(socket, 'connect'), `a connection to ${host}:${port}`)
    return new RawClient(socket)
  }

  /** On a connection that somebody else made, with TLS or without. */
  static on(socket: Socket): RawClient {
    return new RawClient(socket)
  }

  /** All that came, also what `nextAnswer` has handed out. */
  get received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  /** Resolves when the kernel has the bytes; never rejects: the other side may have closed by then, and the answer tells. */
  write(bytes: string | Uint8Array): Promise<void> {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    return new Promise((resolve) => {
      if (this.socket.destroyed || this.socket.writableEnded) resolve()
      else this.socket.write(chunk, () => resolve())
    })
  }

  deliver(bytes: string, delivery: Delivery): Promise<void> {
    return deliver(bytes, delivery, (part) => this.write(part))
  }

  /** The next answer, or undefined when the connection ended before it was complete. */
  async nextAnswer(method = 'GET'): Promise<Answer | undefined> {
    for (;;) {
      const answer = parseAnswer(this.#rest, { method, isEnded: this.ended === 'end' })
      if (answer !== undefined) {
        this.#rest = this.#rest.subarray(answer.end)
        return answer
      }
      if (this.ended !== undefined) return undefined
      await this.#more('an answer')
    }
  }

  /** Like `nextAnswer`, but a connection that ends first is an error that shows what came. */
  async getAnswer(method = 'GET'): Promise<Answer> {
    const answer = await this.nextAnswer(method)
    if (answer !== undefined) return answer
    throw new Error(
      `the connection ended (${this.ended}) after ${JSON.stringify(this.#rest.toString('latin1', 0, 300))}`,
    )
  }

  /** Resolves once what came, as latin1, contains `text`. */
  async has(text: string): Promise<void> {
    while (!this.received.includes(text, 0, 'latin1')) {
      if (this.ended !== undefined)
        throw new Error(`the connection ended (${this.ended}) before ${JSON.stringify(text)} came`)
      await this.#more(JSON.stringify(text))
    }
  }

  /** Resolves when the other side has ended, and tells how. */
  async end(): Promise<'end' | 'reset'> {
    while (this.ended === undefined) await this.#more('the end of the connection')
    return this.ended
  }

  /** Bytes that came after the last answer. */
  get leftOver(): string {
    return this.#rest.toString('latin1')
  }

  halfClose(): void {
    this.socket.end()
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  close(): void {
    this.socket.destroy()
  }

  #more(what: string): Promise<void> {
    const came = this.#rest.length
    const more = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    return within(more, `${what}; ${came} bytes wait: ${JSON.stringify(this.#rest.toString('latin1', 0, 300))}`)
  }

  #end(how: 'end' | 'reset'): void {
    this.ended ??= how
    this.#wake()
  }
}

/** One request on a connection of its own. */
export async function exchange(
  port: number,
  bytes: string,
  { delivery = 'whole' as Delivery, method = 'GET' } = {},
): Promise<Answer> {
  const client = await RawClient.connect(port)
  try {
    await client.deliver(bytes, delivery)
    return await client.getAnswer(method)
  } finally {
    client.reset()
  }
}

/** `GET target` with Host `a`; `fields` are whole lines. */
export function get(port: number, target: string, fields: readonly string[] = []): Promise<Answer> {
  return exchange(port, [`GET ${target} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n'))
}
