/** Owns the table of path templates and their faults. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileTemplate } from './path-template.ts'

function shapeOf(source: string): string | undefined {
  const template = compileTemplate(source)
  if (template.kind === 'faulty') return undefined
  return template.segments
    .map((segment) => {
      if (segment.kind === 'literal') return `/${segment.text}`
      return segment.kind === 'one' ? `/{${segment.name}}` : `/{${segment.name}+}`
    })
    .join('')
}

const TEMPLATES: readonly [source: string, shape: string][] = [
  ['', ''],
  ['/', ''],
  ['/a', '/a'],
  ['/a/', '/a/'],
  ['//', '//'],
  ['/a//b', '/a//b'],
  ['/{id}', '/{id}'],
  ['/orders/{id}/items/{item-id}', '/orders/{id}/items/{item-id}'],
  ['/{rest+}', '/{rest+}'],
  ['/a/{b}/{c+}', '/a/{b}/{c+}'],
  ['/{__proto__}/{a.b:c$@~}', '/{__proto__}/{a.b:c$@~}'],
  // Literals are spelled as paths are.
  ['/%7ea/%41b/%c3%a9', '/~a/Ab/%C3%A9'],
  ['/a%2fb', '/a%2Fb'],
  ['/größe', '/gr%C3%B6%C3%9Fe'],
  ['/a;x', '/a;x'],
  ['/a:cancel/b,c', '/a:cancel/b,c'],
  ['/%7Bid%7D', '/%7Bid%7D'],
  ['/.well-known', '/.well-known'],
]

const FAULTS: readonly [source: string, code: string, at: number, suggestion?: string][] = [
  ['orders', 'no-slash', 0, '/orders'],
  ['{id}', 'no-slash', 0, '/{id}'],
  ['/a/{id', 'stray-brace', 3],
  ['/a/id}', 'stray-brace', 5],
  ['/{', 'stray-brace', 1],
  ['/{a}{b}', 'stray-brace', 1],
  ['/{{a}}', 'stray-brace', 1],
  ['/report.{format}', 'stray-brace', 8],
  ['/{id}:cancel', 'stray-brace', 1],
  ['/{}', 'bad-name', 2],
  ['/{+}', 'bad-name', 2],
  ['/{a b}', 'bad-name', 2],
  ['/{id:[0-9]+}', 'bad-name', 2],
  ['/a/{*path}', 'bad-name', 4, '/a/{path+}'],
  ['/a/{path*}', 'bad-name', 4, '/a/{path+}'],
  ['/{id}/b/{id}', 'duplicate-name', 8],
  ['/{id}/{id+}', 'duplicate-name', 6],
  ['/{rest+}/b', 'rest-not-last', 1, '/{rest}/b'],
  ['/a/{rest+}/', 'rest-not-last', 3, '/a/{rest}/'],
  ['/a b', 'never-matches', 2, '/a%20b'],
  ['/x/a#b/c', 'never-matches', 4, '/x/a%23b/c'],
  ['/a?b', 'never-matches', 2, '/a%3Fb'],
  ['/a\\b', 'never-matches', 2, '/a%5Cb'],
  ['/100%', 'never-matches', 4, '/100%25'],
  ['/a%00', 'never-matches', 2],
  ['/a\x00', 'never-matches', 2],
  ['/a/../b', 'never-matches', 3],
  ['/a/.', 'never-matches', 3],
  ['/a/%2E%2e', 'never-matches', 3],
]

describe('compileTemplate', () => {
  for (const [source, shape] of TEMPLATES) {
    it(`reads ${JSON.stringify(source)}`, () => assert.equal(shapeOf(source), shape))
  }

  for (const [source, code, at, suggestion] of FAULTS) {
    it(`finds ${code} in ${JSON.stringify(source)}`, () => {
      const template = compileTemplate(source)
      assert.ok(template.kind === 'faulty')
      const [fault] = template.faults
      assert.equal(template.faults.length, 1)
      assert.deepEqual([fault?.code, fault?.at, fault?.suggestion], [code, at, suggestion])
      if (suggestion !== undefined) assert.notEqual(shapeOf(suggestion), undefined)
    })
  }

  it('tells all faults of a template', () => {
    const template = compileTemplate('/{a+}/b c/{a}/{')
    assert.ok(template.kind === 'faulty')
    assert.deepEqual(
      template.faults.map(({ code }) => code),
      ['rest-not-last', 'never-matches', 'duplicate-name', 'stray-brace'],
    )
  })

  it('names parameters in the order in which they stand', () => {
    const template = compileTemplate('/{z}/x/{a}/{m+}')
    assert.ok(template.kind === 'template')
    assert.deepEqual(template.names, ['z', 'a', 'm'])
  })
})
