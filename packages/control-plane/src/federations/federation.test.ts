import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, it } from 'node:test'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { Principal } from '../access/decide-access.ts'
import { listAudit } from '../audit/audit-log.ts'
import { Identity } from '../http/identity.ts'
import { AdminStage, PEOPLE, type Told } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const AUDIENCE = 'https://gatewright.example.com'
const EDITOR = { role: 'editor', team: 'main' }
const CLAIMS = { sub: 'repo:acme/shop:ref:refs/heads/main', repository: 'acme/shop', ref: 'refs/heads/main' }

const issuerOf = (port: number) => `http://127.0.0.1:${port}`
const pair = await generateKeyPair('ES256')
const stranger = await generateKeyPair('ES256')
const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }
let asked = 0
let isDown = false

/** As a platform for pipelines: what it says of itself, and its keys. */
const platform = createServer((request, response) => {
  asked++
  const issuer = issuerOf((platform.address() as AddressInfo).port)
  if (isDown) return response.writeHead(503).end()
  const body =
    request.url === '/keys' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/keys`, response_types_supported: [] }
  return response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
})
let issuer = ''

before(async () => {
  platform.listen(0, '127.0.0.1')
  await once(platform, 'listening')
  issuer = issuerOf((platform.address() as AddressInfo).port)
})
after(() => {
  platform.close()
  platform.closeAllConnections()
})

await describeOnStores('federations', (open) => {
  async function begin(given: object = {}, people: ReadonlyMap<string, Principal> = new Map()) {
    const store = await open()
    const identity = new Identity(store, () => stage.nowMs)
    const stage: AdminStage = new AdminStage(store, {
      identify: async (db, credentials) =>
        people.get(credentials.token ?? '') ??
        PEOPLE[credentials.token ?? ''] ??
        (await identity.identify(db, credentials)),
    })
    const conditions = [
      { claim: 'repository', is: 'acme/shop' },
      { claim: 'sub', startsWith: 'repo:acme/' },
    ]
    const body = { issuer, audience: AUDIENCE, conditions, grants: [EDITOR], ...given }
    const put = (told: Told = {}) => stage.ask('PUT /federations/main/ci', { body, ...told })
    return { stage, put }
  }

  interface Signed {
    readonly claims?: JWTPayload
    readonly key?: CryptoKey
    readonly audience?: string
    readonly ageMs?: number
    readonly by?: string
  }

  function sign(
    stage: AdminStage,
    { claims = {}, key = pair.privateKey, audience = AUDIENCE, ageMs = 0, by = issuer }: Signed = {},
  ) {
    const seconds = Math.floor((stage.nowMs - ageMs) / 1000)
    return new SignJWT({ ...CLAIMS, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(by)
      .setAudience(audience)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + 300)
      .sign(key)
  }

  const federate = (stage: AdminStage, token: string, federation = 'ci') =>
    stage.ask('POST /federate', { as: '', body: { team: 'main', federation, token } })

  it('give a token for minutes for one that the issuer has signed', async () => {
    const { stage, put } = await begin({ lifetimeSeconds: 600 })
    assert.equal((await put()).statusCode, 201)
    const answer = await federate(stage, await sign(stage))
    assert.equal(answer.statusCode, 201, answer.body)
    const { value, expiresAt } = answer.json()
    assert.match(value, /^gws_/)
    assert.equal(Date.parse(expiresAt), stage.nowMs + 600_000)
    const [listed] = (await stage.ask('GET /tokens')).json().items
    assert.deepEqual([listed.name, listed.grants], [`ci: ${CLAIMS.sub}`, [EDITOR]])
    const [told] = await stage.services.store.read((db) => listAudit(db, { limit: 1, action: 'federate' }))
    assert.equal((told?.details as { subject?: string } | undefined)?.subject, CLAIMS.sub)
    stage.nowMs += 600_000 + 15 * 86_400_000
    assert.equal((await federate(stage, await sign(stage))).statusCode, 201)
    assert.equal((await stage.ask('GET /tokens')).json().items.length, 1)
  })

  it('are no second person beside who made them, also once they are gone', async () => {
    const people = new Map<string, Principal>(
      ['ann', 'bob'].map((name) => [
        name,
        { actor: `user:${name}`, name, user: name, grants: [{ role: 'owner', team: 'main' }] },
      ]),
    )
    const { stage, put } = await begin({ grants: [{ role: 'publisher', team: 'main' }] }, people)
    const environment = await stage.ask('PUT /environments/prod', { body: { protection: { approvals: 1 } } })
    assert.equal(environment.statusCode, 201)
    const api = { basePath: '/', upstream: 'http://127.0.0.1:9001' }
    assert.equal((await stage.ask('PUT /apis/main/orders', { body: api })).statusCode, 201)
    assert.equal((await put({ as: 'ann' })).statusCode, 201)
    const { value } = (await federate(stage, await sign(stage))).json()
    assert.equal((await stage.ask('DELETE /federations/main/ci', { as: 'ann' })).statusCode, 204)
    const asked = await stage.ask('POST /environments/prod/apis/main/orders/publish', { as: value, body: {} })
    assert.equal(asked.statusCode, 202, asked.body)
    const approve = async (as: string): Promise<number> => {
      const at = `/environments/prod/apis/main/orders/changes/${asked.json().change}`
      return (await stage.ask(`POST ${at}/approve`, { as, body: {} })).statusCode
    }
    assert.equal(await approve('ann'), 403)
    assert.equal(await approve('bob'), 200)
  })

  it('ask the issuer for its keys once', async () => {
    const { stage, put } = await begin()
    await put()
    asked = 0
    for (let i = 0; i < 3; i++) assert.equal((await federate(stage, await sign(stage))).statusCode, 201)
    assert.equal(asked, 2)
  })

  const wrongs: readonly (readonly [string, Signed])[] = [
    ['another repository', { claims: { repository: 'evil/shop' } }],
    ['a repository whose name only begins so', { claims: { repository: 'acme/shop2' } }],
    ['a subject that does not begin so', { claims: { sub: 'repo:acme-evil/shop' } }],
    ['a claim that is no text', { claims: { sub: 'repo:acme/shop', repository: ['acme/shop'] } }],
    ['another audience', { audience: 'https://other.example.com' }],
    ['another issuer', { by: 'https://evil.example.com' }],
    ['another key', { key: stranger.privateKey }],
    ['a time that is over', { ageMs: 600_000 }],
  ]
  for (const [words, given] of wrongs) {
    it(`take no token with ${words}`, async () => {
      const { stage, put } = await begin()
      await put()
      const answer = await federate(stage, await sign(stage, given))
      assert.deepEqual([answer.statusCode, answer.json().type], [401, 'urn:gatewright:problem:login-refused'])
    })
  }

  it('take no token that is unsigned, signed with what is public, or nonsense', async () => {
    const { stage, put } = await begin()
    await put()
    const [head = '', body = '', signature = ''] = (await sign(stage)).split('.')
    const header = (alg: string) => Buffer.from(JSON.stringify({ alg, kid: 'one' })).toString('base64url')
    const symmetric = await new SignJWT({ ...CLAIMS })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(new TextEncoder().encode(JSON.stringify(jwk)))
    for (const token of [
      `${header('none')}.${body}.`,
      `${head}.${body}.`,
      `${header('RS256')}.${body}.${signature}`,
      symmetric,
      'x',
    ])
      assert.equal((await federate(stage, token)).statusCode, 401, token)
    assert.equal((await federate(stage, await sign(stage), 'other')).statusCode, 401)
  })

  it('say that nobody knows where the issuer cannot be asked', async () => {
    const { stage, put } = await begin()
    await put()
    isDown = true
    const down = await federate(stage, await sign(stage))
    isDown = false
    assert.equal(down.statusCode, 502)
    assert.equal((await federate(stage, await sign(stage))).statusCode, 201)
    assert.deepEqual(stage.mistakes, [])
  })

  it('call no address of a cloud’s own, and nothing elsewhere without TLS', async () => {
    for (const place of ['https://169.254.169.254', 'http://192.0.2.1', 'https://[::ffff:169.254.169.254]']) {
      const { stage, put } = await begin({ issuer: place })
      await put()
      assert.equal((await federate(stage, 'x')).statusCode, 502, place)
    }
  })

  it('are made by who may give what they give, with a condition that says whose they are', async () => {
    const { stage, put } = await begin()
    assert.equal((await put({ as: 'editor' })).statusCode, 403)
    await stage.ask('PUT /teams/other', { body: {} })
    for (const [team, status] of [
      ['*', 403],
      ['main', 403],
      ['other', 201],
    ] as const) {
      const body = {
        issuer,
        audience: AUDIENCE,
        conditions: [{ claim: 'sub', is: 'x' }],
        grants: [{ role: 'owner', team }],
      }
      const answer = await stage.ask('PUT /federations/other/ci', { as: 'stranger', body })
      assert.equal(answer.statusCode, status, answer.body)
    }
    for (const given of [
      { conditions: [] },
      { conditions: [{ claim: 'sub' }] },
      { audience: '' },
      { lifetimeSeconds: 3601 },
    ]) {
      const { put: attempt } = await begin(given)
      assert.equal((await attempt()).statusCode, 400, JSON.stringify(given))
    }
  })
})
