/** Owns one HTTPS request to an authority: bounded in time and size, and with faults that say what to do. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { CallFault } from '@gatewright/policies'
import type { EgressGuard } from '../../egress/egress-guard.ts'
import { AcmeFault } from '../acme-fault.ts'

export interface AuthorityRequest {
  readonly method: string
  readonly url: string
  readonly contentType: string
  readonly body?: string
}

export interface AuthorityTrust {
  readonly signal: AbortSignal
  /** PEM; what Node trusts, if absent. */
  readonly ca: string | undefined
  /** Which addresses may be asked. */
  readonly guard: EgressGuard
}

export interface AuthorityAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** An authority may look something up before it answers; none takes so long. */
const REQUEST_MS = 30_000
/** Between the requests of one order. */
const IDLE_MS = 5_000
/** A chain has some thousand octets. */
const MOST_OCTETS = 1_048_576

/** Connections that are kept open are for those who may ask the same: what was permitted before may be so no more. */
const agents = new WeakMap<EgressGuard, Agent>()

/** @throws AcmeFault no whole answer */
export async function sendRequest(
  asked: AuthorityRequest,
  { signal, ca, guard }: AuthorityTrust,
): Promise<AuthorityAnswer> {
  const { method, url, contentType, body } = asked
  // RFC 8555 §6.1: the server of an authority speaks HTTPS.
  if (!url.startsWith('https://'))
    throw new AcmeFault(`${url} is no https address, and ACME is spoken over nothing else`)
  const within = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)])
  try {
    guard.checkLiteral(new URL(url).hostname)
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = {
        // RFC 8555 §6.1: a client says what it is.
        'User-Agent': 'gatewright',
        'Content-Type': contentType,
        ...(body !== undefined && { 'Content-Length': Buffer.byteLength(body) }),
      }
      const way = { agent: findAgent(guard), lookup: guard.lookup, signal: within, ...(ca !== undefined && { ca }) }
      const sent = request(url, { method, headers, ...way })
      sent.on('response', resolve)
      sent.on('error', reject)
      sent.end(body)
    })
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await readBody(answer) }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof AcmeFault ? error : toFault(new URL(url).origin, error as NodeJS.ErrnoException)
  }
}

function findAgent(guard: EgressGuard): Agent {
  const agent = agents.get(guard) ?? new Agent({ keepAlive: true, timeout: IDLE_MS })
  agents.set(guard, agent)
  return agent
}

async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    octets += chunk.length
    if (octets > MOST_OCTETS) throw new AcmeFault('the authority answers with more than a megabyte')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function toFault(origin: string, error: NodeJS.ErrnoException): AcmeFault {
  const { code, message, name } = error
  if (error instanceof CallFault && error.reason === 'egress-denied') {
    return new AcmeFault(`${origin} is not asked: ${message}`, { remedy: 'allow the address in `egress`' })
  }
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new AcmeFault(`${origin} did not answer within ${REQUEST_MS / 1000} s`)
  }
  const isDistrust = code !== undefined && /CERT|SIGNATURE|SIGNED/.test(code)
  return new AcmeFault(`${origin} cannot be asked: ${message === '' ? code : message}`, {
    remedy: isDistrust
      ? 'name the file of its certificate authority in `trustedCa`'
      : 'see that this machine may connect there',
  })
}
