import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeaderList } from '../messages/header-list.ts'
import { GatewayResponse } from '../messages/response.ts'
import { Problem } from '../problem.ts'
import { run } from '../testing/index.ts'
import { setHeaders } from './set-headers.ts'

const caller = { id: 'acme', app: 'acme', credential: { kind: 'key', id: 'x' } }

describe('set-headers', () => {
  it('removes, sets and appends, in this order', async () => {
    const subject = run(setHeaders, {
      remove: ['X-Debug', 'Accept'],
      set: { 'X-Mode': 'strict', Accept: 'application/json' },
      append: { 'X-Tag': 'b', Accept: 'text/html' },
    })
    const { upstream } = await subject.with({
      headers: { 'x-debug': '1', 'X-Tag': 'a', 'x-mode': 'lax', accept: '*/*' },
    })
    assert.deepEqual(
      [...(upstream[0]?.headers ?? [])],
      [
        ['X-Tag', 'a'],
        ['X-Mode', 'strict'],
        ['Accept', 'application/json'],
        ['X-Tag', 'b'],
        ['Accept', 'text/html'],
      ],
    )
  })

  it('takes with a field what an upstream may take for it', async () => {
    const subject = run(setHeaders, { remove: ['X-Debug'], set: { 'X-Role': 'user' } })
    const { upstream } = await subject.with({
      headers: { X_Debug: '1', X_Role: 'admin', 'x-role': 'admin', X_Other: '1' },
    })
    assert.deepEqual(
      [...(upstream[0]?.headers ?? [])],
      [
        ['X-Role', 'user'],
        ['X_Other', '1'],
      ],
    )
  })

  it('computes values from the request', async () => {
    const subject = run(setHeaders, {
      set: { 'X-App': '${caller.app}/${request.method}', 'X-Path': { cel: 'request.path' } },
    })
    const { upstream } = await subject.with({ target: '/orders' }, { caller })
    assert.equal(upstream[0]?.headers.get('x-app'), 'acme/GET')
    assert.equal(upstream[0]?.headers.get('x-path'), '/orders')
  })

  it('changes the answer on its way back, and sees it', async () => {
    const upstream = async () =>
      new GatewayResponse({
        status: 201,
        headers: HeaderList.of([
          ['X-Internal', '1'],
          ['X-Version', '7'],
        ]),
      })
    const subject = run(
      setHeaders,
      {
        on: 'response',
        remove: ['X-Internal'],
        set: { 'X-Seen': "${response.status} ${response.headers['x-version']}" },
      },
      { upstream },
    )
    const { headers } = await subject.with()
    assert.equal(headers.has('x-internal'), false)
    assert.equal(headers.get('x-seen'), '201 7')
  })

  it('dresses problems, and sees which', async () => {
    const upstream = () => {
      throw new Problem('upstream-timeout')
    }
    const { headers, problem } = await run(
      setHeaders,
      { on: 'response', set: { 'X-Error': '${error.code}' } },
      { upstream },
    ).with()
    assert.deepEqual([problem?.code, headers.get('x-error')], ['upstream-timeout', 'upstream-timeout'])
  })

  it('answers expression-failed when a value cannot be computed, and the upstream hears nothing', async () => {
    const { problem, upstream } = await run(setHeaders, { set: { 'X-App': '${caller.app}' } }).with()
    assert.equal(problem?.code, 'expression-failed')
    assert.equal(problem?.detail, undefined)
    assert.equal(upstream.length, 0)
  })

  it('never lets a client write a head: a line break in a value is refused', async () => {
    for (const on of ['request', 'response'] as const) {
      const subject = run(setHeaders, { on, set: { 'X-Echo': '${request.query.echo}' } })
      const { problem, headers } = await subject.with({ target: '/?echo=a%0d%0aSet-Cookie:%20b' })
      assert.equal(problem?.code, 'expression-failed')
      assert.equal(headers.has('set-cookie'), false)
    }
  })

  it('answers without a promise on the way in', () => {
    const subject = run(setHeaders, { set: { 'X-Mode': 'strict' } })
    assert.ok(subject.start(subject.open()).isSync)
  })

  for (const [options, path] of [
    [{ set: { 'Content-Length': '1' } }, ['set', 'Content-Length']],
    [{ append: { 'transfer-encoding': 'chunked' } }, ['append', 'transfer-encoding']],
    [{ remove: ['Connection'] }, ['remove', 0]],
    [{ set: { Host: 'x' } }, ['set', 'Host']],
    [{ set: { 'X-Forwarded-For': 'x' } }, ['set', 'X-Forwarded-For']],
    [{ on: 'response', set: { 'X-Request-Id': 'x' } }, ['set', 'X-Request-Id']],
    [{ set: { 'X Y': 'x' } }, ['set', 'X Y']],
    [{ set: { 'X-Y': 'a\nb' } }, ['set', 'X-Y']],
    [{ set: { 'X-Y': '${requst.path}' } }, ['set', 'X-Y']],
    [{ set: { 'X-Y': '${request.path' } }, ['set', 'X-Y']],
    [{ set: { 'X-Y': '${request.pat}' } }, ['set', 'X-Y']],
    [{ set: { 'X-Y': '${response.status}' } }, ['set', 'X-Y']],
    [{ set: { 'X-Y': { cel: 'response.status' } } }, ['set', 'X-Y']],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}, and says where`, () => {
      const issue = setHeaders.options.safeParse(options).error?.issues[0]
      assert.deepEqual(issue?.path, path)
    })
  }

  it('has no opinion on fields named like what every object has', () => {
    assert.ok(setHeaders.options.safeParse({ set: { constructor: 'x' } }).success)
  })

  it('may read the answer on its way back', () => {
    assert.ok(setHeaders.options.safeParse({ on: 'response', set: { 'X-Was': '${response.status}' } }).success)
  })

  it('may set Host in answers, where it means nothing to the gateway', () => {
    assert.ok(setHeaders.options.safeParse({ on: 'response', set: { Host: 'x' } }).success)
  })
})
