import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LayeredMap } from './layered-map.ts'

function toLayered(entries: Iterable<readonly [string, number]>): LayeredMap<string, number> {
  const map = new LayeredMap<string, number>()
  for (const [key, value] of entries) map.add(key, value)
  return map
}

describe('LayeredMap', () => {
  it('says after any changes what a map says that was copied for each, and its former forms say what they said', () => {
    const key = fc.integer({ min: 0, max: 199 })
    const change = fc.dictionary(key.map(String), fc.nat(), { maxKeys: 20 })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const first = Array.from({ length: 200 }, (_, at): [string, number] => [String(at), -at])
        const forms = [{ layered: toLayered(first), plain: new Map(first) }]
        for (const each of changes) {
          const { layered, plain } = forms.at(-1) ?? assert.fail()
          const replacements = new Map(Object.entries(each))
          forms.push({ layered: layered.withReplaced(replacements), plain: new Map([...plain, ...replacements]) })
        }
        for (const { layered, plain } of forms) {
          assert.equal(layered.size, plain.size)
          assert.deepEqual([...layered.values()], [...plain.values()])
          for (const [name, value] of plain) assert.equal(layered.get(name), value)
        }
      }),
    )
  })

  it('is the same one where nothing is replaced', () => {
    const map = toLayered([['a', 1]])
    assert.equal(map.withReplaced(new Map()), map)
  })

  it('refuses what has no place in it', () => {
    assert.throws(
      () => toLayered([['a', 1]]).withReplaced(new Map([['b', 2]])),
      /b is to be replaced, and is not there/,
    )
    assert.equal(toLayered([['a', 1]]).has('b'), false)
  })
})
