/** Owns the reading of structured fields, strictly as RFC 9651 §4.2 says: a value that is not one is refused as a whole. */
import type { BareItem, Dictionary, InnerList, Item, List, Member, Parameters } from './structured-field.ts'

interface ParseSetup {
  /**
   * RFC 9651 §4.2.2: of two members or parameters of one name, the last counts. `refused`: where somebody else may have
   * counted the first, and the difference would be an attack.
   */
  readonly duplicates?: 'last-counts' | 'refused'
}

/** The text is no structured field of that type. `message` says what was expected, and at which character. */
export class StructuredFieldFault extends Error {
  constructor(expected: string, at: number) {
    super(`expected ${expected} at character ${at}`)
    this.name = 'StructuredFieldFault'
  }
}

/** `text`: all lines of the field, joined by `, `. @throws StructuredFieldFault */
export function parseItem(text: string, setup?: ParseSetup): Item {
  return parseWhole(text, setup, (reader) => reader.readItem())
}

/** The empty text is the empty list. @throws StructuredFieldFault */
export function parseList(text: string, setup?: ParseSetup): List {
  return parseWhole(text, setup, (reader) => reader.readList())
}

/** The empty text is the empty dictionary. @throws StructuredFieldFault */
export function parseDictionary(text: string, setup?: ParseSetup): Dictionary {
  return parseWhole(text, setup, (reader) => reader.readDictionary())
}

function parseWhole<Value>(text: string, setup: ParseSetup = {}, read: (reader: Reader) => Value): Value {
  const reader = new Reader(text, setup)
  reader.skipSpaces()
  const value = read(reader)
  reader.skipSpaces()
  if (!reader.isAtEnd) reader.fail('the end')
  return value
}

const NUMBER = /-?\d+(?:\.\d*)?/y
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*/y
const KEY = /[a-z*][a-z0-9_\-.*]*/y
const BYTES = /:([A-Za-z0-9+/]*={0,2}):/y
const BOOLEAN = /\?[01]/y
const SPACES = / */y
const OPTIONAL_WHITESPACE = /[ \t]*/y
const DIGITS = /^-?(\d+)(?:\.(\d*))?$/

// RFC 9651 §4.2.4: an integer has up to 15 digits, a decimal up to 12 and 3.
const INTEGER_DIGITS = 15
const DECIMAL_DIGITS = 12
const FRACTION_DIGITS = 3

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const NO_PARAMETERS: Parameters = new Map()

/** Where the reading stands. Each `read…` moves behind what it read, or throws. */
class Reader {
  readonly #text: string
  readonly #areDuplicatesRefused: boolean
  #at = 0

  constructor(text: string, { duplicates }: ParseSetup) {
    this.#text = text
    this.#areDuplicatesRefused = duplicates === 'refused'
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length
  }

