/** Owns the check that what names a plan names one that is there. */
import { suggestName } from '../closest.ts'
import type { Path } from '../finding.ts'
import type { Validation } from './validation.ts'

/** Apps, keys and users may name one, and options of policies. */
export function checkPlan(validation: Validation, id: string | undefined, path: Path): void {
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
