/**
 * Owns the keyed hash that spreads keys over the counter table: HalfSipHash-2-4 with 64 bits of output.
 *
 * Keyed, because callers choose their keys: with a known hash one could fill a chosen bucket. HalfSipHash, because it is
 * the member of the SipHash family made of 32-bit operations, which JavaScript does without BigInt.
 */

import { randomInt } from 'node:crypto'

/** A 64-bit secret in two 32-bit words. */
export interface HashKey {
  readonly k0: number
  readonly k1: number
}

export function drawHashKey(): HashKey {
  return { k0: randomInt(2 ** 32), k1: randomInt(2 ** 32) }
}

/** HalfSipHash-2-4-64 of bytes: the reference's view, as `[low, high]` signed words. */
export function halfSipHash(bytes: Uint8Array, key: HashKey): [number, number] {
  const words = new Int32Array((bytes.length >> 2) + 1)
  for (let at = 0; at < bytes.length; at++)
    words[at >> 2] = (words[at >> 2] ?? 0) | ((bytes[at] ?? 0) << ((at & 3) << 3))
  const state = new SipState(key)
  state.finish(words, words.length - 1, bytes.length)
  return [state.low, state.high]
}

/**
 * Hashes many keys of one owner. The message is `[length of id as u32][id][padding to 4 bytes][key]` in UTF-16LE: the
 * length keeps `a` + `bc` apart from `ab` + `c`, and the owner's part is hashed only once.
 */
export class KeyHasher {
  low = 0
  high = 0
  readonly #state: SipState
  readonly #v0: number
  readonly #v1: number
  readonly #v2: number
  readonly #v3: number
  readonly #prefixBytes: number
  #words = new Int32Array(128)

  constructor(id: string, key: HashKey) {
    const prefix = new Int32Array(1 + ((id.length + 1) >> 1))
    prefix[0] = id.length
    pack(id, prefix.subarray(1))
    const state = new SipState(key)
    state.absorb(prefix, prefix.length)
    this.#state = state
    this.#v0 = state.v0
    this.#v1 = state.v1
    this.#v2 = state.v2
    this.#v3 = state.v3
    this.#prefixBytes = 4 * prefix.length
  }

  /** Leaves the hash in `low` and `high` (signed 32-bit words), so that no object is made. */
  hash(key: string): void {
    const length = key.length
    if (length >= 2 * this.#words.length) this.#words = new Int32Array(length)
    const words = this.#words
    pack(key, words)
    if ((length & 1) === 0) words[length >> 1] = 0
    const state = this.#state
    state.v0 = this.#v0
    state.v1 = this.#v1
    state.v2 = this.#v2
    state.v3 = this.#v3
    state.finish(words, length >> 1, this.#prefixBytes + 2 * length)
    this.low = state.low
    this.high = state.high
  }
}

/** Two UTF-16 units to a word, little end first. */
function pack(text: string, words: Int32Array): void {
  const even = text.length & ~1
  for (let at = 0; at < even; at += 2) words[at >> 1] = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16)
  if (even < text.length) words[even >> 1] = text.charCodeAt(even)
}

class SipState {
  v0: number
  v1: number
  v2: number
  v3: number
  low = 0
  high = 0

  constructor({ k0, k1 }: HashKey) {
    // The constants are the reference's; 0xee marks the variant with 64 bits of output.
    this.v0 = k0 | 0
    this.v1 = k1 ^ 0xee
    this.v2 = 0x6c796765 ^ k0
    this.v3 = 0x74656462 ^ k1
  }

  absorb(words: Int32Array, count: number): void {
    this.#run(words, count, count)
  }

  /** `words[count]` holds up to three bytes left over; the message's length modulo 256 goes into its top byte. */
  finish(words: Int32Array, count: number, lengthBytes: number): void {
    words[count] = (words[count] ?? 0) | (lengthBytes << 24)
    // Finalization is eight more rounds without message: four steps of two.
    this.#run(words, count + 1, count + 5)
  }

  /** Every step is two rounds on local variables (fields cost three times as much). */
  #run(words: Int32Array, wordCount: number, steps: number): void {
    let { v0, v1, v2, v3 } = this
    for (let step = 0; step < steps; step++) {
      let word = 0
      if (step < wordCount) word = words[step] ?? 0
      else if (step === wordCount) v2 ^= 0xee
      else if (step === wordCount + 2) {
        this.low = v1 ^ v3
        v1 ^= 0xdd
      }
      v3 ^= word
      for (let round = 0; round < 2; round++) {
        v0 = (v0 + v1) | 0
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
        v0 = (v0 << 16) | (v0 >>> 16)
        v2 = (v2 + v3) | 0
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
        v0 = (v0 + v3) | 0
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
        v2 = (v2 + v1) | 0
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
        v2 = (v2 << 16) | (v2 >>> 16)
      }
      v0 ^= word
    }
    this.high = v1 ^ v3
    this.v0 = v0
    this.v1 = v1
    this.v2 = v2
    this.v3 = v3
  }
}
