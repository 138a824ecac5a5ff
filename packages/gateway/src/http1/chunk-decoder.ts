/** Owns the chunked coding on its way in (RFC 9112 §7.1): sizes, strict CRLFs, bounded extensions, bounded trailers. */
import { HeaderList, MARKS_PER_FIELD } from '@gatewright/policies'
import { toLatin1 } from './latin1.ts'
import { malformed, type Refusal } from './refusal.ts'
import { INCOMPLETE, lastFieldFault, scanField } from './scan-fields.ts'
import { toTrailers } from './trailer-fields.ts'

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b
const HTAB = 0x09
const SP = 0x20
const DEL = 0x7f

/** 2^48: above any body, below what a double counts exactly. */
const MOST_SIZE_DIGITS = 12
/** All extensions of one body together: they are dropped, so more is only an attack (CVE-2023-39326 was one). */
const MOST_EXTENSION_BYTES = 4096
const MOST_TRAILER_BYTES = 16_384
const MOST_TRAILER_FIELDS = 64
/** Data shorter than this is moved behind the data before it: written on by itself, each chunk would cost a call of the system. */
const SHORT_BYTES = 1024

const REFUSALS = {
  size: malformed('chunk-size', 'A chunk must begin with its size in hexadecimal digits.'),
  sizeTooLarge: malformed('chunk-size-too-large', 'A chunk size holds more digits than any body needs.'),
  extension: malformed('chunk-extension', 'The chunk extensions are too long or hold control characters.'),
  lineEnd: malformed('chunk-line-end', 'Chunk sizes and chunks must end with CR LF.'),
  trailers: malformed('trailers', 'The trailers are too large.'),
} as const

type State = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done'

export class ChunkDecoder {
  /** Set once the last chunk and the trailers came. */
  trailers: HeaderList | undefined
  #state: State = 'size'
  #size = 0
  #digits = 0
  #extensionBytes = 0
  #trailerText = ''
  /** Begin and end of data in the octets at hand that was not emitted yet. */
  #from = 0
  #to = 0

  get isDone(): boolean {
    return this.#state === 'done'
  }

  /**
   * Reads `chunk` from `at`; data goes to `emit`. Answers how far it read (the end of the body, or of the bytes) or a refusal.
   * What was read of the chunk may be changed: data of short chunks is joined in place.
   */
  push(chunk: Uint8Array, at: number, emit: (data: Uint8Array) => void): number | Refusal {
    this.#from = at
    this.#to = at
    const read = this.#read(chunk, at, emit)
    this.#flush(chunk, emit)
    return read
  }

  #read(chunk: Uint8Array, at: number, emit: (data: Uint8Array) => void): number | Refusal {
    let i = at
    while (i < chunk.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const end = Math.min(chunk.length, i + this.#size)
        if (this.#to > this.#from && end - i < SHORT_BYTES) {
          chunk.copyWithin(this.#to, i, end)
          this.#to += end - i
        } else {
          this.#flush(chunk, emit)
          this.#from = i
          this.#to = end
        }
        this.#size -= end - i
        i = end
        if (this.#size === 0) this.#state = 'data-cr'
        continue
      }
      if (this.#state === 'trailers') {
        const read = this.#readTrailers(chunk, i)
        if (typeof read !== 'number') return read
        i = read
        continue
      }
      const refusal = this.#readFraming(chunk[i] ?? 0)
      if (refusal !== undefined) return refusal
      i++
    }
    return i
  }

  #flush(chunk: Uint8Array, emit: (data: Uint8Array) => void): void {
    const from = this.#from
    const to = this.#to
    this.#from = to
    if (from < to) emit(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to))
  }

  #readFraming(code: number): Refusal | undefined {
    switch (this.#state) {
      case 'size':
        return this.#readSize(code)
      case 'extension':
        if (code === CR) this.#state = 'size-lf'
        else if ((code < SP && code !== HTAB) || code === DEL) return REFUSALS.extension
        else if (++this.#extensionBytes > MOST_EXTENSION_BYTES) return REFUSALS.extension
        return undefined
      case 'size-lf':
        if (code !== LF) return REFUSALS.lineEnd
        this.#digits = 0
        this.#state = this.#size === 0 ? 'trailers' : 'data'
        return undefined
      case 'data-cr':
        if (code !== CR) return REFUSALS.lineEnd
        this.#state = 'data-lf'
        return undefined
      default:
        if (code !== LF) return REFUSALS.lineEnd
        this.#state = 'size'
        return undefined
    }
  }

  #readSize(code: number): Refusal | undefined {
    const digit = toHexDigit(code)
    if (digit >= 0) {
      if (++this.#digits > MOST_SIZE_DIGITS) return REFUSALS.sizeTooLarge
      this.#size = this.#size * 16 + digit
      return undefined
    }
    if (this.#digits === 0) return REFUSALS.size
    if (code === CR) this.#state = 'size-lf'
    else if (code === SEMICOLON) this.#state = 'extension'
    else return REFUSALS.size
    return undefined
  }

  #readTrailers(chunk: Uint8Array, at: number): number | Refusal {
    const before = this.#trailerText.length
    const more = toLatin1(chunk, at, Math.min(chunk.length, at + MOST_TRAILER_BYTES + 2 - before))
    const text = this.#trailerText + more
    this.#trailerText = text
    // A line is looked into when its end is there, so that a byte at a time costs no more.
    if (!more.includes('\n') && text.length <= MOST_TRAILER_BYTES) return chunk.length
    const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n')
    if (end < 0) {
      const refusal = this.#scanTrailers(text.slice(0, text.lastIndexOf('\n') + 1))
      if (refusal !== undefined) return refusal
      return text.length > MOST_TRAILER_BYTES ? REFUSALS.trailers : chunk.length
    }
    const block = end === 0 ? '' : text.slice(0, end + 2)
    const refusal = this.#scanTrailers(block)
    if (refusal !== undefined) return refusal
    this.#state = 'done'
    this.#trailerText = ''
    return at + block.length + 2 - before
  }

  #scanTrailers(block: string): Refusal | undefined {
    const marks: number[] = []
    const octets = Buffer.from(block, 'latin1')
    for (let at = 0; at < octets.length; ) {
      const next = scanField(octets, at, octets.length, marks)
      if (next === INCOMPLETE) return REFUSALS.lineEnd
      if (next < 0) return lastFieldFault()
      if (marks.length > MOST_TRAILER_FIELDS * MARKS_PER_FIELD) return REFUSALS.trailers
      at = next
    }
    this.trailers = toTrailers(HeaderList.parsed(block, marks))
    return undefined
  }
}

function toHexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
