/** Owns calls that policies make to other services: bounded in time and size, to addresses that may be called, redirects not followed. */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isDeepStrictEqual } from 'node:util'
import type { EgressRules } from '@gatewright/model/runtime'
import { type CallAnswer, CallFault, HeaderList, type HttpCalls, type OutgoingCall } from '@gatewright/policies'
import { EgressGuard } from './egress-guard.ts'

const LIMIT_BYTES = 1024 * 1024
/** Of one thread to one service. */
const MOST_SOCKETS = 64
const IDLE_MS = 4_000
/** Without bounds, a service that stalls would hold memory for each request that asks. */
const MOST_UNDER_WAY = 1_024

export class NodeHttpCalls implements HttpCalls {
  #rules: EgressRules = { deny: [], allow: [] }
  #guard = new EgressGuard(this.#rules)
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: MOST_SOCKETS, timeout: IDLE_MS })
  /** By what a server has to prove: connections are shared by those who ask the same. */
  readonly #secure = new Map<string, HttpsAgent>()
  #underWay = 0

  /** From here on. Idle connections are closed, and calls under way broken off, where the rules have changed. */
  setRules(rules: EgressRules): void {
    if (isDeepStrictEqual(rules, this.#rules)) return
    this.#rules = rules
    this.#guard = new EgressGuard(rules)
    // What was allowed before may be so no more.
    this.#plain.destroy()
    for (const agent of this.#secure.values()) agent.destroy()
  }

  async send(call: OutgoingCall): Promise<CallAnswer> {
    if (this.#underWay >= MOST_UNDER_WAY) throw new CallFault('too-many-calls', 'too many calls are under way')
    this.#underWay++
    try {
      return await this.#send(call)
    } finally {
      this.#underWay--
    }
  }

  #send(call: OutgoingCall): Promise<CallAnswer> {
    const url = toUrl(call.url)
    const guard = this.#guard
    guard.checkLiteral(url.hostname)
    const { promise, resolve, reject } = Promise.withResolvers<CallAnswer>()
    const isSecure = url.protocol === 'https:'
    const send = isSecure ? requestHttps : requestHttp
    const request = send(url, {
      method: call.method ?? 'GET',
      headers: toFields(call, url.host),
      agent: isSecure ? this.#findAgent(call) : this.#plain,
      lookup: guard.lookup,
      signal: AbortSignal.any([AbortSignal.timeout(call.timeoutMs), ...(call.signal ? [call.signal] : [])]),
    })
    request.on('error', (error) => reject(toFault(error)))
    request.on('response', (response) => {
      readAnswer(response, call.limitBytes ?? LIMIT_BYTES).then(resolve, (error: unknown) => {
        request.destroy()
        reject(toFault(error))
      })
    })
    request.end(call.body)
    return promise
  }

  #findAgent({ tls }: OutgoingCall): HttpsAgent {
    const key = tls === undefined ? '' : JSON.stringify([tls.ca, tls.cert])
    let agent = this.#secure.get(key)
    if (agent === undefined) {
      agent = new HttpsAgent({
        keepAlive: true,
        maxSockets: MOST_SOCKETS,
        timeout: IDLE_MS,
        ...(tls?.ca !== undefined && { ca: tls.ca }),
        ...(tls?.cert !== undefined && { cert: tls.cert }),
        ...(tls?.key !== undefined && { key: tls.key.reveal() }),
      })
      this.#secure.set(key, agent)
    }
    return agent
  }
}

function toUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new CallFault('url', `"${text}" is no http or https URL`)
  return url
}

/** Flat: fields of one name stay apart. */
function toFields({ headers = [], body }: OutgoingCall, host: string): string[] {
  const isHostSaid = headers.some(([name]) => name.toLowerCase() === 'host')
  const fields = [...(isHostSaid ? [] : ['Host', host]), ...headers.flat()]
  if (body !== undefined) fields.push('Content-Length', `${Buffer.byteLength(body)}`)
  return fields
}

async function readAnswer(response: IncomingMessage, limitBytes: number): Promise<CallAnswer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > limitBytes) throw new CallFault('too-large', `the answer is longer than ${limitBytes} bytes`)
    pieces.push(piece)
  }
  const fields: [string, string][] = []
  const { rawHeaders } = response
  for (let i = 0; i < rawHeaders.length; i += 2) fields.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? ''])
  return { status: response.statusCode ?? 0, headers: HeaderList.of(fields), body: Buffer.concat(pieces) }
}

function toFault(error: unknown): CallFault {
  if (error instanceof CallFault) return error
  const { cause, code, message } = error as NodeJS.ErrnoException
  const isLate = (cause as Error | undefined)?.name === 'TimeoutError' || code === 'ETIMEDOUT'
  const reason = isLate ? 'timeout' : (code ?? 'failed')
  return new CallFault(reason, message, { cause: error })
}
