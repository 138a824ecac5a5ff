/** Owns the staples of all certificates that name a responder: asked for, kept fresh, and told. Runs once per process. */
import type { Clock, Log } from '@gatewright/policies'
import { AskGate } from '../certificates/ask-gate.ts'
import { type EgressGuard, NO_EGRESS_RULES } from '../egress/egress-guard.ts'
import type { GetPem } from '../state/pems/pem-table.ts'
import { type AskResponder, createAskResponder } from './ask-responder.ts'
import { KeptStaple } from './kept-staple.ts'
import type { StapleNews, StapleOrder } from './staple-order.ts'

export interface StapleKeeperParts {
  /** Several at a time: each is shipped to every data thread. */
  readonly publish: (news: readonly StapleNews[]) => void
  readonly clock: Clock
  readonly log: Log
  /** In [0, 1). */
  readonly random: () => number
  /** How a responder is asked; by HTTP, if absent. */
  readonly ask?: AskResponder
}

/** Questions to one responder at once; a folder may hold thousands of certificates, mostly of one CA. */
const MOST_QUESTIONS = 8
/** News is collected for so long. */
const GATHER_MS = 500

export class StapleKeeper {
  readonly #parts: StapleKeeperParts
  readonly #ask: AskResponder
  /** By responder: one that does not answer holds no other up. */
  readonly #gates = new Map<string, AskGate>()
  #getPem: GetPem = () => ''
  #guard = NO_EGRESS_RULES
  /** By chain and responder. */
  readonly #kept = new Map<string, KeptStaple>()
  /** By chain, the latest. */
  readonly #news = new Map<string, StapleNews>()
  /** The telling that is due. */
  #callOff: () => void = () => {}

  constructor(parts: StapleKeeperParts) {
    this.#parts = parts
    this.#ask = parts.ask ?? createAskResponder()
  }

  /** From here on these are kept, and no others. What did not change goes on where it was. */
  keep(orders: readonly StapleOrder[], getPem: GetPem, guard: EgressGuard = NO_EGRESS_RULES): void {
    this.#getPem = getPem
    const isGuardNew = guard !== this.#guard
    this.#guard = guard
    const wanted = new Map(orders.map((order) => [`${order.chain} ${order.url}`, order]))
    for (const [key, staple] of this.#kept) {
      if (wanted.has(key)) continue
      this.#kept.delete(key)
      staple.stop()
    }
    const urls = new Set(orders.map(({ url }) => url))
    for (const url of this.#gates.keys()) if (!urls.has(url)) this.#gates.delete(url)
    for (const [key, order] of wanted) {
      const running = this.#kept.get(key)
      if (running === undefined) this.#kept.set(key, this.#create(order))
      // What failed may have done so for who may be asked.
      else if (isGuardNew) running.tryAgain()
    }
  }

  #create(order: StapleOrder): KeptStaple {
    const { clock, log, random } = this.#parts
    const gate = this.#gates.get(order.url) ?? new AskGate(MOST_QUESTIONS)
    this.#gates.set(order.url, gate)
    return new KeptStaple(order, {
      ask: this.#ask,
      gate,
      getPem: (chain) => this.#getPem(chain),
      getGuard: () => this.#guard,
      publish: (news) => this.#gather(news),
      clock,
      log,
      random,
    })
  }

  stop(): void {
    this.#callOff()
    this.#news.clear()
    for (const staple of this.#kept.values()) staple.stop()
    this.#kept.clear()
  }

  #gather(news: StapleNews): void {
    if (this.#news.size === 0) {
      this.#callOff = this.#parts.clock.after(GATHER_MS, () => {
        const gathered = [...this.#news.values()]
        this.#news.clear()
        this.#parts.publish(gathered)
      })
    }
    this.#news.set(news.chain, news)
  }
}
