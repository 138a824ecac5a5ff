import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { type BodySink, StreamBody } from '../messages/body.ts'
import { definePolicy } from '../policy.ts'
import { runAll, withApps } from '../testing/index.ts'
import { hmacAuth } from './hmac-auth.ts'
import {
  assertRefused,
  BODY,
  by,
  digestOf,
  GET,
  guarded,
  keys,
  PAY,
  POST,
  signed,
  signedPost,
  TARGET,
} from './signed-requests.fixture.ts'

describe('what a signature must cover', () => {
  const path = { '"@method"': 'GET', '"@authority"': 'api.example.com', '"@path"': '/orders' }

  for (const [what, covered] of [
    ['@target-uri', TARGET],
    ['@authority, @path and @query', { ...path, '"@query"': '?page=2' }],
    [
      '@authority and @request-target',
      { '"@request-target"': '/orders?page=2', '"@method"': 'GET', '"@authority"': 'api.example.com' },
    ],
  ] as const) {
    it(`is the method and the target, as ${what}`, async () => {
      assert.equal((await guarded().with(signed({ covered }))).status, 200)
    })
  }

  it('is no query where there is none', async () => {
    assert.equal((await guarded().with(signed({ covered: path }, { target: '/orders' }))).status, 200)
    // Somebody added one.
    assertRefused(await guarded().with(signed({ covered: path })), 'uncovered-component')
  })

  for (const [what, covered] of [
    ['nothing', {}],
    ['no method', { '"@target-uri"': TARGET['"@target-uri"'] }],
    ['no target', { '"@method"': 'GET' }],
    ['no authority', { '"@method"': 'GET', '"@request-target"': '/orders?page=2' }],
    ['no path', { '"@method"': 'GET', '"@authority"': 'api.example.com', '"@query"': '?page=2' }],
    ['a field that is called as a component is', { '"method"': 'GET', '"@target-uri"': TARGET['"@target-uri"'] }],
  ] as const) {
    it(`is refused where it is ${what}`, async () => {
      const request = { ...GET, headers: { Method: 'GET' } }
      assertRefused(await guarded().with(signed({ covered }, request)), 'uncovered-component')
    })
  }

  it('is what the options say, with parameters', async () => {
    const subject = guarded({ required: ['x-id', '"@query-param";name="page"'] })
    const request = { ...GET, headers: { 'X-Id': '7' } }
    const covered = { '"@query-param";name="page"': '2', '"x-id"': '7' }
    assert.equal((await subject.with(signed({ covered }, request))).status, 200)
    assertRefused(await subject.with(signed({ covered: { '"x-id"': '7' } }, request)), 'uncovered-component')
    assertRefused(
      await subject.with(signed({ covered: { '"x-id";bs': ':Nw==:', '"@query-param";name="page"': '2' } }, request)),
      'uncovered-component',
    )
  })

  it('is a structured field of one’s own, where its structure is known', async () => {
    const covered = { ...TARGET, '"x-deal";key="price"': '5', '"x-deal";sf': 'price=5, ok' }
    const request = { ...GET, headers: { 'X-Deal': 'price=5,  ok' } }
    const subject = guarded({ structuredFields: { 'X-Deal': 'dictionary' } })
    assert.equal((await subject.with(signed({ covered }, request))).status, 200)
    assertRefused(await guarded().with(signed({ covered }, request)), 'unknown-structure')
  })

  it('is the request as it came, whatever policies before made of it', async () => {
    const rewrite = definePolicy({
      name: 'rewrite',
      phase: 'transform',
      summary: 'Changes the path.',
      options: z.strictObject({}),
      create: () => (exchange, next) => {
        exchange.request.path = '/elsewhere'
        exchange.request.search = '?other=1'
        return next(exchange)
      },
    })
    const pipeline = runAll([{ policy: rewrite }, { policy: hmacAuth, options: { keys } }], {
      credentials: withApps('acme'),
    })
    assert.equal((await pipeline.with(signed())).status, 200)
  })

  it('is the same in HTTP/2 as in HTTP/1.1: no Host field is needed', async () => {
    const { status } = await guarded().with(signed({}, { ...GET, host: 'API.example.com:80' }))
    assert.equal(status, 200)
  })
})

