import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findReturnPath } from './return-path.ts'

describe('findReturnPath', () => {
  for (const path of ['/', '/a?b=c&d=%2f', '/a/b;c=d', '/%2f%2fevil.example', '/a//b', '/?next=//evil.example'])
    it(`takes ${path} as it is`, () => assert.equal(findReturnPath(path, ['/']), path))

  it('resolves dot segments before it judges, and drops the fragment', () => {
    assert.equal(findReturnPath('/app/../admin', ['/app']), undefined)
    assert.equal(findReturnPath('/app/%2e%2E/admin', ['/app']), undefined)
    assert.equal(findReturnPath('/x/../app#top', ['/app']), '/app')
  })

  it('allows by whole segments', () => {
    assert.equal(findReturnPath('/app', ['/app']), '/app')
    assert.equal(findReturnPath('/app/x', ['/app']), '/app/x')
    assert.equal(findReturnPath('/apple', ['/app']), undefined)
  })

  it('allows none of its own paths, however they are written', () => {
    for (const path of ['/out', '/out?x', '/%6fut', '/x/../out', '/%6Fut#x'])
      assert.equal(findReturnPath(path, ['/'], ['/out']), undefined)
    for (const path of ['/out/x', '/outer', '/%zz']) assert.equal(findReturnPath(path, ['/'], ['/out']), path)
  })

  for (const [name, text] of [
    ['nothing', ''],
    ['a relative path', 'orders'],
    ['another host', '//evil.example'],
    ['another host by backslashes', '/\\evil.example'],
    ['another host by a backslash in front', '\\/evil.example'],
    ['another host after a tab', '/\t/evil.example'],
    ['another host after a line feed', '/\n/evil.example'],
    ['another host behind a dot segment', '/.//evil.example'],
    ['another host behind two dots', '/a/..//evil.example'],
    ['another host behind encoded dots', '/%2e//evil.example'],
    ['a user and another host', '//app.example@evil.example/'],
    ['a scheme', 'https://evil.example/'],
    ['a scheme without slashes', 'https:evil.example'],
    ['a script', 'javascript:alert(1)'],
    ['a space in front', ' //evil.example'],
    ['a NUL', '/\0'],
    ['what is too long', `/${'a'.repeat(1500)}`],
  ] as const)
    it(`takes none of these: ${name} (CWE-601)`, () => assert.equal(findReturnPath(text, ['/']), undefined))
})
