/** Owns the judgement of what a responder answers (RFC 6960 §3.2): whether it is about this certificate, said by who may, and of now. */
import { verify, X509Certificate } from 'node:crypto'
import {
  BasicOCSPResponse,
  type CertID,
  OCSPResponse,
  OCSPResponseStatus,
  type SingleResponse,
} from '@peculiar/asn1-ocsp'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate } from '@peculiar/asn1-x509'
import { OcspFault } from './ocsp-fault.ts'
import { isIssuedBy, type OcspSubject, toKeyHash } from './ocsp-subject.ts'

export interface OcspVerdict {
  readonly status: 'good' | 'revoked'
  /** Milliseconds since the epoch. */
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  /** Of what is revoked. */
  readonly revokedAtMs?: number
}

/** RFC 6960 §4.2.1 */
const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1'
/** RFC 6960 §4.2.2.2: who has it may answer in its issuer's place. */
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'
/** Clocks of responders run ahead; OpenSSL's tools and nginx grant as much. */
const SKEW_MS = 300_000

/** RFC 8017 §A.2.4, RFC 5758 §3.2, RFC 8410 §3. SHA-1 is not among them: clients take no such signature any more. */
const DIGESTS: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
}

/** `der`: what came. @throws OcspFault what cannot be believed, or says nothing */
export function judgeAnswer(der: Uint8Array, subject: OcspSubject, nowMs: number): OcspVerdict {
  const { basic, signed } = parseBasic(der)
  const single = basic.tbsResponseData.responses.find(({ certID }) => isSameId(certID, subject.certId))
  if (single === undefined) throw new OcspFault('the answer is about another certificate')
  checkSignature(basic, signed, { subject, nowMs })
  const { thisUpdateMs, nextUpdateMs } = toLife(single, nowMs)
  const { good, revoked } = single.certStatus
  if (revoked !== undefined) {
    return { status: 'revoked', thisUpdateMs, nextUpdateMs, revokedAtMs: revoked.revocationTime.getTime() }
  }
  if (good === undefined) throw new OcspFault('the responder does not know the certificate')
  return { status: 'good', thisUpdateMs, nextUpdateMs }
}

function parseBasic(der: Uint8Array): { readonly basic: BasicOCSPResponse; readonly signed: Buffer } {
  const response = parse(der, OCSPResponse)
  const { responseStatus, responseBytes } = response
  if (responseStatus !== OCSPResponseStatus.successful) {
    throw new OcspFault(`the responder answers ${OCSPResponseStatus[responseStatus] ?? `status ${responseStatus}`}`)
  }
  if (responseBytes?.responseType !== BASIC_RESPONSE) throw new OcspFault('the answer is of a kind that nobody knows')
  const basic = parse(new Uint8Array(responseBytes.response.buffer), BasicOCSPResponse)
  // The octets as they came: written anew they might be others.
  if (basic.tbsResponseDataRaw === undefined) throw new OcspFault('the answer holds no data')
  return { basic, signed: Buffer.from(basic.tbsResponseDataRaw) }
}

function parse<Parsed>(der: Uint8Array, type: new () => Parsed): Parsed {
  try {
    return AsnConvert.parse(der, type)
  } catch {
    throw new OcspFault('the answer is no OCSP response')
  }
}

function isSameId(one: CertID, other: CertID): boolean {
  return toIdText(one) === toIdText(other)
}

/** Without the parameters of the hash, which are NULL or absent (RFC 3370 §2.1). */
function toIdText({ hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: CertID): string {
  const parts = [issuerNameHash.buffer, issuerKeyHash.buffer, serialNumber]
  return [hashAlgorithm.algorithm, ...parts.map((part) => Buffer.from(part).toString('hex'))].join(' ')
}

interface Asked {
  readonly subject: OcspSubject
  readonly nowMs: number
}

function checkSignature(basic: BasicOCSPResponse, signed: Buffer, { subject, nowMs }: Asked): void {
  const { algorithm } = basic.signatureAlgorithm
  const digest = DIGESTS[algorithm]
  if (digest === undefined) throw new OcspFault(`the answer is signed by ${algorithm}, which is not taken`)
  const { issuer } = subject
  // RFC 6960 §4.2.2.3: clients look the signer up by what the answer says of him, and so what it says has to be right.
  const signers = [issuer, ...toCertificates(basic)].filter((signer) => isNamed(basic, signer))
  if (signers.length === 0) throw new OcspFault('the answer does not hold the certificate of who signed it')
  const allowed = signers.filter((signer) => signer.raw.equals(issuer.raw) || isDelegate(signer, issuer, nowMs))
  if (allowed.length === 0) throw new OcspFault('who signed the answer may not speak for the issuer')
  const signature = Buffer.from(basic.signature)
  if (allowed.some(({ publicKey }) => verifies({ digest, signed, publicKey, signature }))) return
  throw new OcspFault('the signature of the answer is wrong')
}

interface Signed {
  readonly digest: string | null
  readonly signed: Buffer
  readonly publicKey: X509Certificate['publicKey']
  readonly signature: Buffer
}

function verifies({ digest, signed, publicKey, signature }: Signed): boolean {
  try {
    return verify(digest, signed, publicKey, signature)
  } catch {
    // The key is of another kind than the algorithm.
    return false
  }
}

function toCertificates({ certs = [] }: BasicOCSPResponse): X509Certificate[] {
  try {
    return certs.map((certificate) => new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))))
  } catch {
    throw new OcspFault('the answer holds a certificate that cannot be read')
  }
}

function isNamed({ tbsResponseData: { responderID } }: BasicOCSPResponse, signer: X509Certificate): boolean {
  const { byKey, byName } = responderID
  if (byKey !== undefined) return toKeyHash(signer).equals(Buffer.from(byKey.buffer))
  if (byName === undefined) return false
  const { subject } = AsnConvert.parse(signer.raw, Certificate).tbsCertificate
  return Buffer.from(AsnConvert.serialize(subject)).equals(Buffer.from(AsnConvert.serialize(byName)))
}

/** RFC 6960 §4.2.2.2 */
function isDelegate(signer: X509Certificate, issuer: X509Certificate, nowMs: number): boolean {
  return (
    signer.keyUsage?.includes(OCSP_SIGNING) === true &&
    signer.validFromDate.getTime() <= nowMs &&
    nowMs <= signer.validToDate.getTime() &&
    isIssuedBy(signer, issuer)
  )
}

function toLife(
  { thisUpdate, nextUpdate }: SingleResponse,
  nowMs: number,
): { thisUpdateMs: number; nextUpdateMs: number } {
  // RFC 5019 §4: what has no end cannot be served again and again.
  if (nextUpdate === undefined) throw new OcspFault('the answer does not say until when it counts')
  const [thisUpdateMs, nextUpdateMs] = [thisUpdate.getTime(), nextUpdate.getTime()]
  if (thisUpdateMs > nowMs + SKEW_MS) throw new OcspFault(`the answer counts from ${toText(thisUpdateMs)} on only`)
  if (nextUpdateMs <= nowMs) throw new OcspFault(`the answer counted until ${toText(nextUpdateMs)}`)
  return { thisUpdateMs, nextUpdateMs }
}

function toText(ms: number): string {
  return new Date(ms).toISOString()
}
