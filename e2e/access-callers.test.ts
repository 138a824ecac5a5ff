/** Owns the proof that nobody says who calls but the gateway, and that a request with two credentials is not two callers. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TestIssuer } from '../packages/policies/src/testing/test-issuer.ts'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { Http2Client } from './harness/http2-client.ts'
import { toKeyHash } from './harness/keys.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { listenAsWitness, parseTestimony, type RawUpstream, type Testimony } from './harness/raw-upstream.ts'

const KEY = 'the-key-of-the-shop'
const OTHER_KEY = 'the-key-of-another-shop'
const PASSWORD = 'U*U'
/** crypt_blowfish 1.3, wrapper.c. */
const BCRYPT = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'

const issuer = new TestIssuer('ES256')
const forger = new TestIssuer('ES256', { number: 2 })
const CLAIMS = { iss: 'issuer', aud: 'orders', sub: 'ann', exp: Math.floor(Date.now() / 1000) + 3600 }
const TOKEN = issuer.sign(CLAIMS)
const FORGED = forger.sign({ ...CLAIMS, sub: 'root' })

const jwtOf = (more = '') =>
  `{ policy: jwt, options: { issuers: [{ issuer: issuer, audiences: [orders], keys: [{ algorithm: ES256, publicKey: ${JSON.stringify(issuer.pem)} }] }], toUpstream: { id: X-Caller-Id }, attempts: { perAddress: 0 }${more} } }`
const keyOf = (more = '') =>
  `{ policy: key-auth, options: { toUpstream: { app: X-App-Id }, attempts: { perAddress: 0 }${more} } }`

const configure = (url: string) => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080, http2: { priorKnowledge: true } }]
accessLog: off
apis:
  - id: all
    basePath: /
    upstream: ${url}
    routes:
      - { id: open, path: /open }
      - { id: key, path: /key, policies: [${keyOf()}] }
      - { id: kept, path: /kept, policies: [${keyOf(', forward: true')}] }
      - { id: query, path: /query, policies: [${keyOf(', in: query, name: key')}] }
      - { id: cookie, path: /cookie, policies: [${keyOf(', in: cookie, name: key')}] }
      - { id: token, path: /token, policies: [${jwtOf()}] }
      - { id: anonymous, path: /anonymous, policies: [${jwtOf(', anonymous: true, forward: true')}] }
      - { id: password, path: /password, policies: [{ policy: basic-auth, options: { toUpstream: { id: X-Caller-Id }, attempts: { perAddress: 0, perName: 0 } } }] }
      - { id: lenient, path: /lenient, policies: [{ policy: basic-auth, options: { anonymous: true, forward: true } }] }
      - { id: any, path: /any, policies: [{ policy: any-of, options: { policies: [${keyOf()}, ${jwtOf()}] } }] }
      - { id: forwarded, path: /forwarded, policies: [{ policy: any-of, options: { policies: [${keyOf()}, ${jwtOf(', forward: true')}] } }] }
      - { id: lax, path: /lax, policies: [{ policy: any-of, options: { onInvalid: next, policies: [${keyOf()}, ${jwtOf()}] } }] }
      - { id: nobody, path: /nobody, policies: [{ policy: any-of, options: { anonymous: true, policies: [${keyOf()}, ${jwtOf()}] } }] }
      - { id: both, path: /both, policies: [${keyOf()}, ${jwtOf()}] }
apps:
  - { id: shop, keys: [{ hash: "${toKeyHash(KEY)}" }], users: [{ name: ann, passwordHash: "${BCRYPT}" }] }
  - { id: other, keys: [{ hash: "${toKeyHash(OTHER_KEY)}" }] }
