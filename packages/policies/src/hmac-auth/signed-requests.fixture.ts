/** Owns the signing of requests in tests: by hand, from lines that the test writes down, so that nothing of what is tested signs. */
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto'
import { type PolicyRun, run, type TestAnswer, type TestRequest, withApps } from '../testing/index.ts'
import { hmacAuth } from './hmac-auth.ts'

export const SECRET = 'a shared secret of many bytes'

export interface Signing {
  /** What is covered, by component as it is written: `{ '"@method"': 'GET' }`. */
  readonly covered: Readonly<Record<string, string>>
  /** Behind the list: `;created=1;keyid="partner"`. */
  readonly parameters: string
  readonly label?: string
  readonly secret?: string
  /** Of Ed25519; instead of the secret. */
  readonly privateKey?: KeyObject
}

/** The two dictionary members of one signature. */
export function toSignature({ covered, parameters, label = 'sig1', secret = SECRET, privateKey }: Signing): {
  readonly input: string
  readonly signature: string
} {
  const list = `(${Object.keys(covered).join(' ')})${parameters}`
  const lines = [...Object.entries(covered), ['"@signature-params"', list]].map(([name, value]) => `${name}: ${value}`)
  const base = Buffer.from(lines.join('\n'), 'latin1')
  const octets =
    privateKey === undefined ? createHmac('sha256', secret).update(base).digest() : sign(null, base, privateKey)
  return { input: `${label}=${list}`, signature: `${label}=:${octets.toString('base64')}:` }
}

/** The request with these signatures on it. */
export function toSigned(request: TestRequest, ...signings: readonly Signing[]): TestRequest {
  const signatures = signings.map(toSignature)
  const headers = request.headers ?? []
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers)
  return {
    ...request,
    headers: [
      ...pairs,
      ['Signature-Input', signatures.map(({ input }) => input).join(', ')],
      ['Signature', signatures.map(({ signature }) => signature).join(', ')],
    ],
  }
}

type Options = Parameters<typeof run<typeof hmacAuth.options>>[1]

export const NOW = Date.UTC(2026, 0, 1) / 1000
export const pair = generateKeyPairSync('ed25519')
export const publicKey = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()
export const keys = {
  partner: { algorithm: 'hmac-sha256', secret: SECRET, app: 'acme', plan: 'gold' },
  'partner-next': { algorithm: 'hmac-sha256', secret: 'the next secret of as many bytes', app: 'acme' },
  bank: { algorithm: 'ed25519', publicKey, app: 'bank' },
} as const

export const guarded = (options: Partial<Options> = {}, setup: Parameters<typeof run>[2] = {}): PolicyRun =>
  run(hmacAuth, { keys, ...options }, { credentials: withApps('acme', 'bank'), ...setup })

export const TARGET = { '"@method"': 'GET', '"@target-uri"': 'http://api.example.com/orders?page=2' }
export const GET: TestRequest = { target: '/orders?page=2' }
export const by = (keyid: string, more = '', created: number | string = NOW) =>
  `;created=${created};keyid="${keyid}"${more}`
export const SIGNING: Signing = { covered: TARGET, parameters: by('partner') }
export const signed = (change: Partial<Signing> = {}, request: TestRequest = GET) =>
  toSigned(request, { ...SIGNING, ...change })

export const BODY = '{"amount": 100}'
export const digestOf = (body: string) => `sha-256=:${hash('sha256', body, 'base64')}:`
export const POST: TestRequest = {
  method: 'POST',
  target: '/pay',
  headers: { 'Content-Type': 'application/json', 'Content-Digest': digestOf(BODY) },
  body: BODY,
}
export const PAY = {
  '"@method"': 'POST',
  '"@target-uri"': 'http://api.example.com/pay',
  '"content-digest"': digestOf(BODY),
}
export const signedPost = (change: Partial<TestRequest> = {}, signing: Partial<Signing> = {}) => ({
  ...signed({ covered: PAY, ...signing }, POST),
  ...change,
})

export function assertRefused(answer: TestAnswer, reason: string): void {
  const { status, problem, headers, upstream } = answer
  assert.deepEqual([status, problem?.code, problem?.reason], [401, 'credential-invalid', reason], problem?.detail ?? '')
  assert.ok(headers.has('www-authenticate'))
  assert.equal(upstream.length, 0)
}
