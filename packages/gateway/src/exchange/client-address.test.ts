import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeaderList } from '@gatewright/policies'
import { findClientAddress, TrustedProxies, toPlainAddress } from './client-address.ts'

const TRUSTED = new TrustedProxies(['10.0.0.0/8', '127.0.0.1', '2001:db8::/32'])

const find = (peer: string, ...fields: readonly (readonly [string, string])[]): string =>
  findClientAddress(HeaderList.of(fields), peer, TRUSTED)
const forwardedFor = (value: string): readonly [string, string] => ['X-Forwarded-For', value]

describe('client address', () => {
  for (const [what, peer, value, expected] of [
    ['a stranger says of itself what it likes', '203.0.113.9', '192.0.2.1', '203.0.113.9'],
    ['a trusted peer speaks for its client', '10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['trusted proxies speak for each other', '10.0.0.1', '192.0.2.1, 10.0.0.3, 10.0.0.2', '192.0.2.1'],
    ['what is left of the first stranger is invented', '10.0.0.1', '127.0.0.1, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['a client that claims to be a trusted proxy', '10.0.0.1', '198.51.100.7, 192.0.2.1', '192.0.2.1'],
    ['a chain of trusted proxies alone', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['an entry that nobody can read ends what is believed', '10.0.0.1', '192.0.2.1, unknown, 10.0.0.2', '10.0.0.2'],
    ['an unreadable entry alone', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['an empty list', '10.0.0.1', '', '10.0.0.1'],
    ['a port', '10.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
    ['IPv6', '10.0.0.1', '2001:db9::1', '2001:db9::1'],
    ['IPv6 in brackets, with a port', '10.0.0.1', '[2001:db9::1]:4711', '2001:db9::1'],
    ['trusted IPv6', '2001:db8::1', '192.0.2.1, 2001:db8:1::7', '192.0.2.1'],
    ['IPv4 in IPv6', '10.0.0.1', '::ffff:192.0.2.1', '192.0.2.1'],
    ['a name is no address', '10.0.0.1', 'client.example', '10.0.0.1'],
  ] as const) {
    it(`${what}: ${expected}`, () => {
      assert.equal(find(peer, forwardedFor(value)), expected)
    })
  }

  it('joins several fields in their order', () => {
    assert.equal(find('10.0.0.1', forwardedFor('192.0.2.1'), forwardedFor('192.0.2.2, 10.0.0.2')), '192.0.2.2')
  })

  for (const [value, expected] of [
    ['for=192.0.2.1', '192.0.2.1'],
    ['for=192.0.2.1;proto=http;by=10.0.0.1, for=10.0.0.2', '192.0.2.1'],
    ['proto=https; For="[2001:db9::1]:4711"', '2001:db9::1'],
    ['for="_hidden", for=10.0.0.2', '10.0.0.2'],
    ['for=unknown', '10.0.0.1'],
    ['by=192.0.2.1', '10.0.0.1'],
    ['xfor=192.0.2.1', '10.0.0.1'],
  ] as const) {
    it(`reads Forwarded: ${value} as ${expected} (RFC 7239)`, () => {
      assert.equal(find('10.0.0.1', ['Forwarded', value]), expected)
    })
  }

  it('believes neither field where both are there and disagree', () => {
    assert.equal(find('10.0.0.1', ['Forwarded', 'for=192.0.2.9'], forwardedFor('192.0.2.1')), '10.0.0.1')
    assert.equal(find('10.0.0.1', ['Forwarded', 'for=192.0.2.1'], forwardedFor('192.0.2.1')), '192.0.2.1')
  })

  it('takes commas and semicolons in quoted strings for text', () => {
    for (const between of [',', ';']) {
      assert.equal(find('10.0.0.1', ['Forwarded', `for=192.0.2.7;host="a${between}for=192.0.2.1"`]), '192.0.2.7')
    }
  })
})

describe('trusted proxies', () => {
  it('are nobody unless they are named, loopback included', () => {
    const nobody = new TrustedProxies([])
    assert.ok(!nobody.has('127.0.0.1') && !nobody.has('::1') && !nobody.has(''))
  })

  it('are addresses and ranges of both families', () => {
    assert.deepEqual(
      ['10.255.0.1', '11.0.0.1', '127.0.0.1', '127.0.0.2', '2001:db8:ffff::1', '2001:db9::1', '', 'name'].map(
        (address) => TRUSTED.has(address),
      ),
      [true, false, true, false, true, false, false, false],
    )
  })

  it('have one form of an address that is both', () => {
    assert.equal(toPlainAddress('::ffff:10.0.0.1'), '10.0.0.1')
    assert.equal(toPlainAddress('::ffff:a00:1'), '::ffff:a00:1')
    assert.equal(toPlainAddress('2001:db8::1'), '2001:db8::1')
  })
})
