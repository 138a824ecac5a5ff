/**
 * The small door of the model: the words of what runs. Behind it is no reader of files and no schema, so that data threads,
 * each of which loads its own, need not hold those.
 */
export type * from '../gateway-model.ts'
export { toContentHash, toTextHash } from '../hash.ts'
export { toHostKey } from '../host-key.ts'
export { findOverridden, toPlanVariant } from '../plan-variant.ts'
export { PROBLEMS, type ProblemCode, type ProblemOwner, toProblemType } from '../problems.ts'
export { Secret } from '../secret.ts'
export {
  findNestedLists,
  findPlanPlace,
  PLAN_SLOT,
  POLICY_PHASES,
  type PolicyNeed,
  type PolicyPhase,
} from '../validate/catalogue.ts'
