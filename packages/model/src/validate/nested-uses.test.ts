import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { toFindingText } from '../finding.ts'
import { resolve } from '../resolve/resolve.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { type Catalogue, findNestedLists } from './catalogue.ts'
import { validate } from './validate.ts'

const either = {
  name: 'either',
  phase: 'authenticate' as const,
  options: z.looseObject({}),
  lists: ['policies', 'branches.*.policies'],
}
const CATALOGUE: Catalogue = [...TEST_CATALOGUE, either]

function check(options: string, isWhole = false): string[] {
  const text = `gatewright: 1
apis:
  - id: a
    upstream: http://127.0.0.1:9001
    policies:
      - policy: either
        options: ${options}
`
  const files = [{ path: 'a.yaml', text }]
  const { draft, sources } = resolve({ files, env: () => undefined, readFile: () => undefined })
  return validate(draft, CATALOGUE, {
    sources,
    isWhole,
    checkExpression: (source) => (source === 'bad' ? 'no' : undefined),
  }).map(toFindingText)
}

describe('policies in the options of others', () => {
  it('are checked like those of a list, wherever they stand', () => {
    assert.match(
      check('{ policies: [{ policy: key-auth, options: { in: hedder } }] }')[0] ?? '',
      /^a.yaml:7:66: fault: key-auth: "hedder" is not .*\(apis\[0\].policies\[0\].options.policies\[0\].options.in\)/,
    )
    assert.match(check('{ branches: [{}, { policies: [{ policy: kye-auth }] }] }')[0] ?? '', /no policy "kye-auth"/)
    assert.match(
      check('{ policies: [{ policy: key-auth, when: bad }] }')[0] ?? '',
      /condition of "key-auth" cannot run: no/,
    )
    assert.deepEqual(check('{ policies: [{ policy: key-auth }] }'), [])
  })

  it('are of the phase that their list is for', () => {
    const text = (inner: string) => `gatewright: 1
apis: [{ id: a, policies: [{ policy: strict, options: { policies: [{ policy: key-auth }, { policy: ${inner} }] } }, { policy: respond }] }]
`
    const strict = { ...either, name: 'strict', listsPhase: 'authenticate' as const }
    const codes = (inner: string) => {
      const files = [{ path: 'a.yaml', text: text(inner) }]
      const { draft, sources } = resolve({ files, env: () => undefined, readFile: () => undefined })
      return validate(draft, [...CATALOGUE, strict], { sources }).map(toFindingText)
    }
    assert.deepEqual(codes('either'), [])
    assert.deepEqual(codes('set-headers, enabled: false'), [])
    assert.deepEqual(codes('set-headers'), [
      'a.yaml:2:90: fault: "set-headers" recognises no caller: in "strict" it would let everybody pass. (apis[0].policies[0].options.policies[1])\n    Move it behind "strict".',
    ])
  })

  it('are of use where one of them is', () => {
    assert.match(
      check('{ policies: [{ policy: key-auth }] }', true)[0] ?? '',
      /"either" lets nobody pass: no app has a key/,
    )
    assert.deepEqual(check('{ policies: [{ policy: key-auth }, { policy: set-headers }] }', true), [])
  })

  it('are found by their lists, and what is no list of uses is left to the schema', () => {
    const use = { policy: 'x' }
    const options = {
      policies: [use],
      branches: [{ policies: [use, use] }, 1, null, { policies: 'x' }, { policies: [1] }],
    }
    assert.deepEqual(findNestedLists(either.lists, options), [
      { path: ['policies'], uses: [use] },
      { path: ['branches', 0, 'policies'], uses: [use, use] },
    ])
    for (const odd of [undefined, null, 'x', [], { policies: {} }, { branches: { policies: [use] } }]) {
      assert.deepEqual(findNestedLists(either.lists, odd), [])
    }
    assert.deepEqual(findNestedLists(undefined, options), [])
  })
})
