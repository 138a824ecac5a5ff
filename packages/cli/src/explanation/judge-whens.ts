/** Owns the question whether the `when` of a policy holds for a request, where the request alone decides it. */
import { Rehearsal, type RehearsedRequest } from '@gatewright/gateway'
import type { GatewayModel, PolicyUse } from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import type { Runnable } from '../configuration.ts'
import type { PlacedRoute } from '../route-uses.ts'

/** `failed`: it is an error for this request, such as a field that is not there; `unknown`: something else has a say in it. */
export type Holds = 'yes' | 'no' | 'failed' | 'unknown'

export interface JudgedRequest {
  readonly request: RehearsedRequest
  readonly placed: PlacedRoute
  readonly runnable: Runnable
  readonly log: Log
}

/** They change nothing that a condition sees of the request. */
const HARMLESS = new Set(['rate-limit', 'cors', 'security-headers', 'ip-filter', 'retry', 'timeout', 'respond'])
/** What only a real request, or other policies, bring. */
const ELSEWHERE = /\b(?:caller|client|variables|response|error)\b/
/** Does nothing before the upstream, so it stands for whatever the condition is about. */
const PROBE = 'security-headers'

/** For each use, in running order; `undefined` where there is no condition. */
export async function judgeWhens(uses: readonly PolicyUse[], judged: JudgedRequest): Promise<(Holds | undefined)[]> {
  const held: (Holds | undefined)[] = []
  let isChanged = false
  for (const { policy, when } of uses) {
    // Names in texts of the condition count too: then it is not known, which is true as well.
    const isKnown = when !== undefined && !ELSEWHERE.test(when) && !(isChanged && /\brequest\b/.test(when))
    held.push(when === undefined ? undefined : isKnown ? await judgeWhen(when, judged) : 'unknown')
    if (!HARMLESS.has(policy)) isChanged = true
  }
  return held
}

/** Asks the real pipeline: a route with one policy under the same condition. */
async function judgeWhen(when: string, { request, placed, runnable, log }: JudgedRequest): Promise<Holds> {
  const model = withProbe(runnable.model, placed, { policy: PROBE, options: {}, when })
  const { extensions } = runnable
  const rehearsal = await Rehearsal.create({ model, apps: [], extensions, log, startMs: Date.now() })
  const { problem, policies } = await rehearsal.send(request)
  if (problem === 'expression-failed') return 'failed'
  return policies.includes(PROBE) ? 'yes' : 'no'
}

function withProbe(model: GatewayModel, { api, release, route }: PlacedRoute, probe: PolicyUse): GatewayModel {
  const only = { ...route, policies: [probe] }
  const apis = [{ ...api, errors: {}, policies: [], releases: [{ ...release, policies: [], routes: [only] }] }]
  return { ...model, policies: [], plans: [], apis }
}