  fail(expected: string): never {
    throw new StructuredFieldFault(expected, this.#at)
  }

  skipSpaces(): void {
    this.#match(SPACES)
  }

  /** RFC 9651 §4.2.1 */
  readList(): List {
    const members: Member[] = []
    while (!this.isAtEnd) {
      members.push(this.#readMember())
      if (!this.#readComma()) break
    }
    return members
  }

  /** RFC 9651 §4.2.2 */
  readDictionary(): Dictionary {
    const members = new Map<string, Member>()
    while (!this.isAtEnd) {
      const key = this.#readKey(members)
      const member: Member = this.#take('=')
        ? this.#readMember()
        : { bare: { type: 'boolean', value: true }, parameters: this.#readParameters() }
      // What comes again is overwritten, and keeps its place, as the published tests have it.
      members.set(key, member)
      if (!this.#readComma()) break
    }
    return members
  }

  /** RFC 9651 §4.2.3 */
  readItem(): Item {
    return { bare: this.#readBareItem(), parameters: this.#readParameters() }
  }

  /** False: the list ends here. A comma with nothing behind it is a fault. */
  #readComma(): boolean {
    const endOfMember = this.#at
    this.#match(OPTIONAL_WHITESPACE)
    if (this.isAtEnd) {
      // The end may have spaces before it, and no tabs: `parseWhole` looks at them.
      this.#at = endOfMember
      return false
    }
    if (!this.#take(',')) this.fail('a comma')
    this.#match(OPTIONAL_WHITESPACE)
    if (this.isAtEnd) this.fail('a member')
    return true
  }

  #readMember(): Member {
    return this.#text[this.#at] === '(' ? this.#readInnerList() : this.readItem()
  }

  /** RFC 9651 §4.2.1.2 */
  #readInnerList(): InnerList {
    this.#at++
    const items: Item[] = []
    for (;;) {
      this.skipSpaces()
      if (this.#take(')')) return { items, parameters: this.#readParameters() }
      items.push(this.readItem())
      const next = this.#text[this.#at]
      if (next !== ' ' && next !== ')') this.fail('a space or the end of the inner list')
    }
  }

  /** RFC 9651 §4.2.3.2 */
  #readParameters(): Parameters {
    if (this.#text[this.#at] !== ';') return NO_PARAMETERS
    const parameters = new Map<string, BareItem>()
    while (this.#take(';')) {
      this.skipSpaces()
      const key = this.#readKey(parameters)
      parameters.set(key, this.#take('=') ? this.#readBareItem() : { type: 'boolean', value: true })
    }
    return parameters
  }

  #readKey(known: ReadonlyMap<string, unknown>): string {
    const key = this.#match(KEY) ?? this.fail('a key')
    if (this.#areDuplicatesRefused && known.has(key)) this.fail(`another key than ${key}, which is there already`)
    return key
  }

  /** RFC 9651 §4.2.3.1 */
  #readBareItem(): BareItem {
    const first = this.#text[this.#at] ?? ''
    switch (first) {
      case '"':
        return { type: 'string', value: this.#readString() }
      case ':':
        return { type: 'bytes', value: this.#readBytes() }
      case '?':
        return { type: 'boolean', value: (this.#match(BOOLEAN) ?? this.fail('a boolean')) === '?1' }
      case '@':
        return this.#readDate()
      case '%':
        return { type: 'display-string', value: this.#readDisplayString() }
      default:
        if (first === '-' || (first >= '0' && first <= '9')) return this.#readNumber()
        return { type: 'token', value: this.#match(TOKEN) ?? this.fail('an item') }
    }
  }

  /** RFC 9651 §4.2.4 */
  #readNumber(): BareItem {
    const text = this.#match(NUMBER) ?? this.fail('a digit')
    const [, whole = '', fraction] = DIGITS.exec(text) ?? []
    const value = Number(text)
    if (fraction === undefined) {
      if (whole.length > INTEGER_DIGITS) this.fail(`at most ${INTEGER_DIGITS} digits`)
      // There is one zero.
      return { type: 'integer', value: value === 0 ? 0 : value }
    }
    if (whole.length > DECIMAL_DIGITS || fraction.length === 0 || fraction.length > FRACTION_DIGITS) {
      this.fail(`at most ${DECIMAL_DIGITS} digits, and 1 to ${FRACTION_DIGITS} behind the point`)
    }
    return { type: 'decimal', value: value === 0 ? 0 : value }
  }

  /** RFC 9651 §4.2.9 */
  #readDate(): BareItem {
    this.#at++
    const seconds = this.#readNumber()
    if (seconds.type !== 'integer') this.fail('whole seconds')
    return { type: 'date', value: Number(seconds.value) }
  }

  /** RFC 9651 §4.2.5 */
  #readString(): string {
    let value = ''
    for (let from = ++this.#at; ; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      // Behind the end it is NaN, which is in no range.
      if (!(code >= 0x20 && code <= 0x7e)) this.fail('a printable character, or the end of the string')
      if (code !== 0x22 && code !== 0x5c) continue
      value += this.#text.slice(from, this.#at)
      if (code === 0x22) {
        this.#at++
        return value
      }
      const escaped = this.#text[++this.#at]
      if (escaped !== '"' && escaped !== '\\') this.fail('a quote or a backslash')
      from = this.#at
    }
  }

  /** RFC 9651 §4.2.7: padding may lack, and its bits may be set. */
  #readBytes(): Uint8Array {
    const text = this.#match(BYTES) ?? this.fail('base64 between two colons')
    const base64 = text.slice(1, -1)
    const padding = base64.length - base64.replace(/=+$/, '').length
    if ((base64.length - padding) % 4 === 1 || (padding > 0 && base64.length % 4 !== 0)) this.fail('whole octets')
    return Buffer.from(base64, 'base64')
  }

  /** RFC 9651 §4.2.10 */
  #readDisplayString(): string {
    this.#at++
    if (!this.#take('"')) this.fail('a quote')
    const octets: number[] = []
    for (;;) {
      const code = this.#text.charCodeAt(this.#at++)
      if (!(code >= 0x20 && code <= 0x7e)) this.fail('a printable character, or the end of the string')
      if (code === 0x22) break
      if (code !== 0x25) {
        octets.push(code)
        continue
      }
      const hex = this.#text.slice(this.#at, this.#at + 2)
      if (!/^[0-9a-f]{2}$/.test(hex)) this.fail('two lower-case hexadecimal digits')
      octets.push(Number.parseInt(hex, 16))
      this.#at += 2
    }
    try {
      return UTF8.decode(Uint8Array.from(octets))
    } catch {
      return this.fail('UTF-8 in the string that ends')
    }
  }

  #take(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false
    this.#at++
    return true
  }

  /** `pattern` is sticky: it is matched here, and nowhere else. */
  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }
}
