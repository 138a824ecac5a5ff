/** Proves that plans which options of policies name are there. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { ConfigurationMemory } from '../configuration-memory.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import type { Catalogue } from './catalogue.ts'
import { validate } from './validate.ts'

const planId = z.string().min(1).meta({ format: 'plan-id' })
const CATALOGUE: Catalogue = [
  {
    name: 'demand',
    phase: 'authorize',
    options: z.strictObject({
      plans: z.array(planId).optional().meta({ description: 'Any of them.' }),
      keys: z.record(z.string(), z.strictObject({ plan: planId.optional(), label: z.string().optional() })).default({}),
    }),
  },
  { name: 'either', phase: 'authenticate', options: z.looseObject({}), lists: ['policies'] },
]

function check(options: string, { policy = 'demand', plans = '[{ id: gold }]' } = {}) {
  return resolveText(
    `gatewright: 1\nplans: ${plans}\napis:\n  - { id: a, upstream: "http://u", routes: [{ path: /x, policies: [{ policy: ${policy}, options: ${options} }] }] }\n`,
  )
}

const linesOf = (options: string, policy?: string) => {
  const { draft, sources } = check(options, policy === undefined ? {} : { policy })
  return toLines(validate(draft, CATALOGUE, { sources })).filter((line) => line.includes('plan'))
}

describe('a plan that options name', () => {
  for (const options of [
    '{ plans: [gold] }',
    '{ keys: { k: { plan: gold } } }',
    '{ keys: { gold2: { label: glod } } }',
  ]) {
    it(`may stand in ${options}`, () => assert.deepEqual(linesOf(options), []))
  }
  for (const [options, policy] of [
    ['{ plans: [gold, glod] }', 'demand'],
    ['{ keys: { k: { plan: glod } } }', 'demand'],
    ['{ policies: [{ policy: demand, options: { plans: [glod] } }] }', 'either'],
  ] as const) {
    it(`has to be there, in ${options}`, () => {
      const lines = linesOf(options, policy)
      assert.equal(lines.length, 1)
      assert.match(lines[0] ?? '', /There is no plan "glod"\./)
    })
  }

  it('is missed once it is gone, though the route that names it did not change', () => {
    const memory = new ConfigurationMemory()
    const { draft } = check('{ plans: [gold] }')
    const codesOf = (plans: typeof draft.plans) =>
      validate({ ...draft, plans }, CATALOGUE, { memory }).map(({ code }) => code)
    assert.ok(!codesOf(draft.plans).includes('unknown-plan'))
    assert.ok(codesOf([]).includes('unknown-plan'))
  })
})
