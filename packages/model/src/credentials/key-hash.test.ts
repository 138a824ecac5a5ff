import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from '../validate/validate.ts'
import { findKeyHashFault, findKeyValueFault, isKeyHash } from './key-hash.ts'

const hex = (length: number) => 'ab'.repeat(length / 2)

describe('the hash of a key, as it is written', () => {
  it('is of SHA-2, whole, and in lower case', () => {
    for (const text of [`sha256:${hex(64)}`, `sha384:${hex(96)}`, `sha512:${hex(128)}`]) {
      assert.equal(findKeyHashFault(text), undefined, text)
    }
  })

  for (const [name, text, why] of [
    ['SHA-256 without its name', hex(64), /"sha256:" and 64/],
    ['SHA-256 in upper case', `sha256:${hex(64).toUpperCase()}`, /"sha256:" and 64/],
    ['SHA-512 that is cut off', `sha512:${hex(64)}`, /"sha256:" and 64/],
    ['SHA-1', `sha1:${hex(40)}`, /SHA-1 is broken/],
    ['SHA-1 without its name', hex(40), /SHA-1 is broken/],
    ['MD5', hex(32), /made at will/],
    ['MurmurHash of 64 bits, as Tyk keeps it', hex(16), /made at will/],
    ['MurmurHash by its name', 'murmur128:ab', /made at will/],
    ['bcrypt', `$2b$12$${'x'.repeat(53)}`, /salted hash cannot be looked up/],
    ['argon2', '$argon2id$v=19$m=8,t=1,p=1$aaaa$bbbb', /salted hash cannot be looked up/],
    ['the slow hash of the index', `argon2id:${hex(64)}`, /"sha256:" and 64/],
    ['a key', 'my-very-own-key', /"sha256:" and 64/],
    ['nothing', '', /"sha256:" and 64/],
  ] as const) {
    it(`is not ${name}`, () => {
      const fault = findKeyHashFault(text) ?? assert.fail('taken')
      assert.match(fault, why)
      if (text.length > 8) assert.ok(!fault.includes(text.slice(-8)))
    })
  }

  it('stands in the feed without the name of SHA-256, and with that of others', () => {
    for (const text of [hex(64), `sha384:${hex(96)}`, `sha512:${hex(128)}`, `argon2id:${hex(64)}`])
      assert.ok(isKeyHash(text))
    for (const text of ['', `sha256:${hex(64)}`, hex(62), `sha1:${hex(40)}`]) assert.ok(!isKeyHash(text), text)
  })
})

describe('a key that is given as itself', () => {
  const keyOf = (key: string, setup = {}) => resolveText(`gatewright: 1\napps: [{ id: a, keys: [${key}] }]\n`, setup)
  const env = { KEY: 'the key itself' }

  it('comes from the environment or a file, and only its hash is kept', () => {
    const { apps, findings } = keyOf('{ value: "${env:KEY}" }, { value: "${file:key.txt}", enabled: false }', {
      env,
      others: { '/etc/gw/key.txt': 'of a file\n' },
      hashKey: (value: string) => `hash of ${value}`,
    })
    assert.deepEqual(toLines(findings), [])
    assert.deepEqual(apps[0]?.keys, [
      { hash: 'hash of the key itself', app: 'a' },
      { hash: 'hash of of a file', app: 'a', enabled: false },
    ])
    // printf %s 'the key itself' | sha256sum
    const { apps: plain } = keyOf('{ value: "${env:KEY}" }', { env })
    assert.match(plain[0]?.keys[0]?.hash ?? '', /^[0-9a-f]{64}$/)
    assert.doesNotMatch(JSON.stringify(plain), /the key itself/)
  })

  it('does not stand in the file', () => {
    const { findings } = keyOf('{ value: hunter2 }')
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['key-in-file'],
    )
    assert.doesNotMatch(JSON.stringify(findings), /hunter2/)
  })

  it('stands nowhere while its variable is not set, which is the one fault', () => {
    for (const value of ['${env:NOT_SET}', '${file:none}']) {
      const { findings } = keyOf(`{ value: "${value}" }`)
      assert.deepEqual(
        findings.map(({ code }) => code),
        ['substitution-missing'],
      )
    }
  })

  it('is there or its hash is: exactly one of them', () => {
    for (const key of [`{ value: "\${env:KEY}", hash: "sha256:${hex(64)}" }`, '{ plan: gold }', '{}']) {
      const { findings } = keyOf(key, { env })
      assert.match(findings[0]?.message ?? '', /exactly one of them/, key)
      assert.equal(findings.length, 1)
    }
  })

  it('is what a request could bring', () => {
    for (const value of ['', ' key', 'key ', 'a\tb', 'a\nb', 'a\0b', '\u00a0key', 'ä', '🔑']) {
      assert.ok(findKeyValueFault(value) !== undefined, JSON.stringify(value))
    }
    for (const value of ['key', 'a b', '~!']) assert.equal(findKeyValueFault(value), undefined, value)
    const { findings } = keyOf('{ value: "${env:KEY}" }', { env: { KEY: ' hunter2' } })
    assert.match(findings[0]?.message ?? '', /printable ASCII/)
    assert.doesNotMatch(JSON.stringify(findings), /hunter2/)
  })

  it('is warned of where it could be guessed', () => {
    const { draft, apps, sources } = keyOf('{ value: "${env:KEY}" }', {
      env,
      hashKey: () => `argon2id:${hex(64)}`,
    })
    assert.deepEqual(
      validate(draft, [], { apps, sources }).map(({ code, at }) => [code, at.path]),
      [['weak-key', 'apps[0].keys[0].value']],
    )
  })
})
