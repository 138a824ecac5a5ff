import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Origins } from './origins.ts'
import { applyOverlay } from './overlay.ts'
import { parseSource } from './parse-source.ts'

function overlay(base: string, changes: string) {
  const origins = new Origins()
  const below = parseSource({ path: 'base.yaml', text: base }, { origins })
  const above = parseSource({ path: 'prod.yaml', text: changes }, { origins })
  return { value: applyOverlay(below.value, above.value, origins), origins, below: below.value }
}

describe('applyOverlay', () => {
  it('merges maps deeply', () => {
    const { value } = overlay('a: { b: 1, c: { d: 2 } }\n', 'a: { c: { e: 3 } }\n')
    assert.deepEqual(value, { a: { b: 1, c: { d: 2, e: 3 } } })
  })

  it('removes by null', () => {
    assert.deepEqual(overlay('a: { b: 1, c: 2 }\nd: 3\n', 'a: { b: null }\nd: null\ne: null\n').value, { a: { c: 2 } })
  })

  it('merges lists whose items have ids, keeps their order, and appends what is new', () => {
    const { value } = overlay('l: [{ id: a, x: 1 }, { id: b, x: 2 }]\n', 'l: [{ id: c, x: 3 }, { id: b, y: 4 }]\n')
    assert.deepEqual(value, {
      l: [
        { id: 'a', x: 1 },
        { id: 'b', x: 2, y: 4 },
        { id: 'c', x: 3 },
      ],
    })
  })

  it('merges refinements by their operation', () => {
    const { value } = overlay('routes: [{ operation: a, tags: [x] }]\n', 'routes: [{ operation: a, tags: [y] }]\n')
    assert.deepEqual(value, { routes: [{ operation: 'a', tags: ['y'] }] })
  })

  it('replaces lists where an item has no id, or two have the same', () => {
    assert.deepEqual(overlay('l: [{ id: a }]\n', 'l: [{ policy: cors }]\n').value, { l: [{ policy: 'cors' }] })
    assert.deepEqual(overlay('l: [1, 2]\n', 'l: [3]\n').value, { l: [3] })
    assert.deepEqual(overlay('l: [{ id: a }]\n', 'l: [{ id: b }, { id: b }]\n').value, {
      l: [{ id: 'b' }, { id: 'b' }],
    })
  })

  it('keeps the place of every part, in whichever file it is', () => {
    const { value, origins } = overlay(
      'upstreams:\n  - id: a\n    timeouts:\n      connectMs: 1\n      idleMs: 2\n',
      'upstreams: [{ id: a, timeouts: { connectMs: 9 } }]\n',
    )
    assert.equal(origins.placeAt(value, ['upstreams', 0, 'timeouts', 'connectMs']).file, 'prod.yaml')
    assert.deepEqual(origins.placeAt(value, ['upstreams', 0, 'timeouts', 'idleMs']), {
      file: 'base.yaml',
      line: 5,
      column: 15,
    })
  })

  it('leaves the data below it alone', () => {
    const { below } = overlay('a: { b: [1] }\n', 'a: { b: [2] }\n')
    assert.deepEqual(below, { a: { b: [1] } })
  })
})
