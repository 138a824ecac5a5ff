/** Owns the comparison of maps: which properties there are, which of them have to be, and what they hold. */
import { isMap } from './contract-document.ts'
import { type SchemaChange, type SchemaPair, toPlaceName, toSchemaChange } from './schema-pair.ts'
import type { SchemaNode } from './schema-view.ts'

export function compareObjects(pair: SchemaPair): readonly SchemaChange[] {
  const found = pair.subject === 'response' ? compareGiven(pair) : compareTaken(pair)
  return [...found, ...compareAdditional(pair)]
}

/** Who sent what was enough, sends enough; and nothing of it is refused. */
function compareTaken(pair: SchemaPair): SchemaChange[] {
  const { inner, outer, compare } = pair
  const required = [...outer.required]
    .filter((name) => !inner.required.has(name) && !isReadOnly(outer.properties.get(name)))
    .map((name) => {
      const told = { taken: 'property-required', given: '', inner: 'optional', outer: 'required' }
      return at(
        toSchemaChange(pair, { ...told, says: `needs the property "${name}" now.` }),
        outer.properties.get(name),
      )
    })
  const others = [...inner.properties].flatMap(([name, node]) => {
    const now = outer.properties.get(name)
    if (now !== undefined) return isReadOnly(now) ? [] : compare(node, now)
    if (outer.additional === false && !outer.hasPatternProperties && !isReadOnly(node)) {
      const told = { taken: 'property-refused', given: '', inner: name }
      return [toSchemaChange(pair, { ...told, says: `refuses the property "${name}" now.` })]
    }
    return outer.additional ? compare(node, outer.additional) : []
  })
  return [...required, ...others]
}

/** What was there is there; what may come besides was never counted on. */
function compareGiven(pair: SchemaPair): SchemaChange[] {
  const { inner, outer, compare } = pair
  const names = new Set([...outer.properties.keys(), ...outer.required])
  return [...names].flatMap((name) => {
    const [was, is] = [outer.properties.get(name), inner.properties.get(name)]
    if (isWriteOnly(was)) return []
    if (was !== undefined && is === undefined && !inner.required.has(name)) return [toRemoval(pair, name, was)]
    const isLess = outer.required.has(name) && !inner.required.has(name)
    const told = { taken: '', given: 'property-optional', inner: 'optional', outer: 'required' }
    const optional = toSchemaChange(pair, { ...told, says: `may come without the property "${name}" now.` })
    const inside = was === undefined || is === undefined ? [] : compare(is, was)
    return [...(isLess ? [at(optional, is)] : []), ...inside]
  })
}

/** The place is that of earlier: there is no other. */
function toRemoval(pair: SchemaPair, name: string, was: SchemaNode): SchemaChange {
  const told = { taken: '', given: 'property-removed', outer: name }
  const change = toSchemaChange(pair, { ...told, says: `comes without the property "${name}" now.` })
  return { ...change, version: 'before', pointer: was.parts[0]?.pointer ?? change.pointer }
}

function at(change: SchemaChange, node: SchemaNode | undefined): SchemaChange {
  const pointer = node?.parts[0]?.pointer
  return pointer === undefined ? change : { ...change, pointer }
}

function compareAdditional(pair: SchemaPair): readonly SchemaChange[] {
  const { inner, outer, subject, compare } = pair
  if (inner.additional === false || outer.additional === undefined) return []
  if (outer.additional !== false)
    return inner.additional === undefined ? [] : compare(inner.additional, outer.additional)
  // Of what is given, more than was said harms nobody.
  if (subject === 'response' || outer.hasPatternProperties) return []
  // What is named on both sides is all that was ever sent, where nothing else was spoken of.
  const says = `refuses properties that ${toPlaceName(outer.pointer)} does not name.`
  return [toSchemaChange(pair, { taken: 'property-refused', given: '', says, inner: true, outer: false })]
}

function isReadOnly(node: SchemaNode | undefined): boolean {
  return hasMark(node, 'readOnly')
}

function isWriteOnly(node: SchemaNode | undefined): boolean {
  return hasMark(node, 'writeOnly')
}

/** As it stands at the property itself: a schema that others use as well rarely says it. */
function hasMark(node: SchemaNode | undefined, mark: 'readOnly' | 'writeOnly'): boolean {
  return node?.parts.some(({ value }) => isMap(value) && value[mark] === true) === true
}
