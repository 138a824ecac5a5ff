import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePathTemplate, toTemplateShape } from './path-template.ts'

describe('parsePathTemplate', () => {
  it('reads literals, names and a rest', () => {
    assert.deepEqual(parsePathTemplate('/orders/{id}/files/{path+}'), {
      segments: [
        { kind: 'literal', text: 'orders' },
        { kind: 'one', text: 'id' },
        { kind: 'literal', text: 'files' },
        { kind: 'rest', text: 'path' },
      ],
    })
  })

  it('keeps the root and a trailing slash as an empty literal', () => {
    assert.deepEqual(parsePathTemplate('/'), { segments: [{ kind: 'literal', text: '' }] })
    assert.deepEqual(parsePathTemplate('/a/'), {
      segments: [
        { kind: 'literal', text: 'a' },
        { kind: 'literal', text: '' },
      ],
    })
  })

  it('takes escapes and signs that stand in normal paths', () => {
    for (const template of ['/a%2Fb', '/a;v=1', '/a:b', '/~user', '/(x)', '/@me', '//'])
      assert.ok('segments' in parsePathTemplate(template), template)
  })

  it('refuses what could never match, with a reason', () => {
    for (const template of [
      '',
      'a',
      '/{a',
      '/a}',
      '/{a}{b}',
      '/{a b}',
      '/{+}',
      '/{a+}/b',
      '/./a',
      '/a?b',
      '/a#b',
      '/a\\b',
      '/a b',
      '/%zz',
      '/\u0000',
    ]) {
      const result = parsePathTemplate(template)
      assert.ok('fault' in result && result.fault.length > 10, template)
    }
  })
})

describe('toTemplateShape', () => {
  it('is equal for templates that match the same paths', () => {
    const strict = { caseSensitive: true, strictSlash: true }
    assert.equal(toTemplateShape('/a/{x}/{y+}', strict), toTemplateShape('/a/{n}/{m+}', strict))
    assert.notEqual(toTemplateShape('/a/{x}', strict), toTemplateShape('/a/{x+}', strict))
    assert.notEqual(toTemplateShape('/A/', strict), toTemplateShape('/a', strict))
    const loose = { caseSensitive: false, strictSlash: false }
    assert.equal(toTemplateShape('/A/', loose), toTemplateShape('/a', loose))
    assert.equal(toTemplateShape('/', loose), '/')
  })
})
