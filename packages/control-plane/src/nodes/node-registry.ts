/** Owns what nodes said of themselves last to this control plane: who serves what is live now, who does not yet, and who cannot. */
import type { Heartbeat } from '@gatewright/model'
import type { NodeOutcome } from '../publish/rollout.ts'

/** Who has said nothing for longer is not expected to: it may be gone for good. */
const REMEMBERED_MS = 5 * 60_000
/** Names cost nothing to who has a token: beyond so many nobody new is remembered. */
const MOST_NODES = 10_000

interface Known {
  readonly heartbeat: Heartbeat
  readonly atMs: number
  /** Hash of what its group is to run, when it said so. */
  isCurrent(hash: string): boolean
}

export class NodeRegistry {
  readonly #known = new Map<string, Known>()
  readonly #nowMs: () => number

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
    return true
  }

  /** By name. */
  list(): readonly NodeOutcome[] {
    this.#forget()
    return [...this.#known]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([node, known]) => toOutcome(node, known))
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
