/** Owns what nodes said of themselves last, to whichever control plane: who serves what is live now, who does not yet, and who cannot. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Heartbeat } from '@gatewright/model'
import type { NodeOutcome } from '../publish/rollout.ts'

/** Who has said nothing for longer is not expected to: it may be gone for good. */
const REMEMBERED_MS = 5 * 60_000
/** Three heartbeats. Nobody waits for who has said nothing for longer. */
const HEARD_MS = 30_000
/** Names cost nothing to who has a token: beyond so many nobody new is remembered. */
const MOST_NODES = 10_000
/** A thousand nodes answer within a second or so: they are not counted at each answer. */
const LOOK_AGAIN_MS = 20

interface Known {
  readonly heartbeat: Heartbeat
  readonly atMs: number
  /** Hash of what its group is to run, when it said so. */
  isCurrent(hash: string): boolean
}

/** A node, and what it said last. */
export interface HeardNode {
  readonly outcome: NodeOutcome
  readonly heartbeat: Heartbeat
  /** When it said it. */
  readonly atMs: number
}

export class NodeRegistry {
  readonly #known = new Map<string, Known>()
  readonly #nowMs: () => number
  #heard = Promise.withResolvers<void>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** `isCurrent`: whether this is what its group is to run at the moment when it is asked. False: there are too many to remember another one. */
  note(heartbeat: Heartbeat, isCurrent: (hash: string) => boolean): boolean {
    if (!this.#known.has(heartbeat.node) && this.#known.size >= MOST_NODES) {
      this.#forget()
      if (this.#known.size >= MOST_NODES) return false
    }
    this.#known.set(heartbeat.node, { heartbeat, atMs: this.#nowMs(), isCurrent })
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
    return true
  }

  /** By name. */
  list(): readonly NodeOutcome[] {
    return this.listHeard().map(({ outcome }) => outcome)
  }

  /** The same, with what they said. */
  listHeard(): readonly HeardNode[] {
    this.#forget()
    return [...this.#known]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([node, known]) => ({ outcome: toOutcome(node, known), heartbeat: known.heartbeat, atMs: known.atMs }))
  }

  /** Resolves when none of those that are heard from waits any more, or the time is over. */
  async settle(waitMs: number): Promise<void> {
    const end = performance.now() + waitMs
    while (this.#isAwaited()) {
      const leftMs = end - performance.now()
      if (leftMs <= 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, leftMs)
      await Promise.race([this.#heard.promise, promise])
      clearTimeout(timer)
      await sleep(Math.min(LOOK_AGAIN_MS, leftMs))
    }
  }

  #isAwaited(): boolean {
    const sinceMs = this.#nowMs() - HEARD_MS
    return [...this.#known].some(([node, known]) => known.atMs > sinceMs && toOutcome(node, known).state === 'waits')
  }

  #forget(): void {
    const nowMs = this.#nowMs()
    for (const [name, { atMs }] of this.#known) if (atMs + REMEMBERED_MS <= nowMs) this.#known.delete(name)
  }
}

function toOutcome(node: string, { heartbeat: { configuration, snapshot, threads }, isCurrent }: Known): NodeOutcome {
  const { hash, fault } = configuration
  if (!isCurrent(hash)) return { node, state: 'waits', snapshot }
  if (fault !== undefined) return { node, state: 'failed', snapshot, fault }
  const isEverywhere = threads.every(({ version }) => version === snapshot.version)
  return { node, state: isEverywhere ? 'serves' : 'waits', snapshot }
}
