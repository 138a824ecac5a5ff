import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { findFieldFault, HeaderList } from './header-list.ts'
import { KNOWN_FIELDS, toKnownField } from './known-fields.ts'

/** As the head parser leaves it: the text of a head, and five numbers a field. */
function parsed(...fields: [name: string, value: string][]): HeaderList {
  let text = 'GET / HTTP/1.1\r\n'
  const marks: number[] = []
  for (const [name, value] of fields) {
    const start = text.length
    text += `${name}: ${value}\r\n`
    const nameEnd = start + name.length
    marks.push(start, nameEnd, nameEnd + 2, nameEnd + 2 + value.length, toKnownField(Buffer.from(text), start, nameEnd))
  }
  return HeaderList.parsed(`${text}\r\n`, marks)
}

const FIELDS: [name: string, value: string][] = [
  ['Host', 'api.example.com'],
  ['X-Api-Key', 's3cret'],
  ['Accept', 'text/html'],
  ['accept', 'application/json'],
]

for (const [kind, make] of [
  ['off the wire', () => parsed(...FIELDS)],
  ['made by hand', () => HeaderList.of(FIELDS)],
] as const) {
  describe(`a header list ${kind}`, () => {
    it('keeps order and letter case', () => assert.deepEqual([...make()], FIELDS))

    it('names once what no table of HTTP/2 may keep (RFC 7541 §7.1.3)', () => {
      const list = make()
      for (const value of ['a', 'b']) list.setSecret('Authorization', value)
      list.setSecret('X-Token', 'c')
      assert.deepEqual([list.get('authorization'), list.neverIndexed], ['b', ['authorization', 'x-token']])
      assert.deepEqual(list.clone().neverIndexed, ['authorization', 'x-token'])
    })

    it('finds fields in any case, joined in order (RFC 9110 §5.3)', () => {
      assert.equal(make().get('ACCEPT'), 'text/html, application/json')
      assert.deepEqual(make().getAll('Accept'), ['text/html', 'application/json'])
      assert.equal(make().get('X-Other'), undefined)
      assert.ok(make().has('x-api-key'))
      assert.ok(!make().has('x-api-kez'))
    })

    it('replaces every field of a name by one, at the place of the first', () => {
      const headers = make()
      headers.set('ACCEPT', '*/*')
      assert.deepEqual([...headers], [FIELDS[0], FIELDS[1], ['ACCEPT', '*/*']])
    })

    it('appends behind the others', () => {
      const headers = make()
      headers.append('Accept', '*/*')
      assert.deepEqual([...headers], [...FIELDS, ['Accept', '*/*']])
      assert.equal(headers.size, 5)
    })

    it('deletes every field of a name, and says whether there was one', () => {
      const headers = make()
      assert.equal(headers.delete('accept'), true)
      assert.equal(headers.delete('accept'), false)
      assert.deepEqual([...headers], FIELDS.slice(0, 2))
    })

    it('deletes one field by its index', () => {
      const headers = make()
      headers.deleteAt(1)
      assert.deepEqual([...headers], [FIELDS[0], FIELDS[2], FIELDS[3]])
    })

    it('takes the twins along of what is set or deleted: - and _ are one to CGI and WSGI', () => {
      const twins: [name: string, value: string][] = [
        ['X_Role', '1'],
        ['x-role', '2'],
        ['X-Other_Role', '3'],
        ['X_Roles', '4'],
        ['Cookie', 'a_b=c_d'],
      ]
      const list = kind === 'off the wire' ? () => parsed(...twins) : () => HeaderList.of(twins)
      const set = list()
      set.set('X-Role', 'user')
      assert.deepEqual([...set], [['X-Role', 'user'], ...twins.slice(2)])
      const removed = list()
      assert.equal(removed.delete('X-Role'), true)
      assert.deepEqual([...removed], twins.slice(2))
      const other = list()
      assert.equal(other.delete('X-Other-Role'), true)
      other.set('x_role', 'user')
      assert.deepEqual([...other], [['x_role', 'user'], ...twins.slice(3)])
      other.append('X-Late_Field', '5')
      other.delete('X-Late-Field')
      assert.equal(other.has('X-Late_Field'), false)
      const appended = list()
      appended.append('X-Role', '5')
      assert.deepEqual([...appended], [...twins, ['X-Role', '5']])
    })

    it('knows the numbers of known fields', () => {
      assert.equal(make().knownAt(0), KNOWN_FIELDS.host)
      assert.equal(make().knownAt(1), 0)
    })

    it('has clones of its own', () => {
      const headers = make()
      const clone = headers.clone()
      clone.delete('host')
      clone.set('X-Api-Key', 'other')
      assert.deepEqual([...headers], FIELDS)
      headers.delete('accept')
      assert.equal(clone.get('accept'), 'text/html, application/json')
    })
  })
}

describe('a header list', () => {
  it('stays off the wire when fields are deleted, so that the rest is still slices of the head', () => {
    const headers = parsed(...FIELDS)
    headers.delete('x-api-key')
    assert.equal(headers.items, undefined)
    assert.deepEqual([...headers], [FIELDS[0], FIELDS[2], FIELDS[3]])
  })

  it('does not change the marks that others may share', () => {
    const headers = parsed(...FIELDS)
    const { marks } = headers
    headers.delete('host')
    assert.equal(marks.length, 20)
  })

  for (const [name, value] of [
    ['X-Key', 'a\r\nSet-Cookie: b'],
    ['X-Key', 'a\nb'],
    ['X-Key', 'a\0b'],
    ['X-Key', 'a\x7fb'],
    ['X-Key', '€'],
    ['X Key', 'a'],
    ['X-Key:', 'a'],
    ['', 'a'],
  ] as const) {
    it(`refuses ${JSON.stringify(`${name}: ${value}`)} (RFC 9110 §5.5, §5.6.2)`, () => {
      assert.throws(() => HeaderList.of([[name, value]]), TypeError)
      const headers = HeaderList.of()
      assert.throws(() => headers.set(name, value), TypeError)
      assert.throws(() => headers.append(name, value), TypeError)
      assert.equal(headers.size, 0)
    })
  }

  it('accepts tabs and obsolete text in values', () => assert.equal(findFieldFault('X-Name', 'a\tb\xfc'), undefined))

  it('does the same off the wire and made by hand, whatever is done to it', () => {
    const name = fc.constantFrom('a', 'A', 'b', 'Host', 'x^y', 'x~y')
    const value = fc.stringMatching(/^[a-z]{0,3}$/)
    const change = fc.oneof(
      fc.tuple(fc.constant('set' as const), name, value),
      fc.tuple(fc.constant('append' as const), name, value),
      fc.tuple(fc.constant('delete' as const), name, value),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), fc.array(change), (fields, changes) => {
        const wire = parsed(...fields)
        const hand = HeaderList.of(fields)
        for (const [what, changed, to] of changes) {
          for (const headers of [wire, hand]) {
            if (what === 'delete') headers.delete(changed)
            else headers[what](changed, to)
          }
          assert.deepEqual([...wire], [...hand])
        }
      }),
    )
  })
})
