/**
 * Owns field blocks on their way out (RFC 7541): what repeats becomes a table entry, and then costs an octet or two.
 *
 * An entry is looked for from the newest to the oldest, by its name's object and then by its value. That is some numbers compared for
 * a table's usual ten or twenty entries; a map from text would cost more, because fields come as slices of a head whose hashes
 * nobody has worked out.
 */
import { copyLatin1 } from '../../http1/latin1.ts'
import type { ByteWriter } from '../byte-writer.ts'
import { DynamicTable, type TableEntry } from './dynamic-table.ts'
import { addToHash, type FieldName, getFieldName } from './field-names.ts'
import { ENTRY_OVERHEAD_BYTES } from './hpack-field.ts'
import { FIRST_DYNAMIC_INDEX, STATIC_FIELDS } from './static-table.ts'
import {
  INDEXED,
  LITERAL_NEVER_INDEXED,
  LITERAL_WITH_INDEXING,
  LITERAL_WITHOUT_INDEXING,
  SIZE_UPDATE,
  writeInteger,
  writePlainString,
  writeString,
} from './string-literal.ts'

/** RFC 9113 §6.5.2: what every peer has until it says otherwise; we never use more, because it is memory of ours too. */
const MOST_TABLE_BYTES = 4096

/** Values of unknown fields that are remembered to see whether they come again: one number each. */
const SEEN_SLOTS = 64
/** Longer values of unknown fields are no labels, and are not looked at again. */
const LONGEST_SEEN_VALUE = 128

const STATUS = getFieldName(':status')
/** By status: the index in the static table, or 0. */
const STATUS_INDEXES = new Uint8Array(1000)
for (let index = STATUS.staticIndex; index < STATUS.staticIndex + STATUS.staticValues; index++) {
  STATUS_INDEXES[Number(STATIC_FIELDS[index]?.value)] = index
}
const statusTexts: string[] = []

interface EncodedEntry extends TableEntry {
  readonly name: FieldName
  readonly value: string
}

export class HpackEncoder {
  readonly #table = new DynamicTable<EncodedEntry>(MOST_TABLE_BYTES)
  /** What the table will be from the next block on, and the smallest that it had to be in between. */
  #nextBytes = MOST_TABLE_BYTES
  #lowestBytes = MOST_TABLE_BYTES
  #seen: Int32Array | undefined
  readonly #writeValue: (out: ByteWriter, value: string) => void

  /** `isCoded`: in Huffman code where that is shorter. */
  constructor({ isCoded = true }: { readonly isCoded?: boolean } = {}) {
    this.#writeValue = isCoded ? writeString : writePlainString
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setPeerTableBytes(bytes: number): void {
    this.#nextBytes = Math.min(bytes, MOST_TABLE_BYTES)
    this.#lowestBytes = Math.min(this.#lowestBytes, this.#nextBytes)
  }

  /** Before the first field of each block. RFC 7541 §4.2: a change of the table's size is told here, the smallest first. */
  begin(out: ByteWriter): void {
    if (this.#lowestBytes < this.#table.mostBytes) this.#resize(out, this.#lowestBytes)
    if (this.#nextBytes !== this.#table.mostBytes) this.#resize(out, this.#nextBytes)
    this.#lowestBytes = this.#nextBytes
  }

  /** RFC 9113 §8.3.2: before all other fields. */
  status(out: ByteWriter, status: number): void {
    const index = STATUS_INDEXES[status] ?? 0
    if (index > 0) {
      writeInteger(out, INDEXED, index)
      return
    }
    statusTexts[status] ??= String(status)
    this.#field(out, STATUS, statusTexts[status])
  }

  /** The name in any case, the value in latin1; both are valid. */
  field(out: ByteWriter, name: string, value: string): void {
    this.#field(out, getFieldName(name), value)
  }

  /** RFC 7541 §6.2.3: a field that came as never to be indexed is sent on as such. */
  secretField(out: ByteWriter, name: string, value: string): void {
    this.#secret(out, getFieldName(name), value)
  }

  #field(out: ByteWriter, name: FieldName, value: string): void {
    if (name.habit === 'secret') {
      this.#secret(out, name, value)
      return
    }
    for (let index = name.staticIndex; index < name.staticIndex + name.staticValues; index++) {
      if (STATIC_FIELDS[index]?.value === value) {
        writeInteger(out, INDEXED, index)
        return
      }
    }
    let nameIndex = name.staticIndex
    const { count } = this.#table
    for (let age = 0; age < count; age++) {
      const entry = this.#table.find(age)
      if (entry === undefined || entry.name !== name) continue
      if (entry.value === value) {
        writeInteger(out, INDEXED, FIRST_DYNAMIC_INDEX + age)
        return
      }
      if (nameIndex === 0) nameIndex = FIRST_DYNAMIC_INDEX + age
    }
    const sizeBytes = name.lower.length + value.length + ENTRY_OVERHEAD_BYTES
    // Half a table for one entry would cost the other half.
    if (sizeBytes <= this.#table.mostBytes / 2 && this.#isWorthAnEntry(name, value, nameIndex)) {
      writeInteger(out, LITERAL_WITH_INDEXING, nameIndex)
      this.#table.add({ name, value: copyLatin1(value), sizeBytes })
    } else {
      writeInteger(out, LITERAL_WITHOUT_INDEXING, nameIndex)
    }
    if (nameIndex === 0) writeBytes(out, name.literal)
    this.#writeValue(out, value)
  }

  #isWorthAnEntry(name: FieldName, value: string, nameIndex: number): boolean {
    switch (name.habit) {
      case 'repeats':
        return true
      case 'differs':
        return nameIndex === 0
      case 'unknown':
        return this.#hasSeen(name, value)
      case 'secret':
        return false
    }
  }

  /**
   * Did the value come before? Remembered for each connection: of what other connections carry, nothing may be seen here. A wrong
   * yes costs an entry.
   */
  #hasSeen(name: FieldName, value: string): boolean {
    if (value.length > LONGEST_SEEN_VALUE) return false
    this.#seen ??= new Int32Array(SEEN_SLOTS)
    const hash = addToHash(name.hash, value)
    const slot = hash & (SEEN_SLOTS - 1)
    if (this.#seen[slot] === hash) return true
    this.#seen[slot] = hash
    return false
  }

  #secret(out: ByteWriter, name: FieldName, value: string): void {
    writeInteger(out, LITERAL_NEVER_INDEXED, name.staticIndex)
    if (name.staticIndex === 0) writeBytes(out, name.literal)
    this.#writeValue(out, value)
  }

  #resize(out: ByteWriter, bytes: number): void {
    writeInteger(out, SIZE_UPDATE, bytes)
    this.#table.resize(bytes)
  }
}

function writeBytes(out: ByteWriter, octets: Uint8Array): void {
  out.reserve(octets.length)
  const { bytes } = out
  for (let i = 0; i < octets.length; i++) bytes[out.length++] = octets[i] ?? 0
}
