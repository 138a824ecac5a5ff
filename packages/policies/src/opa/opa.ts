/** Owns decisions by rules of Open Policy Agent: who may do what, written in Rego. */
import type { Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { GatewayResponse } from '../messages/response.ts'
import { definePolicy, type Next } from '../policy.ts'
import { createDecide } from './decide.ts'
import type { OpaDecision } from './opa-decision.ts'
import { OpaModule } from './opa-module.ts'
import { opaOptions } from './opa-options.ts'

export const opa = definePolicy({
  name: 'opa',
  phase: 'authorize',
  summary: 'Lets rules of Open Policy Agent decide about requests, on a server or compiled to Wasm.',
  options: opaOptions,
  examples: [
    {
      says: 'Asks a server beside the gateway, once in five seconds for the same caller, method and path.',
      options: {
        rules: { url: 'http://127.0.0.1:8181', path: 'orders/allow' },
        cache: { ttlSeconds: 5, by: ['caller', 'method', 'path'] },
      },
    },
    {
      says: 'Decides in the gateway. The rules may say `{ "allow": true, "headers": { "X-Tenant": … } }`, or `{ "allow": false, "status": 404, "reason": … }`.',
      options: {
        rules: { file: './rules/orders.tar.gz', entrypoint: 'orders/decision' },
        upstreamFields: ['X-Tenant'],
      },
    },
  ],
  identityFields: ({ upstreamFields }) => upstreamFields,
  files: ({ rules }) =>
    'url' in rules
      ? []
      : [{ path: rules.file, at: ['rules', 'file'], check: (bytes) => void new OpaModule(bytes, rules) }],

  create(options, services) {
    const decide = createDecide(options, services)

    return function opa(exchange, next) {
      const decision = decide(exchange)
      if (decision instanceof Promise) return decision.then((made) => carryOut(made, exchange, next))
      return carryOut(decision, exchange, next)
    }
  },
})

function carryOut(decision: OpaDecision, exchange: Exchange, next: Next): MaybePromise<GatewayResponse> {
  if (decision.kind === 'deny') {
    const response = GatewayResponse.ofProblem(decision.problem)
    response.status = decision.status
    return response
  }
  for (const [name, value] of decision.fields) exchange.request.headers.set(name, value)
  return next(exchange)
}
