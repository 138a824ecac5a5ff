/** Proves where tokens are asked about, when the issuer says it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ACTIVE, type Options, stage } from '../oauth2-introspection/introspection-stage.fixture.ts'
import type { OutgoingCall } from '../services.ts'
import type { FakeAnswer } from '../testing/index.ts'
import { toMetadataUrls } from './issuer-metadata.ts'

const ISSUER = 'https://login.example.com/tenant'
const AT_OAUTH = 'https://login.example.com/.well-known/oauth-authorization-server/tenant'
const AT_OPENID = 'https://login.example.com/tenant/.well-known/openid-configuration'
const ASKED = 'https://login.example.com/tenant/ask'
const METADATA = { issuer: ISSUER, introspection_endpoint: ASKED }
const FOUND: Options = { issuer: ISSUER, endpoint: undefined }

/** What each URL answers; 404 elsewhere. */
const answers =
  (documents: Readonly<Record<string, object>>) =>
  ({ url }: OutgoingCall): FakeAnswer => {
    if (url === ASKED) return { body: ACTIVE }
    const document = documents[url]
    return document === undefined ? { status: 404 } : { body: document }
  }
const find = (documents: Readonly<Record<string, object>>, issuer = ISSUER) =>
  stage(answers(documents), { ...FOUND, issuer })

describe('the published endpoint', () => {
  it('is found behind the path (OpenID Connect Discovery §4), or between host and path (RFC 8414 §3.1)', async () => {
    const first = find({ [AT_OPENID]: METADATA })
    assert.equal((await first.ask('good')).status, 200)
    assert.deepEqual(
      first.http.calls.map(({ url }) => url),
      [AT_OPENID, ASKED],
    )
    const second = find({ [AT_OAUTH]: METADATA })
    assert.equal((await second.ask('good')).status, 200)
    assert.deepEqual(
      second.http.calls.map(({ url }) => url),
      [AT_OPENID, AT_OAUTH, ASKED],
    )
  })

  it('is looked for without a slash too many', () => {
    assert.deepEqual(toMetadataUrls('https://a.example'), toMetadataUrls('https://a.example/'))
    assert.deepEqual(
      toMetadataUrls('https://a.example/b/')[1],
      'https://a.example/.well-known/oauth-authorization-server/b',
    )
  })

  it('is looked for once, and again after an hour, without anybody waiting', async () => {
    const { ask, http, clock } = find({ [AT_OAUTH]: METADATA })
    const lookUps = () => http.calls.filter(({ url }) => url === AT_OAUTH).length
    await Promise.all(['a', 'b', 'c'].map((token) => ask(token)))
    assert.equal(lookUps(), 1)
    await clock.advance(3_600_000)
    assert.equal((await ask('d')).status, 200)
    assert.equal(lookUps(), 2)
  })

  it('holds for a day while the issuer publishes nothing', async () => {
    let isDown = false
    const { ask, clock } = stage(
      (call) => (isDown && call.url !== ASKED ? { status: 500 } : answers({ [AT_OAUTH]: METADATA })(call)),
      FOUND,
    )
    await ask('a')
    isDown = true
    await clock.advance(86_399_000)
    assert.equal((await ask('b')).status, 200)
    await clock.advance(1000)
    assert.deepEqual([(await ask('c')).status, (await ask('d')).problem?.reason], [503, 'metadata-status-500'])
  })

  it('is looked for anew where it does not answer: it may have moved', async () => {
    const moved = 'https://login.example.com/tenant/moved'
    let endpoint = ASKED
    const { ask, clock } = stage(({ url }) => {
      if (url === AT_OAUTH) return { body: { ...METADATA, introspection_endpoint: endpoint } }
      return url === endpoint ? { body: ACTIVE } : { status: 404 }
    }, FOUND)
    assert.equal((await ask('a')).status, 200)
    endpoint = moved
    await clock.advance(60_000)
    assert.equal((await ask('a')).problem?.reason, 'status-404')
    await clock.advance(0)
    assert.equal((await ask('a')).status, 200)
  })

  for (const [reason, metadata] of [
    // RFC 8414 §3.3, §6.2: identical, or somebody speaks for another.
    ['metadata-issuer', { ...METADATA, issuer: `${ISSUER}/` }],
    ['metadata-issuer', { ...METADATA, issuer: 'https://evil.example.com' }],
    ['metadata-issuer', { introspection_endpoint: ASKED }],
    ['metadata-without-introspection', { issuer: ISSUER }],
    ['metadata-without-introspection', { issuer: ISSUER, introspection_endpoint: [ASKED] }],
    ['metadata-endpoint', { issuer: ISSUER, introspection_endpoint: ASKED.replace('https:', 'http:') }],
    ['metadata-endpoint', { issuer: ISSUER, introspection_endpoint: '/ask' }],
    ['metadata-endpoint', { issuer: ISSUER, introspection_endpoint: 'file:///etc/passwd' }],
  ] as const) {
    it(`is not believed: ${reason} in ${JSON.stringify(metadata)}`, async () => {
      const { ask, http } = find({ [AT_OAUTH]: metadata })
      const { status, problem } = await ask('t0ken')
      assert.deepEqual([status, problem?.reason], [503, reason])
      assert.ok(
        http.calls.every(({ body }) => body === undefined),
        'the token went nowhere',
      )
    })
  }
})
