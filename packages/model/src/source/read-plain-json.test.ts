import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Origins } from './origins.ts'
import { parseSource } from './parse-source.ts'
import { readPlainJson } from './read-plain-json.ts'

const read = (text: string) => readPlainJson({ path: 'published/a.json', text, isForeign: true }, new Origins())

describe('readPlainJson', () => {
  it('reads what is read letter by letter, or leaves it to that', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        const quick = read(text)
        const exact = parseSource({ path: 'a.json', text })
        if (quick === undefined) return
        assert.deepEqual(exact.findings, [])
        assert.deepEqual(quick.value, exact.value)
      }),
    )
  })

  it('leaves to the exact reading what is put in, and what could spell it', () => {
    for (const text of [
      '{"a":"${secret:x}"}',
      '{"a":"${env:x}"}',
      '{"a":"\\u0024{env:x}"}',
      '{"__proto__":{}}',
      '{"a":',
    ])
      assert.equal(read(text), undefined, text)
    assert.deepEqual(read('{"a":"${ request.path }\\n"}')?.value, { a: '${ request.path }\n' })
  })

  it('leaves to the exact reading what is nested too deep', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
    assert.equal(read(nested(2000)), undefined)
    assert.notEqual(read(nested(100)), undefined)
  })

  it('tells of which file the parts are that are merged', () => {
    const parsed = read('{"apis":[{"id":"a","policies":[{"policy":"cors"}]}]}')
    const at = parsed?.origins.placeAt(parsed.value, ['apis', 0, 'policies', 0, 'policy'])
    assert.deepEqual(at, { file: 'published/a.json', line: 1, column: 1 })
  })
})
