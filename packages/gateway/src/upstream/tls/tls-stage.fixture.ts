/** Owns what tests of TLS to targets begin with: authorities, a target with a certificate, an upstream that trusts it, all at rest after each. */
import { after, afterEach } from 'node:test'
import type { TlsOptions } from 'node:tls'
import type { PemFile } from '@gatewright/model'
import { type IssuedCertificate, TestAuthority } from '../../certificates/test-authority.fixture.ts'
import { DeadlineWheel } from '../../timers/deadline-wheel.ts'
import { assertAtRest, LoopbackTarget, sayResponse, TestExchange, toUpstream } from '../loopback.fixture.ts'
import { UpstreamRuntime } from '../upstream-runtime.ts'

interface Given {
  /** In the URL. */
  readonly host?: string
  readonly port?: number
  readonly [key: string]: unknown
}

/** The text itself stands for its hash. */
export function toPem(text: string, path = '/etc/test.pem'): PemFile {
  return { path, sha256: text }
}

export class TlsStage {
  readonly authority = TestAuthority.create()
  /** Whom nobody trusts. */
  readonly stranger = TestAuthority.create('Stranger')
  readonly good = this.authority.issue({ names: ['localhost', '127.0.0.1'] })
  #aheadMs = 0
  #wheel = new DeadlineWheel()
  #target: LoopbackTarget | undefined
  #upstreams: UpstreamRuntime[] = []
  #open: LoopbackTarget[] = []

  get target(): LoopbackTarget {
    if (this.#target === undefined) throw new Error('`listen` makes a target')
    return this.#target
  }

  get upstream(): UpstreamRuntime {
    const [newest] = this.#upstreams.slice(-1)
    if (newest === undefined) throw new Error('`use` makes an upstream')
    return newest
  }

  /** A target that shows this certificate. */
  async listen(shown: IssuedCertificate = this.good, options: TlsOptions = {}, port = 0): Promise<LoopbackTarget> {
    this.#target = await LoopbackTarget.listen({ cert: shown.certPem, key: shown.keyPem, ...options }, port)
    this.#open.push(this.#target)
    return this.#target
  }

  /** An upstream of that target; it trusts the authority, unless `tls` says otherwise. */
  use(tls: object = {}, { host = '127.0.0.1', port = this.target.port, ...given }: Given = {}): void {
    const { tls: plain, ...model } = toUpstream({ targets: [`https://${host}:${port}`], ...given })
    this.#aheadMs = 0
    this.#wheel = new DeadlineWheel(() => performance.now() + this.#aheadMs)
    const said = { ...model, tls: { ...plain, ca: toPem(this.authority.certPem), ...tls } }
    this.#upstreams.push(new UpstreamRuntime(said, this.#wheel, { getPem: (text) => text }))
  }

  /** Moves the clock of deadlines, and not that of the world. */
  passSeconds(seconds: number): void {
    for (let passed = 0; passed < seconds; passed++) {
      this.#aheadMs += 1000
      this.#wheel.advance()
    }
    this.#aheadMs = 0
  }

  send(exchange = new TestExchange({ target: '/' })): Promise<string> {
    return Promise.resolve(this.upstream.forward(exchange)).then(sayResponse)
  }

  async end(): Promise<void> {
    for (const upstream of this.#upstreams) upstream.retire()
    await Promise.all(this.#open.map((target) => target.close()))
    for (const upstream of this.#upstreams.splice(0)) await assertAtRest(upstream)
    this.#open = []
    this.#target = undefined
  }

  remove(): void {
    this.authority.remove()
    this.stranger.remove()
  }
}

/** For the tests of one file. */
export function stageTls(): TlsStage {
  const stage = new TlsStage()
  afterEach(() => stage.end())
  after(() => stage.remove())
  return stage
}
