/** Owns what tests of TLS begin with: an authority, a folder of certificates, clients that say a name and look at what they are shown. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import {
  type IssuedCertificate,
  type IssueOptions,
  TestAuthority,
} from '../../packages/gateway/src/certificates/test-authority.fixture.ts'
import type { Answer } from './answer.ts'
import { within } from './deadline.ts'
import { RawClient } from './raw-client.ts'

export class TlsClient {
  readonly socket: TLSSocket
  readonly raw: RawClient
  readonly name: string

  private constructor(socket: TLSSocket, name: string) {
    this.socket = socket
    this.name = name
    this.raw = RawClient.on(socket)
  }

  /** Resolves once the handshake is done on this side. @throws what TLS or the system says */
  static async connect(port: number, name: string, given: ConnectionOptions = {}): Promise<TlsClient> {
    const options = { servername: name, rejectUnauthorized: false, allowHalfOpen: true, ...given }
    const socket = connect(given.socket === undefined ? { port, host: '127.0.0.1', ...options } : options)
    await within(once(socket, 'secureConnect'), `a handshake for ${name}`)
    return new TlsClient(socket, name)
  }

  ask(target = '/', { method = 'GET', host = this.name, fields = [] as readonly string[] } = {}): Promise<Answer> {
    void this.raw.write([`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...fields, '', ''].join('\r\n'))
    return this.raw.getAnswer()
  }

  /** SHA-256 of the certificate that it was shown. */
  get shown(): string {
    return this.socket.getPeerCertificate().fingerprint256
  }

  close(): void {
    this.socket.destroy()
  }
}

/** One connection, one answer, and what was shown on it. */
export async function askOnce(
  port: number,
  name: string,
  given: ConnectionOptions = {},
): Promise<{ readonly answer: Answer; readonly shown: string; readonly isResumed: boolean }> {
  const client = await TlsClient.connect(port, name, given)
  try {
    const answer = await client.ask()
    return { answer, shown: client.shown, isResumed: client.socket.isSessionReused() }
  } finally {
    client.close()
  }
}

/** The code that a client is refused with. */
export async function refusalOf(port: number, name: string, given: ConnectionOptions = {}): Promise<string> {
  try {
    ;(await TlsClient.connect(port, name, given)).close()
    return 'connected'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

export class CertificateFolder {
  readonly authority = TestAuthority.create()
  readonly path = join(this.authority.folder, 'shown')

  constructor() {
    mkdirSync(this.path)
  }

  issue(options: IssueOptions): IssuedCertificate {
    return this.authority.issue(options)
  }

  /** Written beside, and renamed into its place. */
  place(name: string, text: string): string {
    const path = join(this.path, name)
    writeFileSync(`${this.path}/.${name}`, text)
    renameSync(`${this.path}/.${name}`, path)
    return path
  }

  show(name: string, { certPem, keyPem }: IssuedCertificate): void {
    this.place(`${name}.key`, keyPem)
    this.place(`${name}.crt`, certPem)
  }

  /** `n0.example`, `n1.example`… that share one key, signed by itself: made in one go. */
  showMany(count: number): void {
    const script = [
      'openssl ecparam -name prime256v1 -genkey -noout -out .many.key',
      `for n in $(seq 0 ${count - 1}); do`,
      '  openssl req -x509 -new -key .many.key -subj /CN=n$n -addext subjectAltName=DNS:n$n.example -out n$n.crt',
      '  cp .many.key n$n.key',
      'done',
    ]
    execFileSync('bash', ['-ec', script.join('\n')], { cwd: this.path, stdio: 'pipe' })
  }

  remove(): void {
    this.authority.remove()
  }
}
