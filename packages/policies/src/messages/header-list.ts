/**
 * Owns a message's fields: an ordered list with original case, parsed once and sliced only when asked for.
 *
 * A list that came off the wire is the head's text and five numbers a field:
 *
 *   text   …\r\nX-Api-Key: s3cret\r\n…
 *               ^        ^ ^     ^
 *   marks       name     nameEnd value  valueEnd  known      (known: `KNOWN_FIELDS`, 0 for the rest)
 *
 * The first `set` or `append` turns it into `items`, a flat array of name, value, name, value; `delete` only forgets marks,
 * so neighbours in `marks` need not be neighbours in `text`. Values are latin1: one character an octet.
 *
 * Two names are *twins* when one has `_` where the other has `-`: many servers make one variable of both.
 */
import { findKnownField, isSameName, isTwinName } from './known-fields.ts'

/** Numbers a field takes in `marks`. */
export const MARKS_PER_FIELD = 5

// RFC 9110 §5.6.2: token. RFC 9110 §5.5: field values hold no CR, LF or NUL; we refuse every control but HTAB, and what latin1 cannot hold.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Why a field cannot be written, or undefined. */
export function findFieldFault(name: string, value: string): string | undefined {
  if (!TOKEN.test(name)) return `"${name}" is not a field name: it may hold letters, digits and !#$%&'*+-.^_\`|~ only`
  if (!VALUE.test(value)) return `the value of ${name} holds a control character, or one outside ISO 8859-1`
  return undefined
}

export class HeaderList {
  /** The head this list was parsed from; meaningful while `items` is undefined. */
  readonly text: string
  /** Shared with clones and with the parser: replaced, never changed in place. */
  marks: readonly number[]
  /** Name, value, name, value…; undefined until the first `set` or `append`. */
  items: string[] | undefined
  /** Names in lower case whose values no table of HTTP/2 may keep, because their sender says so (RFC 7541 §6.2.3); undefined: none. */
  neverIndexed: readonly string[] | undefined = undefined
  /** Of some name; undefined: nobody has looked. */
  #hasUnderscores: boolean | undefined

  private constructor(text: string, marks: readonly number[], items: string[] | undefined) {
    this.text = text
    this.marks = marks
    this.items = items
  }

  /** A view on an already validated head. */
  static parsed(text: string, marks: readonly number[]): HeaderList {
    return new HeaderList(text, marks, undefined)
  }

  /** @throws TypeError when a name or a value cannot stand in a message. */
  static of(entries: Iterable<readonly [name: string, value: string]> = []): HeaderList {
    const list = new HeaderList('', [], [])
    for (const [name, value] of entries) list.append(name, value)
    return list
  }

  get size(): number {
    return this.items === undefined ? this.marks.length / MARKS_PER_FIELD : this.items.length / 2
  }

  /** All values of a field joined by `, ` (RFC 9110 §5.3), or undefined. Names in any case. */
  get(name: string): string | undefined {
    let joined: string | undefined
    for (let i = this.indexOf(name); i >= 0; i = this.indexOf(name, i + 1)) {
      const value = this.valueAt(i)
      joined = joined === undefined ? value : `${joined}, ${value}`
    }
    return joined
  }

  /** Each value of a field, in order: what `Set-Cookie` needs. */
  getAll(name: string): string[] {
    const values: string[] = []
    for (let i = this.indexOf(name); i >= 0; i = this.indexOf(name, i + 1)) values.push(this.valueAt(i))
    return values
  }

  has(name: string): boolean {
    return this.indexOf(name) >= 0
  }

  /** Replaces every field of that name, and its twins, by one, at the place of the first. @throws TypeError as `of` does. */
  set(name: string, value: string): void {
    assertField(name, value)
    const items = this.#edit()
    this.deleteTwins(name)
    const first = this.indexOf(name)
    if (first < 0) {
      items.push(name, value)
      return
    }
    items[first * 2] = name
    items[first * 2 + 1] = value
    for (let i = this.indexOf(name, first + 1); i >= 0; i = this.indexOf(name, i)) items.splice(i * 2, 2)
  }

  /** `set`, of what proves who somebody is: it stands in no table that others share (RFC 7541 §7.1.3). @throws TypeError as `of` does. */
  setSecret(name: string, value: string): void {
    this.set(name, value)
    const lower = name.toLowerCase()
    if (this.neverIndexed === undefined) this.neverIndexed = [lower]
    else if (!this.neverIndexed.includes(lower)) this.neverIndexed = [...this.neverIndexed, lower]
  }

  /** @throws TypeError as `of` does. */
  append(name: string, value: string): void {
    assertField(name, value)
    this.#edit().push(name, value)
    if (name.includes('_')) this.#hasUnderscores = true
  }

