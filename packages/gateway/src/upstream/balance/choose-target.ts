/** Owns the shape of every balance. */
import type { Exchange } from '@gatewright/policies'
import type { TargetRuntime } from '../target.ts'

/** undefined: no target takes requests. */
export type ChooseTarget = (targets: readonly TargetRuntime[], exchange: Exchange) => TargetRuntime | undefined
