/** Owns percent-encoding of octets as signatures want it: texts hold one latin1 character an octet, so that no octet is lost. */

/** RFC 3986 §2.3: what is never escaped; AWS escapes all the rest. */
const UNRESERVED = /^[A-Za-z0-9\-._~]*$/

const ESCAPES = Array.from({ length: 256 }, (_, octet) => {
  const text = String.fromCharCode(octet)
  return UNRESERVED.test(text) ? text : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
})

/** @throws RangeError for what is no octet: whoever has other texts than those off the wire encodes them first */
export function escapeOctets(text: string): string {
  if (UNRESERVED.test(text)) return text
  let escaped = ''
  for (let i = 0; i < text.length; i++) {
    const octet = ESCAPES[text.charCodeAt(i)]
    if (octet === undefined)
      throw new RangeError(`character ${i} of what is to be signed is no octet: percent-encode it`)
    escaped += octet
  }
  return escaped
}

/** `%zz` is itself: whether that may be sent is not decided here. */
export function unescapeOctets(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
