/** Owns which fields are structured, and as what: only a field whose type is known can be signed in its canonical form (RFC 9421 §2.1.1). */

export const STRUCTURED_TYPES = ['item', 'list', 'dictionary'] as const

export type StructuredType = (typeof STRUCTURED_TYPES)[number]

/** IANA, Hypertext Transfer Protocol (HTTP) Field Name Registry, column “Structured Type”: those of requests. */
const REGISTERED: Readonly<Record<string, StructuredType>> = {
  'accept-signature': 'dictionary',
  'available-dictionary': 'item',
  'capsule-protocol': 'item',
  'client-cert': 'item',
  'client-cert-chain': 'list',
  'content-digest': 'dictionary',
  'dictionary-id': 'item',
  incremental: 'item',
  priority: 'dictionary',
  'repr-digest': 'dictionary',
  signature: 'dictionary',
  'signature-input': 'dictionary',
  'want-content-digest': 'dictionary',
  'want-repr-digest': 'dictionary',
}

/** By lower-case name: the registered ones, and those that only the two parties know. */
export function toStructuredTypes(own: Readonly<Record<string, StructuredType>>): ReadonlyMap<string, StructuredType> {
  const types = new Map(Object.entries(REGISTERED))
  for (const [name, type] of Object.entries(own)) types.set(name.toLowerCase(), type)
  return types
}
