import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toRequest } from '../testing/index.ts'
import { LoginCookies, MOST_ATTEMPTS, MOST_PARTS, NO_COOKIES } from './login-cookies.ts'

const cookies = new LoginCookies('s', true)
const read = (Cookie: string) => cookies.read(toRequest({ headers: { Cookie } }))

describe('LoginCookies', () => {
  it('finds nothing where nothing is, or where names only look alike', () => {
    assert.equal(cookies.read(toRequest()), NO_COOKIES)
    for (const field of ['a=1', 's=1.x', '__Host-sx=1.x', '__host-s=1.x', '__Host-s', 'a=__Host-s'])
      assert.equal(read(field), NO_COOKIES, field)
  })

  it('joins as many parts as the first one says, in their order', () => {
    assert.equal(read('__Host-s.1=b; __Host-s=2.a').session, 'ab')
    assert.equal(read('__Host-s=1.a; __Host-s.1=left-over').session, 'a')
  })

  it('joins no more than there may be, though all are there', () => {
    const parts = Array.from({ length: 9 }, (_, part) => `__Host-s.${part}=x`).join('; ')
    assert.equal(read(`__Host-s=${MOST_PARTS}.x; ${parts}`).session, 'x'.repeat(MOST_PARTS))
    const { session, isGarbled } = read(`__Host-s=${MOST_PARTS + 1}.x; ${parts}`)
    assert.deepEqual([session, isGarbled], [undefined, true])
  })

  it('sets no more parts than there may be', () => {
    assert.equal(cookies.toSession('x'.repeat(3800 * MOST_PARTS), NO_COOKIES)?.length, MOST_PARTS)
    assert.equal(cookies.toSession('x'.repeat(3800 * MOST_PARTS + 1), NO_COOKIES), undefined)
  })

  it('answers a crowd of names that nobody set with few fields', () => {
    const crowd = (prefix: string) => Array.from({ length: 900 }, (_, at) => `__Host-s.${prefix}${at}=x`).join('; ')
    assert.deepEqual(cookies.toForgottenSession(read(`__Host-s=9.x; ${crowd('')}`)).length, MOST_PARTS)
    const set = cookies.toAttempt('id', 'sealed', { found: read(crowd('login.')), maxAgeSeconds: 60 })
    assert.equal(set.length, 1 + MOST_ATTEMPTS)
  })

  it('takes a name twice with one value for one', () => {
    assert.equal(read('__Host-s=1.a; __Host-s=1.a').session, 'a')
    assert.equal(read('__Host-s=1.a; __Host-s=1.b').isGarbled, true)
  })

  it('takes ours out of a request in both forms, and leaves no empty field', () => {
    const request = toRequest({ headers: { Cookie: '__Host-s=1.a; s.login.x=b; s=c' } })
    cookies.remove(request)
    assert.equal(request.headers.has('cookie'), false)
  })
})
