/** Owns what a decision does: to the request, to what is known of its caller, and to the answer. */
import type { CredentialPlace } from '../callers/credential-place.ts'
import { findAppPlan } from '../callers/find-app-plan.ts'
import { recognise } from '../callers/recognise.ts'
import { tellUpstream } from '../callers/upstream-facts.ts'
import type { Caller, Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { GatewayResponse } from '../messages/response.ts'
import type { Next } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { PolicyServices } from '../services.ts'
import type { Admission, Decision } from './answer-judge.ts'
import type { ExternalAuthOptions } from './external-auth-options.ts'

export function createCarryOut(
  { forward, toUpstream }: ExternalAuthOptions,
  { credentials }: PolicyServices,
  places: readonly CredentialPlace[],
): (decision: Decision, exchange: Exchange, next: Next) => MaybePromise<GatewayResponse> {
  const disabled = new Problem('access-denied', { detail: 'This app is disabled.', reason: 'disabled-app' })

  function withPlan(caller: Caller, { route }: Exchange): Caller {
    const { app } = caller
    if (app === undefined) return caller
    const named = { app, api: route.api, unknownApps: 'allow' } as const
    return { ...caller, plan: findAppPlan(credentials, named, () => disabled) }
  }

  return function carryOut(decision, exchange, next) {
    if (decision.kind === 'refusal') {
      if (decision.problem !== undefined) throw decision.problem
      const { status, headers, body } = decision
      return new GatewayResponse({ status, headers: headers.clone(), body })
    }
    const { request } = exchange
    for (const place of places) {
      if (forward) place.keep(request)
      else place.remove(request)
    }
    for (const [name, value] of decision.toUpstream) {
      if (value === undefined) request.headers.delete(name)
      else request.headers.set(name, value)
    }
    if (decision.caller !== undefined) recognise(exchange, withPlan(decision.caller, exchange))
    if (toUpstream !== undefined && exchange.caller !== undefined) tellUpstream(request, exchange.caller, toUpstream)
    const answer = next(exchange)
    const { toClient } = decision
    if (toClient.length === 0) return answer
    return answer instanceof Promise ? answer.then((made) => dress(made, toClient)) : dress(answer, toClient)
  }
}

function dress(response: GatewayResponse, fields: Admission['toClient']): GatewayResponse {
  const { headers } = response
  const ours = new Set(fields.map(([name]) => name.toLowerCase()))
  // RFC 6265 §3: each cookie is a field of its own, and none replaces another.
  for (const name of ours) if (name !== 'set-cookie') headers.delete(name)
  for (const [name, value] of fields) headers.append(name, value)
  return response
}
