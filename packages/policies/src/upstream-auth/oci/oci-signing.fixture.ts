/** Owns what tests of signing for Oracle Cloud Infrastructure share: a key, a machine with a certificate, and the verifier that the upstream would be. */
import { execFileSync } from 'node:child_process'
import { createHash, createPublicKey, generateKeyPairSync, hash, type KeyObject, verify } from 'node:crypto'

export const NOW = Date.UTC(2026, 0, 31, 12)
export const TENANCY = 'ocid1.tenancy.oc1..aaaa'

export const USER_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })

export const toPem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/** `openssl rsa -pubout -outform DER | openssl md5 -c` */
export const toFingerprint = (publicKey: KeyObject) =>
  [
    ...createHash('md5')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest(),
  ]
    .map((octet) => octet.toString(16).padStart(2, '0'))
    .join(':')

/** Nobody checks its signature here. */
export function toSessionToken(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256' })}.${part(claims)}.${Buffer.from('signature').toString('base64url')}`
}

export interface SignedParts {
  readonly method: string
  readonly target: string
  readonly host: string
  /** One value of a field, by its name in lower case. */
  find(name: string): string | undefined
  readonly body: Uint8Array
}

export interface Judgement {
  readonly keyId: string
  readonly names: readonly string[]
}

/** Strict, and of nothing of ours: what is not said or not true throws. */
export function judge(request: SignedParts, key: KeyObject): Judgement {
  const authorization = request.find('authorization') ?? ''
  const [, headers = '', keyId = '', signature = ''] =
    /^Signature version="1",headers="([^"]*)",keyId="([^"]*)",algorithm="rsa-sha256",signature="([^"]*)"$/.exec(
      authorization,
    ) ?? []
  const names = headers.split(' ')
  const lines = names.map((name) => {
    if (name === '(request-target)') return `${name}: ${request.method.toLowerCase()} ${request.target}`
    if (name === 'host') return `host: ${request.host}`
    const value = name === 'content-length' ? `${request.body.length}` : request.find(name)
    if (value === undefined) throw new Error(`${name} is said to be signed, and is not there`)
    return `${name}: ${value}`
  })
  const digest = request.find('x-content-sha256')
  if (digest !== undefined && digest !== hash('sha256', request.body, 'base64')) throw new Error('it is another body')
  const isOurs = verify('RSA-SHA256', Buffer.from(lines.join('\n'), 'latin1'), key, Buffer.from(signature, 'base64'))
  if (!isOurs) throw new Error('the signature is wrong')
  return { keyId, names }
}

export interface Machine {
  readonly cert: string
  readonly key: string
  readonly publicKey: KeyObject
}

/** A certificate as the metadata service of a machine has one. */
export function createMachine(unit = `opc-tenant:${TENANCY}`): Machine {
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=machine/OU=${unit}`]
  const made = execFileSync('openssl', [...args, '-keyout', '-', '-out', '-'], { encoding: 'utf8', stdio: 'pipe' })
  const find = (what: string): string => {
    const [pem] = new RegExp(`-----BEGIN ${what}-----[^]*-----END ${what}-----\n`).exec(made) ?? []
    if (pem === undefined) throw new Error(`openssl made no ${what}`)
    return pem
  }
  const cert = find('CERTIFICATE')
  return { cert, key: find('PRIVATE KEY'), publicKey: createPublicKey(cert) }
}