`

const saw = (answer: Answer): Testimony => {
  assert.equal(answer.status, 200, answer.body.toString())
  return parseTestimony(findField(answer, 'x-saw') ?? '')
}

/** Values under each name that CGI and WSGI cannot tell from `name`. */
const valuesOf = (fields: Testimony['fields'], name: string) =>
  fields.filter(([each]) => each.toLowerCase().replaceAll('_', '-') === name).map(([, value]) => value)

const basic = (pair: string) => Buffer.from(pair, 'latin1').toString('base64')

describe('who calls', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway
  let http2: Http2Client

  before(async () => {
    upstream = await listenAsWitness()
    gateway = await startGateway({ yaml: configure(upstream.url) })
    http2 = await Http2Client.connect(gateway.port)
  })
  after(async () => {
    http2?.close()
    await gateway?.stop()
    await upstream?.close()
  })

  const ask = (path: string, fields: readonly string[] = []) => get(gateway.port, path, fields)

  /** No field, trailer, path or query that the upstream got holds one of these. */
  function assertUnheard(...secrets: string[]): void {
    const heard = JSON.stringify(upstream.requests)
    for (const secret of secrets) assert.ok(!heard.includes(secret), `${secret} in ${heard}`)
  }

  // RFC 3875 §4.1.18: CGI makes one variable of `X-App-Id` and `X_App_Id`.
  const SPELLINGS = ['X-App-Id', 'x-app-id', 'X_App_Id', 'X-App_Id', 'X_APP-ID', 'x_app_id', 'X-APP-ID']

  it('is not what a client says in a field, however it is spelt, alone and beside a key', async () => {
    for (const spelling of SPELLINGS) {
      const fields = [`${spelling}: root`, `${spelling}: root`]
      assert.deepEqual(valuesOf(saw(await ask('/open', fields)).fields, 'x-app-id'), [])
      const known = saw(await ask('/key', [...fields, `X-Api-Key: ${KEY}`, ...fields]))
      assert.deepEqual(valuesOf(known.fields, 'x-app-id'), ['shop'])
    }
  })

  it('is not what a client says over HTTP/2, in fields or in trailers (RFC 9113 §8.1)', async () => {
    for (const spelling of new Set(SPELLINGS.map((each) => each.toLowerCase()))) {
      const headers = { [spelling]: ['root', 'root'], 'x-api-key': KEY }
      const answer = await http2.ask('/key', { headers, body: 'a', trailers: { [spelling]: 'root' } })
      const { fields, trailers } = parseTestimony(String(answer.headers['x-saw']))
      assert.deepEqual(valuesOf(fields, 'x-app-id'), ['shop'])
      assert.deepEqual(valuesOf(trailers, 'x-app-id'), [])
    }
  })

  // RFC 9110 §7.6.1: `Connection` names what ends here. What the gateway writes does not (CVE-2022-1388, CVE-2022-31813).
  for (const connection of [
    'X-App-Id',
    'close, X-App-Id',
    'keep-alive, x-app-id, X-Caller-Id',
    'X-App-Id\r\nConnection: X-App-Id',
    'X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host',
  ]) {
    it(`is told to the upstream although the client writes Connection: ${JSON.stringify(connection)}`, async () => {
      const { fields } = saw(await ask('/key', [`X-Api-Key: ${KEY}`, 'X-App-Id: root', `Connection: ${connection}`]))
      assert.deepEqual(valuesOf(fields, 'x-app-id'), ['shop'])
      assert.deepEqual(valuesOf(fields, 'x-forwarded-for'), ['127.0.0.1'])
      assert.deepEqual(valuesOf(fields, 'connection'), [])
    })
  }

  it('is not lost with the fields of a hop: a credential that Connection names is as good as none', async () => {
    for (const name of ['X-Api-Key', 'x-api-key', 'keep-alive, X-API-KEY']) {
      upstream.forget()
      assert.equal((await ask('/key', [`X-Api-Key: ${KEY}`, `Connection: ${name}`])).status, 401)
      assert.deepEqual(upstream.requests, [])
    }
    // Taken away, a bad token would make its sender nobody, who may pass here.
    for (const name of ['Authorization', 'authorization', 'close, AUTHORIZATION'])
      assert.equal((await ask('/anonymous', [`Authorization: Bearer ${FORGED}`, `Connection: ${name}`])).status, 401)
  })

  // RFC 9110 §11.6.2 and §11.7.2: what is meant for a proxy is not for what stands behind it, and says nobody's name here.
  it('is not what Proxy-Authorization says, and the upstream never hears of it', async () => {
    upstream.forget()
    const field = `Proxy-Authorization: Bearer ${TOKEN}`
    assert.equal((await ask('/token', [field])).status, 401)
    assert.equal((await ask('/open', [field, `Proxy_Authorization: Bearer ${TOKEN}`])).status, 200)
    assertUnheard(TOKEN)
  })

  describe('of two credentials', () => {
    for (const [words, path, fields] of [
      ['two keys', '/key', [`X-Api-Key: ${KEY}`, `X-Api-Key: ${OTHER_KEY}`]],
      ['two keys, the first bad', '/key', ['X-Api-Key: bad', `X-Api-Key: ${KEY}`]],
      ['two keys, the last bad', '/key', [`X-Api-Key: ${KEY}`, 'X-Api-Key: bad']],
      ['two keys, one of them empty', '/key', ['X-Api-Key:', `X-Api-Key: ${KEY}`]],
      ['two keys in one field', '/key', [`X-Api-Key: ${KEY}, ${OTHER_KEY}`]],
      ['one key twice in one field', '/key', [`X-Api-Key: ${KEY},${KEY}`]],
      ['two keys in the query', `/query?key=${KEY}&key=bad`, []],
      ['two keys in the query, one of them escaped', `/query?%6bey=bad&key=${KEY}`, []],
      ['two keys in the query, one of them empty', `/query?key&key=${KEY}`, []],
      ['two keys in a cookie', '/cookie', [`Cookie: key=${KEY}; key=bad`]],
      ['two keys in two cookies', '/cookie', ['Cookie: key=bad', `Cookie: key=${KEY}`]],
      ['two tokens', '/token', [`Authorization: Bearer ${TOKEN}`, `Authorization: Bearer ${FORGED}`]],
      ['two tokens in one field', '/token', [`Authorization: Bearer ${TOKEN}, Bearer ${FORGED}`]],
      ['two tokens, comma and no space', '/token', [`Authorization: Bearer ${TOKEN},${FORGED}`]],
      [
        'a token behind a password',
        '/token',
        [`Authorization: Basic ${basic('ann:U*U')}`, `Authorization: Bearer ${TOKEN}`],
      ],
      [
        'a token behind a password in one field',
        '/token',
        [`Authorization: Basic ${basic('ann:U*U')}, Bearer ${TOKEN}`],
      ],
      [
        'a password before a token',
        '/password',
        [`Authorization: Basic ${basic('ann:U*U')}`, `Authorization: Bearer ${TOKEN}`],
      ],
      [
        'a password before a token in one field',
        '/password',
        [`Authorization: Basic ${basic('ann:U*U')}, Bearer ${TOKEN}`],
      ],
    ] as const) {
      it(`nobody is let in: ${words}`, async () => {
        upstream.forget()
        const answer = await ask(path, fields)
        assert.equal(answer.status, 401, `${answer.status}`)
        assert.match(findProblemCode(answer) ?? '', /^credential-(?:invalid|missing)$/)
        // RFC 9110 §11.6.1.
        assert.ok(findField(answer, 'www-authenticate') !== undefined)
        assert.deepEqual(upstream.requests, [])
      })
    }

    it('in places where nobody looks, none counts, and none is taken for the one that does', async () => {
      assert.equal((await ask(`/key?X-Api-Key=${KEY}&key=${KEY}`, [`Cookie: X-Api-Key=${KEY}`])).status, 401)
      assert.equal((await ask('/query', [`key: ${KEY}`, `Cookie: key=${KEY}`])).status, 401)
      assert.equal((await ask(`/token?access_token=${TOKEN}`, [`Cookie: Authorization=${TOKEN}`])).status, 401)
    })

    it('the good one does not let a bad one pass that the gateway would have checked (any-of)', async () => {
      for (const path of ['/any', '/forwarded', '/lax', '/nobody']) {
        upstream.forget()
        const { status } = await ask(path, [`X-Api-Key: ${KEY}`, `Authorization: Bearer ${FORGED}`])
        // Refused, or the forged one ends here: an upstream that trusts what the gateway let pass must never read it.
        assert.ok(status === 200 || status === 401, `${status}`)
        assertUnheard(FORGED, KEY)
      }
    })

    it('the bad one is heard of by nobody, where the good one counts (any-of, onInvalid: next)', async () => {
      upstream.forget()
      const { fields } = saw(await ask('/lax', ['X-Api-Key: not-quite-my-key', `Authorization: Bearer ${TOKEN}`]))
      assert.deepEqual(valuesOf(fields, 'x-caller-id'), ['ann'])
      assertUnheard('not-quite-my-key', TOKEN)
    })

    it('the bad one decides where it stands first (any-of)', async () => {
      upstream.forget()
      for (const path of ['/any', '/nobody'])
        assert.equal((await ask(path, ['X-Api-Key: bad', `Authorization: Bearer ${TOKEN}`])).status, 401)
      assert.deepEqual(upstream.requests, [])
    })

    it('that are both asked for, each has to be good', async () => {
      for (const fields of [
        [`X-Api-Key: ${KEY}`, `Authorization: Bearer ${FORGED}`],
        ['X-Api-Key: bad', `Authorization: Bearer ${TOKEN}`],
        [`Authorization: Bearer ${TOKEN}`],
        [`X-Api-Key: ${KEY}`],
      ])
        assert.equal((await ask('/both', fields)).status, 401)
      assert.equal((await ask('/both', [`X-Api-Key: ${KEY}`, `Authorization: Bearer ${TOKEN}`])).status, 200)
    })
  })

  // RFC 9110 §11.1: schemes in any case; §11.4: spaces behind them. What a lax server takes for one is one here as well.
  for (const field of [
    `bearer ${FORGED}`,
    `BeArEr   ${FORGED}`,
    `Bearer\t${FORGED}`,
    `Bearer \t ${FORGED}`,
    `Bearer,${FORGED}`,
    `Bearer=${FORGED}`,
    `Bearer:${FORGED}`,
    `Bearer: ${FORGED}`,
    `Bearer "${FORGED}"`,
    `Bearer ${FORGED} `,
    `Bearer Bearer ${FORGED}`,
    `Bearer\xa0${FORGED}`,
    `, Bearer ${FORGED}`,
    `Bearer`,
    `Bearer \xa0`,
  ]) {
    it(`is not nobody with a bad token as ${JSON.stringify(field.replace(FORGED, '…'))}`, async () => {
      upstream.forget()
      const { status } = await ask('/anonymous', [`Authorization: ${field}`])
      assert.ok(status === 401 || status === 400, `${status}`)
      assert.deepEqual(upstream.requests, [])
    })
  }

  // RFC 7617 §2: user-id ":" password, in base64.
  for (const given of [
    basic('ann'),
    basic(''),
    basic(':'),
    basic(':U*U'),
    basic('ann:'),
    basic('ann:U*U\0'),
    basic('ann\0:U*U'),
    basic('ANN:U*U'),
    basic(' ann:U*U'),
    basic('ann:U*U\n'),
    basic('ann:U*V'),
    basic('__proto__:U*U'),
    basic('constructor:U*U'),
    basic(`ann:${'U'.repeat(5000)}`),
    `${basic('ann:U*U')}=`,
    `${basic('ann:U*U')}%`,
    `!${basic('ann:U*U')}`,
    `${basic('ann:U*U')},${basic('ann:U*U')}`,
    'ann:U*U',
    '',
    '====',
  ]) {
    it(`is not known by the password ${JSON.stringify(given.slice(0, 40))}, and is not nobody by it`, async () => {
      for (const path of ['/password', '/lenient']) {
        upstream.forget()
        assert.equal((await ask(path, [`Authorization: Basic ${given}`])).status, 401)
        assert.deepEqual(upstream.requests, [])
      }
    })
  }

  it('is known by a password, in any case of the scheme', async () => {
    for (const scheme of ['Basic', 'basic', 'BASIC ']) {
      const { fields } = saw(await ask('/password', [`Authorization: ${scheme} ${basic(`ann:${PASSWORD}`)}`]))
      assert.deepEqual(valuesOf(fields, 'x-caller-id'), ['ann'])
      assert.deepEqual(valuesOf(fields, 'authorization'), [])
    }
  })

  // What is taken out must be gone in every spelling, or a server behind CGI would still read it.
  it('is told by no credential that stays behind', async () => {
    upstream.forget()
    saw(await ask('/key', [`X-Api-Key: ${KEY}`, `x-api-key: ${KEY}`]))
    saw(await ask(`/query?a=1&key=${KEY}&%6b%65%79=${KEY}&b=2`))
    saw(await ask('/cookie', [`Cookie: a=1; key=${KEY}`, `Cookie: key=${KEY};b=2`]))
    saw(await ask('/token', [`Authorization: Bearer ${TOKEN}`]))
    assertUnheard(KEY, TOKEN)
    assert.deepEqual(
      upstream.requests.map(({ target }) => target),
      ['/key', '/query?a=1&b=2', '/cookie', '/token'],
    )
  })

  it('is one key where it is sent on: a twin that CGI would read in its place does not pass', async () => {
    const { fields } = saw(
      await ask('/kept', [`X-Api-Key: ${KEY}`, `X_Api_Key: ${OTHER_KEY}`, `X-Api_Key: ${OTHER_KEY}`]),
    )
    assert.deepEqual(valuesOf(fields, 'x-api-key'), [KEY])
  })

  // RFC 9112 §6: a refusal before the body was read must not leave the body to be taken for a request.
  for (const [words, framing] of [
    ['a length', (body: string) => `Content-Length: ${body.length}\r\n\r\n${body}`],
    [
      'chunks',
      (body: string) => `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
    ['an expectation', (body: string) => `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
  ] as const) {
    it(`is not asked of what hides in the body of a refused request with ${words}`, async () => {
      const hidden = `GET /key?hidden HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${KEY}\r\n\r\n`
      for (const refused of ['', 'X-Api-Key: bad\r\n']) {
        upstream.forget()
        const client = await RawClient.connect(gateway.port)
        await client.write(`POST /key HTTP/1.1\r\nHost: a\r\n${refused}${framing(hidden)}`)
        assert.equal((await client.getAnswer()).status, 401)
        // The connection goes on behind the body, or is at its end.
        await client.write(`GET /open?next HTTP/1.1\r\nHost: a\r\n\r\n`)
        const next = await client.nextAnswer()
        client.reset()
        assert.ok(next === undefined || next.status === 200)
        assert.deepEqual(
          upstream.requests.map(({ target }) => target),
          next === undefined ? [] : ['/open?next'],
        )
      }
    })
  }
})