describe('the body under a signature', () => {
  it('is the one that was signed, and reaches the upstream octet for octet', async () => {
    const { status, upstream } = await guarded().with(signedPost())
    assert.equal(status, 200)
    assert.equal(Buffer.from((await upstream[0]?.body.bytes({ limitBytes: 99 })) ?? []).toString(), BODY)
    assert.ok(upstream[0]?.headers.has('content-digest'))
  })

  it('is refused where it was changed, by one octet, cut off, or taken away', async () => {
    for (const body of ['{"amount": 900}', '{"amount": 100', '{"amount": 100}\n', '']) {
      assertRefused(await guarded().with(signedPost({ body })), 'digest-mismatch')
    }
  })

  it('is refused where its digest is changed with it: that is signed', async () => {
    const body = '{"amount": 900}'
    const headers = (signedPost().headers as [string, string][]).map(
      ([name, value]) => [name, name === 'Content-Digest' ? digestOf(body) : value] as const,
    )
    assertRefused(await guarded().with(signedPost({ body, headers })), 'wrong-signature')
  })

  it('is refused with a second digest beside the signed one', async () => {
    const headers = [...(signedPost().headers as [string, string][]), ['Content-Digest', digestOf('other')] as const]
    assertRefused(await guarded().with(signedPost({ headers })), 'wrong-signature')
  })

  it('is refused where nobody signed it, unless that is allowed', async () => {
    const { '"content-digest"': _, ...covered } = PAY
    assertRefused(await guarded().with(signedPost({}, { covered })), 'uncovered-component')
    assertRefused(await guarded().with(signed({}, { ...GET, method: 'GET', body: 'smuggled' })), 'uncovered-component')
    assert.equal((await guarded({ coverBody: false }).with(signed({ covered }, POST))).status, 200)
  })

  it('is refused with a digest that proves nothing (RFC 9530 §5)', async () => {
    const md5 = `md5=:${hash('md5', BODY, 'base64')}:`
    const request = { ...POST, headers: { 'Content-Digest': md5 } }
    const covered = { ...PAY, '"content-digest"': md5 }
    assertRefused(await guarded().with(signed({ covered }, request)), 'digest-algorithm')
  })

  it('may be covered by one member of its digest', async () => {
    const { '"content-digest"': digest, ...target } = PAY
    const covered = { ...target, '"content-digest";key="sha-256"': digest.slice('sha-256='.length) }
    assert.equal((await guarded().with(signedPost({}, { covered }))).status, 200)
    assertRefused(await guarded().with(signedPost({ body: 'x' }, { covered })), 'digest-mismatch')
  })

  it('is read up to its limit', async () => {
    assert.equal((await guarded({ bodyLimitBytes: BODY.length }).with(signedPost())).status, 200)
    const { problem, upstream } = await guarded({ bodyLimitBytes: BODY.length - 1 }).with(signedPost())
    assert.deepEqual([problem?.code, upstream.length], ['body-too-large', 0])
  })

  it('is not read at all for a signature that does not hold', async () => {
    let isStarted = false
    const body = new StreamBody({
      sizeBytes: BODY.length,
      start() {
        isStarted = true
        return { resume() {}, cancel() {} }
      },
      discard() {},
    })
    const subject = guarded()
    const { answer } = subject.start(subject.open({ ...signedPost({}, { secret: 'another secret' }), body }))
    assert.equal(isStarted, false)
    assertRefused(await answer, 'wrong-signature')
  })

  /** A body that the test sends when it likes. */
  function slowBody() {
    let sink: BodySink | undefined
    const body = new StreamBody({
      sizeBytes: BODY.length,
      start(to) {
        sink = to
        return { resume() {}, cancel() {} }
      },
      discard() {},
    })
    return {
      body,
      arrive(text = BODY) {
        sink?.write(Buffer.from(text))
        sink?.end()
      },
      breakOff: () => sink?.abort(new Error('gone')),
    }
  }

  it('may come in pieces', async () => {
    const subject = guarded()
    const { body, arrive } = slowBody()
    const { answer, isSync } = subject.start(subject.open(signedPost({ body })))
    assert.equal(isSync, false)
    arrive()
    assert.equal((await answer).status, 200)
  })

  it('is refused where it breaks off', async () => {
    const subject = guarded()
    const { body, breakOff } = slowBody()
    const { answer } = subject.start(subject.open(signedPost({ body })))
    breakOff()
    assert.equal((await answer).problem?.code, 'malformed-request')
  })

  it('cannot be held back until its nonce is forgotten', async () => {
    const subject = guarded({ maxAgeSeconds: 60, clockSkewSeconds: 0 })
    const send = (body: StreamBody) =>
      subject.start(subject.open(signedPost({ body }, { parameters: by('partner', ';nonce="n"') }))).answer
    const early = slowBody()
    const first = send(early.body)
    early.arrive()
    assert.equal((await first).status, 200)
    await subject.clock.advance(59_000)
    const late = slowBody()
    const second = send(late.body)
    await subject.clock.advance(10_000)
    late.arrive()
    assertRefused(await second, 'signature-expired')
  })
})
