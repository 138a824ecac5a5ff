import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { agree, parseAuthority } from './host.ts'

const parse = (received: string): string => {
  const authority = parseAuthority(received)
  return authority === undefined ? 'refused' : `${authority.host} ${authority.port}`
}

describe('authority', () => {
  for (const [received, expected] of [
    ['api.example.com', 'api.example.com undefined'],
    ['API.Example.COM:8080', 'api.example.com 8080'],
    ['api.example.com.', 'api.example.com undefined'],
    ['api.example.com.:80', 'api.example.com 80'],
    ['api.example.com:', 'api.example.com undefined'],
    ['my_service', 'my_service undefined'],
    ['_a._b', '_a._b undefined'],
    ['a--b.xn--bcher-kva', 'a--b.xn--bcher-kva undefined'],
    ['127.0.0.1:65535', '127.0.0.1 65535'],
    ['[::1]', '[::1] undefined'],
    ['[2001:DB8::1]:443', '[2001:db8::1] 443'],
    ['[::ffff:192.0.2.1]', '[::ffff:192.0.2.1] undefined'],
    [`${'a'.repeat(63)}.${'b'.repeat(63)}`, `${'a'.repeat(63)}.${'b'.repeat(63)} undefined`],
    ['', 'refused'],
    ['.', 'refused'],
    ['.example.com', 'refused'],
    ['a..b', 'refused'],
    ['a..', 'refused'],
    ['-a.example', 'refused'],
    ['a-.example', 'refused'],
    [':80', 'refused'],
    ['a:b', 'refused'],
    ['a:80:80', 'refused'],
    ['a:65536', 'refused'],
    ['a:-1', 'refused'],
    ['a:+80', 'refused'],
    ['a: 80', 'refused'],
    ['a:000080', 'refused'],
    ['user@a', 'refused'],
    ['user:secret@a', 'refused'],
    ['a/b', 'refused'],
    ['a?b', 'refused'],
    ['a#b', 'refused'],
    ['a b', 'refused'],
    ['a,b', 'refused'],
    ['a%2eb', 'refused'],
    ['a\\b', 'refused'],
    ['b\xfccher.example', 'refused'],
    ['::1', 'refused'],
    ['[::1', 'refused'],
    ['::1]', 'refused'],
    ['[]', 'refused'],
    ['[::1]x', 'refused'],
    ['x[::1]', 'refused'],
    ['[fe80::1%25eth0]', 'refused'],
    ['[v1.a]', 'refused'],
    ['[1.2.3.4]', 'refused'],
    ['[:::]', 'refused'],
    ['a'.repeat(256), 'refused'],
  ] as const) {
    it(`reads ${JSON.stringify(received.slice(0, 40))} as ${expected.slice(0, 40)}`, () => {
      assert.equal(parse(received), expected)
    })
  }

  it('keeps what was received', () => {
    assert.equal(parseAuthority('API.Example.COM.:80')?.received, 'API.Example.COM.:80')
  })

  it('compares without case, trailing dot and default port', () => {
    const same = (a: string, b: string): boolean => agree(parseAuthority(a)!, parseAuthority(b)!, 80)
    assert.ok(same('a.example', 'A.Example.:80'))
    assert.ok(same('a.example:8080', 'a.example:8080'))
    assert.ok(!same('a.example', 'a.example:8080'))
    assert.ok(!same('a.example', 'b.example'))
  })
})
