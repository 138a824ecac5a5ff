/**
 * Owns what a process knows of apps and keys that are published elsewhere: all of them anew, or small changes. They stand in an
 * index of their own beside that of the process's files, so that neither is made again for a change of the other.
 */
import type { App, CredentialsLine } from '@gatewright/model'
import type { CredentialsFill, CredentialsIndex, KeyChange } from './credentials-index.ts'

export interface FedCredentialsOptions {
  /** Written by nobody else. */
  readonly fed: CredentialsIndex
  /** Of the process's files, whose word counts first. */
  readonly own: CredentialsIndex
}

/** `moved`: threads are to be sent the new table. */
export type FedOutcome = 'applied' | 'moved'

export class FedCredentials {
  readonly #fed: CredentialsIndex
  readonly #own: CredentialsIndex
  #ownApps: readonly App[] = []
  /** What both claim, as it is told. */
  readonly #claimed = new Set<string>()
  #fill: CredentialsFill | undefined
  #version = 0
  #sequence: number | undefined

  constructor({ fed, own }: FedCredentialsOptions) {
    this.#fed = fed
    this.#own = own
  }

  /** Whether anything was ever fed. */
  get isUsed(): boolean {
    return this.#version > 0
  }

  /** Counts what was taken since the start. */
  get version(): number {
    return this.#version
  }

  /** Of the newest change of the store that every thread answers by; undefined: nothing was told to its end yet. */
  get sequence(): number | undefined {
    return this.#sequence
  }

  /** Keys. */
  get size(): number {
    return this.#fed.size
  }

  /** Apps and keys that the own files have as well: there the own files count. */
  get claimed(): readonly string[] {
    return [...this.#claimed]
  }

  /** Answers undefined where nothing counts yet. @throws where it makes no sense: what was begun is forgotten, and all is to be told anew */
  take(line: CredentialsLine): FedOutcome | undefined {
    try {
      return this.#take(line)
    } catch (error) {
      this.#fill = undefined
      throw error
    }
  }

  #take(line: CredentialsLine): FedOutcome | undefined {
    switch (line.kind) {
      case 'whole':
        this.#fill = this.#fed.fill()
        return undefined
      case 'since':
        this.#fill = undefined
        return undefined
      case 'apps':
        if (this.#fill === undefined) throw new Error('pages of apps come after `whole`')
        this.#fill.add(line.apps)
        return undefined
      case 'changes':
        return this.#apply(line.changes)
      case 'end':
        return this.#end()
    }
  }

  #end(): FedOutcome | undefined {
    if (this.#fill === undefined) return undefined
    this.#fill.finish()
    this.#fill = undefined
    this.#version++
    this.noteOwn(this.#ownApps)
    return 'moved'
  }

  /** @throws TypeError where a hash is none: nothing of it counts then */
  #apply(changes: readonly KeyChange[]): FedOutcome {
    const outcome = this.#fed.apply({ revision: this.#fed.revision + 1, changes })
    const isFirst = !this.isUsed
    this.#version++
    for (const change of changes) this.#compare(change)
    return outcome === 'moved' || isFirst ? 'moved' : 'applied'
  }

  /** Every thread answers by what was told up to this change of the store. */
  reach(sequence: number): void {
    this.#sequence = sequence
  }

  /** What the own files say now. */
  noteOwn(apps: readonly App[]): void {
    this.#ownApps = apps
    this.#claimed.clear()
    for (const { id, keys } of apps) {
      if (this.#fed.hasApp(id)) this.#claimed.add(toAppText(id))
      for (const { hash } of keys) if (this.#fed.has(hash)) this.#claimed.add(toKeyText(hash))
    }
  }

  #compare(change: KeyChange): void {
    if (change.kind === 'put' && this.#own.has(change.key.hash)) this.#claimed.add(toKeyText(change.key.hash))
    else if (change.kind === 'remove') this.#claimed.delete(toKeyText(change.hash))
    else if (change.kind === 'put-app' && this.#own.hasApp(change.app.id)) this.#claimed.add(toAppText(change.app.id))
  }
}

function toAppText(id: string): string {
  return `app ${id}`
}

/** Enough to find it by. */
function toKeyText(hash: string): string {
  return `key ${hash.slice(0, 16)}…`
}
