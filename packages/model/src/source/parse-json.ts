/** Owns the reading of JSON (RFC 8259) with the place of every key and value. */
import { checkKey, DEPTH_MAX, type Reading, reportDuplicateKey, toPathAt } from './reading.ts'

/** Ends the reading of a text that is no JSON; caught in this file. */
class JsonSyntaxFault extends Error {}

const LITERALS = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])
const SPACE = /[ \t\r\n]*/y
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const WORD = /[A-Za-z0-9_]+/y

/** The value, or `undefined` after a fault: JSON is read up to its first syntax fault. */
export function parseJson(reading: Reading): unknown {
  const parser = new JsonParser(reading)
  try {
    return parser.parseDocument()
  } catch (error) {
    if (error instanceof JsonSyntaxFault) return undefined
    throw error
  }
}

class JsonParser {
  readonly #reading: Reading
  readonly #text: string
  readonly #path: (string | number)[]
  #at = 0

  constructor(reading: Reading) {
    this.#reading = reading
    this.#path = toPathAt(reading)
    this.#text = reading.source.text
  }

  parseDocument(): unknown {
    this.#skip()
    if (this.#at === this.#text.length) this.#fail('The file is empty.', 'empty-file')
    const value = this.#value()
    this.#skip()
    if (this.#at < this.#text.length) this.#fail('There is more text after the end of the JSON value.')
    return value
  }

  #value(): unknown {
    if (this.#path.length > DEPTH_MAX) this.#fail(`The document is nested more than ${DEPTH_MAX} levels deep.`)
    const start = this.#text[this.#at]
    if (start === '{' || start === '[') {
      const piece = this.#reading.findPiece?.(this.#at, this.#path.length)
      if (piece === undefined) return start === '{' ? this.#object() : this.#array()
      this.#at = piece.end
      return piece.value
    }
    if (start === '"') return this.#string()
    const number = this.#match(NUMBER)
    if (number !== undefined) return Number(number)
    const at = this.#at
    const word = this.#match(WORD)
    if (word !== undefined && LITERALS.has(word)) return LITERALS.get(word)
    this.#at = at
    return this.#fail(
      word === undefined ? `A value is expected here, not ${this.#shown()}.` : `"${word}" is no JSON value.`,
    )
  }

  #object(): Record<string, unknown> {
    const { origins, source } = this.#reading
    const object: Record<string, unknown> = {}
    origins.add(object, source, this.#at)
    this.#at++
    this.#skip()
    if (this.#take('}')) return object
    for (;;) {
      const keyAt = this.#at
      if (this.#text[keyAt] !== '"') this.#fail(`A quoted key is expected here, not ${this.#shown()}.`)
      const key = this.#string()
      this.#skip()
      if (!this.#take(':')) this.#fail(`A colon is expected after the key "${key}", not ${this.#shown()}.`)
      this.#skip()
      const valueAt = this.#at
      this.#path.push(key)
      const value = this.#value()
      if (this.#isNewKey(object, key, keyAt)) {
        object[key] = value
        origins.setMember(object, key, { source, keyAt, valueAt })
      }
      this.#path.pop()
      this.#skip()
      if (this.#take('}')) return object
      if (!this.#take(',')) this.#fail(`A comma or "}" is expected here, not ${this.#shown()}.`)
      this.#skip()
    }
  }

  #isNewKey(object: Record<string, unknown>, key: string, keyAt: number): boolean {
    const { origins, source } = this.#reading
    if (!Object.hasOwn(object, key)) return checkKey(this.#reading, key, { offset: keyAt, path: [...this.#path] })
    const first = source.placeOf(origins.findMember(object, key)?.keyAt ?? 0)
    reportDuplicateKey(this.#reading, key, { offset: keyAt, path: [...this.#path], firstLine: first.line })
    return false
  }

  #array(): unknown[] {
    const { origins, source } = this.#reading
    const array: unknown[] = []
    origins.add(array, source, this.#at)
    this.#at++
    this.#skip()
    if (this.#take(']')) return array
    for (;;) {
      const valueAt = this.#at
      this.#path.push(array.length)
      const value = this.#value()
      this.#path.pop()
      origins.setMember(array, array.length, { source, keyAt: valueAt, valueAt })
      array.push(value)
      this.#skip()
      if (this.#take(']')) return array
      if (!this.#take(',')) this.#fail(`A comma or "]" is expected here, not ${this.#shown()}.`)
      this.#skip()
    }
  }

  #string(): string {
    const raw = this.#match(STRING)
    if (raw === undefined)
      return this.#fail('This string is not closed, or holds a control character or a wrong escape.')
    return raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1)
  }

  #skip(): void {
    this.#match(SPACE)
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)?.[0]
    if (match !== undefined) this.#at += match.length
    return match
  }

  #shown(): string {
    const character = this.#text.codePointAt(this.#at)
    return character === undefined ? 'the end of the file' : JSON.stringify(String.fromCodePoint(character))
  }

  #fail(message: string, code = 'json-syntax'): never {
    this.#reading.fault(code, message, { offset: this.#at, path: this.#path })
    throw new JsonSyntaxFault(message)
  }
}
