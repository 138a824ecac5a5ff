import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createIssuedKey, ISSUED_KEY_PATTERN, judgeIssuedKey } from './issued-key.ts'
import { estimateKeyBits, isWeakKey } from './key-strength.ts'
import { hashWeakKeySync, WeakKeys } from './weak-keys.ts'

describe('a key that is issued', () => {
  it('has a prefix, 32 random characters and a checksum, and is never the same', () => {
    const keys = new Set(Array.from({ length: 1000 }, () => createIssuedKey()))
    assert.equal(keys.size, 1000)
    for (const key of keys) {
      assert.match(key, new RegExp(`^${ISSUED_KEY_PATTERN}$`))
      assert.equal(key.length, 41)
      assert.equal(judgeIssuedKey(key), 'issued')
    }
    const seen = new Set([...keys].map((key) => key.slice(3, 35)).join(''))
    assert.equal(seen.size, 62)
  })

  it('has the checksum that CRC-32 says, in base 62 (ISO 3309)', () => {
    assert.equal(crcBitByBit('123456789'), 0xcbf43926)
    const zeros = '0'.repeat(32)
    const checksum = Array.from({ length: 6 }).reduce<{ rest: number; text: string }>(
      ({ rest, text }) => ({
        rest: Math.floor(rest / 62),
        text: '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'[rest % 62] + text,
      }),
      { rest: crcBitByBit(zeros), text: '' },
    ).text
    assert.equal(judgeIssuedKey(`gw_${zeros}${checksum}`), 'issued')
  })

  it('is told from one with a wrong, a missing or a swapped character', () => {
    const key = createIssuedKey()
    for (let at = 3; at < key.length; at++) {
      const other = key[at] === 'a' ? 'b' : 'a'
      assert.equal(judgeIssuedKey(key.slice(0, at) + other + key.slice(at + 1)), 'misspelt', `${at}`)
    }
    for (const foreign of ['', 'gw_', key.slice(0, -1), `${key}0`, key.toUpperCase(), ` ${key.slice(1)}`, `${key}\n`]) {
      assert.equal(judgeIssuedKey(foreign), 'foreign', foreign)
    }
    assert.equal(judgeIssuedKey(`gw_${'-'.repeat(38)}`), 'foreign')
  })

  it('may have another prefix, and is then none of an app', () => {
    const token = createIssuedKey('gwp_')
    assert.ok(token.startsWith('gwp_'))
    assert.deepEqual([judgeIssuedKey(token, 'gwp_'), judgeIssuedKey(token)], ['issued', 'foreign'])
    assert.equal(judgeIssuedKey(`${token.slice(0, -1)}${token.endsWith('0') ? 1 : 0}`, 'gwp_'), 'misspelt')
    assert.equal(judgeIssuedKey(createIssuedKey(), 'gwp_'), 'foreign')
  })
})

/** ISO 3309, from the polynomial alone. */
function crcBitByBit(text: string): number {
  let crc = 0xffffffff
  for (const byte of Buffer.from(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

describe('the strength of a key', () => {
  it('is enough where 80 bits could have been drawn', () => {
    for (const key of [
      createIssuedKey(),
      'f47ac10b-58cc-4372-a567-0e02b2c3d479',
      '9f86d081884c7d659a2feaa0c55ad015',
      'k3Jx9-Qw2Lr7_Zp5Tn8V',
      'abcdefghijklmnopqrstuvwx',
    ]) {
      assert.equal(isWeakKey(key), false, `${key}: ${estimateKeyBits(key)}`)
    }
  })

  it('is not where a key is short, or of few characters', () => {
    for (const key of [
      '',
      'a',
      'hunter2',
      'open-sesame',
      '1234567890123456',
      'a'.repeat(60),
      'ab'.repeat(19),
      '9f86d081884c7d65',
    ]) {
      assert.equal(isWeakKey(key), true, `${key}: ${estimateKeyBits(key)}`)
    }
  })
})

describe('the slow hash of weak keys', () => {
  const pepper = Buffer.alloc(32, 1)

  it('depends on key and pepper, and is the same here and there', async () => {
    const [one, two, three] = [
      hashWeakKeySync('hunter2', pepper),
      hashWeakKeySync('hunter3', pepper),
      hashWeakKeySync('hunter2', Buffer.alloc(32, 2)),
    ]
    assert.equal(one.length, 32)
    assert.ok(!one.equals(two) && !one.equals(three))
    assert.deepEqual(await new WeakKeys(pepper).hash('hunter2'), one)
  })

  it('is made once for a key that was found, and each time for a guess', async () => {
    const keys = new WeakKeys(pepper)
    const digest = await keys.hash('hunter2')
    assert.equal(keys.find('hunter2'), undefined)
    keys.remember('hunter2', digest)
    assert.deepEqual(keys.find('hunter2'), digest)
    assert.equal(keys.find('hunter3'), undefined)
  })

  it('is not made for a flood: few wait for theirs', async () => {
    const keys = new WeakKeys(pepper)
    const all = Array.from({ length: 150 }, async (_, at) => await keys.hash(`guess ${at}`))
    const settled = await Promise.allSettled(all)
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 129)
  })
})
