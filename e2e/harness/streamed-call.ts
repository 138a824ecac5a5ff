/** Owns one streamed request over either version of HTTP, by Node's own clients: what is sent and what came so far can be told apart in time. */

import { request } from 'node:http'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import type { Readable, Writable } from 'node:stream'
import { until } from './deadline.ts'

export type ClientVersion = '1.1' | '2'

export class StreamedCall {
  /** Fields of the answer's head, once it came; with `:status` over HTTP/2. */
  head: IncomingHttpHeaders | undefined
  /** How the answer ended: in order, or not. */
  ended: 'end' | 'broken' | undefined
  #text = ''
  readonly #request: Writable
  readonly #close: () => void

  private constructor(sending: Writable, close: () => void) {
    this.#request = sending
    this.#close = close
    sending.on('error', () => this.#end('broken'))
  }

  /** A POST whose body is open until `end`. */
  static open(
    { port, version }: { readonly port: number; readonly version: ClientVersion },
    path: string,
    headers: Readonly<Record<string, string>>,
  ): StreamedCall {
    if (version === '1.1') {
      const sending = request({ port, host: '127.0.0.1', path, method: 'POST', headers, agent: false })
      const call = new StreamedCall(sending, () => sending.destroy())
      sending.on('response', (answer) => call.#read(answer, answer.headers))
      sending.flushHeaders()
      return call
    }
    const session = connect(`http://127.0.0.1:${port}`)
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers })
    const call = new StreamedCall(stream, () => session.destroy())
    session.on('error', () => call.#end('broken'))
    stream.on('response', (given) => call.#read(stream, given))
    return call
  }

  /** What came of the body so far, as latin1. */
  get text(): string {
    return this.#text
  }

  write(octets: string | Uint8Array): void {
    this.#request.write(octets)
  }

  end(octets: string | Uint8Array = ''): void {
    this.#request.end(octets)
  }

  close(): void {
    this.#close()
  }

  async getHead(): Promise<IncomingHttpHeaders> {
    return await until(() => this.head ?? (this.ended === undefined ? undefined : {}), 'the head of an answer')
  }

  async getEnd(): Promise<'end' | 'broken'> {
    return await until(() => this.ended, 'the end of an answer')
  }

  #read(answer: Readable, head: IncomingHttpHeaders): void {
    this.head = head
    answer.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1')
    })
    answer.on('end', () => this.#end('end'))
    answer.on('error', () => this.#end('broken'))
    answer.on('close', () => this.#end('broken'))
  }

  #end(how: 'end' | 'broken'): void {
    this.ended ??= how
  }
}
