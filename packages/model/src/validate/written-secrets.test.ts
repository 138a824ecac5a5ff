/** Proves that secrets which are written into a file are told. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import type { Catalogue } from './catalogue.ts'
import { validate } from './validate.ts'

const secret = z
  .string()
  .transform((text) => ({ text }))
  .meta({ writeOnly: true })
const CATALOGUE: Catalogue = [
  {
    name: 'ask',
    phase: 'authenticate',
    options: z.strictObject({
      client: z.strictObject({ id: z.string(), secret: secret.optional() }).optional(),
      secrets: z.array(secret).optional(),
      keys: z.record(z.string(), z.strictObject({ secret })).optional(),
    }),
  },
  { name: 'either', phase: 'authenticate', options: z.looseObject({}), lists: ['policies'] },
]

function linesOf(options: string, policy = 'ask'): string[] {
  const text = `gatewright: 1\napis:\n  - { id: a, upstream: "http://u", policies: [{ policy: ${policy}, options: ${options} }] }\n`
  const { draft, sources } = resolveText(text, { env: { SECRET: 'from outside' } })
  return toLines(validate(draft, CATALOGUE, { sources }))
}

describe('a secret that stands in a file', () => {
  for (const [options, place, policy] of [
    ['{ client: { id: a, secret: hush } }', 'client.secret'],
    ['{ secrets: ["${env:SECRET}", hush] }', 'secrets[1]'],
    ['{ keys: { one: { secret: hush } } }', 'keys.one.secret'],
    ['{ policies: [{ policy: ask, options: { secrets: [hush] } }] }', 'secrets[0]', 'either'],
  ] as const) {
    it(`is told where it stands, and not shown: ${place}`, () => {
      const [line = '', ...more] = linesOf(options, policy)
      assert.deepEqual(more, [])
      assert.match(line, /warning: ask: a secret stands in the file: everybody who reads the file can use it\./)
      assert.ok(line.endsWith(`${place})`), line)
      assert.ok(!line.includes('hush'))
    })
  }

  it('is fine where it comes from the surroundings, whole or in part', () => {
    assert.deepEqual(linesOf('{ client: { id: a, secret: "${env:SECRET}" }, secrets: ["a-${env:SECRET}"] }'), [])
  })
})
