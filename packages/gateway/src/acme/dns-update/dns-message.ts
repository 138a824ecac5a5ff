/** Owns the few DNS messages that an update takes: what is asked, octet by octet, and as much of the answer as says how it went. */

const TYPE_SOA = 6
const TYPE_TXT = 16
export const TYPE_TSIG = 250
const CLASS_IN = 1
const CLASS_NONE = 254
export const CLASS_ANY = 255
/** RFC 2136 §1.3 */
const OPCODE_UPDATE = 5

const HEADER_OCTETS = 12
/** Where the count of additional records stands: RFC 1035 §4.1.1. */
export const ADDITIONAL_COUNT_AT = 10

export class DnsFault extends Error {}

/** RFC 1035 §3.1, without compression, in lower case: RFC 8945 §4.3.3 digests names so. @throws DnsFault */
export function writeName(name: string): Buffer {
  const labels = name.replace(/\.$/, '').toLowerCase().split('.')
  const parts: Buffer[] = []
  for (const label of labels) {
    const octets = Buffer.from(label, 'latin1')
    // RFC 1035 §2.3.4
    if (octets.length === 0 || octets.length > 63) throw new DnsFault(`"${name}" is no name of the DNS`)
    parts.push(Buffer.of(octets.length), octets)
  }
  const written = Buffer.concat([...parts, Buffer.of(0)])
  if (written.length > 255) throw new DnsFault(`"${name}" is too long for the DNS`)
  return written
}

export interface TxtChange {
  readonly id: number
  readonly zone: string
  readonly name: string
  readonly value: string
  readonly ttlSeconds: number
  readonly act: 'add' | 'remove'
}

/** RFC 2136 §2: one record is added to those of its name, or taken from them. */
export function toUpdate({ id, zone, name, value, ttlSeconds, act }: TxtChange): Buffer {
  const text = Buffer.from(value, 'latin1')
  // RFC 1035 §3.3: a character-string has at most 255 octets; a digest has 43.
  if (text.length > 255) throw new DnsFault('a TXT record holds at most 255 octets in one string')
  const data = Buffer.concat([Buffer.of(text.length), text])
  const header = Buffer.alloc(HEADER_OCTETS)
  header.writeUInt16BE(id, 0)
  header.writeUInt8(OPCODE_UPDATE << 3, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(1, 8)
  // RFC 2136 §2.5.4: what is removed has the class NONE, and no time to live.
  const [recordClass, ttl] = act === 'add' ? [CLASS_IN, ttlSeconds] : [CLASS_NONE, 0]
  return Buffer.concat([
    header,
    writeName(zone),
    toOctets(TYPE_SOA, CLASS_IN),
    writeName(name),
    toOctets(TYPE_TXT, recordClass),
    toLongOctets(ttl),
    toOctets(data.length),
    data,
  ])
}

export function toOctets(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(values.length * 2)
  for (const [at, value] of values.entries()) octets.writeUInt16BE(value, at * 2)
  return octets
}

export function toLongOctets(value: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}

/** A TSIG record as it came: RFC 8945 §4.2. */
export interface TsigRecord {
  /** Where it begins: what stands before it is what was signed. */
  readonly at: number
  readonly keyName: string
  readonly algorithm: string
  readonly timeSeconds: number
  readonly fudgeSeconds: number
  readonly mac: Buffer
  readonly originalId: number
  readonly error: number
  readonly other: Buffer
}

export interface DnsAnswer {
  readonly id: number
  readonly rcode: number
  readonly isTruncated: boolean
  readonly tsig: TsigRecord | undefined
}

/** @throws DnsFault what is no answer to an update */
export function parseAnswer(octets: Buffer): DnsAnswer {
  try {
    return readAnswer(octets)
  } catch (error) {
    // A reader that runs past the end.
    if (error instanceof RangeError) throw new DnsFault('the answer is cut off')
    throw error
  }
}

function readAnswer(octets: Buffer): DnsAnswer {
  const flags = octets.readUInt16BE(2)
  if ((flags & 0x80_00) === 0) throw new DnsFault('what came is no answer')
  if (((flags >> 11) & 0xf) !== OPCODE_UPDATE) throw new DnsFault('what came answers no update')
  const reader = new Reader(octets, HEADER_OCTETS)
  for (let left = octets.readUInt16BE(4); left > 0; left--) {
    reader.name()
    reader.skip(4)
  }
  const records = octets.readUInt16BE(6) + octets.readUInt16BE(8) + octets.readUInt16BE(ADDITIONAL_COUNT_AT)
  let tsig: TsigRecord | undefined
  for (let left = records; left > 0; left--) {
    // RFC 8945 §5.1: it is the last one, and the only one.
    if (tsig !== undefined) throw new DnsFault('something follows the signature of the answer')
    tsig = reader.record()
  }
  if (reader.at !== octets.length) throw new DnsFault('more octets came than the answer has')
  return { id: octets.readUInt16BE(0), rcode: flags & 0xf, isTruncated: (flags & 0x02_00) !== 0, tsig }
}

class Reader {
  readonly #octets: Buffer
  at: number

  constructor(octets: Buffer, at: number) {
    this.#octets = octets
    this.at = at
  }

  skip(count: number): void {
    this.at += count
    if (this.at > this.#octets.length) throw new RangeError()
  }

  /** RFC 1035 §4.1.4: a pointer ends a name, and points backwards. */
  name(): string {
    const labels: string[] = []
    let at = this.at
    let end: number | undefined
    let before = at
    for (;;) {
      const length = this.#octets.readUInt8(at)
      if (length >= 0xc0) {
        const target = this.#octets.readUInt16BE(at) & 0x3f_ff
        end ??= at + 2
        if (target >= before) throw new DnsFault('a name in the answer points forward')
        at = before = target
      } else if (length > 63) throw new DnsFault('a name in the answer has an unknown kind of label')
      else if (length === 0) {
        this.at = end ?? at + 1
        return labels.join('.').toLowerCase()
      } else {
        if (at + 1 + length > this.#octets.length) throw new RangeError()
        labels.push(this.#octets.toString('latin1', at + 1, at + 1 + length))
        at += 1 + length
      }
    }
  }

  /** undefined: it is a record of another type. */
  record(): TsigRecord | undefined {
    const at = this.at
    const keyName = this.name()
    const type = this.#octets.readUInt16BE(this.at)
    const end = this.at + 10 + this.#octets.readUInt16BE(this.at + 8)
    this.skip(10)
    if (end > this.#octets.length) throw new RangeError()
    if (type !== TYPE_TSIG) {
      this.at = end
      return undefined
    }
    const algorithm = this.name()
    const timeSeconds = this.#octets.readUIntBE(this.at, 6)
    const fudgeSeconds = this.#octets.readUInt16BE(this.at + 6)
    const mac = this.#counted(this.at + 8)
    const originalId = this.#octets.readUInt16BE(this.at)
    const error = this.#octets.readUInt16BE(this.at + 2)
    const other = this.#counted(this.at + 4)
    if (this.at !== end) throw new DnsFault('the signature of the answer has another length than it says')
    return { at, keyName, algorithm, timeSeconds, fudgeSeconds, mac, originalId, error, other }
  }

  /** A count in two octets, then so many. */
  #counted(at: number): Buffer {
    const length = this.#octets.readUInt16BE(at)
    this.at = at + 2
    this.skip(length)
    return this.#octets.subarray(at + 2, this.at)
  }
}
