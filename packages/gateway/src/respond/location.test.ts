import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toClientLocation } from './location.ts'

const CLIENT = 'http://api.example.com'

describe('Location', () => {
  for (const [location, prefix, basePath, expected] of [
    ['http://10.0.0.1:9001/new', '', '/orders', `${CLIENT}/orders/new`],
    ['http://10.0.0.1:9001/new?a=b#c', '', '', `${CLIENT}/new?a=b#c`],
    ['http://10.0.0.1:9001', '', '', `${CLIENT}/`],
    ['http://10.0.0.1:9001', '', '/orders', `${CLIENT}/orders/`],
    ['http://10.0.0.1:9001/v1/new', '/v1', '/orders', `${CLIENT}/orders/new`],
    ['http://10.0.0.1:9001/v1', '/v1', '/orders', `${CLIENT}/orders`],
    ['http://10.0.0.1:9001/v1', '/v1', '', `${CLIENT}/`],
    ['http://10.0.0.1:9001/v1?a=b', '/v1', '', `${CLIENT}/?a=b`],
    ['/v1/new', '/v1', '/orders', '/orders/new'],
    ['/v1', '/v1', '', '/'],
    ['/v1?a=b', '/v1', '', '/?a=b'],
    ['/new', '', '/orders', '/orders/new'],
    // Not under the target: somebody else's address.
    ['http://10.0.0.1:90012/new', '', '/orders', 'http://10.0.0.1:90012/new'],
    ['http://10.0.0.1:9001.evil.example/', '', '/orders', 'http://10.0.0.1:9001.evil.example/'],
    ['http://10.0.0.1:9001@evil.example/', '', '/orders', 'http://10.0.0.1:9001@evil.example/'],
    ['https://10.0.0.1:9001/new', '', '/orders', 'https://10.0.0.1:9001/new'],
    ['http://10.0.0.1:9001/v10/new', '/v1', '/orders', 'http://10.0.0.1:9001/v10/new'],
    ['/v10', '/v1', '/orders', '/v10'],
    ['//evil.example/a', '', '/orders', '//evil.example/a'],
    ['new', '', '/orders', 'new'],
    ['?page=2', '', '/orders', '?page=2'],
    ['', '', '/orders', ''],
    ['mailto:a@example.com', '', '/orders', 'mailto:a@example.com'],
  ] as const) {
    it(`shows ${location || 'nothing'} (target ${prefix || '/'}, base ${basePath || '/'}) as ${expected || 'nothing'}`, () => {
      const target = { origin: 'http://10.0.0.1:9001', pathPrefix: prefix }
      assert.equal(toClientLocation(location, { target, clientOrigin: CLIENT, basePath }), expected)
    })
  }

  it('is of the scheme that the target is reached by', () => {
    const facts = { target: { origin: 'https://a', pathPrefix: '' }, clientOrigin: CLIENT, basePath: '/orders' }
    assert.equal(toClientLocation('https://a/new', facts), `${CLIENT}/orders/new`)
    assert.equal(toClientLocation('http://a/new', facts), 'http://a/new')
  })

  it('is a path where the client did not say whom it asked', () => {
    const target = { origin: 'http://a:1', pathPrefix: '' }
    assert.equal(toClientLocation('http://a:1/new', { target, clientOrigin: '', basePath: '/orders' }), '/orders/new')
  })
})
