/** Owns the fault of a policy that cannot be made of its options: which use it is, and why. */
import type { PolicyUse } from '@gatewright/model/runtime'

export class PolicyFault extends Error {
  readonly use: PolicyUse

  constructor(use: PolicyUse, cause: unknown) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '')
    super(`The policy "${use.policy}" cannot be made of these options: ${reason}.`, { cause })
    this.use = use
  }
}
