/** Owns what is good for one request: a proof, a nonce, a delivery. Every use that the request passes sees it, and no other request may bring it. */
import type { Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { ReplayList, Replays } from '../services.ts'

/** `again`: by the same request, at another use that knows the same key. `spent`: by another request. */
export type Usage = 'first' | 'again' | 'spent'

/** Without a promise where none of them is one. */
export function settle(usages: readonly MaybePromise<Usage>[]): MaybePromise<readonly Usage[]> {
  const settled = usages.filter((usage) => typeof usage === 'string')
  return settled.length === usages.length ? settled : Promise.all(usages)
}

export class UsedOnce {
  readonly #id: string
  readonly #list: ReplayList

  /** `id` names whose it is and nothing else: what a reload changes would make it forget. */
  constructor(replays: Replays, id: string) {
    this.#id = id
    this.#list = replays.list(id)
  }

  /** `untilMs`: when it can come no more. */
  use(exchange: Exchange, key: string, untilMs: number): MaybePromise<Usage> {
    const { root } = exchange
    for (let spent = root.spent; spent !== undefined; spent = spent.earlier) {
      if (spent.key === key && spent.list === this.#id) return 'again'
    }
    const isNew = this.#list.use(key, untilMs)
    return isNew instanceof Promise
      ? isNew.then((settled) => this.#note(root, key, settled))
      : this.#note(root, key, isNew)
  }

  /** Nothing came of it: another request may bring it. */
  giveBack(key: string): void {
    this.#list.giveBack(key)
  }

  #note(root: Exchange, key: string, isNew: boolean): Usage {
    if (!isNew) return 'spent'
    root.spent = { list: this.#id, key, earlier: root.spent }
    return 'first'
  }
}
