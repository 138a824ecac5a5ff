/** Owns a node's way to its control planes: one is asked as long as it answers, then the next, with pauses that grow and differ from node to node. */
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'

// As a module, it loads undici as well for what it exports beside these.
const { request: requestHttp } = process.getBuiltinModule('node:http')

export interface ControlPlanesOptions {
  /** `https://control:9081`; asked in this order. */
  readonly urls: readonly string[]
  /** Who has none comes with a certificate. */
  readonly token?: string
  /** PEM: for the name of this node. */
  readonly certificate?: { readonly cert: string; readonly key: string }
  /** Of this node. */
  readonly name: string
  /** PEM: whom control planes are known by, instead of the usual CAs. */
  readonly ca?: string
}

/** It answered, and refuses. */
export class ControlRefusal extends Error {
  override readonly name = 'ControlRefusal'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface Asked {
  readonly method?: 'GET' | 'POST'
  /** Below `/node/v1`. */
  readonly path: string
  readonly body?: string
  readonly signal: AbortSignal
}

/** Longer than a question waits: whoever is silent so long is gone. */
const SILENCE_MS = 40_000
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 15_000
const MOST_TOLD_BYTES = 2_000

export class ControlPlanes {
  readonly #options: ControlPlanesOptions
  #at = 0

  constructor(options: ControlPlanesOptions) {
    this.#options = options
  }

  /** The one that is asked. */
  get current(): string {
    const { urls } = this.#options
    return urls[this.#at % urls.length] ?? ''
  }

  /** It does not answer as it should: the next one is asked from here on, and after all of them the first again. */
  leave(url: string): void {
    if (url === this.current) this.#at++
  }

  /** Undefined: there is nothing new. @rejects ControlRefusal, and what the network says */
  async ask({ method = 'GET', path, body, signal }: Asked): Promise<Readable | undefined> {
    const { token, name, ca, certificate } = this.#options
    const url = new URL(`/node/v1${path}`, this.current)
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const headers = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      'gatewright-node': name,
      'accept-encoding': 'zstd, gzip',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const tls = { ...(ca !== undefined && { ca }), ...certificate }
    const request = send(url, { method, headers, signal, agent: false, ...tls }, resolve)
    request.setTimeout(SILENCE_MS, () => request.destroy(new Error(`${url.host} is silent`)))
    request.on('error', reject)
    request.end(body)
    const answer = await promise
    if (answer.statusCode === 204) {
      answer.resume()
      return undefined
    }
    const content = unpack(answer)
    if (answer.statusCode === 200) return content
    throw new ControlRefusal(
      answer.statusCode ?? 0,
      `${url.host} answers ${answer.statusCode}: ${await readStart(content)}`,
    )
  }
}

/** How long to wait after so many attempts that failed: not all nodes come at once to a control plane that is back. */
export function toPauseMs(attempts: number, random = Math.random()): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts, 20))
  return longest / 2 + (longest / 2) * random
}

/** Answers false where it was ended. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return await sleep(ms, true, { signal }).catch(() => false)
}

function unpack(answer: IncomingMessage): Readable {
  const coding = answer.headers['content-encoding']
  if (coding === undefined) return answer
  const unpacked = coding === 'zstd' ? createZstdDecompress() : createGunzip()
  answer.once('error', (fault) => unpacked.destroy(fault))
  // A connection that breaks in the middle ends the answer without an error of its own.
  answer.once('close', () => {
    if (!answer.complete) unpacked.destroy(new Error('the connection broke in the middle of an answer'))
  })
  return answer.pipe(unpacked)
}

async function readStart(content: Readable): Promise<string> {
  let text = ''
  for await (const chunk of content.setEncoding('utf8')) {
    text += chunk
    if (text.length > MOST_TOLD_BYTES) break
  }
  return text.slice(0, MOST_TOLD_BYTES).trim()
}
