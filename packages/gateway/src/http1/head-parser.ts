/**
 * Owns the collecting of a head's bytes until its empty line, for requests and answers alike.
 *
 *   text    first line CRLF  field CRLF  field CRLF  CRLF  body…
 *           ^ 0              ^ at (where the next unscanned line begins)
 *
 * What the first line means is its user's business: it hands in `scanFirstLine`.
 */
import { HeaderList, MARKS_PER_FIELD } from '@gatewright/policies'
import { Refusal } from './refusal.ts'
import { FIELD_REFUSALS, INCOMPLETE, isFaulty, lastFieldFault, scanField, TOKEN_CHARACTERS } from './scan-fields.ts'

const CR = 0x0d
const LF = 0x0a

export interface HeadLimits {
  /** First line without CRLF. */
  readonly firstLineBytes: number
  readonly headerBytes: number
  readonly headerFields: number
}

/** Reads the line `text[at, end)`, CRLF excluded. */
export type FirstLine = (text: string, at: number, end: number) => Refusal | undefined

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

export class HeadParser {
  text = ''
  /** Where the body begins in `text`, once the head is complete. */
  bodyAt = 0
  #at = 0
  #fieldsAt = -1
  #marks: number[] = []
  readonly #limits: HeadLimits
  readonly #scanFirstLine: FirstLine
  /** RFC 9112 §2.2: a server skips one empty line before a request line. */
  #maySkipEmptyLine: boolean
  readonly #skipsEmptyLine: boolean

  constructor(limits: HeadLimits, scanFirstLine: FirstLine, { skipsEmptyLine }: { skipsEmptyLine: boolean }) {
    this.#limits = limits
    this.#scanFirstLine = scanFirstLine
    this.#skipsEmptyLine = skipsEmptyLine
    this.#maySkipEmptyLine = skipsEmptyLine
  }

  /** Has a byte of this head come? */
  get hasBegun(): boolean {
    return this.text.length > 0
  }

  reset(): void {
    this.text = ''
    this.bodyAt = 0
    this.#at = 0
    this.#fieldsAt = -1
    this.#maySkipEmptyLine = this.#skipsEmptyLine
  }

  /** Takes more bytes, as latin1 text. Answers the fields when the head is complete, a refusal, or undefined: more is needed. */
  push(more: string): HeaderList | Refusal | undefined {
    this.text = this.text.length === 0 ? more : this.text + more
    if (this.#fieldsAt < 0) {
      const refusal = this.#firstLine()
      if (refusal !== undefined) return refusal
      if (this.#fieldsAt < 0) return undefined
    } else if (
      !more.includes('\n') &&
      this.text.charCodeAt(this.#at) !== CR &&
      this.text.length <= this.#fieldsAt + this.#limits.headerBytes
    ) {
      return undefined
    }
    return this.#fields()
  }

  #firstLine(): Refusal | undefined {
    const text = this.text
    if (this.#maySkipEmptyLine && text.charCodeAt(0) === CR) {
      if (text.length === 1) return undefined
      if (text.charCodeAt(1) !== LF) return FIELD_REFUSALS.lineEnd
      this.#at = 2
      this.#maySkipEmptyLine = false
    }
    const at = this.#at
    if (at === text.length) return undefined
    // Told at once, because such a sender (TLS on a plain port, say) may never send an LF.
    if (TOKEN_CHARACTERS[text.charCodeAt(at)] !== 1) return this.#scanFirstLine(text, at, at)
    const lf = text.indexOf('\n', at)
    const limit = at + this.#limits.firstLineBytes
    if (lf < 0) return text.length > limit + 1 ? HEAD_REFUSALS.firstLine : undefined
    const hasCr = text.charCodeAt(lf - 1) === CR
    if ((hasCr ? lf - 1 : lf) > limit) return HEAD_REFUSALS.firstLine
    if (!hasCr) return FIELD_REFUSALS.lineEnd
    const refusal = this.#scanFirstLine(text, at, lf - 1)
    if (refusal !== undefined) return refusal
    this.#at = lf + 1
    this.#fieldsAt = lf + 1
    // A fresh array a message: the list that is handed out keeps it.
    this.#marks = []
    return undefined
  }

  #fields(): HeaderList | Refusal | undefined {
    const text = this.text
    const marks = this.#marks
    const limit = this.#fieldsAt + this.#limits.headerBytes
    const mostMarks = this.#limits.headerFields * MARKS_PER_FIELD
    // Lines whose LF is not there are not looked into: a fault is told at the same byte, however the bytes were cut.
    const end = text.length > limit ? limit : text.lastIndexOf('\n') + 1
    let at = this.#at
    while (at < end && text.charCodeAt(at) !== CR) {
      const next = scanField(text, at, end, marks)
      if (next === INCOMPLETE) return HEAD_REFUSALS.bytes
      if (isFaulty(next)) return lastFieldFault()
      if (marks.length > mostMarks) return HEAD_REFUSALS.fields
      at = next
    }
    this.#at = at
    if (text.charCodeAt(at) === CR) {
      if (at + 1 === text.length) return undefined
      if (text.charCodeAt(at + 1) !== LF) return FIELD_REFUSALS.lineEnd
      this.bodyAt = at + 2
      return HeaderList.parsed(text, marks)
    }
    return text.length > limit ? HEAD_REFUSALS.bytes : undefined
  }
}
