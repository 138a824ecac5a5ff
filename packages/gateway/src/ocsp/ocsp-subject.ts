/** Owns whom OCSP is asked about: a certificate and its issuer, as a PEM chain holds them, and the request that names them. */
import { createHash, type X509Certificate } from 'node:crypto'
import { CertID, OCSPRequest, Request, TBSRequest } from '@peculiar/asn1-ocsp'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import { AlgorithmIdentifier, Certificate } from '@peculiar/asn1-x509'
import { parseCertificates } from '../certificates/parse-certificates.ts'
import { OcspFault } from './ocsp-fault.ts'

/** RFC 3370 §2.1. It tells certificates apart and proves nothing; RFC 5019 §2.1.1 demands it, and responders know no other. */
const SHA1 = '1.3.14.3.2.26'
/** RFC 7633 §4.1: the TLS feature extension, which names `status_request` where a staple is a must. */
const TLS_FEATURE = '1.3.6.1.5.5.7.1.24'
/** RFC 6066 §1.1, as an INTEGER in DER. */
const STATUS_REQUEST = Buffer.from([0x02, 0x01, 0x05])

export interface OcspSubject {
  readonly leaf: X509Certificate
  readonly issuer: X509Certificate
  /** RFC 6960 §4.1.1 */
  readonly certId: CertID
  /** DER, to be sent by POST. Without a nonce: answers are made beforehand (RFC 5019 §2.1.1). */
  readonly request: Uint8Array
}

/** `chain`: PEM, the certificate itself first. @throws OcspFault where its issuer is not among those behind it */
export function toOcspSubject(chain: string): OcspSubject {
  const [leaf, ...others] = parseCertificates(chain)
  const issuer = others.find((other) => isIssuedBy(leaf, other))
  if (issuer === undefined) {
    throw new OcspFault(
      'the certificate of its issuer does not stand behind it, and the question needs that: add it to the file, or set `ocsp: false`',
      { isLasting: true },
    )
  }
  const { tbsCertificate } = AsnConvert.parse(leaf.raw, Certificate)
  const certId = new CertID({
    hashAlgorithm: new AlgorithmIdentifier({ algorithm: SHA1, parameters: null }),
    issuerNameHash: new OctetString(toSha1(Buffer.from(AsnConvert.serialize(tbsCertificate.issuer)))),
    issuerKeyHash: new OctetString(toKeyHash(issuer)),
    serialNumber: tbsCertificate.serialNumber,
  })
  const tbsRequest = new TBSRequest({ requestList: [new Request({ reqCert: certId })] })
  return {
    leaf,
    issuer,
    certId,
    request: new Uint8Array(AsnConvert.serialize(new OCSPRequest({ tbsRequest }))),
  }
}

/**
 * Whether clients that heed it refuse the certificate without a staple (RFC 7633). `chain`: PEM, the certificate itself first; its issuer
 * need not be there.
 */
export function isMustStaple(chain: string): boolean {
  const [leaf] = parseCertificates(chain)
  const { extensions } = AsnConvert.parse(leaf.raw, Certificate).tbsCertificate
  const feature = extensions?.find(({ extnID }) => extnID === TLS_FEATURE)
  return feature !== undefined && Buffer.from(feature.extnValue.buffer).includes(STATUS_REQUEST)
}

/** By name, by what the issuer may do, and by signature. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

/** SHA-1 of the public key's octets, without tag, length and unused bits (RFC 6960 §4.1.1). */
export function toKeyHash(certificate: X509Certificate): Buffer {
  const { tbsCertificate } = AsnConvert.parse(certificate.raw, Certificate)
  return toSha1(Buffer.from(tbsCertificate.subjectPublicKeyInfo.subjectPublicKey))
}

function toSha1(octets: Uint8Array): Buffer {
  return createHash('sha1').update(octets).digest()
}
