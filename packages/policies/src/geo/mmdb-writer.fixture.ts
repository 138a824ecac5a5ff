/** Owns the writing of small MaxMind DBs for tests, from the format's description 2.0: sound ones, and such as nobody should write. */
import { toAddressKey } from '../addresses/address.ts'

/** Objects are maps, whole numbers 32 bits long, others doubles; a `Buffer` goes in as it is: a pointer, or damage. */
export type MmdbValue =
  | string
  | number
  | bigint
  | boolean
  | Buffer
  | readonly MmdbValue[]
  | { readonly [name: string]: MmdbValue }

export interface MmdbDesign {
  /** `['192.0.2.0/24', { … }]`; a longer prefix counts more, whatever the order. */
  readonly networks: readonly (readonly [range: string, value: MmdbValue])[]
  readonly ipVersion?: 4 | 6
  readonly recordBits?: 24 | 28 | 32
  readonly databaseType?: string
  /** Replaces members of the metadata; undefined leaves one out. */
  readonly metadata?: Readonly<Record<string, MmdbValue | undefined>>
  /** Texts that were written before are pointed to, as MaxMind's own writer does. */
  readonly usesPointers?: boolean
}

const SEPARATOR = Buffer.alloc(16)
export const MMDB_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

export function writeMmdb(design: MmdbDesign): Buffer {
  const { networks, ipVersion = 6, recordBits = 24, databaseType = 'Test', metadata = {}, usesPointers } = design
  const data = new ValueWriter(usesPointers === true)
  const tree = new Tree()
  for (const [range, value] of networks.toSorted(([one], [other]) => toBits(one).length - toBits(other).length)) {
    const isIpv4 = !range.includes(':')
    const before = isIpv4 && ipVersion === 6 ? '0'.repeat(96) : ''
    tree.insert(before + toBits(range), data.write(value))
  }
  const nodeCount = tree.nodes.length
  const described = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_767_225_600n,
    database_type: databaseType,
    description: { en: 'A test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodeCount,
    record_size: recordBits,
    ...metadata,
  }
  const kept = Object.entries(described).filter(([, value]) => value !== undefined) as [string, MmdbValue][]
  const about = new ValueWriter(false)
  about.write(Object.fromEntries(kept))
  return Buffer.concat([tree.toBytes(recordBits), SEPARATOR, data.bytes, MMDB_MARKER, about.bytes])
}

/** A pointer of the shortest form that holds it; `size` 0 to 3 wants a longer one. */
export function toPointer(target: number, size?: number): Buffer {
  const bases = [0, 2048, 526_336, 0]
  const limits = [2048, 526_336, 134_744_064, 2 ** 32]
  const form = size ?? limits.findIndex((limit) => target < limit)
  const value = target - (bases[form] ?? 0)
  const bytes = Buffer.alloc(form + 2)
  bytes.writeUIntBE(form === 3 ? value : value % 256 ** (form + 1), 1, form + 1)
  bytes[0] = (1 << 5) | (form << 3) | (form === 3 ? 0 : Math.floor(value / 256 ** (form + 1)))
  return bytes
}

/** The head of a value: type and size, whatever follows. */
export function toHead(type: number, size: number): Buffer {
  const [five, more] = size < 29 ? [size, 0] : size < 285 ? [29, 1] : size < 65_821 ? [30, 2] : [31, 3]
  const rest = Buffer.alloc(more)
  if (more > 0) rest.writeUIntBE(size - ([0, 29, 285, 65_821][more] ?? 0), 0, more)
  return Buffer.concat([type > 7 ? Buffer.of(five, type - 7) : Buffer.of((type << 5) | five), rest])
}

/** `0101…`, so many as the prefix is long. */
function toBits(range: string): string {
  const [address = '', prefix] = range.split('/')
  const key = toAddressKey(address) ?? ''
  const bits = Array.from(key, (unit) => unit.charCodeAt(0).toString(2).padStart(16, '0')).join('')
  return bits.slice(0, prefix === undefined ? bits.length : Number(prefix))
}

