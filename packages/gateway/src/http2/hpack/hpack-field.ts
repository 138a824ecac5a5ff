/** Owns one field as a block told it: validated once, however often the table entry it may become is referred to. */
import { toKnownField } from '@gatewright/policies'
import { toLatin1 } from '../../http1/latin1.ts'
import { malformed, type Refusal } from '../../http1/refusal.ts'
import { FIELD_REFUSALS, TOKEN_CHARACTERS, VALUE_OCTETS } from '../../http1/scan-fields.ts'
import type { ByteWriter } from '../byte-writer.ts'

const HTAB = 0x09
const SP = 0x20
const COLON = 0x3a
const UPPER_A = 0x41
const UPPER_Z = 0x5a

/** RFC 7541 §4.1: what an entry takes beside its name and value. */
export const ENTRY_OVERHEAD_BYTES = 32

/** What a line holds beside name and value: `: `, CR LF. */
export const LINE_SEPARATOR = ': '
export const LINE_END = '\r\n'

export const FIELD_FAULTS = {
  // RFC 9113 §8.2.1: no upper case, no octet that is not of a token (RFC 9110 §5.6.2), a colon only before a pseudo-field's name.
  name: malformed('field-name', 'A field name must be a token without upper-case letters.'),
  // RFC 9113 §8.2.1: no NUL, CR, LF; we refuse every other control too, as in HTTP/1.1.
  control: FIELD_REFUSALS.control,
  // RFC 9113 §8.2.1: a value neither begins nor ends with whitespace.
  whitespace: malformed('field-value-whitespace', 'A field value must not begin or end with whitespace.'),
} as const

/** Immutable, and the same object each time its table entry is referred to. Text is latin1: one character an octet. */
export interface HpackField {
  readonly name: string
  readonly value: string
  /** `name: value\r\n` in one piece; empty for pseudo-fields and where there is a fault. */
  readonly line: string
  /** The name's number in `KNOWN_FIELDS`, or 0. */
  readonly known: number
  /** RFC 9113 §8.3: its name begins with a colon. */
  readonly isPseudo: boolean
  /** Why its message is malformed; it is told as data, because the tables have to stay in step all the same. */
  readonly fault: Refusal | undefined
  /** RFC 7541 §4.1. */
  readonly sizeBytes: number
  /** RFC 7541 §6.2.3: whoever sends it on sends it so. */
  readonly isNeverIndexed: boolean
}

/** What `line` holds: a name of `nameBytes`, separator, value, end. `named` is the entry that the name was taken from, if any. */
// biome-ignore lint/complexity/useMaxParams: called once a literal; an object for each would be garbage.
export function toHpackField(
  line: ByteWriter,
  nameBytes: number,
  named: HpackField | undefined,
  isNeverIndexed: boolean,
): HpackField {
  const octets = line.bytes
  const valueAt = nameBytes + LINE_SEPARATOR.length
  const valueEnd = line.length - LINE_END.length
  const isPseudo = nameBytes > 0 && octets[0] === COLON
  const fault = findNameFault(octets, nameBytes, named) ?? findValueFault(octets, valueAt, valueEnd)
  const hasLine = !isPseudo && fault === undefined
  const text = hasLine ? toLatin1(octets, 0, line.length) : ''
  return {
    name: named?.name ?? (hasLine ? text.slice(0, nameBytes) : toLatin1(octets, 0, nameBytes)),
    value: hasLine ? text.slice(valueAt, valueEnd) : toLatin1(octets, valueAt, valueEnd),
    line: text,
    known: named?.known ?? toKnownField(octets, 0, nameBytes),
    isPseudo,
    fault,
    sizeBytes: nameBytes + valueEnd - valueAt + ENTRY_OVERHEAD_BYTES,
    isNeverIndexed,
  }
}

function findNameFault(octets: Uint8Array, nameBytes: number, named: HpackField | undefined): Refusal | undefined {
  // A name is looked at once: `fault` tells the name's before the value's.
  if (named !== undefined) return named.fault === FIELD_FAULTS.name ? FIELD_FAULTS.name : undefined
  const start = octets[0] === COLON ? 1 : 0
  if (nameBytes <= start) return FIELD_FAULTS.name
  for (let i = start; i < nameBytes; i++) {
    const octet = octets[i] ?? 0
    if (TOKEN_CHARACTERS[octet] !== 1 || (octet >= UPPER_A && octet <= UPPER_Z)) return FIELD_FAULTS.name
  }
  return undefined
}

function findValueFault(octets: Uint8Array, at: number, end: number): Refusal | undefined {
  if (at === end) return undefined
  for (let i = at; i < end; i++) if (VALUE_OCTETS[octets[i] ?? 0] !== 1) return FIELD_FAULTS.control
  return isBlank(octets[at]) || isBlank(octets[end - 1]) ? FIELD_FAULTS.whitespace : undefined
}

function isBlank(octet: number | undefined): boolean {
  return octet === SP || octet === HTAB
}
