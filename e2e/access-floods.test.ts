/** Owns the proof that guessing by the ten thousand costs no network, finds nothing, and keeps nobody out who has a key. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createIssuedKey } from '../packages/policies/src/keys/issued-key.ts'
import { findField } from './harness/answer.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { toKeyHash } from './harness/keys.ts'
import { RawClient } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

const KEY = 'the-key-of-the-shop-7d1f'
const GUESSES = 20_000
const CONNECTIONS = 8
/** Requests in one write; few enough for what a gateway keeps of a pipeline. */
const PIPELINED = 50
/** What one address may guess in a minute, as tests set it. */
const ALLOWED = 40
/** Loopback has many addresses. */
const GUESSER = '127.0.0.9'
const CUSTOMER = '127.0.0.2'

/** Says of every token that it is none, and of every call that it is forbidden; counts both. */
class Decider {
  readonly #server: Server
  calls = 0
  connections = 0

  private constructor() {
    this.#server = createServer((request, response) => {
      this.calls++
      request.resume()
      if (request.url === '/introspect') response.setHeader('Content-Type', 'application/json').end('{"active":false}')
      else response.writeHead(401).end()
    })
    this.#server.on('connection', () => this.connections++)
  }

  static async listen(): Promise<Decider> {
    const decider = new Decider()
    decider.#server.listen(0, '127.0.0.1')
    await once(decider.#server, 'listening')
    return decider
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  forget(): void {
    this.calls = 0
    this.connections = 0
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

function configure(upstream: string, decider: string): string {
  const introspection = `{ policy: oauth2-introspection, options: { endpoint: "${decider}/introspect", client: { id: gateway, secret: a-secret-of-tests }, attempts: { perAddress: ${ALLOWED} } } }`
  return `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080 }]
accessLog: off
apis:
  - id: all
    basePath: /
    upstream: ${upstream}
    routes:
      - { id: unlimited, path: /unlimited, policies: [{ policy: key-auth, options: { attempts: { perAddress: 0 } } }] }
      - { id: slowed, path: /slowed, policies: [{ policy: key-auth, options: { attempts: { perAddress: ${ALLOWED} } } }] }
      - { id: any, path: /any, policies: [{ policy: any-of, options: { policies: [{ policy: key-auth, options: { attempts: { perAddress: 0 } } }, ${introspection}] } }] }
      - { id: opaque, path: /opaque, policies: [${introspection}] }
      - { id: external, path: /external, policies: [{ policy: external-auth, options: { url: "${decider}/decide", credential: { scheme: Bearer }, attempts: { perAddress: ${ALLOWED} } } }] }
apps: [{ id: shop, keys: [{ hash: "${toKeyHash(KEY)}" }] }]
`
}

describe('a flood of guesses', () => {
  let upstream: RawUpstream
  let decider: Decider
  let gateway: RunningGateway

  before(async () => {
    upstream = await listenAsWitness()
    decider = await Decider.listen()
    gateway = await startGateway({ yaml: configure(upstream.url, decider.url), threads: 2 })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    await decider?.close()
  })

  /** How many answers of each status came to `guesses` requests, on a few connections; `meanwhile` is called now and then. */
  async function flood(
    path: string,
    toFields: (each: number) => string,
    { guesses = GUESSES, meanwhile = async () => {} } = {},
  ): Promise<Map<number, number>> {
    const statuses = new Map<number, number>()
    const work = Array.from({ length: CONNECTIONS }, async (_, worker) => {
      const client = await RawClient.connect(gateway.port, '127.0.0.1', GUESSER)
      for (let sent = worker * PIPELINED; sent < guesses; sent += CONNECTIONS * PIPELINED) {
        const count = Math.min(PIPELINED, guesses - sent)
        const requests = Array.from({ length: count }, (_, each) => toRequest(path, toFields(sent + each)))
        await client.write(requests.join(''))
        for (let answers = 0; answers < count; answers++) {
          const { status } = await client.getAnswer()
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
        }
        if (worker === 0) await meanwhile()
      }
      client.reset()
    })
    await Promise.all(work)
    return statuses
  }

  const toRequest = (path: string, field: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`

  async function askAsCustomer(path: string, field = `X-Api-Key: ${KEY}`) {
    const client = await RawClient.connect(gateway.port, '127.0.0.1', CUSTOMER)
    await client.write(toRequest(path, field))
    const answer = await client.getAnswer()
    client.reset()
    return answer
  }

  it('of keys reaches neither the upstream nor whoever else decides, and the real one passes all the while', async () => {
    decider.forget()
    upstream.forget()
    let passed = 0
    const meanwhile = async () => {
      assert.equal((await askAsCustomer('/unlimited')).status, 200)
      passed++
    }
    const statuses = await flood('/unlimited', () => `X-Api-Key: ${randomBytes(24).toString('base64url')}`, {
      meanwhile,
    })
    assert.deepEqual([...statuses], [[401, GUESSES]])
    assert.ok(passed > GUESSES / CONNECTIONS / PIPELINED / 2)
    assert.equal(upstream.requests.length, passed)
    assert.deepEqual([decider.calls, decider.connections], [0, 0])
  })

  it('of keys that look like issued ones, of all lengths and near misses finds nothing', async () => {
    upstream.forget()
    const statuses = await flood(
      '/unlimited',
      (each) => {
        const shapes = [
          createIssuedKey(),
          `${KEY.slice(0, -1)}${each % 10}x`,
          KEY.slice(0, each % KEY.length),
          KEY.toUpperCase(),
          'x'.repeat(each % 4000),
        ]
        return `X-Api-Key: ${shapes[each % shapes.length]}`
      },
      { guesses: 2000 },
    )
    assert.deepEqual([...statuses], [[401, 2000]])
    assert.deepEqual(upstream.requests, [])
  })

  it('of keys beside a way that asks somebody does not ask him', async () => {
    decider.forget()
    const statuses = await flood('/any', (each) => `X-Api-Key: guess-${each}`, { guesses: 2000 })
    assert.deepEqual([...statuses], [[401, 2000]])
    assert.equal(decider.calls, 0)
  })

  it('is slowed by address, and by no other one: its own is told to wait', async () => {
    const statuses = await flood('/slowed', (each) => `X-Api-Key: guess-${each}`, { guesses: 1000 })
    assert.equal((statuses.get(401) ?? 0) + (statuses.get(429) ?? 0), 1000)
    // Some come back with every second that this takes.
    assert.ok((statuses.get(401) ?? 0) < 2 * ALLOWED, `${statuses.get(401)} were looked at`)
    assert.equal((await askAsCustomer('/slowed')).status, 200)
    const client = await RawClient.connect(gateway.port, '127.0.0.1', GUESSER)
    await client.write(toRequest('/slowed', `X-Forwarded-For: ${CUSTOMER}\r\nX-Api-Key: another-guess`))
    const answer = await client.getAnswer()
    client.reset()
    // RFC 6585 §4. Another address is not to be had by saying so.
    assert.equal(answer.status, 429)
    assert.match(findField(answer, 'retry-after') ?? '', /^[1-9]\d*$/)
  })

  for (const path of ['/opaque', '/external']) {
    it(`of tokens asks who decides no oftener than one address may guess: ${path}`, async () => {
      decider.forget()
      upstream.forget()
      const statuses = await flood(path, (each) => `Authorization: Bearer guess${each}`, { guesses: 4000 })
      assert.equal((statuses.get(401) ?? 0) + (statuses.get(429) ?? 0), 4000, JSON.stringify([...statuses]))
      assert.ok(decider.calls > 0 && decider.calls < 3 * ALLOWED, `${decider.calls} calls`)
      assert.deepEqual(upstream.requests, [])
    })
  }
})
