/** Owns calls that policies make to other services: bounded in time and size, to addresses that may be called, redirects not followed. */
import type { ClientRequest, Agent as HttpAgent, IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { Duplex } from 'node:stream'
import {
  type CallAnswer,
  CallFault,
  HeaderList,
  type HttpCalls,
  IDEMPOTENT_METHODS,
  type OutgoingCall,
} from '@gatewright/policies'
import { type EgressGuard, NO_EGRESS_RULES } from '../egress/egress-guard.ts'
import { CallSending } from './call-sending.ts'

// As a module, it loads undici as well for what it exports beside these.
const { Agent: PlainAgent, request: requestHttp } = process.getBuiltinModule('node:http')

const LIMIT_BYTES = 1024 * 1024
/** Of one thread to one service. */
const MOST_SOCKETS = 64
const IDLE_MS = 4_000
/** Without bounds, a service that stalls would hold memory for each request that asks. */
const MOST_UNDER_WAY = 1_024
/** Where no content means none, and a length of 0 would be odd. */
const NO_CONTENT_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE'])

export class NodeHttpCalls implements HttpCalls {
  #guard = NO_EGRESS_RULES
  readonly #plain = this.#guarded(new PlainAgent({ keepAlive: true, maxSockets: MOST_SOCKETS, timeout: IDLE_MS }))
  /** By what a server has to prove: connections are shared by those who ask the same. */
  readonly #secure = new Map<string, HttpsAgent>()
  #underWay = 0

  /** From here on. Where it is another one, idle connections are closed, and calls under way broken off. */
  setGuard(guard: EgressGuard): void {
    if (guard === this.#guard) return
    this.#guard = guard
    // What was allowed before may be so no more.
    this.#plain.destroy()
    for (const agent of this.#secure.values()) agent.destroy()
  }

  async send(call: OutgoingCall): Promise<CallAnswer> {
    const signal = AbortSignal.any([AbortSignal.timeout(call.timeoutMs), ...(call.signal ? [call.signal] : [])])
    for (;;) {
      const outcome = await this.#try(call, signal)
      if (outcome !== 'stale') return outcome
    }
  }

  /** `stale`: the connection was kept open for this, and closed in the meantime; it is not tried again. */
  #try(call: OutgoingCall, signal: AbortSignal): Promise<CallAnswer | 'stale'> {
    const url = toUrl(call.url)
    if (this.#underWay >= MOST_UNDER_WAY) throw new CallFault('too-many-calls', 'too many calls are under way')
    if (signal.aborted) throw toGivenUp(signal.reason)
    const { promise, resolve, reject } = Promise.withResolvers<CallAnswer | 'stale'>()
    const isSecure = url.protocol === 'https:'
    const send = isSecure ? requestHttps : requestHttp
    const request = send(url, {
      method: call.method ?? 'GET',
      headers: toFields(call, url.host),
      agent: isSecure ? this.#findAgent(call) : this.#plain,
      signal,
    })
    this.#underWay++
    const sending = new CallSending(request)
    // An agent holds whom it has queued until there is a connection, also those that have ended: they count, and wait no longer.
    const leave = (): void =>
      reject(isTimeOut(signal.reason) ? sending.toLateFault(signal.reason) : toGivenUp(signal.reason))
    signal.addEventListener('abort', leave, { once: true })
    request.on('close', () => {
      this.#underWay--
      signal.removeEventListener('abort', leave)
    })
    // Beyond a number of them Node drops fields without a word, and one of those may say that nobody passes. The head's size is bounded.
    request.maxHeadersCount = 0
    let hasAnswer = false
    request.on('error', (error) => {
      if (!hasAnswer && isStale(request, error) && mayRepeat(call)) resolve('stale')
      else reject(toFault(error))
    })
    // A protocol that nobody asked for (RFC 9110 §15.2.2): Node hands the socket over and says no more of the call.
    const refuseTunnel = (_: IncomingMessage, socket: Duplex) => {
      socket.destroy()
      reject(new CallFault('not-http', 'the service switched protocols', { isAnswered: true }))
    }
    request.on('upgrade', refuseTunnel).on('connect', refuseTunnel)
    request.on('response', (response) => {
      hasAnswer = true
      sending.heard(response)
      readAnswer(response, call.limitBytes ?? LIMIT_BYTES).then(
        (answer) => {
          sending.end()
          resolve(answer)
        },
        (error: unknown) => {
          request.destroy()
          reject(toFault(error))
        },
      )
    })
    sending.begin(call.body)
    return promise
  }

  #findAgent({ tls }: OutgoingCall): HttpsAgent {
    const key = tls === undefined ? '' : JSON.stringify([tls.ca, tls.cert])
    let agent = this.#secure.get(key)
    if (agent === undefined) {
      agent = this.#guarded(
        new HttpsAgent({
          keepAlive: true,
          maxSockets: MOST_SOCKETS,
          timeout: IDLE_MS,
          ...(tls?.ca !== undefined && { ca: tls.ca }),
          ...(tls?.cert !== undefined && { cert: tls.cert }),
          ...(tls?.key !== undefined && { key: tls.key.reveal() }),
        }),
      )
      this.#secure.set(key, agent)
    }
    return agent
  }

  /** Its connections are judged as they are opened: a call may have waited for one, and the rules be others since. */
  #guarded<Agent extends HttpAgent>(agent: Agent): Agent {
    const connect = agent.createConnection.bind(agent)
    agent.createConnection = (options, callback) =>
      this.#guard.refuse(options.host ?? '') ?? connect({ ...options, lookup: this.#guard.lookup }, callback)
    return agent
  }
}

