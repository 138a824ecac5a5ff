/** Owns what became of a change on the way to those who serve it: who runs it, who does not yet, and who cannot. */

/**
 * `waits`: it has not said anything of this change yet; it may be out of reach. `elsewhere`: it never will, because its group does not run the API
 * that the change is about there.
 */
export type NodeState = 'serves' | 'waits' | 'failed' | 'elsewhere'

export interface NodeOutcome {
  /** Id of the node; `local` is the gateway of this process. */
  readonly node: string
  readonly state: NodeState
  /** What it runs. */
  readonly snapshot?: { readonly version: number; readonly hash: string }
  /** Why it does not run what was published: it runs what it ran before. */
  readonly fault?: string
}

/** What the gateway of this process says of what it was given. */
export type Taken =
  | { readonly version: number; readonly hash: string }
  /** It runs what it ran before. */
  | { readonly fault: string }

const LOCAL_NODE = 'local'

/** Something that is told to gateways after each change. */
interface Followed {
  /** Resolves when everything that is in the store now was told. */
  look(): Promise<void>
}

/** What is known of others than the gateway of this process. */
interface Others {
  /** Resolves when none of those that are heard from waits any more, or the time is over. */
  settle(waitMs: number, api?: string): Promise<readonly NodeOutcome[]>
}

const NOBODY: Others = { settle: async () => [] }

export class Rollout {
  #followed: readonly Followed[] = []
  #local: Taken | undefined
  readonly #others: Others

  constructor(others: Others = NOBODY) {
    this.#others = others
  }

  /** From here on changes are waited for. */
  follow(...followed: readonly Followed[]): void {
    this.#followed = followed
  }

  /** What the gateway of this process said last. */
  takeLocal(taken: Taken): void {
    this.#local = taken
  }

  /**
   * Resolves when the gateway of this process has taken, or refused, everything that is in the store now. `waitMs`: for nodes that are heard
   * from; those that have not said it by then wait. `api`: what the change is about, by its id in a snapshot; who does not run that is `elsewhere`.
   */
  async settle({
    waitMs = 0,
    api,
  }: {
    readonly waitMs?: number
    readonly api?: string
  } = {}): Promise<readonly NodeOutcome[]> {
    await Promise.all(this.#followed.map((each) => each.look()))
    const others = await this.#others.settle(waitMs, api)
    return [...this.#toLocal(), ...others]
  }

  #toLocal(): readonly NodeOutcome[] {
    const taken = this.#local
    if (taken === undefined) return []
    if ('fault' in taken) return [{ node: LOCAL_NODE, state: 'failed', fault: taken.fault }]
    const { version, hash } = taken
    return [{ node: LOCAL_NODE, state: 'serves', snapshot: { version, hash } }]
  }
}
