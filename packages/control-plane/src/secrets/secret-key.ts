/** Owns the key that is kept outside the store: who has a copy of the store, and not this, has no secret. */
import { deriveKey, toKeyId } from './derive-key.ts'
import { type KeyList, parseKeys, readOrDrawKeys } from './key-file.ts'
import { SecretFault } from './secret-fault.ts'

const VARIABLE = 'GATEWRIGHT_SECRET_KEY'
const BYTES = 32

export interface SecretKeyPlace {
  /** Drawn there where there is none. */
  readonly file?: string
  /** Where `GATEWRIGHT_SECRET_KEY` is set, it is the key, and no file is looked at. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** One that seals, and behind it those that it came after: while a key is changed, they open what they have sealed. */
export class SecretKey {
  readonly #keys: KeyList

  private constructor(keys: KeyList) {
    this.#keys = keys
  }

  /** @throws SecretFault `key` */
  static open({ file, env = process.env }: SecretKeyPlace): SecretKey {
    const given = env[VARIABLE]
    if (given !== undefined) return new SecretKey(parseKeys(given, `The variable ${VARIABLE}`))
    if (file === undefined) {
      throw new SecretFault('key', `There is no key for secrets: name a file, or set ${VARIABLE}.`)
    }
    return new SecretKey(readOrDrawKeys(file))
  }

  /** Tells the one that seals from others, and says nothing of it. */
  get id(): string {
    return toKeyId(this.#keys[0])
  }

  /** For what seals the key of the data, and for nothing else. */
  revealWrappingKey(): Buffer {
    return deriveKey(this.#keys[0], 'wrap', BYTES)
  }

  /** Of the one that has sealed it; undefined: it is none of these. */
  findWrappingKey(id: string): Buffer | undefined {
    const key = this.#keys.find((each) => toKeyId(each) === id)
    return key && deriveKey(key, 'wrap', BYTES)
  }

  /** For what the process beside the control plane keeps on disk, the one that seals first; `purpose`: others for each. */
  revealKeysFor(purpose: string): Buffer[] {
    return this.#keys.map((key) => deriveKey(key, `for ${purpose}`, BYTES))
  }
}
