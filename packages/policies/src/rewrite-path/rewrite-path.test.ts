import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from '../testing/index.ts'
import { rewritePath } from './rewrite-path.ts'

type Options = Parameters<typeof run<typeof rewritePath.options>>[1]
type Case = [options: Options, target: string, expected: string]
const caller = { id: 'a/../b c', app: 'acme', credential: { kind: 'key', id: 'x' } }

async function rewritten(options: Options, target: string, parameters: Record<string, string> = {}): Promise<string> {
  const { upstream, problem } = await run(rewritePath, options).with({ target, parameters }, { caller })
  const [request] = upstream
  return request === undefined ? `refused: ${problem?.code}` : request.path + request.search
}

describe('rewrite-path', () => {
  for (const [options, target, expected] of [
    [{ prefix: { from: '/v1', to: '/internal' } }, '/v1/orders?a=%7e', '/internal/orders?a=%7e'],
    [{ prefix: { from: '/v1', to: '/internal' } }, '/v1', '/internal'],
    [{ prefix: { from: '/v1', to: '/internal' } }, '/v10/orders', '/v10/orders'],
    [{ prefix: { from: '/v1', to: '' } }, '/v1', '/'],
    [{ prefix: { from: '/v1', to: '' } }, '/v1/', '/'],
    [{ prefix: { from: '', to: '/v1' } }, '/orders%2F7', '/v1/orders%2F7'],
    [
      { pattern: { from: '/{kind}/v1/{rest+}', to: '/v2/{kind}/{rest}' } },
      '/orders/v1/a/b%20c/',
      '/v2/orders/a/b%20c/',
    ],
    [{ pattern: { from: '/{kind}/v1/{rest+}', to: '/v2/{kind}/{rest}' } }, '/orders/v2/a', '/orders/v2/a'],
    [{ pattern: { from: '/a/{id}', to: '/b/{id}' } }, '/a/1/2', '/a/1/2'],
    [{ pattern: { from: '/a/{id}', to: '/b/{id}' } }, '/a/', '/a/'],
    [{ pattern: { from: '/a/', to: '/b' } }, '/a/', '/b'],
    [{ pattern: { from: '/a/', to: '/b' } }, '/a', '/a'],
    [{ pattern: { from: '/{rest+}', to: '/x/{rest}' } }, '/', '/'],
    [{ setQuery: { version: '2' } }, '/orders?a=[]|%7e', '/orders?a=[]|%7e&version=2'],
    [{ setQuery: { a: '${request.query.a}!' } }, '/?a=1&b=2&a=3', '/?b=2&a=1!'],
    [{ removeQuery: ['a'], setQuery: { b: 'x&y' } }, '/?a=1&c', '/?c&b=x%26y'],
    [{ prefix: { from: '', to: '/v1' } }, '*', '*'],
  ] satisfies Case[] as Case[]) {
    it(`makes ${target} ${expected} by ${JSON.stringify(options)}`, async () =>
      assert.equal(await rewritten(options, target), expected))
  }

  it('puts values of the route in as they came, encoded', async () => {
    assert.equal(await rewritten({ path: '/v2/{id}/x-{id}' }, '/orders/a%2Fb', { id: 'a%2Fb' }), '/v2/a%2Fb/x-a%2Fb')
    assert.equal(await rewritten({ path: '/files/{rest+}' }, '/x', { rest: 'a/b' }), '/files/a/b')
  })

  it('keeps a computed value inside of one segment', async () => {
    assert.equal(await rewritten({ path: '/callers/${caller.id}' }, '/x'), 'refused: malformed-request')
    assert.equal(await rewritten({ path: '/callers/${caller.app}/${request.method}' }, '/x'), '/callers/acme/GET')
    assert.equal(
      await rewritten({ path: '/${request.query.q}' }, '/x?q=a/b%3Fc%23%0d%0a'),
      '/a%2Fb%3Fc%23%0D%0A?q=a/b%3Fc%23%0d%0a',
    )
  })

  for (const value of ['..', '.', '%2e%2E', '.%2e', 'a%2F..%2Fb', 'a%5C..%5Cb', '..;a=b', 'a/../b']) {
    it(`never leaves its place by ${value}`, async () => {
      assert.equal(await rewritten({ path: '/private/{id}' }, '/x', { id: value }), 'refused: malformed-request')
    })
  }

  it('does not mind dots that lead nowhere', async () => {
    for (const id of ['...', 'a..b', '.well-known', '..a'])
      assert.equal(await rewritten({ path: '/x/{id}' }, '/', { id }), `/x/${id}`)
  })

  it('does not refuse a path that it leaves alone', async () => {
    assert.equal(await rewritten({ setQuery: { a: '1' } }, '/a%2F..%2Fb'), '/a%2F..%2Fb?a=1')
  })

  it('says nothing of the rewritten path to the client', async () => {
    const { problem } = await run(rewritePath, { path: '/secret/{id}' }).with({ parameters: { id: '..' } })
    assert.ok(!problem?.detail?.includes('secret'))
    assert.match(problem?.reason ?? '', /\/secret\/\.\./)
  })

  it('answers expression-failed for a name that the route has not', async () => {
    assert.equal(await rewritten({ path: '/x/{id}' }, '/x'), 'refused: expression-failed')
    assert.equal(await rewritten({ path: '/x/{constructor}' }, '/x'), 'refused: expression-failed')
    assert.equal(await rewritten({ path: '/x/${variables.none}' }, '/x'), 'refused: expression-failed')
  })

  for (const [options, words] of [
    [{ path: 'orders' }, /slash/],
    [{ path: '/a b' }, /percent-encoded/],
    [{ path: '/a?b=c' }, /percent-encoded/],
    [{ path: '/ä' }, /percent-encoded/],
    [{ path: '/a%2' }, /hex/],
    [{ path: '/a%7eb' }, /%7e, which is ~/],
    [{ path: '/a/../b' }, /dot segment/],
    [{ path: '/a/{id' }, /brace/],
    [{ path: '/a/${request.path' }, /brace/],
    [{ path: '/a/${requst.path}' }, /requst/],
    [{ prefix: { from: '/v1/', to: '/v2' } }, /slash at its end/],
    [{ prefix: { from: 'v1', to: '/v2' } }, /slash/],
    [{ pattern: { from: '/a{id}', to: '/b' } }, /whole segment/],
    [{ pattern: { from: '/{a+}/b', to: '/b' } }, /last/],
    [{ pattern: { from: '/{a}/{a}', to: '/b' } }, /twice/],
    [{ path: '/a', prefix: { from: '/a', to: '/b' } }, /keep one/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}, and says why`, () => {
      assert.match(rewritePath.options.safeParse(options).error?.issues[0]?.message ?? '', words)
    })
  }
})
