/** Owns who issues keys of Oracle Cloud Infrastructure to machines and pods: a key pair is drawn here, and a token is issued for its public half. */
import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { parseObject, toSenseless } from '../../calls/json-answer.ts'
import type { CallTls, HttpCalls } from '../../services.ts'
import { parseCompactJws, parseJsonObject } from '../../tokens/compact-jws.ts'
import type { Issued } from '../issued/fetched-credential.ts'
import { askIssuer, toUrlBelow } from '../issued/issuer-call.ts'
import { signOciRequest, toDate } from './oci-signature.ts'

const draw = promisify(generateKeyPair)
/** What Oracle's own programs draw. */
const SESSION_KEY_BITS = 2048

export interface IssuedKey {
  readonly keyId: string
  /** In PEM. */
  readonly key: string
}

interface SessionKey {
  readonly privateKey: KeyObject
  /** DER in base64, as the issuers want it. */
  readonly publicText: string
}

async function drawSessionKey(): Promise<SessionKey> {
  const { privateKey, publicKey } = await draw('rsa', { modulusLength: SESSION_KEY_BITS })
  return { privateKey, publicText: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }
}

export interface InstanceCall {
  readonly metadataUrl: string
  /** Undefined: where the metadata service says the region is. */
  readonly federationUrl: string | undefined
  readonly timeoutMs: number
}

/**
 * "Calling Services from an Instance", and "Getting Instance Metadata" (version 2 only). The certificate of the machine signs a
 * request for a token, which is good for the session key.
 */
export async function askInstancePrincipal(
  { metadataUrl, federationUrl, timeoutMs }: InstanceCall,
  clock: { now(): number },
  http: HttpCalls,
): Promise<Issued<IssuedKey>> {
  const look = async (path: string): Promise<Buffer> => {
    const { body } = await askIssuer(http, {
      url: toUrlBelow(metadataUrl, `/opc/v2/${path}`),
      headers: [['Authorization', 'Bearer Oracle']],
      timeoutMs,
    })
    return body
  }
  const [leaf, keyText, intermediate] = await Promise.all([
    look('identity/cert.pem'),
    look('identity/key.pem'),
    look('identity/intermediate.pem'),
  ])
  const certificate = toCertificate(leaf)
  const privateKey = toPrivateKey(keyText)
  const base = federationUrl ?? toFederationUrl(parseObject(await look('instance/regionInfo')))
  const session = await drawSessionKey()
  const url = new URL(toUrlBelow(base, '/v1/x509'))
  const body = JSON.stringify({
    certificate: certificate.raw.toString('base64'),
    publicKey: session.publicText,
    intermediateCertificates: [toCertificate(intermediate).raw.toString('base64')],
  })
  const headers = signOciRequest({
    ...{ method: 'POST', target: url.pathname, host: url.host, date: toDate(clock.now()) },
    key: { keyId: toCertificateKeyId(certificate), privateKey },
    content: { bytes: Buffer.from(body), type: 'application/json' },
  })
  const issued = await askIssuer(http, { url: url.href, method: 'POST', headers, body, timeoutMs })
  const answer = parseObject(issued.body)
  return toIssuedKey(answer.token, session)
}

function toCertificateKeyId({ subject, fingerprint }: X509Certificate): string {
  const tenancy = /opc-(?:tenant|identity):(ocid1\.[\w.-]+)/.exec(subject)?.[1]
  if (tenancy === undefined) throw toSenseless('no-tenancy')
  return `${tenancy}/fed-x509/${fingerprint.toLowerCase()}`
}

/** Each realm has a domain of its own. */
function toFederationUrl({
  regionIdentifier: region,
  realmDomainComponent: domain,
}: Readonly<Record<string, unknown>>) {
  if (typeof region !== 'string' || typeof domain !== 'string') throw toSenseless('no-region')
  if (!/^[a-z0-9-]+$/.test(region) || !/^[a-z0-9.-]+$/.test(domain)) throw toSenseless('no-region')
  return `https://auth.${region}.${domain}`
}

function toCertificate(pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw toSenseless('no-certificate')
  }
}

function toPrivateKey(pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    // What the parser says could quote it.
    throw toSenseless('no-key')
  }
}

export interface WorkloadCall {
  readonly url: string
  /** Of the service account. */
  readonly token: string
  readonly tls: CallTls | undefined
  readonly timeoutMs: number
}

/** "Granting Workloads Access to OCI Resources": what runs beside the API server of OKE issues the token, as base64 of JSON. */
export async function askWorkloadPrincipal(
  { url, token, tls, timeoutMs }: WorkloadCall,
  http: HttpCalls,
): Promise<Issued<IssuedKey>> {
  const session = await drawSessionKey()
  const { body: answer } = await askIssuer(http, {
    ...{ url, method: 'POST', body: JSON.stringify({ podKey: session.publicText }), timeoutMs },
    headers: [
      ['Authorization', `Bearer ${token}`],
      ['Content-Type', 'application/json'],
    ],
    ...(tls !== undefined && { tls }),
  })
  const text = answer.toString('latin1').trim().replace(/^"|"$/g, '')
  const { token: issued } = parseObject(Buffer.from(text, 'base64'))
  return toIssuedKey(typeof issued === 'string' ? issued.replace(/^ST\$/, '') : issued, session)
}

function toIssuedKey(token: unknown, { privateKey }: SessionKey): Issued<IssuedKey> {
  if (typeof token !== 'string') throw toSenseless('no-token')
  const { exp } = readSessionToken(token) ?? {}
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw toSenseless('no-token')
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { value: { keyId: toSessionKeyId(token), key }, endsAtMs: exp * 1000 }
}

/** The claims; nobody here checks who signed them: who gets the token does. Undefined: it is none. */
export function readSessionToken(token: string): Readonly<Record<string, unknown>> | undefined {
  return parseJsonObject(parseCompactJws(token)?.payload)
}

export function toSessionKeyId(token: string): string {
  return `ST$${token}`
}
