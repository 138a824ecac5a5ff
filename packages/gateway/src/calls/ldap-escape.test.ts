import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { escapeDn, escapeFilter, fillTemplate } from './ldap-escape.ts'

describe('a value in a DN', () => {
  for (const [value, escaped] of [
    ['ann', 'ann'],
    ['jörg 山', 'jörg 山'],
    // RFC 4514 §4: `James \"Jim\" Smith, III` and `Before\0dAfter`, in the other of the two ways to write them.
    ['James "Jim" Smith, III', 'James \\22Jim\\22 Smith\\2c III'],
    ['Before\rAfter', 'Before\\0dAfter'],
    ['a+b;c<d>e=f\\g', 'a\\2bb\\3bc\\3cd\\3ee\\3df\\5cg'],
    ['a\0b', 'a\\00b'],
    ['#616e6e', '\\23616e6e'],
    ['a#b', 'a#b'],
    [' ann ', '\\20ann\\20'],
    [' ', '\\20'],
    ['  ', '\\20\\20'],
    ['', ''],
  ] as const) {
    it(`${JSON.stringify(value)} is ${escaped} (RFC 4514 §2.4)`, () => assert.equal(escapeDn(value), escaped))
  }
})

describe('a value in a filter', () => {
  for (const [value, escaped] of [
    ['ann', 'ann'],
    // RFC 4515 §4.
    ['Parens R Us (for all your parenthetical needs)', 'Parens R Us \\28for all your parenthetical needs\\29'],
    ['*', '\\2a'],
    ['C:\\MyFile', 'C:\\5cMyFile'],
    ['*)(uid=*', '\\2a\\29\\28uid=\\2a'],
    ['\\2a', '\\5c2a'],
    ['a\0b', 'a\\00b'],
    ['Lučić', 'Lučić'],
  ] as const) {
    it(`${JSON.stringify(value)} is ${escaped} (RFC 4515 §3)`, () => assert.equal(escapeFilter(value), escaped))
  }
})

describe('a template', () => {
  it('is filled wherever the name stands, with what is not read again', () => {
    assert.equal(
      fillTemplate('(|(uid={name})(mail={name}))', 'name', '{name}$&$1'),
      '(|(uid={name}$&$1)(mail={name}$&$1))',
    )
  })
})
