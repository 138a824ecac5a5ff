import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { NOWHERE } from '../finding.ts'
import { describeIssues } from './describe-issues.ts'
import { isWriteOnly } from './walk-schema.ts'

const secret = z
  .string()
  .min(8)
  .transform((text) => ({ text }))
  .meta({ writeOnly: true })
const schema = z.strictObject({
  name: z.string(),
  password: secret.optional(),
  keys: z.array(secret).default([]),
  either: z.union([z.strictObject({ token: secret }), z.strictObject({ none: z.boolean() })]).optional(),
})

describe('what a schema says that nobody is to be shown', () => {
  it('is found by its path, through lists, unions and what stands around it', () => {
    for (const path of [['password'], ['keys', 0], ['either', 'token']]) assert.ok(isWriteOnly(schema, path), `${path}`)
    for (const path of [[], ['name'], ['keys'], ['either'], ['either', 'none'], ['nothing']]) {
      assert.ok(!isWriteOnly(schema, path), `${path}`)
    }
  })

  it('stands in no finding, whatever is wrong with it', () => {
    const value = { name: 12_345, password: 12_345_678, keys: ['hunter2', 87_654_321] }
    const { error } = schema.safeParse(value)
    const at = (path: readonly (string | number)[]) => ({ ...NOWHERE, path: path.join('.') })
    const messages = describeIssues(error?.issues ?? [], { schema, value, at }).map(({ message }) => message)
    assert.equal(messages.length, 4)
    assert.match(messages.join('\n'), /12345 is not a text/)
    assert.doesNotMatch(messages.join('\n'), /12345678|hunter|87654321/)
  })
})
