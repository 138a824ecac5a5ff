/** Owns keys that the gateway signs tokens with: how they are written, what is wrong with one, and what of them others may know. */
import { createPrivateKey, createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'
import { z } from 'zod'
import { secretOption } from '../secret-option.ts'
import {
  ASYMMETRIC_ALGORITHMS,
  type AsymmetricAlgorithm,
  findKeyFault,
  isSignedBy,
  toSignature,
} from './jws-algorithms.ts'
import { toJwkThumbprint } from './thumbprint.ts'

const MAKE_ONE = 'make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out identity.pem'
/** More than one key comes and one goes at once, and every verifier reads all of them. */
const MOST_KEYS = 16

export interface SigningKey {
  /** Its thumbprint (RFC 7638). */
  readonly kid: string
  readonly algorithm: AsymmetricAlgorithm
  readonly publicKey: KeyObject
  /** Undefined: it is known to others only, and cannot sign here. */
  readonly privateKey: KeyObject | undefined
}

const keySchema = z
  .strictObject({
    key: secretOption('The key in PEM, or a JWK as JSON. Only its public half ever leaves the gateway.'),
    algorithm: z
      .enum(ASYMMETRIC_ALGORITHMS as [AsymmetricAlgorithm, ...AsymmetricAlgorithm[]])
      .optional()
      .meta({
        description: 'How it signs. As its JWK says, or by its kind, if absent: RS256, ES256, ES384, ES512 or EdDSA.',
      }),
  })
  .superRefine((option, context) => {
    const parsed = parseSigningKey(option)
    if ('fault' in parsed) context.addIssue({ code: 'custom', path: [parsed.at], message: parsed.fault })
  })

export type SigningKeyOption = z.output<typeof keySchema>

/** Stands in the options of what signs, and of what publishes, as `keys`: one list for both. */
export function signingKeysSchema(description: string) {
  return z
    .array(keySchema, { error: ({ input }) => (input === undefined ? `there is no key; ${MAKE_ONE}` : undefined) })
    .min(1, `there is no key; ${MAKE_ONE}`)
    .max(MOST_KEYS)
    .superRefine((options, context) => {
      const seen = new Set<string>()
      for (const [index, option] of options.entries()) {
        const key = findSigningKey(option)
        if (key === undefined) continue
        // RFC 7517 §4.5: two keys of one id are two answers to one question.
        if (seen.has(key.kid)) {
          context.addIssue({ code: 'custom', path: [index, 'key'], message: 'this key stands in the list already' })
        }
        seen.add(key.kid)
      }
    })
    .meta({ description })
}

/** undefined: something is wrong with it. */
export function findSigningKey(option: SigningKeyOption): SigningKey | undefined {
  const parsed = parseSigningKey(option)
  return 'fault' in parsed ? undefined : parsed
}

/** @throws Error that says what is wrong with it, and nothing of what it is */
export function getSigningKey(option: SigningKeyOption): SigningKey {
  const parsed = parseSigningKey(option)
  if ('fault' in parsed) throw new Error(parsed.fault)
  return parsed
}

interface PrivateKey {
  readonly algorithm: AsymmetricAlgorithm
  readonly privateKey: KeyObject
}

/** In PEM, or a JWK; it signs as it is told, or as its JWK says, or by its kind. @throws Error that says what is wrong with it, and nothing of what it is */
export function parsePrivateKey(text: string, algorithm?: AsymmetricAlgorithm): PrivateKey {
  const parsed = parseKey(text, algorithm)
  if ('fault' in parsed) throw new Error(parsed.fault)
  const { privateKey } = parsed
  if (privateKey === undefined) throw new Error('this key is public: the private one signs')
  return { algorithm: parsed.algorithm, privateKey }
}

export function findPrivateKeyFault(text: string, algorithm?: AsymmetricAlgorithm): string | undefined {
  try {
    parsePrivateKey(text, algorithm)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What anybody may know of a key (RFC 7517 §4): written member by member, so that nothing else can come along. */
export function toPublishedJwk({ kid, algorithm, publicKey }: SigningKey): Readonly<Record<string, string>> {
  const { kty = '', n, e, crv, x, y } = publicKey.export({ format: 'jwk' })
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, text]) => text !== undefined)
  return { ...(Object.fromEntries(members) as Record<string, string>), kid, alg: algorithm, use: 'sig' }
}

interface KeyFault {
  readonly at: 'key' | 'algorithm'
  readonly fault: string
  /** Another key has to be made. */
  readonly needsOther?: boolean
}

interface KeyMaterial {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject | undefined
  /** What a JWK says it is for. */
  readonly use?: unknown
  readonly alg?: unknown
}

