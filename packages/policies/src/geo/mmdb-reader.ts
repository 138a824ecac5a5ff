/**
 * Owns a MaxMind DB (format 2.0): which record of it an address has.
 *
 *   search tree │ 16 zero bytes │ data section │ marker, metadata
 *
 * A node has two records, for the next bit 0 and 1: another node, or nothing, or a place in the data section.
 */
import type { AddressKey } from '../addresses/address.ts'
import { MmdbFault, type MmdbPath, MmdbValues } from './mmdb-values.ts'

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
/** Longest metadata section, marker included. */
const METADATA_BYTES = 128 * 1024
const SEPARATOR_BYTES = 16
const MAJOR_VERSION = 2
/** Bits before an IPv4 address in a tree of IPv6. */
const BITS_BEFORE_IPV4 = 96

/** No record: the file does not know the address. */
export const NO_RECORD = -1

export class MmdbReader {
  /** Such as `GeoLite2-Country`. */
  readonly databaseType: string
  /** When it was made, in seconds since the epoch. */
  readonly builtAtSeconds: number
  readonly nodeCount: number
  readonly #bytes: Buffer
  readonly #values: MmdbValues
  readonly #recordBits: number
  readonly #nodeBytes: number
  readonly #isIpv6: boolean
  /** Where IPv4 addresses begin: a node, or a record that all of them have. */
  readonly #ipv4Start: number

  /** @throws MmdbFault for what is none, or is cut off. Takes microseconds: of tree and data nothing is read. */
  constructor(content: Uint8Array) {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    const metadataAt = findMetadata(bytes)
    const metadata = new MmdbValues(bytes, metadataAt, bytes.length)
    const major = getNumber(metadata, 'binary_format_major_version')
    if (major !== MAJOR_VERSION) throw new MmdbFault(`it has format ${major}, and only format 2 can be read`)
    this.#recordBits = getNumber(metadata, 'record_size')
    if (![24, 28, 32].includes(this.#recordBits)) {
      throw new MmdbFault(`its records have ${this.#recordBits} bits, and only 24, 28 and 32 can be read`)
    }
    const ipVersion = getNumber(metadata, 'ip_version')
    if (ipVersion !== 4 && ipVersion !== 6) throw new MmdbFault(`it is of IP version ${ipVersion}`)
    this.#isIpv6 = ipVersion === 6
    this.nodeCount = getNumber(metadata, 'node_count')
    this.#nodeBytes = this.#recordBits / 4
    const dataAt = this.nodeCount * this.#nodeBytes + SEPARATOR_BYTES
    if (dataAt > metadataAt - MARKER.length) throw new MmdbFault('its search tree ends behind the file')
    this.databaseType = String(metadata.find(0, ['database_type']) ?? '')
    this.builtAtSeconds = Number(metadata.find(0, ['build_epoch']) ?? 0)
    this.#bytes = bytes
    this.#values = new MmdbValues(bytes, dataAt, metadataAt - MARKER.length)
    this.#ipv4Start = this.#isIpv6 ? this.#descendZeros(BITS_BEFORE_IPV4) : 0
  }

  /** Where the record of an address stands in the data section, or `NO_RECORD`. @throws MmdbFault */
  findRecord(address: AddressKey): number {
    const isIpv4 = address.length === 2
    if (!isIpv4 && !this.#isIpv6) return NO_RECORD
    let record = isIpv4 ? this.#ipv4Start : 0
    for (let at = 0; at < address.length; at++) {
      const unit = address.charCodeAt(at)
      for (let bit = 15; bit >= 0; bit--) {
        if (record >= this.nodeCount) return this.toPlace(record)
        record = this.recordOf(record, (unit >>> bit) & 1)
      }
    }
    return this.toPlace(record)
  }

  /** The text or number in a record; undefined: it says none. @throws MmdbFault */
  findValue(place: number, path: MmdbPath): string | number | undefined {
    return this.#values.find(place, path)
  }

  /** What a record of the tree means at the end of an address: `NO_RECORD`, or a place in the data section. @throws MmdbFault */
  toPlace(record: number): number {
    if (record === this.nodeCount) return NO_RECORD
    const place = record - this.nodeCount - SEPARATOR_BYTES
    if (place < 0 || place >= this.#values.lengthBytes) throw new MmdbFault('its search tree leads out of the data')
    return place
  }

  /** Of a node below `nodeCount`, for the next bit. */
  recordOf(node: number, bit: number): number {
    const at = node * this.#nodeBytes
    const bytes = this.#bytes
    if (this.#recordBits === 32) return bytes.readUInt32BE(at + bit * 4)
    if (this.#recordBits === 24) return bytes.readUIntBE(at + bit * 3, 3)
    // The middle byte has the upper bits of both: those of the left one first.
    const middle = bytes[at + 3] ?? 0
    return bit === 0
      ? (middle >>> 4) * 0x1000000 + bytes.readUIntBE(at, 3)
      : (middle & 0x0f) * 0x1000000 + bytes.readUIntBE(at + 4, 3)
  }

  #descendZeros(bits: number): number {
    let record = 0
    for (let i = 0; i < bits && record < this.nodeCount; i++) record = this.recordOf(record, 0)
    return record
  }
}

/** Where the metadata begins, behind the last marker. */
function findMetadata(bytes: Buffer): number {
  const from = Math.max(0, bytes.length - METADATA_BYTES)
  const at = bytes.subarray(from).lastIndexOf(MARKER)
  if (at < 0) throw new MmdbFault('it is no MaxMind DB, or one that is cut off: it has no metadata at its end')
  return from + at + MARKER.length
}

function getNumber(metadata: MmdbValues, name: string): number {
  const value = metadata.find(0, [name])
  if (typeof value !== 'number') throw new MmdbFault(`its metadata lacks ${name}`)
  return value
}
