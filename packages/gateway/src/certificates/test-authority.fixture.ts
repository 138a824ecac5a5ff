/** Owns certificate authorities for tests, made by the real openssl: roots, certificates between, leaves, revocation lists. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface IssuedCertificate {
  /** Path of the PEM file: the leaf, then those between it and the root. */
  readonly cert: string
  readonly key: string
  readonly certPem: string
  readonly keyPem: string
}

export interface IssueOptions {
  /** `/CN=x/O=y`; `/CN=<first name>` if absent. */
  readonly subject?: string
  /** DNS names, IP addresses, `URI:…` and `email:…`. */
  readonly names?: readonly string[]
  /** Days from now; negative: expired already. */
  readonly days?: number
  readonly keyType?: 'ecdsa' | 'rsa'
  /** Further lines of the extension section. */
  readonly extensions?: readonly string[]
}

let serial = 0

/** Its files lie in a folder of its own, which `remove` deletes. */
export class TestAuthority {
  readonly folder: string
  readonly cert: string
  readonly certPem: string
  /** Path of its private key. */
  readonly key: string
  /** Leaf-to-root order without the root; empty for a root. */
  readonly #chain: string

  private constructor(folder: string, name: string, chain: string) {
    this.folder = folder
    this.cert = join(folder, `${name}.pem`)
    this.key = join(folder, `${name}.key`)
    this.certPem = readFileSync(this.cert, 'utf8')
    this.#chain = chain
  }

  static create(commonName = 'Test Root'): TestAuthority {
    const folder = mkdtempSync(join(tmpdir(), 'gatewright-ca-'))
    const name = 'root'
    openssl(folder, ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`])
    openssl(folder, [
      ...[
        'req',
        '-x509',
        '-new',
        '-key',
        `${name}.key`,
        '-out',
        `${name}.pem`,
        '-days',
        '3650',
        '-subj',
        `/CN=${commonName}`,
      ],
      ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ])
    return new TestAuthority(folder, name, '')
  }

  /** An authority whose certificate this one signed. */
  createIntermediate(commonName = 'Test Intermediate'): TestAuthority {
    const name = `between-${++serial}`
    this.#sign(name, {
      subject: `/CN=${commonName}`,
      extensions: ['basicConstraints=critical,CA:true', 'keyUsage=critical,keyCertSign,cRLSign'],
    })
    const own = readFileSync(join(this.folder, `${name}.pem`), 'utf8')
    return new TestAuthority(this.folder, name, own + this.#chain)
  }

  issue(options: IssueOptions = {}): IssuedCertificate {
    const name = `leaf-${++serial}`
    const { names = ['localhost'] } = options
    const alternatives = names.map((each) => {
      if (/^(URI|email):/.test(each)) return each
      return /^[0-9.]+$|:/.test(each) ? `IP:${each}` : `DNS:${each}`
    })
    this.#sign(name, {
      subject: `/CN=${names[0] ?? 'nobody'}`,
      ...options,
      extensions: [
        ...(alternatives.length > 0 ? [`subjectAltName=${alternatives.join(',')}`] : []),
        ...(options.extensions ?? []),
      ],
    })
    const cert = join(this.folder, `${name}.pem`)
    const key = join(this.folder, `${name}.key`)
    writeFileSync(cert, readFileSync(cert, 'utf8') + this.#chain)
    return { cert, key, certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') }
  }

  /** PEM of a revocation list with these certificates in it, valid for a day. */
  revoke(certificates: readonly IssuedCertificate[], { days = 1 } = {}): string {
    const config = this.#writeConfig(days)
    for (const { cert } of certificates) openssl(this.folder, ['ca', '-config', config, '-revoke', cert])
    return openssl(this.folder, ['ca', '-config', config, '-gencrl'])
  }

  /** Those between it and its leaves go with it. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Of a data base of its own: what one list revokes, another does not. */
  #writeConfig(crlDays = 1): string {
    const name = join(this.folder, `ca-${++serial}`)
    writeFileSync(`${name}.txt`, '')
    writeFileSync(`${name}.txt.attr`, 'unique_subject = no\n')
    writeFileSync(
      `${name}.cnf`,
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${name}.txt\ndefault_md=sha256\ndefault_crl_days=${crlDays}\ncertificate=${this.cert}\nprivate_key=${this.key}\nserial=${name}.srl\nrand_serial=yes\npolicy=p\n[p]\ncommonName=optional\norganizationName=optional\norganizationalUnitName=optional\ncountryName=optional\n`,
    )
    return `${name}.cnf`
  }

  #sign(name: string, { subject = '/CN=nobody', days = 30, keyType = 'ecdsa', extensions = [] }: IssueOptions): void {
    const { folder } = this
    if (keyType === 'rsa') openssl(folder, ['genrsa', '-out', `${name}.key`, '2048'])
    else openssl(folder, ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`])
    openssl(folder, ['req', '-new', '-utf8', '-key', `${name}.key`, '-out', `${name}.csr`, '-subj', subject])
    writeFileSync(join(folder, `${name}.ext`), `${extensions.join('\n')}\n`)
    const config = this.#writeConfig()
    openssl(folder, [
      ...['ca', '-batch', '-notext', '-config', config, '-in', `${name}.csr`, '-out', `${name}.pem`],
      ...['-extfile', `${name}.ext`, '-outdir', folder],
      ...['-startdate', toAsn1Time(Math.min(days, 0) - 1), '-enddate', toAsn1Time(days)],
    ])
  }
}

function toAsn1Time(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '')
}

function openssl(folder: string, args: readonly string[]): string {
  try {
    return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Error('this test needs openssl: apt-get install openssl')
    throw error
  }
}
