/** Owns what an answer is remembered by: everything that the service saw, or what the options say that it depends on. */
import { toFingerprint } from '../callers/remembered.ts'
import type { Caller, Exchange } from '../exchange.ts'
import { type Check, toCallerFacts } from './check-call.ts'

/** Of one request; the credential belongs to it in any case. */
export interface KeyInputs {
  readonly exchange: Exchange
  readonly check: Check
  readonly credential: string | undefined
}

/** A fingerprint: credentials are part of it. JSON keeps the parts apart: no part can end early and go on as the next one. */
export function compileCheckKey(by: readonly string[] | undefined): (inputs: KeyInputs) => string {
  if (by === undefined)
    return ({ check }) => toFingerprint(JSON.stringify([check.method, check.url, check.headers, toText(check.body)]))
  const inputs = by.map(toInput)
  return ({ exchange, credential }) =>
    toFingerprint(JSON.stringify([credential ?? null, ...inputs.map((input) => input(exchange))]))
}

function toText(body: Check['body']): string | null {
  if (body === undefined) return null
  return typeof body === 'string' ? body : Buffer.from(body).toString('latin1')
}

function toInput(name: string): (exchange: Exchange) => unknown {
  switch (name) {
    case 'method':
      return ({ request }) => request.method
    case 'scheme':
      return ({ request }) => request.scheme
    case 'host':
      return ({ request }) => request.authority
    case 'path':
      return ({ request }) => request.matchedPath
    case 'query':
      return ({ request }) => request.search
    case 'client':
      return ({ client }) => client.address
    case 'caller':
      return ({ caller }) => (caller === undefined ? null : toCallerInput(caller))
    default: {
      const field = name.slice('header:'.length)
      return ({ request }) => request.headers.getAll(field)
    }
  }
}

/** All that the service may be told of the caller, and by which credentials: several people may share one of those. */
function toCallerInput(caller: Caller): unknown {
  const { credential, otherCredentials = [] } = caller
  return [toCallerFacts(caller), [credential, ...otherCredentials].map(({ kind, id }) => [kind, id])]
}
