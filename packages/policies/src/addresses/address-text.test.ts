import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toAddressKey } from './address.ts'
import { toAddressText } from './address-text.ts'

const rewrite = (address: string) => toAddressText(toAddressKey(address) ?? '')

describe('the text of an address', () => {
  // RFC 5952 §4 and §5.
  for (const [written, text] of [
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::AAAA', '2001:db8::aaaa'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
  ] as const) {
    it(`of ${written} is ${text}`, () => assert.equal(rewrite(written), text))
  }

  it('is read as the same address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) =>
        assert.equal(toAddressKey(rewrite(address)), toAddressKey(address)),
      ),
    )
  })
})
