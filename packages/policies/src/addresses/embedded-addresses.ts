/** Owns which IPv4 addresses stand in an IPv6 one: whoever connects to it reaches those, through a translator or a tunnel. */

interface Form {
  /** The first octets, in hex; any, if empty. */
  readonly prefix: string
  /** Which octets are the IPv4 address. */
  readonly at: readonly [number, number, number, number]
  /** RFC 4380 §4: every bit is turned over. */
  readonly isObfuscated?: boolean
  /** Others begin so too: what reads as 0.0.0.0/8, which is nobody's (RFC 6890 §2.2.2), is none of this form. */
  readonly isAmbiguous?: boolean
}

const LAST = [12, 13, 14, 15] as const

const FORMS: readonly Form[] = [
  // Mapped: RFC 4291 §2.5.5.2.
  { prefix: '00000000000000000000ffff', at: LAST },
  // Compatible: RFC 4291 §2.5.5.1. `::` and `::1` begin so, and are none.
  { prefix: '000000000000000000000000', at: LAST, isAmbiguous: true },
  // Translated without state: RFC 2765 §2.1.
  { prefix: '0000000000000000ffff0000', at: LAST },
  // NAT64: RFC 6052 §2.1.
  { prefix: '0064ff9b0000000000000000', at: LAST },
  // NAT64 of a network's own: RFC 8215 §5 leaves to it which of the lengths of RFC 6052 §2.2 it uses, so each is looked at.
  { prefix: '0064ff9b0001', at: [6, 7, 9, 10], isAmbiguous: true },
  { prefix: '0064ff9b0001', at: [7, 9, 10, 11], isAmbiguous: true },
  { prefix: '0064ff9b0001', at: [9, 10, 11, 12], isAmbiguous: true },
  { prefix: '0064ff9b0001', at: LAST, isAmbiguous: true },
  // 6to4: RFC 3056 §2.
  { prefix: '2002', at: [2, 3, 4, 5] },
  // Teredo: RFC 4380 §4. First the server, who is told of every new client's, then the client.
  { prefix: '20010000', at: [4, 5, 6, 7] },
  { prefix: '20010000', at: LAST, isObfuscated: true },
]

/** ISATAP: RFC 5214 §6.1, behind any prefix; two of its bits say of whom the address is. */
const ISATAP = /^.{16}0[0-3]005efe/

/** `address`: one, and not a name. None, where it is IPv4. */
export function toEmbeddedAddresses(address: string): readonly string[] {
  if (!address.includes(':')) return []
  const octets = toOctets(address)
  const hex = octets.toString('hex')
  const found = FORMS.filter(({ prefix }) => hex.startsWith(prefix)).flatMap(({ at, isObfuscated, isAmbiguous }) => {
    const parts = at.map((place) => octets.readUInt8(place) ^ (isObfuscated === true ? 0xff : 0))
    return isAmbiguous === true && parts[0] === 0 ? [] : [parts.join('.')]
  })
  if (ISATAP.test(hex)) found.push(octets.subarray(12).join('.'))
  return found
}

function toOctets(address: string): Buffer {
  // RFC 4007 §11: a zone says by which link, not who.
  const [bare = ''] = address.split('%')
  // RFC 4291 §2.2: the last two groups may be written as IPv4.
  const hexOnly = bare.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [head = [], tail = []] = hexOnly.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}
