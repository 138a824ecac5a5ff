/** Owns keys of Oracle Cloud Infrastructure that stand in two files: a token and the key that it is good for, replaced one after the other. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'
import type { PolicyFile } from '../../policy.ts'
import type { Clock, FileContent, Files } from '../../services.ts'
import { readTokenFile, toTokenFile } from '../issued/token-file.ts'
import { toNoCredential } from '../upstream-credential.ts'
import { readSessionToken, toSessionKeyId } from './oci-key-issuers.ts'
import type { OciKey } from './oci-signature.ts'

export interface ResourceFiles {
  readonly tokenFile: string
  readonly keyFile: string
  readonly passphrase?: Secret | undefined
}

export function listResourceFiles(files: ResourceFiles, at: PolicyFile['at']): PolicyFile[] {
  return [
    toTokenFile(files.tokenFile, [...at, 'tokenFile']),
    {
      path: files.keyFile,
      at: [...at, 'keyFile'],
      check: (bytes) => {
        parseKey(bytes, files.passphrase)
      },
    },
  ]
}

interface Pair {
  readonly used: OciKey
  readonly endsAtMs: number
}

/** What is said of the key while there is none. */
export function createResourcePrincipal(
  { tokenFile, keyFile, passphrase }: ResourceFiles,
  files: Files,
  clock: Pick<Clock, 'now'>,
): () => OciKey {
  const token = files.open(tokenFile)
  const key = files.open(keyFile)
  let pair: Pair | undefined
  let read: { readonly token: FileContent; readonly key: FileContent } | undefined
  return () => {
    if (read?.token !== token.content || read.key !== key.content) {
      const text = readTokenFile(token)
      // One of both is new already: those from before count until the other one is.
      pair = readPair(text, parseKey(key.content.bytes, passphrase)) ?? pair
      read = { token: token.content, key: key.content }
    }
    if (pair === undefined) throw toNoCredential('key-mismatch')
    if (pair.endsAtMs <= clock.now()) throw toNoCredential('token-ended')
    return pair.used
  }
}

function readPair(text: string, privateKey: KeyObject): Pair | undefined {
  const { exp, jwk } = readSessionToken(text) ?? {}
  const modulus = readModulus(jwk)
  if (modulus !== undefined && modulus !== createPublicKey(privateKey).export({ format: 'jwk' }).n) return undefined
  const endsAtMs = typeof exp === 'number' ? exp * 1000 : Number.POSITIVE_INFINITY
  return { used: { keyId: toSessionKeyId(text), privateKey }, endsAtMs }
}

/** The token says which key it is good for, as JSON in a text. Undefined: it does not. */
function readModulus(jwk: unknown): string | undefined {
  if (typeof jwk !== 'string') return undefined
  try {
    const { n } = JSON.parse(jwk) as { n?: unknown }
    return typeof n === 'string' ? n : undefined
  } catch {
    return undefined
  }
}

/** @throws Error that says what is wrong with it, and nothing of what it is */
function parseKey(bytes: Uint8Array, passphrase: Secret | undefined): KeyObject {
  const key = findRsaKey(Buffer.from(bytes).toString('latin1'), passphrase)
  if (typeof key === 'string') throw new Error(key)
  return key
}

/** The key, or why it cannot be used: what the parser says would quote it. */
export function findRsaKey(pem: string, passphrase: Secret | undefined): KeyObject | string {
  let key: KeyObject
  try {
    key = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase: passphrase.reveal() }) })
  } catch {
    return passphrase === undefined
      ? 'this is no private key in PEM; if it has a passphrase, give it as well'
      : 'this is no private key in PEM that the passphrase opens'
  }
  return key.asymmetricKeyType === 'rsa' ? key : 'the key has to be one of RSA: Oracle takes no other'
}
