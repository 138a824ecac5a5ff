/** Owns what the credentials index keeps of plans: one that counts everywhere as it is called, several as one text. */
import type { PlanChoice } from '@gatewright/model'

/** Begins texts that say more than one plan, and stands between their words: no id holds one. */
const BETWEEN = '\n'
const BETWEEN_CODE = 10

export function toPlanText({ plan, plans }: PlanChoice): string | undefined {
  const entries = Object.entries(plans ?? {})
  return entries.length === 0 ? plan : ['', plan ?? '', ...entries.flat()].join(BETWEEN)
}

export function saysSeveral(text: string): boolean {
  return text.charCodeAt(0) === BETWEEN_CODE
}

/** Plans by API, and the one for all others. */
export class SeveralPlans {
  readonly #others: string | undefined
  readonly #byApi = new Map<string, string>()

  /** Of a text that `saysSeveral`. */
  constructor(text: string) {
    const [, others = '', ...pairs] = text.split(BETWEEN)
    this.#others = others === '' ? undefined : others
    for (let at = 0; at + 1 < pairs.length; at += 2) this.#byApi.set(pairs[at] ?? '', pairs[at + 1] ?? '')
  }

  find(api: string): string | undefined {
    return this.#byApi.get(api) ?? this.#others
  }
}