class ValueWriter {
  bytes = Buffer.alloc(0)
  readonly #places = new Map<string, number>()
  readonly #usesPointers: boolean

  constructor(usesPointers: boolean) {
    this.#usesPointers = usesPointers
  }

  /** Answers where it stands. */
  write(value: MmdbValue): number {
    const place = this.bytes.length
    this.#put(value)
    return place
  }

  #put(value: MmdbValue): void {
    if (Buffer.isBuffer(value)) this.#append(value)
    else if (typeof value === 'string') this.#putText(value)
    else if (typeof value === 'boolean') this.#append(toHead(14, value ? 1 : 0))
    else if (typeof value === 'bigint') this.#putNumber(9, value)
    else if (typeof value === 'number') {
      if (Number.isInteger(value)) return this.#putNumber(6, BigInt(value))
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleBE(value)
      this.#append(toHead(3, 8), bytes)
    } else if (Array.isArray(value)) {
      this.#append(toHead(11, value.length))
      for (const item of value as readonly MmdbValue[]) this.#put(item)
    } else {
      const members = Object.entries(value as Readonly<Record<string, MmdbValue>>)
      this.#append(toHead(7, members.length))
      for (const [name, member] of members) {
        this.#putText(name)
        this.#put(member)
      }
    }
  }

  #putText(text: string): void {
    const known = this.#usesPointers ? this.#places.get(text) : undefined
    if (known !== undefined) return this.#append(toPointer(known))
    this.#places.set(text, this.bytes.length)
    const bytes = Buffer.from(text)
    this.#append(toHead(2, bytes.length), bytes)
  }

  /** Leading zero bytes are left out: none at all is 0. */
  #putNumber(type: number, value: bigint): void {
    const hex = value === 0n ? '' : value.toString(16)
    const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
    this.#append(toHead(type, bytes.length), bytes)
  }

  #append(...pieces: Buffer[]): void {
    this.bytes = Buffer.concat([this.bytes, ...pieces])
  }
}

/** What a record holds: a node, a place in the data, or nothing. */
type TreeRecord = { readonly node: number } | { readonly place: number } | undefined

class Tree {
  readonly nodes: [TreeRecord, TreeRecord][] = [[undefined, undefined]]

  insert(bits: string, place: number): void {
    let node = 0
    for (const [at, letter] of [...bits].entries()) {
      const side = letter === '1' ? 1 : 0
      const records = this.nodes[node]
      if (records === undefined) throw new Error('a node is missing')
      if (at === bits.length - 1) {
        records[side] = { place }
        return
      }
      const record = records[side]
      if (record !== undefined && 'node' in record) node = record.node
      else {
        // What a shorter prefix has, both halves of it have.
        node = this.nodes.push([record, record]) - 1
        records[side] = { node }
      }
    }
    // A prefix of no bits is everything.
    this.nodes[0] = [{ place }, { place }]
  }

  toBytes(recordBits: 24 | 28 | 32): Buffer {
    const count = this.nodes.length
    const toNumber = (record: TreeRecord): number =>
      record === undefined ? count : 'node' in record ? record.node : record.place + count + SEPARATOR.length
    return Buffer.concat(this.nodes.map(([left, right]) => toNode(toNumber(left), toNumber(right), recordBits)))
  }
}

function toNode(left: number, right: number, recordBits: 24 | 28 | 32): Buffer {
  const bytes = Buffer.alloc(recordBits / 4)
  if (recordBits === 28) {
    bytes.writeUIntBE(left % 0x1000000, 0, 3)
    bytes[3] = (Math.floor(left / 0x1000000) << 4) | Math.floor(right / 0x1000000)
    bytes.writeUIntBE(right % 0x1000000, 4, 3)
  } else {
    bytes.writeUIntBE(left, 0, recordBits / 8)
    bytes.writeUIntBE(right, recordBits / 8, recordBits / 8)
  }
  return bytes
}
