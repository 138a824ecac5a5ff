/**
 * Owns what nodes are told of what they are to run: of the newest publication what a group runs, and of some before it what their
 * files were, so that a node which has one of those is told what became different. A node that has another one is told all.
 */
import {
  type ConfigurationAnswer,
  type FeedItem,
  isFeedFile,
  toSecretsName,
  toStateHash,
  toTextHash,
} from '@gatewright/model'
import { narrowPlans, PLANS } from '../publish/narrow-plans.ts'
import type { Piece } from '../publish/piece-composer.ts'
import type { Publication } from '../publish/publisher.ts'
import { isInScope, type NodeScope } from './node-scope.ts'

/** How many publications back a node may be. */
const REMEMBERED = 64

interface Item extends FeedItem {
  readonly hash: string
}

interface View {
  readonly items: ReadonlyMap<string, Item>
  readonly hash: string
}

type Hashes = ReadonlyMap<string, string>

export class ConfigurationFeed {
  #sequence: number | undefined
  #pieces: readonly Piece[] = []
  #documents: ReadonlyMap<string, Item> = new Map()
  #secrets: Publication['secrets'] = new Map()
  /** By scope. */
  readonly #views = new Map<string, View>()
  /** By scope and hash, the eldest first. */
  readonly #past = new Map<string, Hashes>()
  #isChanged = Promise.withResolvers<void>()

  /** Resolves when another publication was taken. */
  get changed(): Promise<void> {
    return this.#isChanged.promise
  }

  /** Of the newest change that is told; undefined: nothing is. */
  get sequence(): number | undefined {
    return this.#sequence
  }

  take({ sequence, pieces, documents, secrets }: Publication): void {
    const known = new Map([...this.#documents.values()].map((item) => [item.name, item]))
    this.#pieces = pieces
    this.#documents = new Map(
      [...documents].map(([name, text]) => [name, known.get(name) ?? { name, text, hash: toTextHash(text) }]),
    )
    this.#secrets = secrets
    this.#sequence = sequence
    this.#views.clear()
    this.#isChanged.resolve()
    this.#isChanged = Promise.withResolvers<void>()
  }

  /** Undefined: it is what the node has, or nothing is known yet. `since`: the hash of what it has. */
  find(scope: NodeScope, since: string | undefined): Omit<ConfigurationAnswer, 'store' | 'format'> | undefined {
    const sequence = this.#sequence
    if (sequence === undefined) return undefined
    const { view, key } = this.#toView(scope)
    if (view.hash === since) return undefined
    const before = since === undefined ? undefined : this.#past.get(`${key} ${since}`)
    const { hash } = view
    const toPlain = ({ name, text }: Item): FeedItem => ({ name, text })
    if (before === undefined) {
      return { kind: 'whole', sequence, hash, items: [...view.items.values()].map(toPlain), gone: [] }
    }
    const changed = [...view.items.values()].filter((item) => before.get(item.name) !== item.hash)
    const gone = [...before.keys()].filter((name) => !view.items.has(name))
    return { kind: 'changes', sequence, hash, items: changed.map(toPlain), gone }
  }

  /** Whether it is what the group is to run; nothing is known yet: it is. */
  isCurrent(scope: NodeScope, hash: string): boolean {
    return this.#sequence === undefined || this.#toView(scope).view.hash === hash
  }

  #toView(scope: NodeScope): { readonly view: View; readonly key: string } {
    const key = JSON.stringify([scope.environments, scope.apis])
    return { view: this.#views.get(key) ?? this.#look(scope, key), key }
  }

  #toSecrets(file: string, names: readonly string[]): Item {
    const told = names.toSorted().flatMap((name) => {
      const value = this.#secrets.get(name)
      return value === undefined ? [] : [[name, value] as const]
    })
    const text = JSON.stringify(Object.fromEntries(told))
    return { name: toSecretsName(file), text, hash: toTextHash(text) }
  }

  #look(scope: NodeScope, key: string): View {
    const items = new Map<string, Item>()
    for (const piece of this.#pieces) {
      const { name, documents, secrets } = piece
      if (!isInScope(toId(name), scope)) continue
      items.set(name, { name, ...toTold(piece, scope) })
      if (secrets.length > 0) items.set(toSecretsName(name), this.#toSecrets(name, secrets))
      for (const each of documents) {
        const document = this.#documents.get(each)
        if (document !== undefined && !isFeedFile(each)) items.set(each, document)
      }
    }
    const hashes = new Map([...items.values()].map(({ name, hash }) => [name, hash]))
    const view = { items, hash: toStateHash(hashes) }
    this.#views.set(key, view)
    this.#past.delete(`${key} ${view.hash}`)
    this.#past.set(`${key} ${view.hash}`, hashes)
    for (const eldest of this.#past.keys()) {
      if (this.#past.size <= REMEMBERED) break
      this.#past.delete(eldest)
    }
    return view
  }
}

/** Plans for all environments are told to who runs all of them. */
function toTold({ name, text, hash }: Piece, scope: NodeScope): Pick<Item, 'text' | 'hash'> {
  const isWhole = scope.environments === undefined && scope.apis === undefined
  return isWhole || toId(name) !== PLANS ? { text, hash } : narrowPlans(text, (api) => isInScope(api, scope))
}

function toId(name: string): string {
  return name.slice(0, name.lastIndexOf('.'))
}
