/** Owns policies within policies, in tests: made of the definitions that a test names. */
import { findNestedLists } from '@gatewright/model/runtime'
import { GatewayResponse } from '../messages/response.ts'
import type { Next, Policy, PolicyDefinition } from '../policy.ts'
import type { NestedUse, NestedUses, PolicyServices } from '../services.ts'

/** Conditions (`when`) are the gateway's and do not run here. */
export function createTestUses(
  policies: readonly PolicyDefinition[],
  services: Omit<PolicyServices, 'uses'>,
): NestedUses {
  const uses: NestedUses = {
    compile(list) {
      const made = list.filter(({ enabled }) => enabled !== false).map((use) => make(use))
      return (exchange, next) =>
        made.reduceRight<Next>((inner, policy) => guard((one) => policy(one, inner)), next)(exchange)
    },
    compileWhen: () => undefined,
    findCredentialPlaces({ policy: name, options }) {
      const definition = policies.find((policy) => policy.name === name)
      const own = definition?.credentialPlaces?.(definition.options.parse(options ?? {})) ?? []
      const nested = findNestedLists(definition?.lists, options).flatMap((list) => list.uses)
      return [...own, ...nested.flatMap((use) => uses.findCredentialPlaces(use as NestedUse))]
    },
  }
  const make = ({ policy: name, options }: NestedUse): Policy => {
    const definition = policies.find((policy) => policy.name === name)
    if (definition === undefined) throw new Error(`the test names no policy "${name}"`)
    return definition.create(definition.options.parse(options ?? {}), { ...services, uses })
  }
  return uses
}

/** What is thrown becomes a response that carries its problem, as in the gateway. */
export function guard(call: Next): Next {
  return (exchange) => {
    try {
      const result = call(exchange)
      return result instanceof GatewayResponse ? result : result.catch(GatewayResponse.ofProblem)
    } catch (thrown) {
      return GatewayResponse.ofProblem(thrown)
    }
  }
}
