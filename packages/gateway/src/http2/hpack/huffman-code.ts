/** Owns the Huffman code of HPACK (RFC 7541 Appendix B): for each octet its bits and how many they are. */

/** An octet has a number of its own; 256 is the end of the string. */
export const END_OF_STRING = 256

/**
 * The length of each of the 257 codes, as a letter: A is 5 bits, Z is 30. Nothing else need be written down, because the code is
 * canonical: in the order of length, then of octet, each code is the one before it plus one, with zeros appended where it gets longer.
 */
const LENGTHS =
  'ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXX' + // controls
  'BFFHIBDGFFDGDBBBAAABBBBBBBCDKBHF' + // space to ?
  'IBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJB' + // @ to _
  'KABABABBBACCBBBABCBAABCCCCCKGJIX' + // ` to DEL
  'PRPPRRRSRSSSSSTSTTRSTSSSSQRSRSST' +
  'RQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRS' +
  'VVPORSRUVVVWWVTUOQVWWVWTQQVVXWWW' +
  'PTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWV' +
  'Z'

const SHORTEST = 5
const LONGEST = 30

export const CODE_LENGTHS: Uint8Array = Uint8Array.from(LENGTHS, (letter) => letter.charCodeAt(0) - 0x41 + SHORTEST)

/** Right-aligned. */
export const CODES: Uint32Array = toCodes()

function toCodes(): Uint32Array {
  const codes = new Uint32Array(CODE_LENGTHS.length)
  let code = 0
  for (let length = SHORTEST; length <= LONGEST; length++) {
    for (let octet = 0; octet < codes.length; octet++) if (CODE_LENGTHS[octet] === length) codes[octet] = code++
    code *= 2
  }
  return codes
}
