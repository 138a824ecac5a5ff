/** Owns the proof that upstreams of HTTP/2 are reached through the whole gateway: by ALPN or without, by clients of both versions, while they go away and come back. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { TestAuthority } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { Http2Client } from './harness/http2-client.ts'

const LARGE = Buffer.alloc(5 * 1024 * 1024, 'some bytes that are no pattern of a power of two')
const toHash = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

/** Says what it was sent, and how it came. */
function echo(request: Http2ServerRequest, response: Http2ServerResponse): void {
  const pieces: Buffer[] = []
  request.on('error', () => {})
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const body = Buffer.concat(pieces)
    if (request.url === '/large') {
      response.end(LARGE)
      return
    }
    response.writeHead(200, {
      'x-version': request.httpVersion,
      'x-hash': toHash(body),
      'x-via': `${request.headers.via}`,
    })
    response.end('ok')
  })
}

describe('upstreams of HTTP/2', () => {
  const authority = TestAuthority.create()
  const sessions = new Set<ServerHttp2Session>()
  const servers: (Http2Server | Http2SecureServer | Server)[] = []
  let gateway: RunningGateway
  let client: Http2Client
  let yaml = ''

  async function listen(server: Http2Server | Http2SecureServer | Server): Promise<number> {
    servers.push(server)
    server.on('session', (session: ServerHttp2Session) => {
      sessions.add(session)
      session.on('close', () => sessions.delete(session))
      session.on('error', () => {})
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  before(async () => {
    const { certPem: cert, keyPem: key } = authority.issue({ names: ['127.0.0.1'] })
    const plain = await listen(createServer(echo))
    const secure = await listen(createSecureServer({ cert, key }, echo))
    const both = await listen(createSecureServer({ cert, key, allowHTTP1: true }, echo))
    const old = await listen(createHttpsServer({ cert, key }, (_, response) => response.end('old')))
    const tls = `tls: { ca: ${authority.cert} }`
    yaml = `gatewright: 1
accessLog: { file: ./access.log }
listeners: [{ id: public, host: 127.0.0.1, port: 8080, http2: { priorKnowledge: true }, limits: { bodyBytes: 10000000 } }]
upstreams:
  - { id: plain, protocol: h2c, targets: ["http://127.0.0.1:${plain}"] }
  - { id: secure, protocol: h2, targets: ["https://127.0.0.1:${secure}"], ${tls} }
  - { id: both, protocol: auto, targets: ["https://127.0.0.1:${both}"], ${tls} }
  - { id: old, protocol: auto, targets: ["https://127.0.0.1:${old}"], ${tls} }
  - { id: wrong, protocol: h2, targets: ["https://127.0.0.1:${old}"], ${tls} }
  - { id: watched, protocol: h2c, targets: ["http://127.0.0.1:${plain}"], health: { active: { intervalMs: 100 } } }
apis:
${['plain', 'secure', 'both', 'old', 'wrong', 'watched'].map((id) => `  - { id: ${id}, basePath: /${id}, upstream: ${id} }`).join('\n')}
`
    gateway = await startGateway({ yaml, threads: 2 })
    client = await Http2Client.connect(gateway.port)
  })

  after(async () => {
    client?.close()
    await gateway?.stop()
    for (const session of sessions) session.destroy()
    for (const server of servers) server.close()
    authority.remove()
  })

  const urlOf = (path: string): string => `http://127.0.0.1:${gateway.port}${path}`

  for (const [id, version] of [
    ['plain', '2.0'],
    ['secure', '2.0'],
    ['both', '2.0'],
  ] as const) {
    it(`take and give large bodies: ${id}`, async () => {
      const up = await fetch(urlOf(`/${id}/up`), { method: 'POST', body: LARGE })
      assert.deepEqual(
        [up.status, up.headers.get('x-version'), up.headers.get('x-hash'), up.headers.get('x-via')],
        [200, version, toHash(LARGE), '1.1 gatewright'],
      )
      await up.text()
      const down = await fetch(urlOf(`/${id}/large`))
      assert.equal(toHash(Buffer.from(await down.arrayBuffer())), toHash(LARGE))
      const over = await client.ask(`/${id}/up`, { body: LARGE })
      assert.deepEqual(
        [over.status, over.headers['x-hash'], over.headers['x-via']],
        [200, toHash(LARGE), '2 gatewright'],
      )
      assert.equal(toHash((await client.ask(`/${id}/large`)).body), toHash(LARGE))
    })
  }

  it('that choose HTTP/1.1 are spoken to in it', async () => {
    assert.equal(await (await fetch(urlOf('/old/x'))).text(), 'old')
  })

  it('that speak only HTTP/1.1 where HTTP/2 is said are a 502', async () => {
    const answer = await fetch(urlOf('/wrong/x'))
    assert.equal(answer.status, 502)
    assert.match(await answer.text(), /upstream-unreachable/)
  })

  it('are probed in HTTP/2', async () => {
    await until(async () => {
      const { text = '' } = (await gateway.status('metrics')) ?? {}
      return /gatewright_upstream_target_healthy\{upstream="watched",[^}]*\} 1/.test(text) || undefined
    }, 'the verdict')
    assert.equal((await fetch(urlOf('/watched/x'))).status, 200)
  })

  /** Requests of both kinds, one behind the other on each of several lines, until it is told to stop. */
  class Load {
    /** One a line. */
    readonly answered = Array.from({ length: 12 }, () => 0)
    /** Answers that were none. */
    readonly failed: string[] = []
    readonly #lines: Promise<unknown>
    #isOver = false

    constructor(paths: readonly string[]) {
      this.#lines = Promise.all(this.answered.map((_, index) => this.#run(index, `/${paths[index % paths.length]}/x`)))
    }

    async #run(index: number, path: string): Promise<void> {
      const init = index % 2 === 0 ? { method: 'POST', body: 'x'.repeat(1000 * index) } : {}
      while (!this.#isOver) {
        const answer = await fetch(urlOf(path), init)
        const text = await answer.text()
        this.answered[index]! += 1
        if (answer.status !== 200) this.failed.push(`${path} ${answer.status} ${text}`)
      }
    }

    /** Every line has got an answer to what it sent from now on. */
    async hasGoneOn(): Promise<void> {
      const before = [...this.answered]
      await until(() => this.answered.every((count, index) => count >= before[index]! + 2) || undefined, 'answers')
    }

    async stop(): Promise<void> {
      this.#isOver = true
      await this.#lines
    }
  }

  it('may go away at any time: nothing is lost, whatever its method', async () => {
    const leaving = new WeakSet<ServerHttp2Session>()
    const load = new Load(['plain', 'secure', 'both'])
    for (let round = 0; round < 20; round++) {
      // Not at once again: a request is sent anew a few times, and not for ever.
      await load.hasGoneOn()
      // RFC 9113 §6.8: what they took is finished, and no more is taken.
      for (const session of sessions) {
        if (session.destroyed || leaving.has(session)) continue
        leaving.add(session)
        session.goaway()
        // Its acknowledgement says that the GOAWAY before it was read: what comes behind a close that nobody announced is anybody's guess.
        session.ping(() => session.close())
      }
    }
    await load.stop()
    assert.deepEqual(load.failed, [])
  })

  it('keep their answers through changes of the configuration', async () => {
    const load = new Load(['plain', 'both'])
    for (let round = 0; round < 5; round++) {
      await gateway.rewrite(
        yaml
          .replace('accessLog:', `problemBase: "https://errors.example/${round}/"\naccessLog:`)
          .replaceAll('protocol: h2c,', `protocol: h2c, timeouts: { connectMs: ${2000 + round} },`),
      )
      const isTakenOver = async () => (await (await fetch(urlOf('/nowhere'))).text()).includes(`.example/${round}/`)
      await until(async () => (await isTakenOver()) || undefined, 'the change')
      await load.hasGoneOn()
    }
    await load.stop()
    assert.deepEqual(load.failed, [])
  })

  it('leave no connection behind that nobody needs', async () => {
    await until(async () => {
      const { text = '' } = (await gateway.status('metrics')) ?? {}
      const open = [...text.matchAll(/^gatewright_upstream_connections\{[^}]*\} (\d+)$/gm)].map(([, count]) =>
        Number(count),
      )
      return (open.length > 0 && open.every((count) => count === 0)) || undefined
    }, 'connections to end')
  })
})
