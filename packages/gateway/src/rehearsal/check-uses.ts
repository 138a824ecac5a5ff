/** Owns the check that every policy use of a model can be made, as each thread will make it: some options are wrong only for the policy itself. */
import type { Finding, GatewayModel, Path, PolicyUse, Sources } from '@gatewright/model'
import type { PolicyDefinition, PolicyServices } from '@gatewright/policies'
import { CredentialsIndex, openCredentials } from '../state/credentials/credentials-index.ts'
import { CaseCounters } from './case-counters.ts'
import { RehearsalClock } from './rehearsal-clock.ts'

const SILENT = { info() {}, warn() {}, error() {} }

/** `model` is one without a fault. Nothing runs but `create`, with services that reach nothing. */
export function checkUses(model: GatewayModel, catalogue: readonly PolicyDefinition[], sources: Sources): Finding[] {
  const definitions = new Map(catalogue.map((definition) => [definition.name, definition]))
  const services = toServices(model)
  const findings: Finding[] = []
  for (const [path, use] of listUses(model)) {
    const definition = definitions.get(use.policy)
    const reason = use.enabled === false || definition === undefined ? undefined : tryUse(definition, use, services)
    if (reason === undefined) continue
    findings.push({
      severity: 'fault',
      code: 'policy-failed',
      message: `The policy "${use.policy}" cannot be made of these options: ${reason}.`,
      at: sources.find(path),
    })
  }
  return findings
}

function tryUse(definition: PolicyDefinition, use: PolicyUse, services: PolicyServices): string | undefined {
  try {
    definition.create(definition.options.parse(use.options ?? {}), services)
    return undefined
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
  }
}

function toServices({ variables }: GatewayModel): PolicyServices {
  const clock = new RehearsalClock(Date.now())
  const credentials = openCredentials(new CredentialsIndex().descriptor(), { now: () => clock.now() })
  return { clock, counters: new CaseCounters(clock), credentials, log: SILENT, variables, useId: 'check' }
}

/** Those of the gateway, of plans, of APIs with their releases and routes. */
function* listUses({ policies, plans, apis }: GatewayModel): Generator<[Path, PolicyUse]> {
  yield* placeUses(policies, [])
  for (const [index, plan] of plans.entries()) yield* placeUses(plan.policies, ['plans', index])
  for (const [index, api] of apis.entries()) {
    if (api.enabled === false) continue
    yield* placeUses(api.policies, ['apis', index])
    for (const [at, release] of api.releases.entries()) {
      yield* placeUses(release.policies, ['apis', index, 'releases', at])
      for (const [position, route] of release.routes.entries()) {
        if (route.enabled === false) continue
        yield* placeUses(route.policies, ['apis', index, 'releases', at, 'routes', position])
      }
    }
  }
}

function* placeUses(uses: readonly PolicyUse[], above: Path): Generator<[Path, PolicyUse]> {
  for (const [index, use] of uses.entries()) yield [[...above, 'policies', index], use]
}
