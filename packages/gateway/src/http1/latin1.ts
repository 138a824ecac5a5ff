/** Owns the way between octets and latin1 text: one character an octet, nothing lost either way. */

/** What every Node Buffer has and its published types leave out; it skips `toString`'s look at the encoding's name. */
interface Latin1Buffer {
  latin1Slice(start: number, end: number): string
}

export function toLatin1(octets: Uint8Array, start: number, end: number): string {
  const buffer = octets instanceof Buffer ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  return (buffer as unknown as Latin1Buffer).latin1Slice(start, end)
}

/** The same text in memory of its own: a slice would keep the whole head alive that it was cut from. */
export function copyLatin1(text: string): string {
  const octets = Buffer.from(text, 'latin1')
  return toLatin1(octets, 0, octets.length)
}

/** Does `start` stand at `octets[at]`? */
export function startsWith(octets: Uint8Array, at: number, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (octets[at + i] !== start[i]) return false
  return true
}
