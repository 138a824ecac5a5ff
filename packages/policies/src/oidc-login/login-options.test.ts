import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLIENT_ID, ISSUER } from './fake-provider.fixture.ts'
import { CALLBACK, SECRET } from './login.fixture.ts'
import { loginOptions } from './login-options.ts'

const parse = (options: object) =>
  loginOptions.safeParse({ issuer: ISSUER, clientId: CLIENT_ID, cookie: { secrets: [SECRET] }, ...options })

describe('oidc-login: its options', () => {
  for (const [name, options, at] of [
    ['an issuer without TLS', { issuer: 'http://login.example.com' }, 'issuer'],
    ['an issuer with a query', { issuer: 'https://login.example.com/?a=1' }, 'issuer'],
    ['a short secret', { cookie: { secrets: ['short'] } }, 'cookie.secrets.0'],
    ['no secret', { cookie: { secrets: [] } }, 'cookie.secrets'],
    [
      'a parameter that the login says itself',
      { authorizationParameters: { redirect_uri: 'x' } },
      'authorizationParameters',
    ],
    ['a `max_age` that is no number', { authorizationParameters: { max_age: 'x' } }, 'authorizationParameters'],
    ['two paths that are one', { logoutPath: CALLBACK }, 'logoutPath'],
    ['login and logout on one path', { logoutPath: '/x', loginPath: '/x' }, 'logoutPath'],
    ['a login at the callback', { loginPath: CALLBACK }, 'loginPath'],
    ['a path that never matches', { redirectPath: '/a/../b' }, 'redirectPath'],
    ['an origin with a path', { publicOrigin: 'https://a.example/x' }, 'publicOrigin'],
    ['a script after the logout', { postLogoutRedirect: 'javascript:alert(1)' }, 'postLogoutRedirect'],
    ['another host after the logout', { postLogoutRedirect: '//evil.example' }, 'postLogoutRedirect'],
    [
      'facts in the field of the access token',
      { forwardAccessToken: true, toUpstream: { id: 'authorization' } },
      'toUpstream.id',
    ],
    ['facts in the field of cookies', { toUpstream: { id: 'cookie' } }, 'toUpstream.id'],
    ['a scope that is two', { scopes: ['a b'] }, 'scopes.0'],
  ] as const) {
    it(`are refused: ${name}`, () => {
      const result = parse(options)
      assert.deepEqual(
        result.error?.issues.map(({ path }) => path.join('.')),
        [at],
      )
    })
  }

  it('take an issuer on this machine without TLS', () => {
    for (const issuer of ['http://localhost:8080/realms/a', 'http://127.0.0.1:1', 'http://[::1]:1'])
      assert.equal(parse({ issuer }).success, true)
  })

  it('always ask for `openid`', () => assert.deepEqual(parse({ scopes: ['email'] }).data?.scopes, ['openid', 'email']))

  it('print no secret', () => {
    const printed = JSON.stringify(parse({ clientSecret: 's3cret' }).data)
    assert.ok(!printed.includes('s3cret') && !printed.includes(SECRET))
  })
})
