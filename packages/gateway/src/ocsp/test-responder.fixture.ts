/** Owns a responder for tests: the answers are those of the real openssl, on the loopback; and what it should not do. */
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { IssuedCertificate, IssueOptions, TestAuthority } from '../certificates/test-authority.fixture.ts'

const run = promisify(execFile)

export interface AnswerOptions {
  /** Who signs: the authority itself, if absent. */
  readonly signer?: { readonly cert: string; readonly key: string }
  /** Further arguments of `openssl ocsp`. */
  readonly args?: readonly string[]
}

const FRESH = ['-nmin', '60']

/** Answers for the certificates of one authority. */
export class TestResponder {
  readonly authority: TestAuthority
  /** How many questions came over HTTP. */
  asked = 0
  /** Instead of the answer. */
  act: ((answer: ServerResponse) => void) | undefined
  options: AnswerOptions = {}
  readonly #folder = mkdtempSync(join(tmpdir(), 'gatewright-ocsp-'))
  readonly #index = join(this.#folder, 'index.txt')
  readonly #lines = new Map<string, string>()
  readonly #server = createServer((request, answer) => void this.#onRequest(request, answer))
  #questions = 0

  private constructor(authority: TestAuthority) {
    this.authority = authority
    writeFileSync(this.#index, '')
  }

  static async listen(authority: TestAuthority): Promise<TestResponder> {
    const responder = new TestResponder(authority)
    responder.#server.listen(0, '127.0.0.1')
    await once(responder.#server, 'listening')
    return responder
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ocsp`
  }

  /** A certificate that names this responder, and is known to it as good. */
  issue(options: IssueOptions = {}): IssuedCertificate {
    const extensions = [`authorityInfoAccess=OCSP;URI:${this.url}`, ...(options.extensions ?? [])]
    const issued = this.authority.issue({ ...options, extensions })
    this.set(issued, 'good')
    return issued
  }

  set({ certPem }: Pick<IssuedCertificate, 'certPem'>, status: 'good' | 'revoked' | 'unknown'): void {
    const { serialNumber } = new X509Certificate(certPem)
    if (status === 'unknown') this.#lines.delete(serialNumber)
    else {
      const [letter, since] = status === 'good' ? ['V', ''] : ['R', '260101000000Z']
      this.#lines.set(
        serialNumber,
        [letter, '491231235959Z', since, serialNumber, 'unknown', `/CN=${serialNumber}`].join('\t'),
      )
    }
    writeFileSync(this.#index, [...this.#lines.values(), ''].join('\n'))
  }

  /** DER; an hour of life, unless `args` says otherwise. */
  async answer(request: Uint8Array, { signer, args = FRESH }: AnswerOptions = this.options): Promise<Buffer> {
    const base = join(this.#folder, `${++this.#questions}`)
    writeFileSync(`${base}.req`, request)
    const { cert, key } = signer ?? this.authority
    await run('openssl', [
      ...['ocsp', '-index', this.#index, '-CA', this.authority.cert, '-rsigner', cert, '-rkey', key],
      ...['-reqin', `${base}.req`, '-respout', `${base}.res`, ...args],
    ])
    return readFile(`${base}.res`)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #onRequest(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    this.asked++
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    if (this.act !== undefined) return this.act(answer)
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/ocsp-request') {
      answer.writeHead(400).end()
      return
    }
    answer.setHeader('Content-Type', 'application/ocsp-response')
    answer.end(await this.answer(Buffer.concat(chunks)))
  }
}
