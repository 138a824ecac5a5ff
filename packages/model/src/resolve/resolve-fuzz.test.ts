import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText } from '../testing/resolve-text.ts'
import { validate } from '../validate/validate.ts'

const KEYS = [
  ...[
    'gatewright',
    'listeners',
    'upstreams',
    'apis',
    'apps',
    'plans',
    'plan',
    'overrides',
    'policies',
    'routes',
    'id',
    'port',
    'targets',
    'url',
    'keys',
    'hash',
  ],
  ...[
    'policy',
    'options',
    'when',
    'match',
    'headers',
    'name',
    'exact',
    'hosts',
    'basePath',
    'path',
    'methods',
    'errors',
    'variables',
  ],
]
const LEAVES = [
  1,
  0,
  -1,
  8080,
  true,
  null,
  '',
  'a',
  'orders',
  'http://u',
  '/a/{b}',
  '${env:A}',
  '${env:NO}',
  'GET',
  'cors',
  'rate-limit',
  '__proto__',
]

/** Data that looks like a configuration from afar. */
const data = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.constantFrom<unknown>(...LEAVES),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 6 }),
  ),
})).value

describe('resolve and validate, whatever is written', () => {
  it('never throw, and place every fault in a file', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...KEYS), data, { maxKeys: 8 }), data, (file, overlay) => {
        const { draft, apps, sources, findings, model } = resolveText(
          { '/c/a.json': JSON.stringify({ gatewright: 1, ...file }) },
          { overlays: { '/c/o.json': JSON.stringify(overlay) }, env: { A: 'x${y}' } },
        )
        const all = [...findings, ...validate(draft, TEST_CATALOGUE, { sources, apps })]
        assert.equal(
          model === undefined,
          findings.some(({ severity }) => severity === 'fault'),
        )
        for (const { at, message } of all)
          assert.ok(at.file.startsWith('/c/') && at.line > 0 && message !== '', JSON.stringify(at))
        assert.deepEqual(structuredClone(draft), draft)
      }),
      { numRuns: 1000 },
    )
  })
})
