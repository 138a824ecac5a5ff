import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addDecoy, pickDecoy } from './decoys.ts'

const bcrypt = (cost: number, rest = 'a') => `$2b$${`${cost}`.padStart(2, '0')}$${rest.repeat(53)}`
const argon2 = (memoryKib: number, salt = 'c2FsdHNhbHRzYWx0') => `$argon2id$v=19$m=${memoryKib},t=2,p=1$${salt}$aGFzaA`
const names = Array.from({ length: 1000 }, (_, at) => `name-${at}`)

describe('what is checked for those whom nobody knows', () => {
  it('is one hash of each cost, the first that came', () => {
    const all = [
      bcrypt(10),
      bcrypt(12),
      bcrypt(10, 'b'),
      argon2(19_456),
      argon2(19_456, 'b3RoZXJzYWx0MTIz'),
      argon2(65_536),
    ]
    const decoys = all.reduce(addDecoy, '')
    const picked = new Set(names.map((name) => pickDecoy(decoys, name)))
    assert.deepEqual(picked, new Set([bcrypt(10), bcrypt(12), argon2(19_456), argon2(65_536)]))
  })

  it('takes as long as one cost or another, evenly, and for one name always as long', () => {
    const decoys = [bcrypt(10), argon2(19_456)].reduce(addDecoy, '')
    const cheap = names.filter((name) => pickDecoy(decoys, name) === bcrypt(10))
    assert.ok(cheap.length > 400 && cheap.length < 600, `${cheap.length}`)
    assert.deepEqual(
      cheap,
      names.filter((name) => pickDecoy(decoys, name) === bcrypt(10)),
    )
  })

  it('stays what it is for most names when another cost comes, and is the new one for the others', () => {
    const before = [bcrypt(10), bcrypt(11), bcrypt(12)].reduce(addDecoy, '')
    const after = addDecoy(before, argon2(19_456))
    for (const name of names) {
      const now = pickDecoy(after, name)
      assert.ok(now === argon2(19_456) || now === pickDecoy(before, name), name)
    }
  })

  it('is of a few costs at most', () => {
    const decoys = Array.from({ length: 100 }, (_, at) => argon2(1000 + at)).reduce(addDecoy, '')
    assert.equal(new Set(names.map((name) => pickDecoy(decoys, name))).size, 16)
  })
})
