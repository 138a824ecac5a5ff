/** Owns what a certificate says of itself, and whether a key is the one that belongs to it. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'

export interface ReadCertificate {
  /** DNS names and addresses that it is for, in lower case. */
  readonly hosts: readonly string[]
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** In PEM of SSL_MAX_CERT_LIST_DEFAULT of OpenSSL, 100 KiB, beyond which its clients end the handshake: 4 letters for 3 bytes, and line ends. */
const MOST_LETTERS = 140_000
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Of a chain in PEM, whose certificate stands first. A text: what is wrong with it. */
export function readCertificate(chain: string): ReadCertificate | string {
  if (chain.length > MOST_LETTERS)
    return 'It is larger than clients take (100 KiB, OpenSSL and others): a certificate for fewer names, and those between it and the CA alone.'
  const blocks = toBlocks(chain)
  const begun = chain.split('-----BEGIN ').length - 1
  if (blocks.length === 0 || blocks.length !== begun)
    return 'It is no chain in PEM: whole blocks of -----BEGIN CERTIFICATE-----, the certificate first, then those between it and the CA.'
  try {
    const [leaf, ...others] = blocks.map((block) => new X509Certificate(block))
    if (leaf === undefined) return 'It holds no certificate.'
    const hosts = listHosts(leaf)
    if (hosts.length === 0 && others.some((each) => listHosts(each).length > 0))
      return 'The certificate is not the first of its chain: put it first, and then those between it and the CA.'
    if (hosts.length === 0)
      return 'It is for no host name and no address: clients look at its subject alternative names (RFC 9525 §2), and no more at its common name.'
    return { hosts, notBeforeMs: leaf.validFromDate.getTime(), notAfterMs: leaf.validToDate.getTime() }
  } catch (error) {
    return `One of its certificates cannot be read: ${toMessage(error)}.`
  }
}

/** Undefined: gateways can show it. It says nothing of the key. */
export function findPairFault(chain: string, key: string): string | undefined {
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(key)
  } catch {
    return /ENCRYPTED/.test(key)
      ? 'its key is encrypted: write it out without a passphrase (openssl pkey -in shop.key), and put that into the secret'
      : 'its secret holds no private key in PEM'
  }
  try {
    if (!new X509Certificate(chain).checkPrivateKey(privateKey)) return describeMismatch(chain, { key, privateKey })
    createSecureContext({ cert: chain, key })
    return undefined
  } catch (error) {
    return `it cannot be used: ${toMessage(error)}`
  }
}

interface Mismatched {
  readonly key: string
  readonly privateKey: KeyObject
}

function describeMismatch(chain: string, { key, privateKey }: Mismatched): string {
  if (key.split(/-----BEGIN [A-Z ]*PRIVATE KEY-----/).length > 2)
    return 'its secret holds several private keys, and the first is that of another certificate: leave the one that belongs to it'
  if (toBlocks(chain).some((block) => new X509Certificate(block).checkPrivateKey(privateKey)))
    return 'the certificate of its key is not the first of its chain: put it first, and then those between it and the CA'
  return 'its key is that of another certificate. To renew one, put the new key into a secret of another name, and then the certificate that names it'
}

function toBlocks(chain: string): readonly string[] {
  return chain.match(BLOCK) ?? []
}

/** What stands in quotes holds characters that no name has. */
function listHosts({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName
    .split(', ')
    .map((entry) => /^(?:DNS|IP Address):([^"\s]+)$/.exec(entry)?.[1]?.toLowerCase())
    .filter((name) => name !== undefined)
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
