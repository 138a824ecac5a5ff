import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { toAddressKey } from './address.ts'
import { rangeListSchema } from './range-list.ts'

const schema = z.strictObject({ deny: rangeListSchema('What is denied.', { mayBeVoid: true }) })
const strict = z.strictObject({ allow: rangeListSchema('What is allowed.', { mayBeVoid: false }) })

const read = (deny: string | string[]) => schema.parse({ deny }).deny
const issuesOf = (deny: unknown) =>
  (schema.safeParse({ deny }).error?.issues ?? []).map(({ path, message }) => [path.join('.'), message] as const)

const LIST =
  '\uFEFF# made by hand\r\n\r\n10.0.0.0/8\r\n  192.0.2.7  # a scanner\r\n1.10.16.0/20 ; SBL256894\r\n2001:db8::/32'

describe('a list of ranges', () => {
  it('is a text with one a line: comments, blank lines, any line ends, and the mark of its bytes are no ranges', () => {
    const ranges = read(LIST)
    assert.equal(ranges.size, 4)
    for (const address of ['10.9.9.9', '192.0.2.7', '1.10.31.255', '2001:db8::1']) {
      assert.ok(ranges.has(toAddressKey(address) ?? ''), address)
    }
    assert.ok(!ranges.has(toAddressKey('192.0.2.8') ?? ''))
  })

  it('is a list of ranges and texts', () => assert.equal(read(['127.0.0.1', LIST]).size, 5))

  it('is nothing unless it is said', () => assert.equal(schema.parse({}).deny.size, 0))

  it('names the line, and in a list the item', () => {
    assert.deepEqual(
      issuesOf('10.0.0.0/8\n\n# no\n10.0.0.1/8\n').map(([path, message]) => [path, message.slice(0, 32)]),
      [['deny', 'line 4: "10.0.0.1/8" has bits se']],
    )
    assert.deepEqual(
      issuesOf(['10.0.0.0/8', '10.0.0.0/8\nx', 'y']).map(([path, message]) => [path, message.slice(0, 18)]),
      [
        ['deny.1', 'line 2: "x" is no '],
        ['deny.2', '"y" is no IP addre'],
      ],
    )
  })

  it('names the first faults of many, and how many there are beside', () => {
    const issues = issuesOf('picture\n'.repeat(100_000))
    assert.equal(issues.length, 11)
    assert.match(issues[0]?.[1] ?? '', /^line 1: /)
    assert.match(issues[10]?.[1] ?? '', /^99990 more lines/)
  })

  it('refuses an item that says nothing', () => {
    for (const item of ['', ' ', '\t']) assert.equal(issuesOf(['10.0.0.0/8', item])[0]?.[0], 'deny.1')
  })

  for (const wrong of [1, null, {}, [1], [['10.0.0.0/8']]]) {
    it(`is not ${JSON.stringify(wrong)}`, () => assert.ok(issuesOf(wrong).length > 0))
  }

  it('is empty where the text of a file holds nothing', () => {
    for (const text of ['', '\n\n', '# none today\n', ';']) assert.equal(read(text).size, 0)
  })

  it('lets nobody in for a file that holds nothing: of what may call, that is refused', () => {
    for (const allow of ['', '\n', '# none today\n', ['# none today\n']]) {
      assert.match(strict.safeParse({ allow }).error?.issues[0]?.message ?? '', /^holds no address/)
    }
    assert.equal(strict.parse({ allow: [] }).allow.size, 0)
  })

  it('is told to people as a list of texts or a text', () => {
    const { properties } = z.toJSONSchema(schema, { io: 'input' })
    assert.deepEqual(properties?.deny, {
      description: 'What is denied.',
      default: [],
      anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
    })
  })
})
