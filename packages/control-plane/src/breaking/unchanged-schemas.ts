/** Owns which schemas say the same in both documents, down to all that they refer to: most do, and need no comparison. */
import { toCanonicalJson } from '@gatewright/model'
import type { ContractDocument } from './contract-document.ts'
import type { SchemaNode } from './schema-view.ts'

export class UnchangedSchemas {
  readonly #before: ContractDocument
  readonly #after: ContractDocument
  /** References to what differs, itself or further on. */
  #changed: ReadonlySet<string> | undefined

  constructor(before: ContractDocument, after: ContractDocument) {
    this.#before = before
    this.#after = after
  }

  /** Where it is false, they may say the same in other words. */
  has({ parts: one }: SchemaNode, { parts: other }: SchemaNode): boolean {
    // The same words mean other things in other versions of the format.
    if (this.#before.isModern !== this.#after.isModern || this.#before.isSwagger !== this.#after.isSwagger) return false
    if (one.length !== other.length) return false
    const isSame = one.every(({ value, chosen = [] }, index) => {
      const there = other[index]
      return toText(value) === toText(there?.value) && chosen.join() === (there?.chosen ?? []).join()
    })
    if (!isSame) return false
    this.#changed ??= this.#findChanged()
    const changed = this.#changed
    return !one.some(({ value }) => listReferences(value).some((reference) => changed.has(reference)))
  }

  /** Once for both documents: first what differs itself, then whoever leads there. */
  #findChanged(): Set<string> {
    const holders = new Map<string, string[]>()
    const changed = new Set<string>()
    // What is the same leads to the same, so the references of one side are enough.
    const references = new Set(listReferences(this.#before.root.value))
    for (const reference of references) {
      const { value } = this.#before.find(reference)
      if (toText(value) !== toText(this.#after.find(reference).value)) changed.add(reference)
      for (const next of listReferences(value)) addTo(holders, next, reference)
    }
    for (const reference of changed) for (const holder of holders.get(reference) ?? []) changed.add(holder)
    return changed
  }
}

function toText(value: unknown): string {
  return value === undefined ? '' : toCanonicalJson(value)
}

function listReferences(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(listReferences)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? [member] : listReferences(member),
  )
}

function addTo(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}
