import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from '../testing/index.ts'
import { respond } from './respond.ts'

describe('respond', () => {
  it('answers itself, and no upstream is called', async () => {
    const answer = await run(respond, { status: 418, body: 'short and stout' }).with()
    assert.deepEqual([answer.status, answer.upstream.length], [418, 0])
    assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8')
    assert.equal(await answer.text(), 'short and stout')
    assert.equal(respond.answers, true)
  })

  it('answers 200 with nothing when nothing is said', async () => {
    const answer = await run(respond).with()
    assert.deepEqual([answer.status, answer.headers.size, await answer.text()], [200, 0, ''])
  })

  it('answers with a JSON value', async () => {
    const answer = await run(respond, { json: { a: [1, null, '${x}'] } }).with()
    assert.equal(answer.headers.get('content-type'), 'application/json')
    assert.equal(await answer.text(), '{"a":[1,null,"${x}"]}')
  })

  it('computes its body and headers from the request', async () => {
    const answer = await run(respond, {
      status: 308,
      headers: { Location: 'https://www.example.com${request.path}', 'content-type': 'text/html' },
      body: 'Hello ${request.query.name}, $${name}',
    }).with({ target: '/a%20b?name=J%C3%BCrgen' })
    assert.equal(answer.headers.get('location'), 'https://www.example.com/a%20b')
    assert.deepEqual(answer.headers.getAll('content-type'), ['text/html'])
    assert.equal(await answer.text(), 'Hello Jürgen, ${name}')
  })

  it('says to HEAD what it would say to GET; the gateway leaves the body out (RFC 9110 §9.3.2)', async () => {
    const answer = await run(respond, { body: 'order' }).with({ method: 'HEAD' })
    assert.equal(answer.response.body.sizeBytes, 5)
  })

  it('has headers of its own for each answer', async () => {
    const subject = run(respond, { headers: { 'X-A': '1' } })
    ;(await subject.with()).response.headers.delete('x-a')
    assert.ok((await subject.with()).headers.has('x-a'))
  })

  it('never lets a client write a head', async () => {
    const subject = run(respond, { status: 302, headers: { Location: '/${request.query.to}' } })
    const { problem } = await subject.with({ target: '/?to=a%0d%0aSet-Cookie:b' })
    assert.equal(problem?.code, 'expression-failed')
  })

  for (const [options, path] of [
    [{ status: 204, body: 'x' }, 'status'],
    [{ status: 304, json: 1 }, 'status'],
    [{ status: 101 }, 'status'],
    [{ status: 600 }, 'status'],
    [{ body: 'x', json: 1 }, 'json'],
    [{ headers: { 'Content-Length': '1' } }, 'headers'],
    [{ headers: { 'X Y': '1' } }, 'headers'],
    [{ body: '${nobody.name}' }, 'body'],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}, and says where`, () => {
      assert.equal(respond.options.safeParse(options).error?.issues[0]?.path[0], path)
    })
  }
})
