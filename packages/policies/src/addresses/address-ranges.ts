/**
 * Owns sets of addresses and CIDR ranges. Ranges are sorted and merged once, so a look-up is a binary search, whatever the
 * list's length, in plain numbers side by side:
 *
 *   IPv4   first, first, …   last, last, …     one number of 32 bits each: 8 bytes a range
 *   IPv6   first, last, first, last, …         four numbers each: 32 bytes a range
 */
import type { AddressKey } from './address.ts'
import { RangeReader, toHostMask } from './range.ts'

/** `index`: which text of the list it is. */
type OnFault = (fault: string, index: number) => void

/** Numbers of 32 bits in an IPv6 address, and in a range of them. */
const WORDS = 4
const RANGE = 2 * WORDS
/** In an IPv4 range, behind the address in a number that sorts like both: 2^38 fits a double. */
const PREFIX_SPAN = 64

export class AddressRanges {
  readonly #ipv4: Ipv4Ranges
  readonly #ipv6: Uint32Array

  /** Without `onFault`, @throws TypeError for what `findRangeFault` finds fault with; with it, that is left out. */
  constructor(ranges: Iterable<string>, onFault: OnFault = refuse) {
    const reader = new RangeReader()
    const ipv4: number[] = []
    const ipv6: number[] = []
    let index = 0
    for (const text of ranges) {
      const fault = reader.read(text)
      if (fault !== undefined) onFault(fault, index)
      else if (reader.length === 2) ipv4.push(toWord(reader.first, 0) * PREFIX_SPAN + reader.bits)
      else pushIpv6(ipv6, reader)
      index++
    }
    this.#ipv4 = mergeIpv4(Float64Array.from(ipv4).sort())
    this.#ipv6 = mergeIpv6(Uint32Array.from(ipv6))
  }

  /** Ranges that are left once they are merged. */
  get size(): number {
    return this.#ipv4.firsts.length + this.#ipv6.length / RANGE
  }

  /** Of memory, for all of them. */
  get sizeBytes(): number {
    const { firsts, lasts } = this.#ipv4
    return firsts.byteLength + lasts.byteLength + this.#ipv6.byteLength
  }

  has(key: AddressKey): boolean {
    return key.length === 2 ? hasIpv4(this.#ipv4, toKeyWord(key, 0)) : hasIpv6(this.#ipv6, key)
  }
}

/** Why a text is no address and no CIDR range, or undefined. */
export function findRangeFault(text: string): string | undefined {
  return new RangeReader().read(text)
}

function refuse(fault: string): never {
  throw new TypeError(fault)
}

/** Disjoint, ascending, and not adjacent. */
interface Ipv4Ranges {
  readonly firsts: Uint32Array
  readonly lasts: Uint32Array
}

function hasIpv4({ firsts, lasts }: Ipv4Ranges, address: number): boolean {
  let low = 0
  let high = firsts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((firsts[middle] ?? 0) <= address) low = middle + 1
    else high = middle
  }
  // The last one that begins at or before it.
  return low > 0 && address <= (lasts[low - 1] ?? 0)
}

/** Likewise disjoint and ascending. */
function hasIpv6(ranges: Uint32Array, key: AddressKey): boolean {
  let low = 0
  let high = ranges.length / RANGE
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareToKey(ranges, middle * RANGE, key) <= 0) low = middle + 1
    else high = middle
  }
  return low > 0 && compareToKey(ranges, low * RANGE - WORDS, key) >= 0
}

/** Negative: the address that stands there is before the other. */
function compareToKey(words: Uint32Array, at: number, key: AddressKey): number {
  for (let i = 0; i < WORDS; i++) {
    const difference = (words[at + i] ?? 0) - toKeyWord(key, i * 2)
    if (difference !== 0) return difference
  }
  return 0
}

/** A list of them in growing order of their first addresses. Of equal ones the longest prefix comes last. */
function mergeIpv4(sorted: Float64Array): Ipv4Ranges {
  const firsts = new Uint32Array(sorted.length)
  const lasts = new Uint32Array(sorted.length)
  let count = 0
  let end = -2
  for (const entry of sorted) {
    const bits = entry % PREFIX_SPAN
    const first = (entry - bits) / PREFIX_SPAN
    const last = first + 2 ** (32 - bits) - 1
    if (first > end + 1) {
      firsts[count] = first
      count++
    } else if (last <= end) continue
    end = last
    lasts[count - 1] = last
  }
  return { firsts: firsts.slice(0, count), lasts: lasts.slice(0, count) }
}

/** First and last addresses in turn, in any order. */
function mergeIpv6(entries: Uint32Array): Uint32Array {
  const order = Uint32Array.from({ length: entries.length / RANGE }, (_, index) => index * RANGE)
  order.sort((one, other) => compare(entries, one, other))
  const merged = new Uint32Array(entries.length)
  let end = 0
  for (const at of order) {
    // It is compared where it will stand if it is none of the one before.
    for (let i = 0; i < RANGE; i++) merged[end + i] = entries[at + i] ?? 0
    const last = end - WORDS
    if (end === 0 || (compare(merged, last, end) < 0 && !isNext(merged, last, end))) end += RANGE
    else if (compare(merged, last, end + WORDS) < 0) merged.copyWithin(last, end + WORDS, end + RANGE)
  }
  return merged.slice(0, end)
}

/** Negative: the address that stands at `one` is before the one at `other`. */
function compare(words: Uint32Array, one: number, other: number): number {
  for (let i = 0; i < WORDS; i++) {
    const difference = (words[one + i] ?? 0) - (words[other + i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Is the address at `other` the one behind the address at `one`? */
function isNext(words: Uint32Array, one: number, other: number): boolean {
  let carry = 1
  for (let i = WORDS - 1; i >= 0; i--) {
    const sum = (words[one + i] ?? 0) + carry
    if (sum >>> 0 !== words[other + i]) return false
    carry = sum > 0xffffffff ? 1 : 0
  }
  // Behind the last address of all there is none.
  return carry === 0
}

function pushIpv6(entries: number[], { first, bits }: RangeReader): void {
  for (let at = 0; at < 8; at += 2) entries.push(toWord(first, at))
  for (let at = 0; at < 8; at += 2) {
    const host = toHostMask(bits - at * 16) * 0x10000 + toHostMask(bits - (at + 1) * 16)
    entries.push((toWord(first, at) | host) >>> 0)
  }
}

function toWord(units: Uint16Array, at: number): number {
  return (units[at] ?? 0) * 0x10000 + (units[at + 1] ?? 0)
}

function toKeyWord(key: AddressKey, at: number): number {
  return key.charCodeAt(at) * 0x10000 + key.charCodeAt(at + 1)
}
