/** Owns a head on its way out: pseudo-fields first, then fields, encoded as they are named; one object a session. */
import { type HeaderList, MARKS_PER_FIELD } from '@gatewright/policies'
import type { FieldMask } from '../http1/serialize-head.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { HpackEncoder } from './hpack/hpack-encoder.ts'

export interface RequestLine {
  readonly method: string
  readonly scheme: string
  readonly authority: string
  readonly path: string
  /** Of an extended CONNECT (RFC 8441 §4). */
  readonly protocol?: string
}

export class HeadWriter {
  readonly #encoder: HpackEncoder
  /** undefined: the stream is over, and nobody is written to. */
  #out: ByteWriter | undefined
  /** The head under way is one of a request whose answer has no content. */
  isBodiless = false

  constructor(encoder: HpackEncoder) {
    this.#encoder = encoder
  }

  /** A head begins, at the end of `out`. */
  begin(out: ByteWriter | undefined): void {
    this.#out = out
    this.isBodiless = false
    if (out !== undefined) this.#encoder.begin(out)
  }

  get isOpen(): boolean {
    return this.#out !== undefined
  }

  /** RFC 9113 §8.3.2. */
  status(status: number): this {
    if (this.#out !== undefined) this.#encoder.status(this.#out, status)
    return this
  }

  /** RFC 9113 §8.3.1; a plain CONNECT has neither scheme nor path (§8.5). */
  request({ method, scheme, authority, path, protocol }: RequestLine): this {
    this.isBodiless = method === 'HEAD'
    this.field(':method', method)
    if (method !== 'CONNECT' || protocol !== undefined) this.field(':scheme', scheme).field(':path', path)
    if (authority !== '') this.field(':authority', authority)
    if (protocol !== undefined) this.field(':protocol', protocol)
    return this
  }

  field(name: string, value: string): this {
    if (this.#out !== undefined) this.#encoder.field(this.#out, name, value)
    return this
  }

  /** All but those that are left out: among them must be what RFC 9113 §8.2.2 forbids. */
  fields(list: HeaderList, dropped: FieldMask): this {
    const { neverIndexed } = list
    if (list.items === undefined) {
      const { marks, text } = list
      for (let at = 0; at < marks.length; at += MARKS_PER_FIELD) {
        if (dropped[marks[at + 4] ?? 0] === 1) continue
        this.#pass(text.slice(marks[at], marks[at + 1]), text.slice(marks[at + 2], marks[at + 3]), neverIndexed)
      }
    } else {
      for (let i = 0; i < list.size; i++) {
        if (dropped[list.knownAt(i)] !== 1) this.#pass(list.nameAt(i), list.valueAt(i), neverIndexed)
      }
    }
    return this
  }

  #pass(name: string, value: string, neverIndexed: readonly string[] | undefined): void {
    if (this.#out === undefined) return
    if (neverIndexed?.includes(name.toLowerCase()) === true) this.#encoder.secretField(this.#out, name, value)
    else this.#encoder.field(this.#out, name, value)
  }
}
