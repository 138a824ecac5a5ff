/** Owns what tests of HTTP/2 to clients begin with: an upstream that does many things, a gateway with two ports, one of them with TLS. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before } from 'node:test'
import { findFreePort } from '../../packages/policies/src/testing/free-ports.ts'
import { until } from './deadline.ts'
import { type RunningGateway, startGateway } from './gateway.ts'
import { Http2Client } from './http2-client.ts'
import { RawHttp2 } from './raw-http2.ts'
import { CertificateFolder } from './tls-stage.ts'
import { VersatileUpstream } from './versatile-upstream.ts'

interface Configured {
  readonly url: string
  /** `{ certificates…, names… }` of listeners with TLS is theirs to write. */
  readonly securePort: number
  /** The line of certificates. */
  readonly certificates: string
}

class Http2Stage {
  #upstream: VersatileUpstream | undefined
  #gateway: RunningGateway | undefined
  #folder: CertificateFolder | undefined
  #configured: Configured | undefined
  /** Closed after each test. */
  readonly #clients: { close(): void }[] = []

  get upstream(): VersatileUpstream {
    return held(this.#upstream)
  }

  get gateway(): RunningGateway {
    return held(this.#gateway)
  }

  get configured(): Configured {
    return held(this.#configured)
  }

  portOf(isSecure: boolean): number {
    return isSecure ? this.configured.securePort : this.gateway.port
  }

  /** A client that is closed when the test is over; so are those of `raw`. */
  async client(isSecure = false, options: Parameters<typeof Http2Client.connect>[1] = {}): Promise<Http2Client> {
    const client = await Http2Client.connect(this.portOf(isSecure), { isSecure, ...options })
    this.#clients.push(client)
    return client
  }

  async raw({ isSecure = false, ...options }: Parameters<typeof RawHttp2.connect>[1] = {}): Promise<RawHttp2> {
    const client = await RawHttp2.connect(this.portOf(isSecure), { isSecure, ...options })
    this.#clients.push(client)
    return client
  }

  /** One that has not said a word. */
  async silent(isSecure = false): Promise<RawHttp2> {
    const client = await RawHttp2.open(this.portOf(isSecure), { isSecure })
    this.#clients.push(client)
    return client
  }

  closeClients(): void {
    for (const client of this.#clients.splice(0)) client.close()
  }

  async begin(configure: (configured: Configured) => string, threads: number): Promise<void> {
    const folder = new CertificateFolder()
    this.#folder = folder
    const { certPem, keyPem } = folder.issue({ names: ['localhost', 'strict.example'] })
    writeFileSync(join(folder.authority.folder, 'main.crt'), certPem)
    writeFileSync(join(folder.authority.folder, 'main.key'), keyPem)
    const path = folder.authority.folder
    this.#upstream = await VersatileUpstream.listen()
    this.#configured = {
      url: this.#upstream.url,
      securePort: await findFreePort(),
      certificates: `certificates: [{ id: main, cert: ${path}/main.crt, key: ${path}/main.key }]`,
    }
    this.#gateway = await startGateway({ yaml: configure(this.#configured), threads })
  }

  /** Nothing of what was tried is left: not a request, not a stream, not a connection. */
  async isQuiet(): Promise<void> {
    this.closeClients()
    for (const gauge of ['gatewright_requests_in_flight', 'gatewright_connections']) {
      await until(async () => (await this.gateway.metric(gauge)) === 0 || undefined, `${gauge} to be 0`)
    }
    await until(() => this.upstream.underWay === 0 || undefined, 'the upstream to have nothing under way')
  }

  async end(): Promise<void> {
    await this.#gateway?.stop()
    await this.#upstream?.close()
    this.#folder?.remove()
  }
}

function held<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('it is there while a test runs')
  return value
}

/** For the tests of the suite around. */
export function stageHttp2(configure: (configured: Configured) => string, { threads = 1 } = {}): Http2Stage {
  const stage = new Http2Stage()
  before(() => stage.begin(configure, threads))
  afterEach(() => stage.closeClients())
  after(() => stage.end())
  return stage
}

/** Both ports forward everything; `limits` are the listeners'. */
export function forwardBoth(
  { url, securePort, certificates }: Configured,
  { limits = '{}', http2 = '', more = '' } = {},
): string {
  return `gatewright: 1
listeners:
  - { id: plain, host: 127.0.0.1, port: 8080, limits: ${limits}, http2: { priorKnowledge: true${http2} } }
  - { id: secure, host: 127.0.0.1, port: ${securePort}, limits: ${limits}, tls: { certificates: [main] }, http2: { enabled: true${http2} } }
${certificates}
accessLog: off
apis:
${more}
  - { id: all, basePath: /, upstream: "${url}", routes: [{ id: root, path: / }, { id: rest, path: "/{rest+}" }] }
`
}
