/** Owns field blocks on their way in (RFC 7541): strictly, and with a peer's table that costs no more than was agreed. */
import { ByteWriter } from '../byte-writer.ts'
import { decodeHuffman } from './decode-huffman.ts'
import { DynamicTable } from './dynamic-table.ts'
import { HPACK_FAULTS, type HpackFault } from './hpack-fault.ts'
import { type HpackField, LINE_END, LINE_SEPARATOR, toHpackField } from './hpack-field.ts'
import { FIRST_DYNAMIC_INDEX, STATIC_FIELDS } from './static-table.ts'
import {
  HUFFMAN_STRING,
  INDEXED,
  LITERAL_NEVER_INDEXED,
  LITERAL_WITH_INDEXING,
  LITERAL_WITHOUT_INDEXING,
  SIZE_UPDATE,
  writeLatin1,
} from './string-literal.ts'

/** RFC 9113 §6.5.2: the table with which a connection begins. */
const FIRST_TABLE_BYTES = 4096

/** RFC 7541 §4.2: the smallest table in between, and the last. */
const MOST_SIZE_UPDATES = 2

/** RFC 7541 §7.4 lets us bound numbers: four octets of seven bits behind the prefix are far beyond any block that we take. */
const MOST_CONTINUATION_BITS = 28

const NOTHING = new Uint8Array(0)
const NO_NUMBER = -1

/** The line that is being read. One a thread: nothing is awaited in between. */
const line = new ByteWriter()

export interface HpackSink {
  onField(field: HpackField): void
}

export class HpackDecoder {
  readonly #table: DynamicTable<HpackField>
  /** What the peer may use. */
  #agreedBytes: number
  /** The smallest table that was agreed since the last block. */
  #lowestBytes: number
  #isSkipping = false
  #octets: Uint8Array = NOTHING
  #at = 0

  /**
   * `tableBytes` is what the peer may use from its first block on. Whoever announces less than the 4096 of RFC 9113 §6.5.2 begins
   * with 4096 nevertheless, and calls `changeTableBytes` when the peer has acknowledged its settings.
   */
  constructor({ tableBytes }: { readonly tableBytes: number }) {
    this.#agreedBytes = tableBytes
    this.#lowestBytes = tableBytes
    this.#table = new DynamicTable(Math.min(tableBytes, FIRST_TABLE_BYTES))
  }

  /** The peer has acknowledged another SETTINGS_HEADER_TABLE_SIZE; where its table was larger, the next block has to begin with a smaller one. */
  changeTableBytes(bytes: number): void {
    this.#agreedBytes = bytes
    this.#lowestBytes = Math.min(this.#lowestBytes, bytes)
  }

  /**
   * For the sink, which has taken all that it wants: until the block ends nothing more is handed on, nor built unless it belongs
   * into the table.
   */
  skipRest(): void {
    this.#isSkipping = true
  }

  /** Decodes one whole block. After a fault the tables are out of step, and the connection has to end. */
  decode(block: Uint8Array, sink: HpackSink): HpackFault | undefined {
    this.#octets = block
    this.#at = 0
    this.#isSkipping = false
    const fault = this.#resize() ?? this.#fields(sink)
    this.#octets = NOTHING
    return fault
  }

