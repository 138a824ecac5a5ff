/** Owns the table of paths that would reach another route behind the gateway: a policy on one route must not be walked around. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requestOf, routerOf, sayResult, type TestApi } from './routing.fixture.ts'

function check(api: TestApi, rows: readonly (readonly [line: string, result: string])[]): void {
  const router = routerOf(
    api,
    { basePath: '/other', value: 'other' },
    { basePath: '/narrow', value: 'narrow', routes: ['/open/{x+}'] },
  )
  for (const [line, result] of rows) {
    it(`${line}: ${result}`, () => assert.equal(sayResult(router.match(requestOf(line))), result))
  }
}

describe('a path with several readings', () => {
  check(
    {
      routes: [
        '/admin',
        '/admin/{x+}',
        '/a/b',
        '/users/@me',
        '/users/{id}',
        'POST /posts/new',
        '/posts/{id}',
        '/{rest+}',
      ],
    },
    [
      // Slashes merged.
      ['GET //admin', 'ambiguous: /admin → /admin'],
      ['GET /a//b', 'ambiguous: /a/b → /a/b'],
      ['GET /a///b', 'ambiguous: /a/b → /a/b'],
      ['GET //admin/x', 'ambiguous: /admin/x → /admin/{x+}'],
      ['GET /x//y', ' → /{rest+} rest=x//y'],
      ['GET /admin//x', ' → /admin/{x+} x=/x'],
      // Parameters dropped.
      ['GET /a;x/b', 'ambiguous: /a/b → /a/b'],
      ['GET /admin;v=1', 'ambiguous: /admin → /admin'],
      ['GET /;/admin', 'ambiguous: /admin → /admin'],
      ['GET /x;y', ' → /{rest+} rest=x;y'],
      ['GET /users/1;v=2', ' → /users/{id} id=1;v=2'],
      // Parameters dropped after decoding.
      ['GET /admin%3Bx', 'ambiguous: /admin → /admin'],
      ['GET /admin%3bx/y', 'ambiguous: /admin/y → /admin/{x+}'],
      ['GET /a/..%3B/admin', 'ambiguous: /admin → /admin'],
      ['GET /a/..%3B%2Fadmin', 'ambiguous: /admin → /admin'],
      ['GET /x/a%3Bx/..%3B/..%2Fadmin', 'ambiguous: /admin → /admin'],
      ['GET /x%3By', ' → /{rest+} rest=x%3By'],
      ['GET /users/1%3B2', ' → /users/{id} id=1%3B2'],
      ['GET /admin%253Bx', ' → /{rest+} rest=admin%253Bx'],
      // A query or a fragment split off after decoding.
      ['GET /admin%3Fx', 'ambiguous: /admin → /admin'],
      ['GET /admin%23', 'ambiguous: /admin → /admin'],
      ['GET /a%2Fb%23%3F', 'ambiguous: /a/b → /a/b'],
      ['GET /%61dmin%23x%3Fy/z', 'ambiguous: /admin → /admin'],
      ['GET /x/..%2Fadmin%3F/y', 'ambiguous: /admin → /admin'],
      ['GET /users/what%3F', ' → /users/{id} id=what%3F'],
      ['GET /x/c%23/y', ' → /{rest+} rest=x/c%23/y'],
      ['GET /admin%253Fx', ' → /{rest+} rest=admin%253Fx'],
      // Slashes decoded.
      ['GET /a%2Fb', 'ambiguous: /a/b → /a/b'],
      ['GET /a%2fb', 'ambiguous: /a/b → /a/b'],
      ['GET /admin%2Fx', 'ambiguous: /admin/x → /admin/{x+}'],
      ['GET /%2Fadmin', 'ambiguous: /admin → /admin'],
      ['GET /x%2Fy', ' → /{rest+} rest=x%2Fy'],
      ['GET /users/1%2F2', 'ambiguous: /users/1/2 → /{rest+}'],
      // Backslashes.
      ['GET /a%5Cb', 'ambiguous: /a/b → /a/b'],
      ['GET /a%5cb', 'ambiguous: /a/b → /a/b'],
      // Dot segments that appear only then.
      ['GET /a/..%2Fadmin', 'ambiguous: /admin → /admin'],
      ['GET /a/%2e%2e%2fadmin', 'ambiguous: /admin → /admin'],
      ['GET /a/..%5Cadmin', 'ambiguous: /admin → /admin'],
      ['GET /a/..;/admin', 'ambiguous: /admin → /admin'],
      ['GET /a/..;x=%2F/admin', 'ambiguous: /admin → /admin'],
      ['GET /x//../admin', 'ambiguous: /admin → /admin'],
      ['GET /a/.%2Fb', 'ambiguous: /a/b → /a/b'],
      ['GET /a/;/b', 'ambiguous: /a/b → /a/b'],
      // All together.
      ['GET /x;y%2F..;z%2F/admin', 'ambiguous: /admin → /admin'],
      // Delimiters that need no escape.
      ['GET /users/%40me', 'ambiguous: /users/@me → /users/@me'],
      ['GET /users/%40you', ' → /users/{id} id=%40you'],
      ['GET /%61dmin', ' → /admin'],
      // Not decoded twice.
      ['GET /a%252Fb', ' → /{rest+} rest=a%252Fb'],
      ['GET /a/..%252Fadmin', ' → /{rest+} rest=a/..%252Fadmin'],
      // The other reading must have the method, too: else it reaches the same.
      ['GET /posts//new', 'ambiguous: /posts/new → /posts/{id}'],
      ['POST /posts/%6Eew', ' → POST /posts/new'],
      // Another API.
      ['GET /%2Fother/x', 'ambiguous: /other/x → /{rest+}'],
      ['GET /other/..%2Fx', 'ambiguous: /x → /{rest+}'],
      ['GET /other/x//y', 'other → /{rest+} rest=x//y'],
      // No route by the normal form, but one by the reading; and none by either.
      ['GET /narrow//open/x', 'ambiguous: /narrow/open/x → /open/{x+}'],
      ['GET /narrow//closed', 'narrow has no route'],
      // No route by the reading is a difference only where a hidden `..` leads there.
      ['GET /narrow/open/a%2Fb', 'narrow → /open/{x+} x=a%2Fb'],
      ['GET /narrow/open/..%2Fclosed', 'ambiguous: /narrow/closed → no route'],
      ['GET /narrow/open/a%2F..%2Fb', 'narrow → /open/{x+} x=a%2F..%2Fb'],
    ],
  )

  const ids: TestApi = { routes: ['/projects/{id}', '/packages/{name}'] }
  check(ids, [
    // What honest clients send: an encoded slash inside one segment.
    ['GET /projects/group%2Fname', ' → /projects/{id} id=group%2Fname'],
    ['GET /packages/%40scope%2Fname', ' → /packages/{name} name=%40scope%2Fname'],
    ['GET /projects/', ' has no route'],
  ])

  it('names the API of the normal form, whose error shapes answer', () => {
    const router = routerOf({ value: 'root', routes: ['/a'] }, { basePath: '/other', value: 'other' })
    const inside = router.match(requestOf('GET /other/..%2Fa'))
    assert.ok(inside.kind === 'ambiguous-path')
    assert.equal(inside.api, 'other')
    const outside = routerOf({ basePath: '/a', value: 'a' }).match(requestOf('GET //a/x'))
    assert.ok(outside.kind === 'ambiguous-path')
    assert.equal(outside.api, undefined)
  })
})
