/** Owns the checks of whom the gateway may call. */
import { findRangeFault } from './names.ts'
import type { Validation } from './validation.ts'

export function validateEgress(validation: Validation): void {
  for (const list of ['deny', 'allow'] as const) {
    for (const [position, range] of validation.model.egress[list].entries()) {
      const found = findRangeFault(range)
      if (found === undefined) continue
      const { fault, suggestion } = found
      validation.fault(['egress', list, position], { code: 'invalid-range', message: fault, suggestion })
    }
  }
}
