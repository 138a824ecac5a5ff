/** Owns whether all that one schema allows is allowed by another: what is taken may only grow, what is given may only shrink. */

import { comparePlain } from './compare-plain.ts'
import { type ContractDocument, isMap } from './contract-document.ts'
import { PairMemory } from './pair-memory.ts'
import { type SchemaChange, type SchemaPair, type Subject, toSchemaChange } from './schema-pair.ts'
import { type SchemaNode, type SchemaPart, type SchemaView, toKey, viewSchema } from './schema-view.ts'
import { UnchangedSchemas } from './unchanged-schemas.ts'

/** Pairs of schemas in one comparison, a second's worth: what is larger is told as not compared. */
const PAIRS_MAX = 30_000
/** The stack of a thread holds more than twice as many (measured: 1 200 pass, 2 400 do not). */
const DEPTH_MAX = 600
/** Of more, the one of the same name is taken for what became of it: each with each would take too long. */
const CHOICES_MAX = 12
const NONE: readonly SchemaChange[] = []

export class SchemaComparison {
  readonly #before: ContractDocument
  readonly #after: ContractDocument
  readonly #unchanged: UnchangedSchemas
  readonly #views = { before: new Map<string, SchemaView>(), after: new Map<string, SchemaView>() }
  readonly #pairs = new PairMemory()
  isExhausted = false

  constructor(before: ContractDocument, after: ContractDocument) {
    this.#before = before
    this.#after = after
    this.#unchanged = new UnchangedSchemas(before, after)
  }

  compare(before: SchemaNode, after: SchemaNode, subject: Subject): readonly SchemaChange[] {
    return subject === 'response' ? this.#compare(after, before, subject) : this.#compare(before, after, subject)
  }

