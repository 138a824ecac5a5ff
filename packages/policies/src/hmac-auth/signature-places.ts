/** Owns where signatures of a request stand (RFC 9421 §4), and taking out those that are ours. */
import type { UsedPlace } from '../callers/credential-place.ts'
import type { HeaderList } from '../messages/header-list.ts'
import { parseDictionary, StructuredFieldFault } from '../structured-fields/parse-structured-field.ts'
import { serializeDictionary } from '../structured-fields/serialize-structured-field.ts'
import { type Dictionary, isInnerList } from '../structured-fields/structured-field.ts'

const FIELDS = ['Signature-Input', 'Signature'] as const
/** Of the draft before, which is looked at to be refused. */
const DRAFT = { in: 'header', name: 'Authorization', scheme: 'Signature' } as const

/** All of them, or those with this tag. */
export function listSignaturePlaces(tag: string | undefined): readonly UsedPlace[] {
  if (tag === undefined) return [DRAFT, ...FIELDS.map((name) => ({ in: 'header', name }) as const)]
  const part: UsedPlace['part'] = { name: tag, takeOut: ({ headers }) => removeTagged(headers, tag) }
  return [DRAFT, ...FIELDS.map((name) => ({ in: 'header', name, part }) as const)]
}

/** Those for others, further on, stay as they are. */
export function removeSignatures(headers: HeaderList, labels: ReadonlySet<string>): void {
  for (const name of FIELDS) {
    const members = new Map(parseDictionary(headers.get(name) ?? ''))
    for (const label of labels) members.delete(label)
    if (members.size === 0) headers.delete(name)
    else headers.set(name, serializeDictionary(members))
  }
}

/** What cannot be read may be anybody's, and could be read by others: it goes as a whole. */
function removeTagged(headers: HeaderList, tag: string): void {
  try {
    // RFC 9651 §3.2: of two of a name the last counts, and whoever stands behind us may take the first.
    const inputs = parseDictionary(headers.get(FIELDS[0]) ?? '', { duplicates: 'refused' })
    const labels = listTagged(inputs, tag)
    if (inputs.size === 0) removeAll(headers)
    else if (labels.size > 0) removeSignatures(headers, labels)
  } catch (fault) {
    if (!(fault instanceof StructuredFieldFault)) throw fault
    removeAll(headers)
  }
}

function removeAll(headers: HeaderList): void {
  for (const name of FIELDS) headers.delete(name)
}

function listTagged(inputs: Dictionary, tag: string): Set<string> {
  const tagged = [...inputs].filter(([, member]) => {
    const value = isInnerList(member) ? member.parameters.get('tag') : undefined
    return value?.type === 'string' && value.value === tag
  })
  return new Set(tagged.map(([label]) => label))
}