/** Before an answer: did the other end close a connection that was kept open? RFC 9112 §9.3.1 has clients try again. */
function isStale(request: ClientRequest, { code }: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')
}

/** RFC 9110 §9.2.2: else it may have been carried out, and would be twice. */
function mayRepeat({ method = 'GET', mayRepeat = IDEMPOTENT_METHODS.has(method) }: OutgoingCall): boolean {
  return mayRepeat
}

function toUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new CallFault('url', `"${text}" is no http or https URL`)
  return url
}

/** Flat: fields of one name stay apart. */
function toFields({ method = 'GET', headers = [], body }: OutgoingCall, host: string): string[] {
  const isHostSaid = headers.some(([name]) => name.toLowerCase() === 'host')
  const fields = [...(isHostSaid ? [] : ['Host', host]), ...headers.flat()]
  if (body !== undefined) fields.push('Content-Length', `${Buffer.byteLength(body)}`)
  // RFC 9110 §8.6: said where content is usual; Node would send chunks of nothing.
  else if (!NO_CONTENT_METHODS.has(method)) fields.push('Content-Length', '0')
  return fields
}

async function readAnswer(response: IncomingMessage, limitBytes: number): Promise<CallAnswer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > limitBytes) {
      throw new CallFault('too-large', `the answer is longer than ${limitBytes} bytes`, { isAnswered: true })
    }
    pieces.push(piece)
  }
  const fields: [string, string][] = []
  const { rawHeaders } = response
  for (let i = 0; i < rawHeaders.length; i += 2) fields.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? ''])
  return { status: response.statusCode ?? 0, headers: HeaderList.of(fields), body: Buffer.concat(pieces) }
}

/** As Node says it. */
function toGivenUp(cause: unknown): CallFault {
  return toFault(Object.assign(new Error('the call was given up', { cause }), { code: 'ABORT_ERR' }))
}

function isTimeOut(cause: unknown): boolean {
  return (cause as Error | undefined)?.name === 'TimeoutError'
}

function toFault(error: unknown): CallFault {
  if (error instanceof CallFault) return error
  const { cause, code, message } = error as NodeJS.ErrnoException
  const reason = isTimeOut(cause) || code === 'ETIMEDOUT' ? 'timeout' : (code ?? 'failed')
  return new CallFault(reason, message, { cause: error })
}
