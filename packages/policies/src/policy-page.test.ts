/** Proves that a policy's page says all that its definition says. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { definePolicy } from './policy.ts'
import { toPolicyIndex, toPolicyPage } from './policy-page.ts'

const stamp = definePolicy({
  name: 'stamp',
  phase: 'transform',
  summary: 'Stamps every request.',
  options: z
    .strictObject({
      ink: z.enum(['red', 'blue']).default('red').meta({ description: 'Colour | of the ink.' }),
      times: z.int().min(1).max(9).meta({ description: 'How often.' }),
      seals: z
        .array(z.strictObject({ text: z.string().max(20).meta({ description: 'What it says.' }) }))
        .optional()
        .meta({ description: 'Further seals.' }),
      names: z.record(z.string(), z.union([z.string(), z.null()])).optional(),
    })
    .meta({ examples: [{ times: 2, ink: 'on' }] }),
  create: () => (exchange, next) => next(exchange),
})

describe('toPolicyPage', () => {
  const page = toPolicyPage(stamp)

  it('says name, summary and place', () => {
    assert.match(page, /^# stamp$/m)
    assert.match(page, /^Stamps every request\.$/m)
    assert.match(page, /phase \*\*transform\*\*/)
  })

  it('has a row for every option, nested ones by their path', () => {
    assert.match(page, /^\| `ink` \| `red`, `blue` \| `red` \| Colour \\\| of the ink\. \|$/m)
    assert.match(page, /^\| `times` \| integer, 1 to 9 \| \*\*required\*\* \| How often\. \|$/m)
    assert.match(page, /^\| `seals` \| list of object \| {2}\| Further seals\. \|$/m)
    assert.match(
      page,
      /^\| `seals\[\]\.text` \| string, at most 20 characters \| \*\*required\*\* \| What it says\. \|$/m,
    )
    assert.match(page, /^\| `names` \| names → string or null \| {2}\| {2}\|$/m)
  })

  it('shows an example that YAML reads as it was meant', () => {
    assert.match(page, /^ {2}- \{ policy: stamp, options: \{ times: 2, ink: "on" \} \}$/m)
  })

  it('shows the examples of the definition, each with what it says', () => {
    const examples = [{ says: 'Stamps twice.', options: { times: 2 } }]
    assert.match(
      toPolicyPage({ ...stamp, examples }),
      /^ {2}# Stamps twice\.\n {2}- \{ policy: stamp, options: \{ times: 2 \} \}$/m,
    )
  })

  it('is listed with the others', () => {
    assert.match(toPolicyIndex([stamp]), /^\| \[stamp\]\(stamp\.md\) \| transform \| Stamps every request\. \|$/m)
  })

  it('says that there are none where there are none', () => {
    const bare = definePolicy({
      name: 'bare',
      phase: 'observe',
      summary: 'Does nothing.',
      options: z.strictObject({}),
      create: () => (exchange, next) => next(exchange),
    })
    assert.match(toPolicyPage(bare), /It has no options\./)
    assert.match(toPolicyPage(bare), /^ {2}- \{ policy: bare \}$/m)
  })

  it('says that a policy which answers needs no upstream', () => {
    assert.match(toPolicyPage({ ...stamp, answers: true }), /needs no upstream/)
  })
})
