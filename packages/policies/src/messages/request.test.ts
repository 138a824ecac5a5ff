import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BytesBody } from './body.ts'
import { HeaderList } from './header-list.ts'
import { GatewayRequest } from './request.ts'

function open(search = '', headers: [string, string][] = []): GatewayRequest {
  return new GatewayRequest({
    method: 'GET',
    rawTarget: `/orders${search}`,
    path: '/orders',
    search,
    host: 'api.example.com',
    authority: 'API.example.com:8080',
    headers: HeaderList.of(headers),
    body: BytesBody.ofText('order'),
  })
}

describe('a request', () => {
  it('decodes its query, and again when it changed', () => {
    const request = open('?a=1%202&a=3')
    assert.deepEqual(request.query.getAll('a'), ['1 2', '3'])
    request.search = '?a=4'
    assert.equal(request.query.get('a'), '4')
  })

  it('reads cookies from every field; of two with one name, the first', () => {
    const request = open('', [
      ['Cookie', 'a=1; b=2 ;broken; a=9'],
      ['Cookie', 'c="x=y"; b=8'],
    ])
    assert.deepEqual(Object.fromEntries(request.cookies), { a: '1', b: '2', c: '"x=y"' })
  })

  it('reads cookies again when the field changed', () => {
    const request = open('', [['Cookie', 'key=s3cret; a=1']])
    assert.equal(request.cookies.get('key'), 's3cret')
    request.headers.set('Cookie', 'a=1')
    assert.equal(request.cookies.get('key'), undefined)
  })

  it('has clones that change alone and share the body', () => {
    const request = open('?a=1', [['Accept', '*/*']])
    request.matched = { parameters: { id: '7' } }
    const clone = request.clone()
    clone.path = '/other'
    clone.search = ''
    clone.headers.delete('accept')
    assert.deepEqual([request.path, request.search, request.headers.size], ['/orders', '?a=1', 1])
    assert.deepEqual(
      [clone.authority, clone.rawTarget, clone.parameters],
      ['API.example.com:8080', '/orders?a=1', { id: '7' }],
    )
    assert.equal(clone.body, request.body)
  })

  it('has no parameters named like what every object has', () => {
    assert.equal(open().parameters.constructor, undefined)
  })
})
