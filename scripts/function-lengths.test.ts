/** Proves that functions are found and counted as a reader would count them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { measureFunctions } from './function-lengths.ts'

describe('measureFunctions', () => {
  it('counts declarations, arrows and methods from their first line to their last', () => {
    const source = `// Zweizeilig: ß
/** A comment. */
export function outer() {
  const inner = () => {
    return 1
  }
  return inner
}
class Thing {
  #secret() {
    return 2
  }
  get short() { return 3 }
}
`
    assert.deepEqual(measureFunctions(source), [
      { name: 'outer', line: 3, lines: 6, saysWhy: false },
      { name: 'inner', line: 4, lines: 3, saysWhy: false },
      { name: 'secret', line: 10, lines: 3, saysWhy: false },
    ])
  })

  it('sees the reason that stands above, and no empty one', () => {
    const source = `// long: one switch over every state, and a table would hide the order
function first() {
  return 1
}
// long:
function second() {
  return 2
}
`
    assert.deepEqual(
      measureFunctions(source).map(({ saysWhy }) => saysWhy),
      [true, false],
    )
  })
})
