/**
 * Owns the reading of values in a section of a MaxMind DB (format 2.0, "Output Data Section"). A file may be damaged or made to
 * harm: what is not asked for is stepped over and never followed, nothing recurs, and every read ends after so many steps.
 */

/** What stands in a file is not what the format says. */
export class MmdbFault extends Error {}

/** A name in a map, or a place in a list. */
export type MmdbPath = readonly (string | number)[]

const TYPES = {
  extended: 0,
  pointer: 1,
  text: 2,
  double: 3,
  bytes: 4,
  uint16: 5,
  uint32: 6,
  map: 7,
  int32: 8,
  uint64: 9,
  uint128: 10,
  list: 11,
  boolean: 14,
  float: 15,
} as const

/** Types whose size is their number of bytes. */
const SIZED = new Set<number>([
  TYPES.text,
  TYPES.double,
  TYPES.bytes,
  TYPES.uint16,
  TYPES.uint32,
  TYPES.int32,
  TYPES.uint64,
  TYPES.uint128,
  TYPES.float,
])

/** Codes and numbers have less; what has more is not what is asked for. */
const LONGEST_TEXT = 256
/** The largest records that MaxMind publishes, those of GeoIP2 Enterprise, have some three hundred values. */
const MOST_STEPS = 4096

/** What a pointer of each size begins to count at. */
const POINTER_BASES = [0, 2048, 526_336, 0]

export class MmdbValues {
  readonly #bytes: Buffer
  /** Of the section in the file; pointers count from here. */
  readonly #start: number
  readonly #end: number
  /** Of the value whose head was read last. `#payload` is where its content begins; behind a pointer, what follows it. */
  #type = 0
  #size = 0
  #payload = 0
  #target = 0
  #steps = 0

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
  }

  get lengthBytes(): number {
    return this.#end - this.#start
  }

  /** The text or the number at the end of a path; undefined: there is none. `at`: bytes from the section's start. @throws MmdbFault */
  find(at: number, path: MmdbPath): string | number | undefined {
    this.#steps = 0
    this.#enter(this.#start + at)
    for (const step of path) {
      const inner = typeof step === 'number' ? this.#findItem(step) : this.#findMember(step)
      if (inner < 0) return undefined
      this.#enter(inner)
    }
    return this.#toScalar()
  }

  /** Reads the head of a value, or of what it points to. "It is illegal for a pointer to point to another pointer." */
  #enter(at: number): void {
    this.#readHead(at)
    if (this.#type !== TYPES.pointer) return
    this.#readHead(this.#target)
    if (this.#type === TYPES.pointer) throw new MmdbFault('a pointer points to another')
  }

  /** -1: it is no list, or a shorter one. */
  #findItem(index: number): number {
    if (this.#type !== TYPES.list || this.#size <= index) return -1
    let at = this.#payload
    for (let i = 0; i < index; i++) at = this.#skip(at)
    return at
  }

  /** -1: it is no map, or one without. */
  #findMember(name: string): number {
    const type = this.#type
    const pairs = this.#size
    if (type !== TYPES.map) return -1
    let at = this.#payload
    for (let i = 0; i < pairs; i++) {
      this.#readHead(at)
      const behindPointer = this.#type === TYPES.pointer ? this.#payload : -1
      if (behindPointer >= 0) this.#readHead(this.#target)
      if (this.#type !== TYPES.text) throw new MmdbFault('the key of a map is no text')
      const value = behindPointer >= 0 ? behindPointer : this.#payload + this.#size
      if (this.#isText(name)) return value
      at = this.#skip(value)
    }
    return -1
  }

  /** Where the next value begins. Pointers are not followed, and what is nested is counted and not entered. */
  #skip(at: number): number {
    let next = at
    for (let left = 1; left > 0; left--) {
      this.#readHead(next)
      next = this.#payload
      if (this.#type === TYPES.map) left += this.#size * 2
      else if (this.#type === TYPES.list) left += this.#size
      else if (SIZED.has(this.#type)) next += this.#size
      else if (this.#type !== TYPES.pointer && this.#type !== TYPES.boolean) {
        throw new MmdbFault(`there is a value of the unknown type ${this.#type}`)
      }
    }
    return next
  }

  #readHead(at: number): void {
    this.#steps++
    if (this.#steps > MOST_STEPS) throw new MmdbFault(`a record has more than ${MOST_STEPS} values`)
    const control = this.#byteAt(at)
    const type = control >>> 5
    if (type === TYPES.pointer) return this.#readPointer(control, at + 1)
    const isExtended = type === TYPES.extended
    this.#type = isExtended ? this.#byteAt(at + 1) + 7 : type
    this.#readSize(control & 0x1f, at + (isExtended ? 2 : 1))
  }

  #readSize(size: number, at: number): void {
    const more = size < 29 ? 0 : size - 28
    const base = [0, 29, 285, 65_821][more] ?? 0
    this.#size = more === 0 ? size : base + this.#numberAt(at, more)
    this.#payload = at + more
  }

  #readPointer(control: number, at: number): void {
    const size = (control >>> 3) & 3
    const isWide = size === 3
    const high = isWide ? 0 : (control & 7) * 256 ** (size + 1)
    this.#type = TYPES.pointer
    this.#size = 0
    this.#payload = at + size + 1
    this.#target = this.#start + (POINTER_BASES[size] ?? 0) + high + this.#numberAt(at, size + 1)
  }

  #toScalar(): string | number | undefined {
    const { text, uint16, uint32, uint64 } = TYPES
    const end = this.#payload + this.#size
    if (this.#type === text) {
      if (this.#size > LONGEST_TEXT) return undefined
      if (end > this.#end) throw new MmdbFault('a text ends behind the file')
      return this.#bytes.toString('utf8', this.#payload, end)
    }
    if (this.#type !== uint16 && this.#type !== uint32 && this.#type !== uint64) return undefined
    if (this.#size > (this.#type === uint64 ? 8 : 4)) throw new MmdbFault('a number is too long for its type')
    return this.#numberAt(this.#payload, this.#size)
  }

  #isText(text: string): boolean {
    if (this.#size !== text.length) return false
    for (let i = 0; i < text.length; i++) if (this.#byteAt(this.#payload + i) !== text.charCodeAt(i)) return false
    return true
  }

  #numberAt(at: number, bytes: number): number {
    let value = 0
    for (let i = 0; i < bytes; i++) value = value * 256 + this.#byteAt(at + i)
    return value
  }

  #byteAt(at: number): number {
    const byte = at < this.#end ? this.#bytes[at] : undefined
    if (byte === undefined) throw new MmdbFault('a value ends behind the file')
    return byte
  }
}