  /** With its twins. Was there one? A list off the wire stays one: it forgets five numbers, and its serialization stays one of slices. */
  delete(name: string): boolean {
    const hadTwins = this.deleteTwins(name)
    let i = this.indexOf(name)
    if (i < 0) return hadTwins
    for (; i >= 0; i = this.indexOf(name, i)) this.deleteAt(i)
    return true
  }

  /** Removes the one field at this index; those behind it move up. */
  deleteAt(index: number): void {
    if (this.items !== undefined) {
      this.items.splice(index * 2, 2)
      return
    }
    // Copied and then cut: `toSpliced` takes eight times as long.
    const marks = this.marks.slice()
    marks.splice(index * MARKS_PER_FIELD, MARKS_PER_FIELD)
    this.marks = marks
  }

  nameAt(index: number): string {
    if (this.items !== undefined) return this.items[index * 2] ?? ''
    const at = index * MARKS_PER_FIELD
    return this.text.slice(this.marks[at], this.marks[at + 1])
  }

  valueAt(index: number): string {
    if (this.items !== undefined) return this.items[index * 2 + 1] ?? ''
    const at = index * MARKS_PER_FIELD + 2
    return this.text.slice(this.marks[at], this.marks[at + 1])
  }

  /** The field's number in `KNOWN_FIELDS`, or 0. */
  knownAt(index: number): number {
    if (this.items === undefined) return this.marks[index * MARKS_PER_FIELD + 4] ?? 0
    return findKnownField(this.nameAt(index))
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (let i = 0; i < this.size; i++) yield [this.nameAt(i), this.valueAt(i)]
  }

  clone(): HeaderList {
    const clone = new HeaderList(this.text, this.marks, this.items?.slice())
    clone.neverIndexed = this.neverIndexed
    return clone
  }

  /** The index of the first field of that number in `KNOWN_FIELDS`, or -1: numbers are compared, no text is looked at. */
  indexOfKnown(number: number): number {
    if (this.items !== undefined) {
      for (let i = 0; i < this.size; i++) if (this.knownAt(i) === number) return i
      return -1
    }
    const { marks } = this
    for (let at = 4; at < marks.length; at += MARKS_PER_FIELD) {
      if (marks[at] === number) return (at - 4) / MARKS_PER_FIELD
    }
    return -1
  }

  /** The index of the next field of that name, in any case, at or after `from`, or -1. */
  indexOf(name: string, from = 0): number {
    const items = this.items
    if (items === undefined) {
      const marks = this.marks
      for (let at = from * MARKS_PER_FIELD; at < marks.length; at += MARKS_PER_FIELD) {
        const start = marks[at] ?? 0
        if ((marks[at + 1] ?? 0) - start === name.length && isSameName(this.text, start, name)) {
          return at / MARKS_PER_FIELD
        }
      }
      return -1
    }
    for (let at = from * 2; at < items.length; at += 2) {
      const other = items[at]
      if (other !== undefined && other.length === name.length && isSameName(other, 0, name)) return at / 2
    }
    return -1
  }

  /** `X_Role` is `X-Role` to CGI and WSGI: whoever says what one of them is, says it of both. Was there one? */
  deleteTwins(name: string): boolean {
    if (!this.#findUnderscores() && !name.includes('_')) return false
    const { size } = this
    for (let i = size - 1; i >= 0; i--) if (isTwinName(this.nameAt(i), name)) this.deleteAt(i)
    return this.size < size
  }

  /** Is there another spelling of this name, that some read as the same? */
  hasTwin(name: string): boolean {
    if (!this.#findUnderscores() && !name.includes('_')) return false
    const { size } = this
    for (let i = 0; i < size; i++) if (isTwinName(this.nameAt(i), name)) return true
    return false
  }

  /** Does a name hold one? Looked for once, and the usual head needs one look: that there is none in all of its text. */
  #findUnderscores(): boolean {
    if (this.#hasUnderscores !== undefined) return this.#hasUnderscores
    this.#hasUnderscores =
      this.items?.some((item, at) => at % 2 === 0 && item.includes('_')) ?? hasUnderscoredName(this.text, this.marks)
    return this.#hasUnderscores
  }

  #edit(): string[] {
    if (this.items !== undefined) return this.items
    const items: string[] = []
    const size = this.size
    for (let i = 0; i < size; i++) items.push(this.nameAt(i), this.valueAt(i))
    this.items = items
    return items
  }
}

function hasUnderscoredName(text: string, marks: readonly number[]): boolean {
  let at = -1
  for (let i = 0; i < marks.length; i += MARKS_PER_FIELD) {
    const start = marks[i] ?? 0
    if (at < start) at = text.indexOf('_', start)
    if (at < 0) return false
    if (at < (marks[i + 1] ?? 0)) return true
  }
  return false
}

function assertField(name: string, value: string): void {
  const fault = findFieldFault(name, value)
  if (fault !== undefined) throw new TypeError(fault)
}
