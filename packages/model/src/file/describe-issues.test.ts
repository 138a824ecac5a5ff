/** Proves that what a schema refuses is said with the name of what is wrong, and with what to write instead. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { NOWHERE, type Path, toPathText } from '../finding.ts'
import { describeIssues } from './describe-issues.ts'

const names = z.array(z.string().min(1)).min(1).optional()
const schema = z
  .strictObject({
    demand: z.strictObject({ all: names, any: names }).optional(),
    range: z.strictObject({ from: z.number().optional(), to: z.number().optional() }).optional(),
    plans: names,
    cookie: z
      .strictObject({
        secrets: z.array(
          z
            .string()
            .refine((text) => text.length >= 4, 'draw 4 characters')
            .meta({ writeOnly: true }),
        ),
      })
      .optional(),
    rows: z.array(z.array(z.union([z.number(), z.strictObject({ a: z.number() })]))).optional(),
  })
  .refine(({ demand }) => demand?.all?.[0] !== 'none', 'say what is demanded')

function linesOf(value: unknown, putIn: readonly string[] = []): string[] {
  const { error } = schema.safeParse(value)
  const at = (path: Path) => ({ ...NOWHERE, path: toPathText(path) })
  const isPutIn = (path: Path) => putIn.includes(toPathText(path))
  return describeIssues(error?.issues ?? [], { schema, value, at, isPutIn }).map(({ message, suggestion }) =>
    [message, suggestion ?? ''].join(' ').trim(),
  )
}

describe('what stands in the place of lists by name', () => {
  for (const [value, line] of [
    [{ demand: ['a', 'b'] }, 'A list is not a map. Write `{ all: [a, b] }` or `{ any: [a, b] }`.'],
    [{ demand: ['orders:read'] }, 'A list is not a map. Write `{ all: [orders:read] }` or `{ any: [orders:read] }`.'],
    [{ demand: 'a' }, '"a" is not a map. Write `{ all: [a] }` or `{ any: [a] }`.'],
    [
      { demand: ['a b', 'true', '1'] },
      'A list is not a map. Write `{ all: ["a b", "true", "1"] }` or `{ any: ["a b", "true", "1"] }`.',
    ],
    [{ demand: ['a'.repeat(90)] }, 'A list is not a map. Write `{ all: […] }` or `{ any: […] }`.'],
    [{ demand: [{ a: 1 }] }, 'A list is not a map. Write `{ all: […] }` or `{ any: […] }`.'],
    [{ range: [1, 2] }, 'A list is not a map.'],
    [{ range: 'a' }, '"a" is not a map.'],
    [{ plans: { any: ['gold'] } }, 'A map is not a list. Write `[gold]`.'],
    [{ plans: { gold: {} } }, 'A map is not a list. Begin each of its entries with "- ".'],
  ] as const) {
    it(`is said with what to write: ${JSON.stringify(value).slice(0, 40)}`, () =>
      assert.deepEqual(linesOf(value), [line]))
  }

  it('is not shown where it was put in', () => {
    assert.deepEqual(linesOf({ demand: ['s3cret', 'b'] }, ['demand[0]']), [
      'A list is not a map. Write `{ all: […, b] }` or `{ any: […, b] }`.',
    ])
  })
})

describe('what is wrong with an item of a list', () => {
  it('names the list, and the item by its index', () => {
    assert.deepEqual(linesOf({ cookie: { secrets: ['long enough', 'abc'] } }), ['`secrets[1]`: draw 4 characters.'])
    assert.deepEqual(linesOf({ cookie: { secrets: [null] } }), [
      '`secrets[0]` is empty: a text is expected here. Remove the line, or say a value.',
    ])
    assert.deepEqual(linesOf({ rows: [[1], [1, null]] }), [
      '`rows[1][1]` is empty: a number or a map is expected here. Remove the line, or say a value.',
    ])
  })
})

describe('what is wrong with all of it', () => {
  it('is a sentence without a name', () => {
    assert.deepEqual(linesOf({ demand: { all: ['none'] } }), ['Say what is demanded.'])
  })
})

describe('what is not to be shown', () => {
  it('was put in only where something was', () => {
    const value = { cookie: { secrets: [12_345] } }
    assert.deepEqual(linesOf(value), ['What stands here is not a text.'])
    assert.deepEqual(linesOf(value, ['cookie.secrets[0]']), ['What was put in here is not a text.'])
  })
})
