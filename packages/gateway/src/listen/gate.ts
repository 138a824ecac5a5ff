/** Owns what a listener answers before anything is routed: connections that prove too little, CAs that ask, clients that should speak TLS. */
import type { Listener } from '@gatewright/model/runtime'
import { BytesBody, GatewayResponse, HeaderList, Problem } from '@gatewright/policies'
import { type ChallengeSet, findHttpAnswer } from '../acme/challenges/challenge-set.ts'
import type { Authority } from '../http1/host.ts'
import type { DemandsTable } from '../tls/demands.ts'
import type { ClientConnection, ReceivedRequest, RequestGate } from './connection-contract.ts'

interface GateParts {
  /** undefined: the listener speaks without TLS. */
  readonly demands: DemandsTable | undefined
  readonly challenges: () => ChallengeSet
}

export class Gate implements RequestGate {
  readonly hsts: string | undefined
  readonly #redirect: Listener['redirectToHttps']
  readonly #demands: DemandsTable | undefined
  readonly #challenges: () => ChallengeSet

  constructor({ hsts, redirectToHttps }: Pick<Listener, 'hsts' | 'redirectToHttps'>, parts: GateParts) {
    this.hsts = hsts && toHsts(hsts)
    this.#redirect = redirectToHttps
    this.#demands = parts.demands
    this.#challenges = parts.challenges
  }

  findAnswer(received: ReceivedRequest, { tls }: Pick<ClientConnection, 'tls'>): GatewayResponse | undefined {
    if (this.#demands === undefined) return this.#findPlainAnswer(received)
    // The listener speaks TLS since a moment ago, and this connection does not.
    if (tls === undefined) return GatewayResponse.ofProblem(new Problem('misdirected-request', { detail: MISDIRECTED }))
    if (tls.problem !== undefined) return GatewayResponse.ofProblem(tls.problem)
    // RFC 9110 §7.4: a connection that kept the demands of one name has proven nothing for another.
    if (this.#demands.find(received.authority?.host).hash === tls.demands.hash) return undefined
    return GatewayResponse.ofProblem(new Problem('misdirected-request', { detail: MISDIRECTED }))
  }

  #findPlainAnswer({ target, authority }: ReceivedRequest): GatewayResponse | undefined {
    // A token that we do not know may be the business of whom the request is forwarded to.
    const authorization = findHttpAnswer(this.#challenges(), target.path)
    if (authorization !== undefined) return toChallengeAnswer(authorization)
    const redirect = this.#redirect
    return redirect && toRedirect(redirect, target, authority)
  }
}

const MISDIRECTED = 'This host demands another TLS connection than this one: connect to it by its own name.'

function toHsts({ maxAgeSeconds, includeSubDomains, preload }: NonNullable<Listener['hsts']>): string {
  return `max-age=${maxAgeSeconds}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
}

function toChallengeAnswer(authorization: string): GatewayResponse {
  return new GatewayResponse({
    status: 200,
    headers: HeaderList.of([['Content-Type', 'application/octet-stream']]),
    body: new BytesBody({ latin1: authorization }),
  })
}

const HTTPS_PORT = 443

function toRedirect(
  { port = HTTPS_PORT, status }: NonNullable<Listener['redirectToHttps']>,
  { path, search }: ReceivedRequest['target'],
  authority: Authority | undefined,
): GatewayResponse {
  if (authority === undefined) {
    return GatewayResponse.ofProblem(new Problem('malformed-request', { detail: NO_HOST, reason: 'host-missing' }))
  }
  const place = `https://${authority.host}${port === HTTPS_PORT ? '' : `:${port}`}${path === '*' ? '/' : path}${search}`
  return new GatewayResponse({ status, headers: HeaderList.of([['Location', place]]) })
}

const NO_HOST = 'Without a Host field nobody can say where this is served by HTTPS.'
