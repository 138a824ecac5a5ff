/** Owns the proof that what was taken back opens nothing any more: on no thread, on no connection that was open before, and from nobody's memory. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TestIssuer } from '../packages/policies/src/testing/test-issuer.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { toKeyHash } from './harness/keys.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

const THREADS = 2
/** Connections fall on either thread. */
const CONNECTIONS = 8
const KEY = 'the-key-of-the-shop'
const OTHER_KEY = 'the-other-key-of-the-shop'
/** crypt_blowfish 1.3, wrapper.c: "U*U" and "U*U*". */
const BCRYPT = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
const OTHER_BCRYPT = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'
const issuer = new TestIssuer('ES256')
const nextIssuer = new TestIssuer('ES256', { number: 2 })

interface Parts {
  readonly upstream: string
  readonly keys?: string
  readonly app?: string
  readonly users?: string
  readonly pem?: string
  readonly access?: string
}

const configure = ({ upstream, keys, app = '', users, pem = issuer.pem, access = '{}' }: Parts) => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080 }]
accessLog: off
apis:
  - id: all
    basePath: /
    upstream: ${upstream}
    routes:
      - { id: key, path: /key, policies: [{ policy: key-auth, options: { attempts: { perAddress: 0 } } }, { policy: access, options: ${access} }] }
      - { id: any, path: /any, policies: [{ policy: any-of, options: { policies: [{ policy: key-auth, options: { attempts: { perAddress: 0 } } }] } }, { policy: access, options: ${access} }] }
      - { id: password, path: /password, policies: [{ policy: basic-auth, options: { attempts: { perAddress: 0, perName: 0 } } }] }
      - { id: token, path: /token, policies: [{ policy: jwt, options: { attempts: { perAddress: 0 }, issuers: [{ issuer: issuer, audiences: [orders], appClaim: azp, keys: [{ algorithm: ES256, publicKey: ${JSON.stringify(pem)} }] }] } }] }
apps:
  - id: shop
    ${app}
    keys: [${keys ?? `{ hash: "${toKeyHash(KEY)}" }`}]
    users: [${users ?? `{ name: ann, passwordHash: "${BCRYPT}" }`}]
`

const TOKEN = issuer.sign({ iss: 'issuer', aud: 'orders', sub: 'ann', azp: 'shop', exp: 4_102_444_800 })
const BROUGHT = {
  '/key': `X-Api-Key: ${KEY}`,
  '/any': `X-Api-Key: ${KEY}`,
  '/password': `Authorization: Basic ${Buffer.from('ann:U*U').toString('base64')}`,
  '/token': `Authorization: Bearer ${TOKEN}`,
} as const
type Way = keyof typeof BROUGHT
const WAYS = Object.keys(BROUGHT) as Way[]

describe('what was taken back', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway

  before(async () => {
    upstream = await listenAsWitness()
    gateway = await startGateway({ yaml: configure({ upstream: upstream.url }), threads: THREADS })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
  })

  const change = (parts: Omit<Parts, 'upstream'>) => gateway.change(configure({ upstream: upstream.url, ...parts }))

  class Opened {
    readonly #clients: readonly RawClient[]
    readonly #way: Way

    private constructor(way: Way, clients: readonly RawClient[]) {
      this.#way = way
      this.#clients = clients
    }

    static async open(way: Way): Promise<Opened> {
      const clients = Array.from({ length: CONNECTIONS }, () => RawClient.connect(gateway.port))
      return new Opened(way, await Promise.all(clients))
    }

    async ask(): Promise<number[]> {
      const request = `GET ${this.#way} HTTP/1.1\r\nHost: a\r\n${BROUGHT[this.#way]}\r\n\r\n`
      return await Promise.all(
        this.#clients.map(async (client) => {
          await client.write(request)
          return (await client.getAnswer()).status
        }),
      )
    }

    close(): void {
      for (const client of this.#clients) client.reset()
    }
  }

  const all = (status: number) => Array.from({ length: CONNECTIONS }, () => status)
  const askAnew = (way: Way) =>
    Promise.all(all(0).map(async () => (await get(gateway.port, way, [BROUGHT[way]])).status))

  /** Each is asked twice first, so that whatever remembers it does. */
  async function assertTakenBack(ways: readonly Way[], parts: Omit<Parts, 'upstream'>, status = 401): Promise<void> {
    const opened = await Promise.all(WAYS.map((way) => Opened.open(way)))
    try {
      for (let round = 0; round < 2; round++) for (const each of opened) assert.deepEqual(await each.ask(), all(200))
      await change(parts)
      upstream.forget()
      for (const [at, way] of WAYS.entries()) {
        const expected = all(ways.includes(way) ? status : 200)
        assert.deepEqual(await opened[at]?.ask(), expected, `${way}, on connections that were open`)
        assert.deepEqual(await askAnew(way), expected, `${way}, on new connections`)
      }
      const reached = new Set(upstream.requests.map(({ target }) => target))
      assert.deepEqual([...reached].sort(), WAYS.filter((way) => !ways.includes(way)).sort())
      await change({})
      for (const way of ways) assert.deepEqual(await askAnew(way), all(200), `${way}, given back`)
    } finally {
      for (const each of opened) each.close()
    }
  }

  for (const [words, ways, parts] of [
    ['a key that is no more', ['/key', '/any'], { keys: '' }],
    ['a key that another one replaced', ['/key', '/any'], { keys: `{ hash: "${toKeyHash(OTHER_KEY)}" }` }],
    ['a key that is switched off', ['/key', '/any'], { keys: `{ hash: "${toKeyHash(KEY)}", enabled: false }` }],
    [
      'a key that has expired',
      ['/key', '/any'],
      { keys: `{ hash: "${toKeyHash(KEY)}", expires: "2020-01-01T00:00:00Z" }` },
    ],
    ['an app that is switched off, by any of its credentials', WAYS, { app: 'enabled: false' }],
    ['a user who is no more', ['/password'], { users: '' }],
    [
      'a user who is switched off',
      ['/password'],
      { users: `{ name: ann, passwordHash: "${BCRYPT}", enabled: false }` },
    ],
    [
      'a password that another one replaced',
      ['/password'],
      { users: `{ name: ann, passwordHash: "${OTHER_BCRYPT}" }` },
    ],
    ['a key of an issuer', ['/token'], { pem: nextIssuer.pem }],
  ] as [string, Way[], Omit<Parts, 'upstream'>][]) {
    it(`opens nothing: ${words}`, () => assertTakenBack(ways, parts))
  }

  it('opens nothing, though the key is good: what its app may', () =>
    assertTakenBack(['/key', '/any'], { access: '{ deny: { apps: [shop] } }' }, 403))
})
