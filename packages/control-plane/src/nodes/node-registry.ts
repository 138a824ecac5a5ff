/** Owns what nodes said of themselves last, to whichever control plane: who serves what is live now, who does not yet, and who cannot. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Heartbeat } from '@gatewright/model'
import type { NodeOutcome } from '../publish/rollout.ts'
import { toAgeMs } from '../to-age-ms.ts'

/** Who has said nothing for longer is not expected to: it may be gone for good. */
const REMEMBERED_MS = 5 * 60_000
/** Three heartbeats. Nobody waits for who has said nothing for longer. */
const HEARD_MS = 30_000
/** Names cost nothing to who has a token: beyond so many, who comes new takes the place of one of a group that has more. */
const MOST_NODES = 10_000
/** A thousand nodes answer within a second or so: they are not counted at each answer. */
const LOOK_AGAIN_MS = 20

interface Known extends Heard {
  readonly heartbeat: Heartbeat
  readonly atMs: number
  /** Hash of what its group is to run, when it said so. */
  isCurrent(hash: string): boolean
}

interface Heard {
  /** Uid; empty where an earlier version has not said it. */
  readonly group: string
  /** Whether its group runs this, by its id in a snapshot, when it said so. */
  runs(api: string): boolean
}

/** A node, and what it said last. */
export interface HeardNode {
  readonly outcome: NodeOutcome
  readonly heartbeat: Heartbeat
  /** When it said it. */
  readonly atMs: number
}

/** Up to which change what is live has been told, and of which store that is the number. */
export interface Newest {
  readonly store: string
  readonly sequence: number
}

interface Judging {
  readonly newest: Newest | undefined
  /** Those that were found to serve it, which they do from then on. */
  readonly serving: Map<string, NodeOutcome>
  readonly api: string | undefined
}

export class NodeRegistry {
  /** By name; who was heard from longest ago stands first. */
  readonly #known = new Map<string, Known>()
  readonly #nowMs: () => number
  readonly #findNewest: () => Newest | undefined
  #heard = Promise.withResolvers<void>()

  constructor(nowMs: () => number, findNewest: () => Newest | undefined = () => undefined) {
    this.#nowMs = nowMs
    this.#findNewest = findNewest
  }

  /**
   * `isCurrent`: whether this is what its group is to run at the moment when it is asked; `runs`: whether that has an API at all. False: there are
   * too many to remember another one, and no group has more than its own.
   */
  note(
    heartbeat: Heartbeat,
    isCurrent: Known['isCurrent'],
    { group = '', runs = () => true }: Partial<Heard> = {},
  ): boolean {
    const { node } = heartbeat
    if (!this.#known.has(node) && !this.#makeRoom(group)) return false
    this.#known.delete(node)
    this.#known.set(node, { heartbeat, atMs: this.#nowMs(), isCurrent, runs, group })
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
    return true
  }

  /** By name. */
  listHeard(): readonly HeardNode[] {
    this.#forget()
    return [...this.#known]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([node, known]) => ({ outcome: toOutcome(node, known), heartbeat: known.heartbeat, atMs: known.atMs }))
  }

  /**
   * What became of what is live now, by name. Resolves when none of those that are heard from waits any more, or the time is over. Who has gone on to
   * something newer meanwhile serves it as well. `api`: nobody waits for those that do not run it.
   */
  async settle(waitMs: number, api?: string): Promise<readonly NodeOutcome[]> {
    const newest = this.#findNewest()
    const end = performance.now() + waitMs
    const serving = new Map<string, NodeOutcome>()
    for (;;) {
      const outcomes = this.#judge({ newest, serving, api })
      const isAwaited = outcomes.some(({ node, state }) => state === 'waits' && this.#isHeard(node))
      const leftMs = end - performance.now()
      if (!isAwaited || leftMs <= 0) return outcomes
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, leftMs)
      await Promise.race([this.#heard.promise, promise])
      clearTimeout(timer)
      await sleep(Math.min(LOOK_AGAIN_MS, leftMs))
    }
  }

  #isHeard(node: string): boolean {
    const known = this.#known.get(node)
    return known !== undefined && toAgeMs(known.atMs, this.#nowMs()) < HEARD_MS
  }

  #judge({ newest, serving, api }: Judging): readonly NodeOutcome[] {
    this.#forget()
    const outcomes = [...this.#known].map(([node, known]): NodeOutcome => {
      if (api !== undefined && !known.runs(api)) return { node, state: 'elsewhere' }
      const outcome = serving.get(node) ?? toOutcome(node, known, newest)
      if (outcome.state === 'serves') serving.set(node, outcome)
      return outcome
    })
    return outcomes.sort((one, other) => (one.node < other.node ? -1 : 1))
  }

  /** False: there is none. */
  #makeRoom(group: string): boolean {
    if (this.#known.size < MOST_NODES) return true
    this.#forget()
    if (this.#known.size < MOST_NODES) return true
    const counts = new Map<string, number>()
    for (const known of this.#known.values()) counts.set(known.group, (counts.get(known.group) ?? 0) + 1)
    const [largest, most] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one))
    if (most <= (counts.get(group) ?? 0) + 1) return false
    for (const [node, known] of this.#known) {
      if (known.group !== largest) continue
      this.#known.delete(node)
      break
    }
    return true
  }

  #forget(): void {
    const nowMs = this.#nowMs()
    for (const [name, { atMs }] of this.#known) if (toAgeMs(atMs, nowMs) >= REMEMBERED_MS) this.#known.delete(name)
  }
}

/** `newest`: what came later will do. */
function toOutcome(
  node: string,
  { heartbeat: { configuration, snapshot, threads }, isCurrent }: Known,
  newest?: Newest,
): NodeOutcome {
  const { hash, fault, store, sequence } = configuration
  const isLater = newest !== undefined && store === newest.store && sequence >= newest.sequence
  if (!isLater && !isCurrent(hash)) return { node, state: 'waits', snapshot }
  if (fault !== undefined) return { node, state: 'failed', snapshot, fault }
  const isEverywhere = threads.every(({ version }) => version === snapshot.version)
  return { node, state: isEverywhere ? 'serves' : 'waits', snapshot }
}
