/** Owns what all targets of an upstream are met with over TLS: whom we trust, what we show of ourselves, what we speak. */
import { constants, createPrivateKey } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { PemFile, Upstream } from '@gatewright/model'
import { parseCertificates } from '../../certificates/parse-certificates.ts'
import type { GetPem } from '../../state/pems/pem-table.ts'
import { trustRoots } from './trusted-roots.ts'

/** RFC 7468 §11, and how OpenSSL wrote it before. */
const ENCRYPTED = /^(?:-----BEGIN ENCRYPTED |Proc-Type: 4,ENCRYPTED)/m

export class ClientContext {
  readonly upstream: Pick<Upstream, 'id' | 'tls'>
  readonly #getPem: GetPem | undefined
  #context: SecureContext | undefined

  /** Without `getPem` nothing can be opened: a rehearsal opens nothing. @throws which file cannot be used, and why */
  constructor(upstream: Pick<Upstream, 'id' | 'tls'>, getPem: GetPem | undefined) {
    this.upstream = upstream
    this.#getPem = getPem
    if (getPem === undefined) return
    const { verify, ca, clientCertificate } = upstream.tls
    if (verify && ca === undefined) trustRoots()
    // A file that cannot be used is found before the snapshot runs anywhere; the rest can wait for the first connection.
    if (ca !== undefined || clientCertificate !== undefined) this.get()
  }

  get(): SecureContext {
    this.#context ??= this.#create()
    return this.#context
  }

  #create(): SecureContext {
    const { tls, id } = this.upstream
    try {
      return createSecureContext({
        minVersion: `TLSv${tls.minVersion}`,
        // A server that asks for other keys or a certificate in mid-stream has none to ask for (RFC 8446 §4.1.2 took it out).
        secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
        ...(tls.ca !== undefined && this.#toTrusted(tls.ca)),
        ...(tls.clientCertificate !== undefined && this.#toIdentity(tls.clientCertificate)),
      })
    } catch (cause) {
      throw new Error(`upstream "${id}": \`tls\` cannot be used: ${toMessage(cause)}`, { cause })
    }
  }

  /** Whoever is named is trusted, be it the root or one between. */
  #toTrusted(file: PemFile): SecureContextOptions {
    const certificates = this.#use(file, parseCertificates)
    return { ca: certificates.map(String), allowPartialTrustChain: true }
  }

  #toIdentity(files: { readonly cert: PemFile; readonly key: PemFile }): SecureContextOptions {
    const [own] = this.#use(files.cert, parseCertificates)
    this.#use(files.key, (text) => {
      if (ENCRYPTED.test(text)) throw new Error('it is encrypted, and nobody is there to say the passphrase')
      if (!own.checkPrivateKey(createPrivateKey(text))) throw new Error(`it is not the key of ${files.cert.path}`)
    })
    return { cert: this.#read(files.cert), key: this.#read(files.key) }
  }

  #use<Parsed>(file: PemFile, parse: (text: string) => Parsed): Parsed {
    const text = this.#read(file)
    try {
      return parse(text)
    } catch (cause) {
      throw new Error(`the file ${file.path}: ${toMessage(cause)}`, { cause })
    }
  }

  #read({ path, sha256 }: PemFile): string {
    if (this.#getPem === undefined) throw new Error(`the file ${path} was not given`)
    return this.#getPem(sha256)
  }
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
