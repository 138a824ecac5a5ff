/** Owns the proof that clients who speak HTTP/2 are served as those of HTTP/1.1 are: the same answers, refusals and policies. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { ERROR_CODES, PREFACE } from '../packages/gateway/src/http2/frame.ts'
import { data, headers, settings } from '../packages/gateway/src/http2/session-stage.fixture.ts'
import { findField, findProblemCode } from './harness/answer.ts'
import { within } from './harness/deadline.ts'
import { findHttp2Problem, readAnswer } from './harness/http2-client.ts'
import { forwardBoth, stageHttp2 } from './harness/http2-stage.ts'
import { APPS, KEY, KEY_AUTH } from './harness/keys.ts'
import { get } from './harness/raw-client.ts'
import { request } from './harness/raw-http2.ts'
import type { Seen } from './harness/versatile-upstream.ts'

const POLICED = (url: string) => `
  - id: guarded
    basePath: /guarded
    upstream: "${url}"
    policies: [${KEY_AUTH}]
    routes: [{ id: rest, path: "/{rest+}" }]
  - id: limited
    basePath: /limited
    upstream: "${url}"
    policies: [{ policy: rate-limit, options: { limit: 4, windowSeconds: 3600 } }]
    routes: [{ id: rest, path: "/{rest+}" }]
  - id: judged
    basePath: /judged
    policies:
      - policy: respond
        when: request.method == "POST" && request.headers["x-kind"] == "odd" && request.host == "a"
        options: { status: 299, headers: { X-Query: "\${request.query.q}" } }
      - { policy: respond, options: { status: 298 } }
    routes: [{ id: all, path: /x }]
  - { id: small, basePath: /small, upstream: "${url}", routes: [{ id: rest, path: "/{rest+}", bodyBytes: 16 }] }`

describe('HTTP/2 to clients', () => {
  const stage = stageHttp2(
    (configured) =>
      forwardBoth(configured, { limits: '{ headerBytes: 8192, headerFields: 50 }', more: POLICED(configured.url) }) +
      APPS,
  )

  for (const isSecure of [false, true]) {
    describe(isSecure ? 'with TLS' : 'with prior knowledge', () => {
      const connect = () => stage.client(isSecure)

      it('forwards what HTTP/1.1 would, and what it says of itself', async () => {
        const client = await connect()
        const { status, body } = await client.ask('/saw/x?q=1', {
          headers: { cookie: ['a=1', 'b=2'], te: 'trailers', 'x-mine': 'y', authorization: 'Basic eDp5' },
        })
        const { method, target, version, fields } = JSON.parse(body.toString()) as Seen
        assert.deepEqual([status, method, target, version], [200, 'GET', '/saw/x?q=1', '1.1'])
        assert.equal(fields.cookie, 'a=1; b=2')
        assert.equal(fields['x-mine'], 'y')
        assert.equal(fields.authorization, 'Basic eDp5')
        assert.equal(fields['x-forwarded-proto'], isSecure ? 'https' : 'http')
        assert.equal(fields['x-forwarded-host'], 'a')
        assert.equal(fields.te, undefined)
        assert.equal(Object.keys(fields).filter((name) => name.startsWith(':')).length, 0)
      })

      it('passes answers on without what belongs to a connection', async () => {
        const client = await connect()
        const { status, headers: fields, body } = await client.ask('/fields')
        assert.deepEqual([status, body.toString()], [200, 'fields'])
        assert.deepEqual(fields['set-cookie'], ['a=1; Path=/', 'b=2; Path=/'])
        assert.equal(fields['x-upper'], 'Case')
        assert.match(String(fields['x-request-id']), /^[0-9a-f]{32}$/)
        for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'x-mine'])
          assert.equal(fields[name], undefined)
      })

      it('answers a hundred requests at once, each its own', async () => {
        const client = await connect()
        const paths = Array.from({ length: 100 }, (_, i) => `/saw/${i}`)
        const answers = await Promise.all(paths.map((path) => client.ask(path, { body: path })))
        for (const [i, { body }] of answers.entries()) {
          const { target, bodyBytes } = JSON.parse(body.toString()) as Seen
          assert.deepEqual([target, bodyBytes], [`/saw/${i}`, `/saw/${i}`.length])
        }
      })

      it('gives answers without a body none', async () => {
        const client = await connect()
        for (const [path, method, status] of [
          ['/status/204', 'GET', 204],
          ['/status/304', 'GET', 304],
          ['/bytes?n=1000', 'HEAD', 200],
          ['/status/204', 'DELETE', 204],
        ] as const) {
          const answer = await client.ask(path, { method })
          assert.deepEqual([answer.status, answer.body.length], [status, 0], `${method} ${path}`)
          assert.equal(answer.headers['content-length'], method === 'HEAD' ? '1000' : undefined)
        }
        const bare = await stage.raw({ isSecure })
        await bare.send(headers(1, request('/status/204')), headers(3, request('/bytes?n=5', { method: 'HEAD' })))
        for (const id of [1, 3]) {
          const head = await bare.frame(({ type, streamId }) => type === 1 && streamId === id, 'the head')
          assert.equal(head.flags & 1, 1, 'the head is the end')
          assert.deepEqual(bare.of(0, id), [], 'no DATA')
        }
      })

      it('passes early hints on (RFC 8297)', async () => {
        const client = await connect()
        const { interim, body } = await client.ask('/hints')
        assert.deepEqual(
          interim.map((each) => [each[':status'], each.link]),
          [[103, '</a.css>; rel=preload']],
        )
        assert.equal(body.toString(), 'hinted')
      })

      it('says 100 to who waits for it, and only then gets the body', async () => {
        const client = await connect()
        const stream = client.open('/saw', { method: 'POST', headers: { expect: '100-continue' } }, false)
        const answer = readAnswer(stream)
        await within(once(stream, 'continue'), '100 Continue')
        stream.end('body')
        const seen = JSON.parse((await answer).body.toString()) as Seen
        assert.deepEqual([seen.bodyBytes, seen.fields.expect], [4, undefined])
        const refused = client.open(
          '/small/x',
          {
            method: 'POST',
            headers: { expect: '100-continue', 'content-length': 17 },
          },
          false,
        )
        refused.on('continue', () => assert.fail('nobody wants it'))
        assert.equal((await readAnswer(refused)).status, 413)
        assert.equal((await client.ask('/saw', { body: 'x', headers: { expect: 'a miracle' } })).status, 417)
      })

      it('refuses bodies that are too long, whether they say so or not', async () => {
        const client = await connect()
        for (const [body, said] of [
          ['a'.repeat(17), { 'content-length': 17 }],
          ['a'.repeat(17), {}],
          [Buffer.alloc(400_000), { 'content-length': 400_000 }],
          [Buffer.alloc(400_000), {}],
        ] as const) {
          const answer = await client.ask('/small/x', { body, headers: said })
          assert.deepEqual([answer.status, findHttp2Problem(answer)], [413, 'body-too-large'], `${body.length}`)
        }
        assert.equal((await client.ask('/small/saw', { body: 'a'.repeat(16) })).status, 200)
      })

      it('refuses a short body that comes with its head, if it is too long', async () => {
        const client = await stage.raw({ isSecure })
        const before = stage.upstream.begun
        const post = request('/small/x', { method: 'POST' })
        await client.send(headers(1, post, { ends: false }), data(1, 'a'.repeat(17), { ends: true }))
        assert.match(await client.head(1), /^:status=413 /)
        await client.send(
          headers(3, post, { ends: false }),
          data(3, 'a'.repeat(10)),
          data(3, 'a'.repeat(7), { ends: true }),
        )
        assert.match(await client.head(3), /^:status=413 /)
        assert.equal(stage.upstream.begun, before)
      })

      it('refuses heads that are too large, and goes on', async () => {
        const client = await connect()
        const large = await client.ask('/saw', { headers: { 'x-large': 'a'.repeat(9_000) } })
        assert.deepEqual([large.status, findHttp2Problem(large)], [431, 'header-too-large'])
        const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`x-${i}`, '1']))
        assert.equal((await client.ask('/saw', { headers: many })).status, 431)
        assert.equal((await client.ask('/saw')).status, 200)
      })

      it('refuses what is malformed, one stream and no more', async () => {
        const client = await stage.raw({ isSecure })
        const rows: [string, readonly (readonly [string, string])[]][] = [
          ['two places', request('/saw', { more: [['host', 'b']] })],
          ['a connection field', request('/saw', { more: [['connection', 'close']] })],
          ['a coding', request('/saw', { more: [['transfer-encoding', 'chunked']] })],
          ['upper case', request('/saw', { more: [['X-Upper', 'a']] })],
          ['a user', [...request('/saw').slice(0, 3), [':authority', 'me@a']]],
          ['no path', request('/saw').filter(([name]) => name !== ':path')],
          ['a space', request('/saw /b')],
          ['CR LF', request('/saw', { more: [['x-a', 'b\r\nx-c: d']] })],
        ]
        const before = stage.upstream.begun
        for (const [i, [what, fields]] of rows.entries()) {
          const id = i * 2 + 1
          await client.send(headers(id, fields))
          assert.match(await client.head(id), /^:status=400 /, what)
          assert.equal(await client.resetCode(id), ERROR_CODES.protocolError, what)
        }
        assert.equal(stage.upstream.begun, before)
        await client.send(headers(101, request('/saw', { more: [['host', 'A']] })))
        assert.match(await client.head(101), /^:status=200 /)
      })

      it('refuses methods that are answered nowhere, and paths that mean two things', async () => {
        const client = await connect()
        const trace = await client.ask('/saw', { method: 'TRACE' })
        assert.deepEqual([trace.status, findHttp2Problem(trace)], [405, 'method-not-allowed'])
        const connected = client.session.request({ ':method': 'CONNECT', ':authority': 'a:80' })
        assert.equal((await readAnswer(connected)).status, 405)
        const odd = await client.ask('/guarded/%2e%2e/saw/..%2f..%2fguarded/x')
        assert.equal(odd.status, 400)
        assert.equal((await client.ask('/saw')).status, 200)
      })

      it('lets policies judge as they do in HTTP/1.1', async () => {
        const client = await connect()
        const bare = await client.ask('/guarded/saw')
        assert.deepEqual([bare.status, findHttp2Problem(bare)], [401, await problemOf('/guarded/saw')])
        assert.equal((await client.ask('/guarded/saw', { headers: { 'x-api-key': KEY } })).status, 200)
        const odd = await client.ask('/judged/x?q=two%20words', { method: 'POST', headers: { 'x-kind': 'odd' } })
        assert.deepEqual([odd.status, odd.headers['x-query']], [299, 'two words'])
        assert.equal((await client.ask('/judged/x')).status, 298)
      })
    })
  }

  async function problemOf(path: string): Promise<string | undefined> {
    return findProblemCode(await get(stage.gateway.port, path))
  }

  it('counts a limit once for all protocols', async () => {
    const plain = await stage.client()
    const secure = await stage.client(true)
    const statuses = [
      (await plain.ask('/limited/saw')).status,
      (await secure.ask('/limited/saw')).status,
      (await get(stage.gateway.port, '/limited/saw')).status,
      (await plain.ask('/limited/saw')).status,
    ]
    assert.deepEqual(statuses, [200, 200, 200, 200])
    const burst = await Promise.all(Array.from({ length: 20 }, () => secure.ask('/limited/saw')))
    for (const each of burst) assert.deepEqual([each.status, findHttp2Problem(each)], [429, 'rate-limited'])
    assert.equal((await get(stage.gateway.port, '/limited/saw')).status, 429)
  })

  it('serves HTTP/1.1 on the same ports', async () => {
    const answer = await get(stage.gateway.port, '/saw')
    assert.equal(answer.status, 200)
    assert.equal(findField(answer, 'content-type'), 'application/json')
  })

  it('takes a preface in pieces, with a request right behind', async () => {
    const client = await stage.silent()
    const bytes = Buffer.concat([PREFACE, settings(), headers(1, request('/saw'))])
    for (const octet of bytes) {
      await client.send(Buffer.of(octet))
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.match(await client.head(1), /^:status=200 /)
  })

  it('tells an upstream that breaks off from a whole answer', async () => {
    const client = await stage.client(true)
    await assert.rejects(client.ask('/cut'), { name: 'Error', code: ERROR_CODES.internalError, status: 200 })
    assert.equal((await client.ask('/saw')).status, 200)
  })

  it('leaves nothing behind', () => stage.isQuiet())
})
