/** Owns what can be wrong with secrets and what seals them. */

/**
 * `key`: the key from outside cannot be had. `wrong-key`: it is another one than what is kept was sealed with. `damaged`: what is
 * kept is not what was sealed for this place. `malformed`: a name or value that cannot be kept. `not-found`: there is no such secret.
 */
export type SecretFaultReason = 'key' | 'wrong-key' | 'damaged' | 'malformed' | 'not-found'

export class SecretFault extends Error {
  override readonly name = 'SecretFault'
  readonly reason: SecretFaultReason

  constructor(reason: SecretFaultReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
