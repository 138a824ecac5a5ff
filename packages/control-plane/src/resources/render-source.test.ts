import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSource } from '@gatewright/model'
import { renderSource } from './render-source.ts'

const FORMER = `# Orders of the shop.
title: "Orders" # as customers know them
# Below /orders.
basePath: /orders

routes:
  # Lists them.
  - { id: list, path: / }
  # One.
  - id: one
    path: /{id} # a number
`
const BODY = {
  title: 'Orders',
  basePath: '/orders',
  routes: [
    { id: 'list', path: '/' },
    { id: 'one', path: '/{id}' },
  ],
}

describe('what was written', () => {
  it('stays as it is where nothing has changed', () => {
    assert.equal(renderSource(BODY, FORMER), FORMER)
  })

  it('keeps its comments where one value is another', () => {
    assert.equal(renderSource({ ...BODY, basePath: '/o' }, FORMER), FORMER.replace('basePath: /orders', 'basePath: /o'))
  })

  it('keeps those of items that have moved, by their ids', () => {
    const text = renderSource({ ...BODY, routes: BODY.routes.toReversed() }, FORMER)
    assert.match(text, /# One\.\n {2}- id: one\n {4}path: \/\{id\} # a number\n {2}# Lists them\.\n {2}- \{ id: list/)
  })

  it('loses those of what is gone, and has what is new', () => {
    const text = renderSource({ title: 'Orders', owner: 'shop' }, FORMER)
    assert.equal(text, '# Orders of the shop.\ntitle: "Orders" # as customers know them\nowner: shop\n')
  })

  it('is plain where nothing of it can be kept', () => {
    const plain = 'a:\n  x: 1\nb:\n  x: 2\n'
    for (const former of [undefined, 'a: [', 'a: &x { x: 1 }\nb: *x\n']) {
      assert.equal(renderSource({ a: { x: 1 }, b: { x: 2 } }, former), plain)
    }
  })

  it('says what the body says, in its order, whatever it was', () => {
    const bodies = [
      {},
      { b: 1, a: 2 },
      { a: ['yes', '1.0', '', null, 1e21, '#', 'a: b'] },
      { a: [] },
      { 'k: x': { '': 0 } },
    ]
    for (const body of bodies) {
      for (const former of [undefined, FORMER, '{}', '- 1\n', 'a: 1 # x\nb: 2\n']) {
        const text = renderSource(body, former)
        const { value, findings } = parseSource({ path: 'a.yaml', text })
        assert.deepEqual([JSON.stringify(value), findings], [JSON.stringify(body), []], text)
        assert.equal(renderSource(body, text), text)
      }
    }
  })
})
