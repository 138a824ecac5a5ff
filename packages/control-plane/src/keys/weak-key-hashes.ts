/** Owns how keys that could be guessed are kept: by a slow hash with a pepper, which stands neither in the store nor in what nodes are told. */
import { hashWeakKey, parsePepper, toPepperId } from '@gatewright/policies'
import { SecretFault } from '../secrets/secret-fault.ts'

const VARIABLE = 'GATEWRIGHT_PEPPER'

export class WeakKeyHashes {
  readonly #pepper: Uint8Array
  /** Gateways know by it whether theirs is the same. */
  readonly id: string

  constructor(pepper: Uint8Array) {
    this.#pepper = pepper
    this.id = toPepperId(pepper)
  }

  /** Undefined: there is no pepper, and no weak key is kept. `drawn`: of the gateway of this process. @throws SecretFault `key` */
  static open(
    drawn: Uint8Array | undefined,
    env: Readonly<Record<string, string | undefined>> = process.env,
  ): WeakKeyHashes | undefined {
    const given = env[VARIABLE]
    const pepper = given === undefined ? drawn : parsePepper(given)
    if (pepper !== undefined) return new WeakKeyHashes(pepper)
    if (given === undefined) return undefined
    throw new SecretFault(
      'key',
      `${VARIABLE} has fewer than 32 characters: draw it at random (openssl rand -base64 32), the same for all control planes and nodes.`,
    )
  }

  /** As `Key.hash` has it; some 20 ms. */
  async hash(key: string): Promise<string> {
    return `argon2id:${(await hashWeakKey(key, this.#pepper)).toString('hex')}`
  }
}
