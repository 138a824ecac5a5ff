/** Owns the checks of plans: what they open is there, and what names one names one that is there. */
import { suggestName } from '../closest.ts'
import type { Path } from '../finding.ts'
import type { Api } from '../gateway-model.ts'
import { placeUses } from './validate-order.ts'
import { validateOverrides } from './validate-overrides.ts'
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
    validateOverrides(validation, plan, path)
  }
}

function checkOpened(
  validation: Validation,
  { api: id, routes }: { api: string; routes?: readonly string[] },
  path: Path,
): void {
  const api = findApi(validation, id, [...path, 'api'])
  if (api === undefined) return
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

/** Says so where there is none. */
export function findApi(validation: Validation, id: string, path: Path): Api | undefined {
  const { apis } = validation.model
  const api = apis.find((candidate) => candidate.id === id)
  if (api !== undefined || validation.isLost(id)) return api
  const suggestion = suggestName(
    id,
    apis.map((candidate) => candidate.id),
    'APIs',
  )
  validation.fault(path, { code: 'unknown-api', message: `There is no API "${id}".`, suggestion })
  return undefined
}