/** The schema looks at a key more than once, and signs with it to see that it can: RSA takes its time. */
const parsedKeys = new WeakMap<Secret, SigningKey | KeyFault>()

function parseSigningKey(option: SigningKeyOption): SigningKey | KeyFault {
  let parsed = parsedKeys.get(option.key)
  if (parsed === undefined) {
    parsed = parseOption(option)
    parsedKeys.set(option.key, parsed)
  }
  return parsed
}

function parseOption({ key, algorithm: wanted }: SigningKeyOption): SigningKey | KeyFault {
  const parsed = parseKey(key.reveal(), wanted)
  if (!('fault' in parsed)) return { kid: toJwkThumbprint(toExport(parsed.publicKey)), ...parsed }
  return parsed.needsOther === true ? { ...parsed, fault: `${parsed.fault}; ${MAKE_ONE}` } : parsed
}

function parseKey(text: string, wanted: AsymmetricAlgorithm | undefined): Omit<SigningKey, 'kid'> | KeyFault {
  const material = parseMaterial(text)
  if ('fault' in material) return material
  const { publicKey, privateKey, use, alg } = material
  if (use !== undefined && use !== 'sig') return { at: 'key', fault: 'this JWK is not meant for signatures (`use`)' }
  if (wanted !== undefined && alg !== undefined && wanted !== alg) {
    return { at: 'algorithm', fault: 'the JWK names another algorithm (`alg`)' }
  }
  const algorithm = findAlgorithm(wanted ?? alg, publicKey)
  if (algorithm === undefined) {
    const fault = 'this kind of key signs no tokens here: use EC, Ed25519 or RSA'
    return { at: 'key', fault, needsOther: true }
  }
  const fault = findKeyFault(algorithm, publicKey)
  if (fault !== undefined) return { at: wanted === undefined ? 'key' : 'algorithm', fault }
  if (privateKey !== undefined && !isPair(algorithm, publicKey, privateKey)) {
    return { at: 'key', fault: 'the private and the public half of this key do not belong together' }
  }
  return { algorithm, publicKey, privateKey }
}

function toExport(publicKey: KeyObject) {
  const { kty = '', ...members } = publicKey.export({ format: 'jwk' })
  return { kty, ...members }
}

/** What the parser says may quote the key. */
function parseMaterial(text: string): KeyMaterial | KeyFault {
  if (text.trimStart().startsWith('{')) return parseJwk(text)
  if (text.includes('ENCRYPTED')) {
    const fault =
      'this key needs a passphrase: write it without one (openssl pkey -in … -out …), where only the gateway reads it'
    return { at: 'key', fault }
  }
  try {
    if (!text.includes('PRIVATE KEY-----')) return { publicKey: createPublicKey(text), privateKey: undefined }
    const privateKey = createPrivateKey(text)
    return { publicKey: createPublicKey(privateKey), privateKey }
  } catch {
    return { at: 'key', fault: 'this is neither a key in PEM nor a JWK', needsOther: true }
  }
}

function parseJwk(text: string): KeyMaterial | KeyFault {
  try {
    const jwk = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (jwk.kty === 'oct') {
      return { at: 'key', fault: 'with a shared secret, whoever checks tokens can make them: use a key pair' }
    }
    const input = { key: jwk as JsonWebKeyInput['key'], format: 'jwk' } as const
    const { use, alg } = jwk
    const publicKey = createPublicKey(input)
    return { publicKey, privateKey: Object.hasOwn(jwk, 'd') ? createPrivateKey(input) : undefined, use, alg }
  } catch {
    return { at: 'key', fault: 'this JWK is no key', needsOther: true }
  }
}

const BY_CURVE: Readonly<Record<string, AsymmetricAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

function findAlgorithm(named: unknown, key: KeyObject): AsymmetricAlgorithm | undefined {
  if (named !== undefined) return ASYMMETRIC_ALGORITHMS.find((name) => name === named)
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return 'RS256'
    case 'ed25519':
      return 'EdDSA'
    case 'ec':
      return BY_CURVE[key.asymmetricKeyDetails?.namedCurve ?? '']
    default:
      return undefined
  }
}

const PROBE = Buffer.from('probe')

/** PEM says both halves, and nobody compares them who reads it: what one signs, the other would not accept. */
function isPair(algorithm: AsymmetricAlgorithm, publicKey: KeyObject, privateKey: KeyObject): boolean {
  try {
    return isSignedBy(algorithm, publicKey, { signed: PROBE, signature: toSignature(algorithm, privateKey, PROBE) })
  } catch {
    return false
  }
}
