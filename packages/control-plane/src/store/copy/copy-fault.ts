/** Owns why a store is not backed up, restored or moved. */

/**
 * `torn`: a part of the file is missing or not what it was. `foreign`: it is no backup. `newer`: of a newer version. `not-empty`: the
 * target has something. `in-use`: a control plane runs on it. `missing`: there is nothing to copy. `taken`: the file is there already.
 */
export type CopyFaultReason = 'torn' | 'foreign' | 'newer' | 'not-empty' | 'in-use' | 'missing' | 'taken'

export class CopyFault extends Error {
  override readonly name = 'CopyFault'
  readonly reason: CopyFaultReason

  constructor(reason: CopyFaultReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