  #compare(inner: SchemaNode, outer: SchemaNode, subject: Subject): readonly SchemaChange[] {
    if (outer.parts.length === 0) return NONE
    const key = `${subject} ${toKey(inner)} ${toKey(outer)}`
    const known = this.#pairs.find(key)
    if (known !== undefined) return known
    if (this.#pairs.size >= PAIRS_MAX || this.#pairs.depth >= DEPTH_MAX) {
      this.isExhausted = true
      return NONE
    }
    const [before, after] = subject === 'response' ? [outer, inner] : [inner, outer]
    return this.#pairs.keep(key, () =>
      this.#unchanged.has(before, after) ? NONE : toUnique(this.#findChanges(inner, outer, subject)),
    )
  }

  #findChanges(innerNode: SchemaNode, outerNode: SchemaNode, subject: Subject): readonly SchemaChange[] {
    const isGiven = subject === 'response'
    const inner = this.#view(isGiven ? 'after' : 'before', innerNode)
    const outer = this.#view(isGiven ? 'before' : 'after', outerNode)
    const compare = (one: SchemaNode, other: SchemaNode) => this.#compare(one, other, subject)
    const { group } = inner
    if (group !== undefined) {
      return group.choices.flatMap((choice) => {
        const node: SchemaNode = { parts: [...group.rest.parts, choice] }
        const changes = compare(node, outerNode)
        const isOther = changes.length > 0 && outer.group === undefined && haveOtherNames(node, outerNode)
        return isOther
          ? [toChoiceChange({ inner: this.#view(isGiven ? 'after' : 'before', node), outer, subject, compare }, node)]
          : changes
      })
    }
    const pair: SchemaPair = { inner, outer, subject, compare }
    return outer.group === undefined ? comparePlain(pair) : this.#findChoice(pair, innerNode, outerNode)
  }

  /** One of the choices has to allow all of `inner`; of several types, each may find its own. */
  #findChoice(pair: SchemaPair, innerNode: SchemaNode, outerNode: SchemaNode): readonly SchemaChange[] {
    const { rest, choices } = pair.outer.group ?? { rest: outerNode, choices: [] }
    const name = toReferenceName(innerNode)
    // The one of the same name is the likeliest: most others then need no comparison.
    const isFirst = (choice: SchemaPart): boolean => name !== undefined && toReferenceName({ parts: [choice] }) === name
    const found: Attempt[] = []
    for (const choice of choices.toSorted((a, b) => Number(isFirst(b)) - Number(isFirst(a)))) {
      const node: SchemaNode = { parts: [...rest.parts, choice] }
      const attempt = { node, ...this.#pairs.attempt(() => pair.compare(innerNode, node)) }
      if (attempt.changes.length === 0 || (choices.length > CHOICES_MAX && isFirst(choice))) return take(attempt)
      found.push(attempt)
    }
    const split = splitTypes(pair.inner, innerNode)
    if (split.length > 1) return split.flatMap((one) => pair.compare(one, outerNode))
    const version = pair.subject === 'response' ? 'before' : 'after'
    const alike = found.filter(({ node }) => isAlike(pair.inner, innerNode, { node, view: this.#view(version, node) }))
    const [only] = alike.length === 1 ? alike : found
    const isAlone =
      alike.length === 1 || (found.length === 1 && only !== undefined && !haveOtherNames(innerNode, only.node))
    return isAlone && only !== undefined ? take(only) : [toChoiceChange(pair, innerNode)]
  }

  #view(version: 'before' | 'after', node: SchemaNode): SchemaView {
    const views = this.#views[version]
    const key = toKey(node)
    const known = views.get(key)
    if (known !== undefined) return known
    const view = viewSchema(version === 'before' ? this.#before : this.#after, node)
    views.set(key, view)
    return view
  }
}

interface Attempt {
  readonly node: SchemaNode
  readonly changes: readonly SchemaChange[]
  count(): void
}

function take(attempt: Attempt): readonly SchemaChange[] {
  attempt.count()
  return attempt.changes
}

/** Of one schema with all that it leads to; whoever has mended so many asks again. */
const CHANGES_MAX = 200

/** A schema that stands in many places is told once for each that is compared, and would add up without end. */
function toUnique(changes: readonly SchemaChange[]): readonly SchemaChange[] {
  if (changes.length < 2) return changes
  const found = new Map(changes.map((change) => [`${change.code} ${change.pointer} ${change.message}`, change]))
  return [...found.values()].slice(0, CHANGES_MAX)
}

function toChoiceChange(pair: SchemaPair, inner: SchemaNode): SchemaChange {
  const name = toReferenceName(inner)
  const what = name === undefined ? 'one of its forms' : `the form "${name}"`
  const says = pair.subject === 'response' ? `may have ${what} now, which is new.` : `may not have ${what} any more.`
  return toSchemaChange(pair, { taken: 'choice-removed', given: 'choice-added', says, inner: name })
}

function haveOtherNames(one: SchemaNode, other: SchemaNode): boolean {
  const [a, b] = [toReferenceName(one), toReferenceName(other)]
  return a !== undefined && b !== undefined && a !== b
}

/** Of the same name; without names, of the same types. */
function isAlike(
  inner: SchemaView,
  innerNode: SchemaNode,
  { node, view }: { readonly node: SchemaNode; readonly view: SchemaView },
): boolean {
  const [one, other] = [toReferenceName(innerNode), toReferenceName(node)]
  if (one !== undefined || other !== undefined) return one === other
  return toTypes(inner) === toTypes(view) && inner.values === undefined && view.values === undefined
}

function toTypes({ types }: SchemaView): string {
  return types === undefined ? '' : [...types].toSorted().join(' ')
}

/** `#/components/schemas/Cat` → `Cat`. */
function toReferenceName({ parts }: SchemaNode): string | undefined {
  const last = parts.findLast(({ value }) => isMap(value) && typeof value.$ref === 'string')
  return last === undefined
    ? undefined
    : String((last.value as { $ref: unknown }).$ref)
        .split('/')
        .at(-1)
}

/** The same schema for one type each; a list of one where there is no more to split. */
function splitTypes({ types, isNullable }: SchemaView, { parts }: SchemaNode): SchemaNode[] {
  const names = types === undefined ? [] : [...types, ...(isNullable ? ['null'] : [])]
  const [first] = parts
  if (first === undefined) return []
  return names.map((type): SchemaNode => {
    const { pointer } = first
    const only: SchemaPart = { value: { type }, pointer, chosen: [`type ${type}`] }
    return { parts: [only, ...parts] }
  })
}
