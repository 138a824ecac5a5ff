/** Owns the writing of structured fields in their one canonical form (RFC 9651 §4.1). */
import {
  type BareItem,
  type Dictionary,
  isInnerList,
  KEY,
  type List,
  type Member,
  type Parameters,
} from './structured-field.ts'

const PRINTABLE = /^[\x20-\x7e]*$/
const TOKEN = /^[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*$/
const MOST_INTEGER = 999_999_999_999_999
const MOST_DECIMAL = 999_999_999_999.999
/** What is not written as it is: controls, quotes, percent signs, and all that is not ASCII. */
const DISPLAY_ESCAPES = /[\x00-\x1f\x7f-\xff"%]/g

/** RFC 9651 §4.1.1. @throws TypeError where a value cannot be written, as in all of these. */
export function serializeList(list: List): string {
  return list.map(serializeMember).join(', ')
}

/** RFC 9651 §4.1.2 */
export function serializeDictionary(dictionary: Dictionary): string {
  const members: string[] = []
  for (const [key, member] of dictionary) {
    assertKey(key)
    const isTrue = !isInnerList(member) && member.bare.type === 'boolean' && member.bare.value
    members.push(isTrue ? key + serializeParameters(member.parameters) : `${key}=${serializeMember(member)}`)
  }
  return members.join(', ')
}

/** An item (RFC 9651 §4.1.3) or an inner list (§4.1.1.1). */
export function serializeMember(member: Member): string {
  const value = isInnerList(member)
    ? `(${member.items.map(serializeMember).join(' ')})`
    : serializeBareItem(member.bare)
  return value + serializeParameters(member.parameters)
}

/** RFC 9651 §4.1.1.2 */
export function serializeParameters(parameters: Parameters): string {
  let text = ''
  for (const [key, value] of parameters) {
    assertKey(key)
    text += value.type === 'boolean' && value.value ? `;${key}` : `;${key}=${serializeBareItem(value)}`
  }
  return text
}

function serializeBareItem(item: BareItem): string {
  switch (item.type) {
    case 'integer':
      return toInteger(item.value)
    case 'decimal':
      return toDecimal(item.value)
    case 'string':
      if (!PRINTABLE.test(item.value)) throw new TypeError('a string of a structured field is printable ASCII')
      return `"${item.value.replace(/["\\]/g, '\\$&')}"`
    case 'token':
      if (!TOKEN.test(item.value)) throw new TypeError(`"${item.value}" is no token`)
      return item.value
    case 'bytes':
      return `:${Buffer.from(item.value).toString('base64')}:`
    case 'boolean':
      return item.value ? '?1' : '?0'
    case 'date':
      return `@${toInteger(item.value)}`
    case 'display-string':
      return toDisplayString(item.value)
  }
}

function assertKey(key: string): void {
  if (!KEY.test(key)) throw new TypeError(`"${key}" is no key of a structured field`)
}

function toInteger(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) > MOST_INTEGER) throw new TypeError(`${value} is no such integer`)
  return `${value}`
}

/** RFC 9651 §4.1.5: at most three digits behind the point, the last one rounded to even. */
function toDecimal(value: number): string {
  const thousandths = roundToEven(value * 1000)
  if (!(Math.abs(thousandths) <= MOST_DECIMAL * 1000)) throw new TypeError(`${value} is no such decimal`)
  const digits = `${Math.abs(thousandths)}`.padStart(4, '0')
  const fraction = digits.slice(-3).replace(/0{1,2}$/, '')
  return `${thousandths < 0 ? '-' : ''}${digits.slice(0, -3)}.${fraction}`
}

function roundToEven(value: number): number {
  const below = Math.floor(value)
  const isHalf = value - below === 0.5
  return isHalf && below % 2 === 0 ? below : Math.round(value)
}

/** RFC 9651 §4.1.11 */
function toDisplayString(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate cannot be written in UTF-8')
  const octets = Buffer.from(value, 'utf8').toString('latin1')
  const escaped = octets.replace(DISPLAY_ESCAPES, (octet) => `%${octet.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return `%"${escaped}"`
}
