/** Owns the check that a body is the one that `Content-Digest` was made of (RFC 9530). */
import { hash, timingSafeEqual } from 'node:crypto'
import { parseDictionary, StructuredFieldFault } from '../structured-fields/parse-structured-field.ts'
import { type Dictionary, isInnerList } from '../structured-fields/structured-field.ts'
import { SignatureFault } from './signature-fault.ts'

/** RFC 9530 §5: the two of the registry that are active; md5, sha and the sums are deprecated, and prove nothing. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
])

/** All digests that the field names must be of this body, and all must be known: half a proof is none. @throws SignatureFault */
export function assertContentDigest(field: string | undefined, body: Uint8Array): void {
  const digests = parseDigests(field ?? '')
  if (digests.size === 0) {
    throw new SignatureFault(
      'digest-malformed',
      'Content-Digest is empty. Send the SHA-256 or SHA-512 of the body in it.',
    )
  }
  for (const [algorithm, member] of digests) {
    const name = HASHES.get(algorithm)
    if (name === undefined) {
      throw new SignatureFault(
        'digest-algorithm',
        'Content-Digest may hold sha-256 and sha-512, and no other algorithm.',
      )
    }
    if (isInnerList(member) || member.bare.type !== 'bytes') {
      throw new SignatureFault('digest-malformed', `Content-Digest has no octets under ${algorithm}.`)
    }
    const expected = hash(name, body, 'buffer')
    const said = member.bare.value
    if (said.length !== expected.length || !timingSafeEqual(said, expected)) {
      throw new SignatureFault('digest-mismatch', 'The body is not the one that Content-Digest was made of.')
    }
  }
}

function parseDigests(field: string): Dictionary {
  try {
    return parseDictionary(field, { duplicates: 'refused' })
  } catch (fault) {
    if (!(fault instanceof StructuredFieldFault)) throw fault
    throw new SignatureFault('digest-malformed', `Content-Digest is not well-formed: ${fault.message}.`)
  }
}
