/** Owns the reading of `Signature-Input` and `Signature` (RFC 9421 §4): which signatures a request carries, and what each says of itself. */
import { parseDictionary, StructuredFieldFault } from '../structured-fields/parse-structured-field.ts'
import { serializeMember } from '../structured-fields/serialize-structured-field.ts'
import { type Dictionary, type InnerList, isInnerList, type Member } from '../structured-fields/structured-field.ts'
import { type Component, toComponent } from './component.ts'
import { SignatureFault } from './signature-fault.ts'

/** One signature, before anybody knows whether it holds. */
export interface MessageSignature {
  readonly label: string
  readonly components: readonly Component[]
  /** What the signature covers and says of itself, as it stands in the last line of its base. */
  readonly parametersText: string
  /** Seconds since the epoch. */
  readonly created: number | undefined
  readonly expires: number | undefined
  readonly nonce: string | undefined
  readonly alg: string | undefined
  readonly keyid: string | undefined
  readonly tag: string | undefined
  readonly octets: Uint8Array
}

// What an honest client sends fits several times. A field may be as long as a head, and whoever pays for it is not known yet.
const MOST_CHARACTERS = 16_384
const MOST_SIGNATURES = 8
const MOST_COMPONENTS = 64

/** Both dictionaries: each label stands in both. @throws SignatureFault */
export function parseSignatures(input: string, signature: string): MessageSignature[] {
  if (input.length > MOST_CHARACTERS || signature.length > MOST_CHARACTERS) throw tooLarge()
  const inputs = parseField(input, 'Signature-Input')
  const signatures = parseField(signature, 'Signature')
  if (inputs.size > MOST_SIGNATURES || signatures.size > MOST_SIGNATURES) throw tooLarge()
  // RFC 9421 §4.2: a label of one field that the other lacks says nothing.
  if (inputs.size !== signatures.size) throw unpaired()
  return [...inputs].map(([label, member]) => toSignature(label, member, signatures.get(label)))
}

/** What comes twice may have been read otherwise by whoever stands before us: RFC 9421 §7.5.3 asks for strict parsers. */
function parseField(text: string, name: string): Dictionary {
  try {
    return parseDictionary(text, { duplicates: 'refused' })
  } catch (fault) {
    if (!(fault instanceof StructuredFieldFault)) throw fault
    throw malformed(`${name} is not well-formed: ${fault.message}`)
  }
}

function toSignature(label: string, member: Member, signature: Member | undefined): MessageSignature {
  if (signature === undefined) throw unpaired()
  if (!isInnerList(member)) throw malformed(`Signature-Input has no list of components under ${label}`)
  if (isInnerList(signature) || signature.bare.type !== 'bytes')
    throw malformed(`Signature has no octets under ${label}`)
  if (member.items.length > MOST_COMPONENTS) throw tooLarge()
  const components = member.items.map(toComponent)
  // RFC 9421 §2: each once. Of two lines of one name, one could be the attacker's.
  if (new Set(components.map(({ key }) => key)).size < components.length) {
    throw malformed(`a component stands twice under ${label}`)
  }
  const created = findInteger(member, 'created')
  const expires = findInteger(member, 'expires')
  if (created !== undefined && expires !== undefined && expires < created) {
    throw malformed(`the signature under ${label} expires before it was created`)
  }
  return {
    label,
    components,
    parametersText: serializeMember(member),
    created,
    expires,
    nonce: findString(member, 'nonce'),
    alg: findString(member, 'alg'),
    keyid: findString(member, 'keyid'),
    tag: findString(member, 'tag'),
    octets: signature.bare.value,
  }
}

/** RFC 9421 §2.3: of another type, it is not the parameter of that name. */
function findInteger({ parameters }: InnerList, name: 'created' | 'expires'): number | undefined {
  const value = parameters.get(name)
  if (value === undefined) return undefined
  if (value.type !== 'integer' || value.value < 0) throw malformed(`${name} is a whole number of seconds since 1970`)
  return value.value
}

function findString({ parameters }: InnerList, name: 'nonce' | 'alg' | 'keyid' | 'tag'): string | undefined {
  const value = parameters.get(name)
  if (value === undefined) return undefined
  if (value.type !== 'string') throw malformed(`${name} is a string`)
  return value.value
}

function malformed(what: string): SignatureFault {
  return new SignatureFault('malformed-signature', `The signature cannot be read: ${what}.`)
}

function unpaired(): SignatureFault {
  return new SignatureFault(
    'unpaired-signature',
    'Signature-Input and Signature name different signatures. Each label stands in both.',
  )
}

function tooLarge(): SignatureFault {
  return new SignatureFault(
    'oversized-signature',
    `Send at most ${MOST_SIGNATURES} signatures in ${MOST_CHARACTERS} characters, with ${MOST_COMPONENTS} components each.`,
  )
}
