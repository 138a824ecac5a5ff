import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toAddressKey } from './address.ts'

describe('the key of an address', () => {
  for (const [one, other] of [
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8:0:0:0:0:0:1'],
    ['2001:db8::', '2001:db8:0:0:0:0:0:0'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['fe80::1%eth0', 'fe80::1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ] as const) {
    it(`is the same for ${one} and ${other}`, () => {
      assert.notEqual(toAddressKey(one), undefined)
      assert.equal(toAddressKey(one), toAddressKey(other))
    })
  }

  for (const text of [
    '',
    ' 1.2.3.4',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '0x1.2.3.4',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    'localhost',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    '::1.2.3',
    ':1:2:3:4:5:6:7',
    '::1.2.3.4:5',
    '[::1]',
    '::1/64',
    '192.0.2.1%eth0',
    '1.2.3.4::',
    '::1.2.3.4:',
    '1:2:3:4:5:6:7:1.2.3.4',
  ]) {
    it(`is none for ${JSON.stringify(text)}`, () => assert.equal(toAddressKey(text), undefined))
  }

  it('sorts like the number', () => {
    const ascending = ['0.0.0.0', '9.255.255.255', '10.0.0.0', '10.0.1.0', '128.0.0.0', '255.255.255.255'].map(
      toAddressKey,
    )
    assert.deepEqual(ascending.toSorted(), ascending)
  })

  it('exists for exactly what the platform calls an address', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4().map((address) => `::ffff:${address}`),
      fc.stringMatching(/^[0-9a-f:.]{0,20}$/),
      fc.array(fc.stringMatching(/^[0-9a-f]{0,4}$/), { maxLength: 9 }).map((groups) => groups.join(':')),
    )
    fc.assert(fc.property(text, (address) => assert.equal(toAddressKey(address) !== undefined, isIP(address) !== 0)))
  })
})