  #fields(sink: HpackSink): HpackFault | undefined {
    const octets = this.#octets
    while (this.#at < octets.length) {
      const first = octets[this.#at] ?? 0
      if (first < INDEXED.pattern) {
        const fault = this.#literal(first, sink)
        if (fault !== undefined) return fault
        continue
      }
      let index = first & INDEXED.most
      if (index < INDEXED.most) this.#at++
      else {
        index = this.#integer(INDEXED.most)
        if (index === NO_NUMBER) return HPACK_FAULTS.integer
      }
      const field = this.#find(index)
      // RFC 7541 §6.1: there is no index 0; §2.3.3: nor one beyond the table.
      if (field === undefined) return HPACK_FAULTS.index
      if (!this.#isSkipping) sink.onField(field)
    }
    return undefined
  }

  /** RFC 7541 §4.2: size updates stand at the beginning of a block. */
  #resize(): HpackFault | undefined {
    let isLowered = this.#table.mostBytes <= this.#lowestBytes
    let updates = 0
    while (isSizeUpdate(this.#octets[this.#at] ?? 0)) {
      if (++updates > MOST_SIZE_UPDATES) return HPACK_FAULTS.sizeUpdate
      const bytes = this.#integer(SIZE_UPDATE.most)
      if (bytes === NO_NUMBER) return HPACK_FAULTS.integer
      // RFC 7541 §6.3.
      if (bytes > this.#agreedBytes) return HPACK_FAULTS.sizeUpdate
      isLowered ||= bytes <= this.#lowestBytes
      if (!isLowered) return HPACK_FAULTS.sizeUpdateMissing
      this.#table.resize(bytes)
    }
    if (!isLowered) return HPACK_FAULTS.sizeUpdateMissing
    this.#lowestBytes = this.#agreedBytes
    return undefined
  }

  /** RFC 7541 §6.2. */
  #literal(first: number, sink: HpackSink): HpackFault | undefined {
    const isIndexed = first >= LITERAL_WITH_INDEXING.pattern
    if (!isIndexed && isSizeUpdate(first)) return HPACK_FAULTS.sizeUpdate
    const index = this.#integer(isIndexed ? LITERAL_WITH_INDEXING.most : LITERAL_WITHOUT_INDEXING.most)
    if (index === NO_NUMBER) return HPACK_FAULTS.integer
    line.reset()
    let named: HpackField | undefined
    if (index === 0) {
      const fault = this.#string()
      if (fault !== undefined) return fault
    } else {
      named = this.#find(index)
      if (named === undefined) return HPACK_FAULTS.index
      writeLatin1(line, named.name)
    }
    const nameBytes = line.length
    writeLatin1(line, LINE_SEPARATOR)
    const fault = this.#string()
    if (fault !== undefined) return fault
    if (this.#isSkipping && !isIndexed) return undefined
    writeLatin1(line, LINE_END)
    const field = toHpackField(line, nameBytes, named, !isIndexed && first >= LITERAL_NEVER_INDEXED.pattern)
    if (isIndexed) this.#table.add(field)
    if (!this.#isSkipping) sink.onField(field)
    return undefined
  }

  #find(index: number): HpackField | undefined {
    return index < FIRST_DYNAMIC_INDEX ? STATIC_FIELDS[index] : this.#table.find(index - FIRST_DYNAMIC_INDEX)
  }

  /** RFC 7541 §5.1: the number that begins in the lowest bits of the octet here. `NO_NUMBER`: it does not end, or is too large. */
  #integer(most: number): number {
    const octets = this.#octets
    let value = (octets[this.#at++] ?? 0) & most
    if (value < most) return value
    for (let shift = 0; shift < MOST_CONTINUATION_BITS && this.#at < octets.length; shift += 7) {
      const octet = octets[this.#at++] ?? 0
      value += (octet & 0x7f) << shift
      if (octet < 0x80) return value
    }
    return NO_NUMBER
  }

  /** RFC 7541 §5.2: appends the string that begins here to the line. */
  #string(): HpackFault | undefined {
    const octets = this.#octets
    const at = this.#at
    if (at === octets.length) return HPACK_FAULTS.string
    const isHuffman = (octets[at] ?? 0) >= HUFFMAN_STRING.pattern
    const bytes = this.#integer(HUFFMAN_STRING.most)
    if (bytes === NO_NUMBER) return HPACK_FAULTS.integer
    const start = this.#at
    const end = start + bytes
    if (end > octets.length) return HPACK_FAULTS.string
    this.#at = end
    if (isHuffman) return decodeHuffman(octets, start, end, line) ? undefined : HPACK_FAULTS.huffman
    line.reserve(bytes)
    const memory = line.bytes
    let length = line.length
    for (let i = start; i < end; i++) memory[length++] = octets[i] ?? 0
    line.length = length
    return undefined
  }
}

function isSizeUpdate(octet: number): boolean {
  return (octet & ~SIZE_UPDATE.most) === SIZE_UPDATE.pattern
}
