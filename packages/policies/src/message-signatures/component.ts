/** Owns the names of what a signature covers (RFC 9421 §2): fields, and what is derived from the rest of a request. */
import { parseItem, StructuredFieldFault } from '../structured-fields/parse-structured-field.ts'
import { serializeMember } from '../structured-fields/serialize-structured-field.ts'
import type { Item, Parameters } from '../structured-fields/structured-field.ts'
import { SignatureFault } from './signature-fault.ts'

/** One entry of the list that a signature covers. */
export interface Component {
  /** Of a field in lower case, or with an `@` before it. */
  readonly name: string
  readonly parameters: Parameters
  /** As it stands in the signature base: `"@query-param";name="a"`. */
  readonly text: string
  /** Equal for equal components: RFC 9421 §2, parameters count in any order. */
  readonly key: string
}

export const DERIVED_COMPONENTS = [
  '@method',
  '@target-uri',
  '@authority',
  '@scheme',
  '@request-target',
  '@path',
  '@query',
  '@query-param',
] as const

const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
const FIELD_PARAMETERS: Readonly<Record<string, 'boolean' | 'string'>> = { sf: 'boolean', bs: 'boolean', key: 'string' }
const QUERY_PARAMETERS: Readonly<Record<string, 'boolean' | 'string'>> = { name: 'string' }

/** @throws SignatureFault where a request has no such component, or it cannot be known here. */
export function toComponent(item: Item): Component {
  const { bare, parameters } = item
  if (bare.type !== 'string') throw malformed('a component is a string')
  const name = bare.value
  const text = serializeMember(item)
  if (name.startsWith('@')) checkDerived(name, parameters, text)
  else checkField(name, parameters, text)
  const sorted = new Map([...parameters].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return { name, parameters, text, key: serializeMember({ bare, parameters: sorted }) }
}

/** As people write one: `@method`, `content-type`, or with parameters `"@query-param";name="a"`. @throws SignatureFault */
export function parseComponent(text: string): Component {
  if (!/^[\x20-\x7e]+$/.test(text)) throw malformed('its name is printable ASCII')
  if (!text.startsWith('"')) return toComponent({ bare: { type: 'string', value: text }, parameters: new Map() })
  try {
    return toComponent(parseItem(text))
  } catch (fault) {
    throw fault instanceof StructuredFieldFault ? malformed(fault.message) : fault
  }
}

function checkDerived(name: string, parameters: Parameters, text: string): void {
  if (!(DERIVED_COMPONENTS as readonly string[]).includes(name)) throw unknownComponent(text)
  if (name === '@query-param') {
    checkParameters(parameters, QUERY_PARAMETERS, text)
    if (!parameters.has('name')) throw malformed('"@query-param" names its parameter: ;name="…"')
    return
  }
  checkParameters(parameters, {}, text)
}

function checkField(name: string, parameters: Parameters, text: string): void {
  if (!FIELD_NAME.test(name)) throw malformed('a field is named in lower case')
  checkParameters(parameters, FIELD_PARAMETERS, text)
  // RFC 9421 §2.5: octets as they are, and fields as they are understood, exclude each other.
  if (parameters.has('bs') && parameters.size > 1) throw malformed(`${text} is read in two ways`)
}

/** `;req` belongs to answers (RFC 9421 §2.4), `;tr` to trailers, which come when it is too late. */
function checkParameters(parameters: Parameters, allowed: Readonly<Record<string, string>>, text: string): void {
  for (const [name, value] of parameters) {
    if (!Object.hasOwn(allowed, name)) throw unknownComponent(text)
    if (allowed[name] !== value.type || value.value === false)
      throw malformed(`${text} has a parameter of another type`)
  }
}

function malformed(what: string): SignatureFault {
  return new SignatureFault('malformed-component', `What the signature covers is not well-formed: ${what}.`)
}

function unknownComponent(text: string): SignatureFault {
  return new SignatureFault('unknown-component', `${text} cannot be covered here. Sign without it.`)
}
