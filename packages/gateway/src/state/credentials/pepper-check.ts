/** Owns telling that weak keys which are published cannot be let in here: their hashes were made with another pepper. */
import type { CredentialsLine } from '@gatewright/model'
import { type Log, toPepperId } from '@gatewright/policies'
import type { Pepper } from './pepper.ts'

export class PepperCheck {
  readonly #pepper: Pepper
  readonly #log: Log
  /** Of who tells. */
  #theirs: string | undefined
  #isTold = false

  constructor(pepper: Pepper, log: Log) {
    this.#pepper = pepper
    this.#log = log
  }

  /** Each line that was taken. */
  look(line: CredentialsLine): void {
    if (line.kind === 'whole' || line.kind === 'since') this.#theirs = line.pepper
    else if (!this.#isTold && hasWeakKeys(line) && this.#theirs !== toPepperId(this.#pepper.get())) {
      this.#isTold = true
      this.#log.error(
        'keys that could be guessed are published, and refused here: their hashes were made with another pepper. Start this gateway with the GATEWRIGHT_PEPPER of the control plane',
      )
    }
  }
}

function hasWeakKeys(line: CredentialsLine): boolean {
  if (line.kind === 'apps') return line.apps.some(({ keys }) => keys.some(isWeak))
  return line.kind === 'changes' && line.changes.some((change) => change.kind === 'put' && isWeak(change.key))
}

function isWeak({ hash }: { readonly hash: string }): boolean {
  return hash.startsWith('argon2id:')
}
