/** Proves that apps which options of policies name are there. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { ConfigurationMemory } from '../configuration-memory.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import type { Catalogue } from './catalogue.ts'
import { validate } from './validate.ts'

const appId = z.string().min(1).meta({ format: 'app-id' })
const CATALOGUE: Catalogue = [
  {
    name: 'demand',
    phase: 'authorize',
    options: z.strictObject({
      apps: z.array(appId).optional(),
      keys: z.record(z.string(), z.strictObject({ app: appId })).default({}),
      callers: z.array(z.string().min(1).meta({ format: 'any-app-id' })).optional(),
      claim: z.string().optional(),
    }),
  },
]

function check(options: string, apps = '[{ id: shop }, { id: off, enabled: false }]') {
  return resolveText(
    `gatewright: 1\napps: ${apps}\napis:\n  - { id: a, upstream: "http://u", routes: [{ path: /x, policies: [{ policy: demand, options: ${options} }] }] }\n`,
  )
}

const linesOf = (options: string, written?: string) => {
  const { draft, apps, sources, findings } = check(options, written)
  return toLines([...findings, ...validate(draft, CATALOGUE, { sources, apps })]).filter((line) => /app/.test(line))
}

describe('an app that options name', () => {
  for (const options of ['{ apps: [shop, off] }', '{ keys: { k: { app: shop } } }', '{ claim: shopp }']) {
    it(`may stand in ${options}`, () => assert.deepEqual(linesOf(options), []))
  }

  for (const options of ['{ apps: [shop, shopp] }', '{ keys: { k: { app: shopp } } }']) {
    it(`has to be there, in ${options}`, () => {
      const lines = linesOf(options)
      assert.equal(lines.length, 1)
      assert.match(lines[0] ?? '', /There is no app "shopp"\./)
    })
  }

  it('may come from elsewhere, in `callers`, which is a warning', () => {
    const lines = linesOf('{ callers: [shop, shopp] }')
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /warning: There is no app "shopp" in `apps`: it could only come from /)
  })

  it('is no second fault where a fault has left it out', () => {
    const lines = linesOf('{ apps: [shop] }', '[{ id: shop, plan: 3 }]')
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.doesNotMatch(lines.join('\n'), /There is no app/)
  })

  it('is not asked for where nobody says which there are', () => {
    const { draft, sources } = check('{ apps: [shopp] }')
    assert.deepEqual(
      validate(draft, CATALOGUE, { sources }).filter(({ code }) => code === 'unknown-app'),
      [],
    )
  })

  it('is missed once it is gone, though the route that names it did not change', () => {
    const memory = new ConfigurationMemory()
    const { draft, apps } = check('{ apps: [shop] }')
    const codesOf = (given: typeof apps) => validate(draft, CATALOGUE, { memory, apps: given }).map(({ code }) => code)
    assert.ok(!codesOf(apps).includes('unknown-app'))
    assert.ok(codesOf([]).includes('unknown-app'))
  })
})
