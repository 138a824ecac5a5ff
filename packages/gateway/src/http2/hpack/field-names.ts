/** Owns what the encoder knows of a field's name: its place in the static table, its literal, and what becomes of its values. */
import { copyLatin1 } from '../../http1/latin1.ts'
import { ByteWriter } from '../byte-writer.ts'
import { STATIC_FIELDS } from './static-table.ts'
import { writeString } from './string-literal.ts'

/**
 * - `repeats`: put into the table when it is first seen.
 * - `differs`: never the value; the name, where the static table has none, goes in with the first value.
 * - `secret`: never, and no other hop may (RFC 7541 §7.1.3).
 * - `unknown`: put into the table when the same value comes a second time.
 */
export type FieldHabit = 'repeats' | 'differs' | 'secret' | 'unknown'

export interface FieldName {
  /** RFC 9113 §8.2.1: in lower case. */
  readonly lower: string
  readonly habit: FieldHabit
  /** The first of its entries in the static table, or 0. */
  readonly staticIndex: number
  /** How many of those have a value. Those without are for the name's sake, and nobody sends them. */
  readonly staticValues: number
  /** The name as a string literal. */
  readonly literal: Uint8Array
  readonly hash: number
}

/** Fields whose values would push others out of the table and never be asked for again, besides those that tell users apart. */
const DIFFERS = new Set([
  ':path',
  'age',
  'content-disposition',
  'content-length',
  'content-location',
  'content-range',
  'etag',
  'expires',
  'forwarded',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'range',
  'ratelimit',
  'referer',
  'retry-after',
  'traceparent',
  'tracestate',
  'x-forwarded-for',
  'x-request-id',
])

/** One connection to a target carries those of many users. */
const SECRET = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key'])

/** A name as somebody spells it, in memory of its own. */
interface Spelling {
  readonly text: string
  readonly name: FieldName
}

/**
 * A flood of made-up names empties the map again and again, and costs each of its fields a microsecond or two. 1024 is far more
 * than the fields of one gateway's APIs have names.
 */
const MOST_SPELLINGS = 1024
const spellings = new Map<string, Spelling>()

/** Longer names are not kept: all that are may take a few hundred KiB. */
const LONGEST_KEPT_NAME = 128

/**
 * Before the map, the last spelling of each slot: a map has to hash what it looks for, which takes 50 ns for a fresh slice of a
 * head; to compare it with one other takes 6 (measured).
 */
const SLOTS = 512
const recent: (Spelling | undefined)[] = new Array<undefined>(SLOTS).fill(undefined)

/** The name in any case. The same object for the same name, unless the map was emptied in between. */
export function getFieldName(name: string): FieldName {
  const last = name.length - 1
  const slot = (last ^ (name.charCodeAt(0) << 4) ^ (name.charCodeAt(last) << 2)) & (SLOTS - 1)
  const guess = recent[slot]
  if (guess !== undefined && guess.text === name) return guess.name
  if (name.length > LONGEST_KEPT_NAME) return toFieldName(name.toLowerCase())
  const found = spellings.get(name) ?? learn(copyLatin1(name))
  recent[slot] = found
  return found.name
}

function learn(text: string): Spelling {
  const lower = text.toLowerCase()
  const name = spellings.get(lower)?.name ?? toFieldName(lower)
  const spelling = { text, name }
  if (spellings.size >= MOST_SPELLINGS) {
    spellings.clear()
    recent.fill(undefined)
  }
  spellings.set(text, spelling)
  // Its other spellings come to the same object.
  if (lower !== text) spellings.set(lower, { text: lower, name })
  return spelling
}

function toFieldName(lower: string): FieldName {
  const staticIndex = Math.max(
    0,
    STATIC_FIELDS.findIndex((field) => field?.name === lower),
  )
  const literal = new ByteWriter()
  writeString(literal, lower)
  return {
    lower,
    habit: toHabit(lower, staticIndex > 0),
    staticIndex,
    staticValues: STATIC_FIELDS.filter((field) => field?.name === lower && field.value !== '').length,
    literal: Uint8Array.from(literal.view()),
    hash: addToHash(0x811c9dc5, lower),
  }
}

function toHabit(lower: string, isStatic: boolean): FieldHabit {
  if (SECRET.has(lower)) return 'secret'
  if (DIFFERS.has(lower)) return 'differs'
  return isStatic ? 'repeats' : 'unknown'
}

/** FNV-1a. */
export function addToHash(hash: number, text: string): number {
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
