/** Owns the checks of plans, apps and keys: references that lead nowhere, keys that two apps share. */
import { suggestName } from '../closest.ts'
import type { Path } from '../finding.ts'
import type { App } from '../gateway-model.ts'
import { placeUses } from './validate-order.ts'
import { validateOpened, validatePlanPolicies } from './validate-plan-slot.ts'
import { validateUses } from './validate-policies.ts'
import type { Validation } from './validation.ts'

export function validatePlans(validation: Validation): void {
  for (const [index, plan] of validation.model.plans.entries()) {
    const path: Path = ['plans', index]
    validateUses(validation, plan.policies, [...path, 'policies'])
    validatePlanPolicies(validation, placeUses(plan.policies, [...path, 'policies']))
    for (const [position, opened] of (plan.apis ?? []).entries()) {
      checkOpened(validation, opened, [...path, 'apis', position])
    }
  }
  const owners = new Map<string, Path>()
  for (const [index, app] of (validation.options.apps ?? []).entries())
    checkApp(validation, app, { path: ['apps', index], owners })
}

function checkOpened(
  validation: Validation,
  { api: id, routes }: { api: string; routes?: readonly string[] },
  path: Path,
): void {
  const { apis } = validation.model
  const api = apis.find((candidate) => candidate.id === id)
  if (api === undefined) {
    if (validation.isLost(id)) return
    const suggestion = suggestName(
      id,
      apis.map((candidate) => candidate.id),
      'APIs',
    )
    validation.fault([...path, 'api'], { code: 'unknown-api', message: `There is no API "${id}".`, suggestion })
    return
  }
  validateOpened(validation, { api, routes }, path)
  const known: string[] = api.releases.flatMap((release) => release.routes.map((route) => route.id))
  for (const [position, route] of (routes ?? []).entries()) {
    if (known.includes(route) || validation.isLost(route)) continue
    const message = `The API "${id}" has no route "${route}".`
    validation.fault([...path, 'routes', position], {
      code: 'unknown-route',
      message,
      suggestion: suggestName(route, known, 'Routes'),
    })
  }
}

function checkApp(validation: Validation, app: App, { path, owners }: { path: Path; owners: Map<string, Path> }): void {
  checkPlan(validation, app.plan, [...path, 'plan'])
  for (const [index, key] of app.keys.entries()) {
    const at = [...path, 'keys', index]
    // A key without a plan has its app's, which was checked there.
    if (key.plan !== app.plan) checkPlan(validation, key.plan, [...at, 'plan'])
    if (!/^[0-9a-f]{64}$/.test(key.hash)) {
      validation.fault([...at, 'hash'], {
        code: 'invalid-key',
        message: 'The hash of a key has 64 lower-case hex digits.',
      })
    }
    const first = owners.get(key.hash)
    if (first !== undefined) {
      validation.fault([...at, 'hash'], {
        code: 'duplicate-key-hash',
        message: `This key stands in ${validation.placeText(first)} too: whose requests would be counted?`,
        suggestion: 'Give each app a key of its own.',
      })
    }
    owners.set(key.hash, at)
    const { nowMs } = validation.options
    if (key.expires !== undefined && nowMs !== undefined && key.expires <= nowMs && key.enabled !== false) {
      validation.warn([...at, 'expires'], {
        code: 'expired-key',
        message: `This key expired at ${new Date(key.expires).toISOString()}: it is refused.`,
        suggestion: 'Remove it, or give it a later time.',
      })
    }
    if (key.notBefore !== undefined && key.expires !== undefined && key.expires <= key.notBefore) {
      validation.fault([...at, 'expires'], {
        code: 'never-valid',
        message: 'This key expires before it becomes valid.',
      })
    }
  }
}

function checkPlan(validation: Validation, id: string | undefined, path: Path): void {
  const { plans } = validation.model
  if (id === undefined || plans.some((plan) => plan.id === id) || validation.isLost(id)) return
  const suggestion =
    suggestName(
      id,
      plans.map((plan) => plan.id),
      'Plans',
    ) ?? 'Add it to `plans`.'
  validation.fault(path, { code: 'unknown-plan', message: `There is no plan "${id}".`, suggestion })
}
