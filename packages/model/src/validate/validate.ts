/** Owns the checks of a whole model against the catalogue of policies: every fault of it at once. */
import { type Finding, sortFindings } from '../finding.ts'
import type { GatewayModel } from '../gateway-model.ts'
import type { Catalogue } from './catalogue.ts'
import { validateApis } from './validate-apis.ts'
import { validateApps } from './validate-apps.ts'
import { validateCertificates } from './validate-certificates.ts'
import { validateEgress } from './validate-egress.ts'
import { validateListeners } from './validate-listeners.ts'
import { validatePlans } from './validate-plans.ts'
import { validateUses } from './validate-policies.ts'
import { validateUpstreams } from './validate-upstreams.ts'
import { type ValidateOptions, Validation } from './validation.ts'
import { warnOfClosedPaths } from './warn-of-closed-paths.ts'
import { warnOfLacks } from './warn-of-lacks.ts'
import { warnOfUnreachedPaths } from './warn-of-unreached-paths.ts'

/** Pure. Give it `resolve`'s draft, sources and apps, so that findings have places and include what stands beside a fault. */
export function validate(model: GatewayModel, catalogue: Catalogue, options: ValidateOptions = {}): Finding[] {
  const validation = new Validation(model, catalogue, options)
  validateListeners(validation)
  validateCertificates(validation)
  validateUpstreams(validation)
  validateEgress(validation)
  validateUses(validation, model.policies, ['policies'])
  validateApis(validation)
  validatePlans(validation)
  validateApps(validation)
  warnOfUnreachedPaths(validation)
  warnOfClosedPaths(validation)
  warnOfLacks(validation)
  const { findings } = validation
  return sortFindings(options.sources?.tellUsers(findings) ?? findings)
}
