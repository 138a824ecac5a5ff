/** Owns which public keys of RSA prove nothing, because anyone can find or needs no private key. */
import { createPublicKey, type KeyObject } from 'node:crypto'

const LEAST_BITS = 2048
/** What a check costs grows with both: without bounds, one key of 16 384 bits and an exponent as long holds a thread for seconds. */
const MOST_BITS = 8192
const MOST_EXPONENT = 2n ** 32n

/** undefined: nothing speaks against it. */
export function findWeakness(key: KeyObject): string | undefined {
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = key.asymmetricKeyDetails ?? {}
  // RFC 7518 §3.3, §3.5
  if (bits < LEAST_BITS) return `RSA keys need ${LEAST_BITS} bits or more, and this has ${bits}`
  if (bits > MOST_BITS) return `RSA keys may have ${MOST_BITS} bits at most, and this has ${bits}`
  if (exponent > MOST_EXPONENT) return 'the exponent of this RSA key is longer than 32 bits: checks would take too long'
  // With an exponent of 1 everything is its own signature (NIST SP 800-56B §6.2: odd, and 65 537 or more; 3 is still met).
  if (exponent < 3n || exponent % 2n === 0n) return `the exponent of this RSA key is ${exponent}, which proves nothing`
  if (isOfInfineon(toModulus(key))) return 'this RSA key can be factored (CVE-2017-15361): make a new one'
  return undefined
}

function toModulus(key: KeyObject): bigint {
  const { n = '' } = toPlainRsa(key).export({ format: 'jwk' })
  return BigInt(`0x${Buffer.from(n, 'base64url').toString('hex') || '0'}`)
}

/** Of one for PSS alone there is no JWK. RFC 8017 §A.1.1: its numbers are the last thing in its DER, and begin as a sequence. */
function toPlainRsa(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa-pss') return key
  const der = key.export({ format: 'der', type: 'spki' })
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  // SEQUENCE, with a length of two octets for all moduli of 2048 bits and more; BIT STRING before it, with no unused bits.
  const at = der.indexOf(Buffer.from([0x00, 0x30, 0x82]), Math.max(0, der.length - modulusLength / 8 - 64))
  return createPublicKey({ key: der.subarray(at + 1), format: 'der', type: 'pkcs1' })
}

/** Those that divide the products that the faulty generator used for 2048 bits and more (ROCA, §2.1). */
const SMALL_PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]

/** Its primes were powers of 65 537, modulo small primes: so their product is one as well, modulo each. By chance that is one in 2^27. */
function isOfInfineon(modulus: bigint): boolean {
  return SMALL_PRIMES.every((prime) => powersOf65537(prime).has(Number(modulus % BigInt(prime))))
}

function powersOf65537(prime: number): Set<number> {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * 65_537) % prime) powers.add(power)
  return powers
}
