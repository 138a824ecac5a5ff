/**
 * Owns the collecting of a head's octets until its empty line, for requests and answers alike.
 *
 *   octets  first line CRLF  field CRLF  field CRLF  CRLF  body…
 *           ^ 0              ^ at (where the next unscanned line begins)
 *
 * What the first line means is its user's business: it hands in `scanFirstLine`.
 */
import { HeaderList, MARKS_PER_FIELD } from '@gatewright/policies'
import { toLatin1 } from './latin1.ts'
import { Refusal } from './refusal.ts'
import { FIELD_REFUSALS, INCOMPLETE, lastFieldFault, scanField, TOKEN_CHARACTERS } from './scan-fields.ts'

const CR = 0x0d
const LF = 0x0a

export interface HeadLimits {
  /** First line without CRLF. */
  readonly firstLineBytes: number
  readonly headerBytes: number
  readonly headerFields: number
}

/** Reads the line `octets[at, end)`, CRLF excluded; what it keeps of it, it copies. */
export type FirstLine = (octets: Uint8Array, at: number, end: number) => Refusal | undefined

export const HEAD_REFUSALS = {
  firstLine: new Refusal(
    'request-line-too-long',
    'request-line',
    'The request line is longer than this gateway accepts.',
  ),
  bytes: new Refusal(
    'header-too-large',
    'header-bytes',
    'The header fields hold more bytes than this gateway accepts.',
  ),
  fields: new Refusal('header-too-large', 'header-fields', 'There are more header fields than this gateway accepts.'),
} as const

const NOTHING: Uint8Array = new Uint8Array(0)

export class HeadParser {
  /** Where the body begins in the octets that were pushed last, once the head is complete. */
  bodyAt = 0
  limits: HeadLimits
  /** What came in earlier parts, in memory of our own; the first `#heldBytes` of it count. */
  #held = NOTHING
  #heldBytes = 0
  /** Where the first line, then the next field line begins. */
  #at = 0
  #fieldsAt = -1
  /** No LF of the first line stands before it. */
  #searchedTo = 0
  #marks: number[] = []
  readonly #scanFirstLine: FirstLine
  /** RFC 9112 §2.2: a server skips one empty line before a request line. */
  #maySkipEmptyLine: boolean
  readonly #skipsEmptyLine: boolean

  constructor(limits: HeadLimits, scanFirstLine: FirstLine, { skipsEmptyLine }: { skipsEmptyLine: boolean }) {
    this.limits = limits
    this.#scanFirstLine = scanFirstLine
    this.#skipsEmptyLine = skipsEmptyLine
    this.#maySkipEmptyLine = skipsEmptyLine
  }

  /** Has a part of this head come? */
  get hasBegun(): boolean {
    return this.#heldBytes > 0
  }

  reset(): void {
    this.bodyAt = 0
    this.#held = NOTHING
    this.#heldBytes = 0
    this.#at = 0
    this.#fieldsAt = -1
    this.#searchedTo = 0
    this.#maySkipEmptyLine = this.#skipsEmptyLine
  }

  /**
   * Takes more octets, which are free again afterwards. Answers the fields when the head is complete, a refusal, or undefined:
   * more is needed. Whoever got an answer resets before the next head.
   */
  push(more: Uint8Array): HeaderList | Refusal | undefined {
    // The usual head comes whole and is looked at where it was read.
    const isWhole = this.#heldBytes === 0
    const before = this.#heldBytes
    const octets = isWhole ? more : this.#hold(more)
    const end = before + more.length
    const found = this.#look(octets, end, more)
    if (found === undefined && isWhole) this.#hold(more)
    this.bodyAt -= before
    return found
  }

  #look(octets: Uint8Array, end: number, more: Uint8Array): HeaderList | Refusal | undefined {
    if (this.#fieldsAt < 0) {
      const refusal = this.#firstLine(octets, end)
      if (refusal !== undefined) return refusal
      if (this.#fieldsAt < 0) return undefined
    } else if (
      // Without a line's end there is nothing new to find: a head that comes byte by byte costs no more than one that comes whole.
      !more.includes(LF) &&
      octets[this.#at] !== CR &&
      end <= this.#fieldsAt + this.limits.headerBytes
    ) {
      return undefined
    }
    return this.#fields(octets, end)
  }

  /** Appends; the room doubles, so that a head in many parts is copied a few times only. */
  #hold(more: Uint8Array): Uint8Array {
    const bytes = this.#heldBytes + more.length
    if (bytes > this.#held.length) {
      const roomier = new Uint8Array(Math.max(1024, bytes * 2))
      roomier.set(this.#held.subarray(0, this.#heldBytes))
      this.#held = roomier
    }
    this.#held.set(more, this.#heldBytes)
    this.#heldBytes = bytes
    return this.#held
  }

  #firstLine(octets: Uint8Array, end: number): Refusal | undefined {
    if (this.#maySkipEmptyLine && octets[0] === CR) {
      if (end === 1) return undefined
      if (octets[1] !== LF) return FIELD_REFUSALS.lineEnd
      this.#at = 2
      this.#searchedTo = 2
      this.#maySkipEmptyLine = false
    }
    const at = this.#at
    if (at === end) return undefined
    // Told at once, because such a sender (TLS on a plain port, say) may never send an LF.
    if (TOKEN_CHARACTERS[octets[at] ?? 0] !== 1) return this.#scanFirstLine(octets, at, at)
    const limit = at + this.limits.firstLineBytes
    const last = Math.min(end, limit + 2)
    let lf = this.#searchedTo
    while (lf < last && octets[lf] !== LF) lf++
    if (lf >= last) {
      this.#searchedTo = lf
      return end > limit + 1 ? HEAD_REFUSALS.firstLine : undefined
    }
    const hasCr = octets[lf - 1] === CR
    if ((hasCr ? lf - 1 : lf) > limit) return HEAD_REFUSALS.firstLine
    if (!hasCr) return FIELD_REFUSALS.lineEnd
    const refusal = this.#scanFirstLine(octets, at, lf - 1)
    if (refusal !== undefined) return refusal
    this.#at = lf + 1
    this.#fieldsAt = lf + 1
    // A fresh array a message: the list that is handed out keeps it.
    this.#marks = []
    return undefined
  }

  #fields(octets: Uint8Array, length: number): HeaderList | Refusal | undefined {
    const marks = this.#marks
    const limit = this.#fieldsAt + this.limits.headerBytes
    const mostMarks = this.limits.headerFields * MARKS_PER_FIELD
    const isOver = length > limit
    const end = isOver ? limit : length
    let at = this.#at
    while (at < end && octets[at] !== CR) {
      const next = scanField(octets, at, end, marks)
      if (next < 0) {
        // Nothing is told of a line whose LF is not there: a fault is told at the same octet, however the octets were cut.
        if (!isOver && (next === INCOMPLETE || !hasLf(octets, at, end))) break
        return next === INCOMPLETE ? HEAD_REFUSALS.bytes : lastFieldFault()
      }
      if (marks.length > mostMarks) return HEAD_REFUSALS.fields
      at = next
    }
    this.#at = at
    if (at < length && octets[at] === CR) {
      if (at + 1 === length) return undefined
      if (octets[at + 1] !== LF) return FIELD_REFUSALS.lineEnd
      this.bodyAt = at + 2
      return HeaderList.parsed(toLatin1(octets, 0, at + 2), marks)
    }
    return isOver ? HEAD_REFUSALS.bytes : undefined
  }
}

function hasLf(octets: Uint8Array, at: number, end: number): boolean {
  return octets.subarray(at, end).includes(LF)
}
