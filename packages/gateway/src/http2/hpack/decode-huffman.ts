/**
 * Owns the way from Huffman code to octets: a machine that takes four bits a step.
 *
 * Its states are the inner nodes of the code's tree, 0 the root. No code is shorter than five bits, so a step ends one octet at
 * most, and a step is one number:
 *
 *   bits 16–24  the next state          bit 8  an octet ends here          bits 0–7  which
 *
 * Each step stores its octet and moves on by bit 8: there is no branch to be guessed wrong. 16 KiB of table stay in the nearest
 * cache, which 256 KiB for eight bits a step would not.
 */
import type { ByteWriter } from '../byte-writer.ts'
import { CODE_LENGTHS, CODES, END_OF_STRING } from './huffman-code.ts'

const ENDS_OCTET = 1 << 8
const STATE_SHIFT = 16

/** A tree with 257 leaves has 256 inner nodes. The state behind them is for what is no code: nothing leads out of it. */
const FAULTY = 256

/** RFC 7541 §5.2: padding is shorter than an octet. */
const MOST_PADDING_BITS = 7

/** By state, then by the next four bits. */
const STEPS = new Int32Array((FAULTY + 1) * 16)
/** 1 for the states in which a string may end. */
const MAY_END = new Uint8Array(FAULTY + 1)
buildMachine()

function buildMachine(): void {
  // Two numbers a node, for its 0 and its 1: an inner node, or ~octet.
  const tree: number[] = [0, 0]
  for (let octet = 0; octet < CODES.length; octet++) plant(tree, octet)
  for (let state = 0; state < FAULTY; state++) {
    for (let bits = 0; bits < 16; bits++) STEPS[state * 16 + bits] = toStep(tree, state, bits)
  }
  STEPS.fill(FAULTY << STATE_SHIFT, FAULTY * 16)
  // RFC 7541 §5.2: padding is the most significant bits of the end of string's code, which are ones.
  for (let state = 0, bits = 0; bits <= MOST_PADDING_BITS; bits++) {
    MAY_END[state] = 1
    state = tree[state * 2 + 1] ?? 0
  }
}

function plant(tree: number[], octet: number): void {
  const code = CODES[octet] ?? 0
  let node = 0
  for (let bit = (CODE_LENGTHS[octet] ?? 0) - 1; bit > 0; bit--) {
    const at = node * 2 + ((code >>> bit) & 1)
    // 0 is the root, to which no branch leads: this one has not grown.
    if (tree[at] === 0) {
      tree[at] = tree.length / 2
      tree.push(0, 0)
    }
    node = tree[at] ?? 0
  }
  tree[node * 2 + (code & 1)] = ~octet
}

function toStep(tree: readonly number[], state: number, bits: number): number {
  let node = state
  let ended = 0
  for (let bit = 3; bit >= 0; bit--) {
    node = tree[node * 2 + ((bits >> bit) & 1)] ?? 0
    if (node >= 0) continue
    // RFC 7541 §5.2: the end of string never stands in a string.
    if (~node === END_OF_STRING) return FAULTY << STATE_SHIFT
    ended = ENDS_OCTET | ~node
    node = 0
  }
  return (node << STATE_SHIFT) | ended
}

/** Appends what `octets[at, end)` means. False: it is no Huffman code, or its padding is not what §5.2 wants. */
// biome-ignore lint/complexity/useMaxParams: called once a string; a subarray for each would cost more than a short string.
export function decodeHuffman(octets: Uint8Array, at: number, end: number, out: ByteWriter): boolean {
  // The shortest code has five bits; one more octet, because each step stores one.
  out.reserve((((end - at) * 8) / 5 + 2) | 0)
  const { bytes } = out
  let { length } = out
  let step = 0
  for (let i = at; i < end; i++) {
    const octet = octets[i] ?? 0
    // The state stands 16 bits to the left, and a state is 16 steps: 12 bits back.
    step = STEPS[(step >> 12) | (octet >> 4)] ?? 0
    bytes[length] = step
    length += (step >> 8) & 1
    step = STEPS[(step >> 12) | (octet & 15)] ?? 0
    bytes[length] = step
    length += (step >> 8) & 1
  }
  out.length = length
  return MAY_END[step >> STATE_SHIFT] === 1
}
