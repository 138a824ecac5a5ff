/** Owns the proof that one mistake is one fault: what follows from it is not said as well. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is put in is what is tested here.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { sortFindings } from '../finding.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, type TextSetup } from '../testing/resolve-text.ts'
import type { Catalogue } from './catalogue.ts'
import { validate } from './validate.ts'

function check(text: string, catalogue: Catalogue = TEST_CATALOGUE, setup: TextSetup = {}) {
  const { draft, apps, sources, findings } = resolveText(`gatewright: 1\n${text}`, setup)
  return sortFindings([...findings, ...validate(draft, catalogue, { sources, apps })])
}

/** What is told, each with how to mend it. */
function tell(...given: Parameters<typeof check>): string[][] {
  return check(...given).map(({ message, suggestion = '' }) => [message, suggestion])
}

function api(policies: string): string {
  return `apis: [{ id: a, upstream: "http://u", policies: [${policies}] }]\n`
}

describe('one mistake is one fault', () => {
  it('where a schema says the same twice', () => {
    const refuse = (_: unknown, context: z.RefinementCtx): void => {
      context.addIssue({ code: 'custom', path: ['at'], message: 'is nowhere' })
    }
    const options = z.strictObject({ at: z.string() }).superRefine(refuse).superRefine(refuse)
    const catalogue: Catalogue = [{ name: 'stamp', phase: 'transform', options }]
    assert.deepEqual(tell(api('{ policy: stamp, options: { at: x } }'), catalogue), [['stamp: `at` is nowhere.', '']])
  })

  it('where an option that is needed is misspelt', () => {
    assert.deepEqual(tell(api('{ policy: rate-limit, options: { limt: 1 } }')), [
      ['rate-limit: The key "limt" is not known here.', 'Did you mean "limit"?'],
    ])
  })

  it('where a member that is needed is misspelt, also in one form of several', () => {
    assert.deepEqual(tell('upstreams: [{ id: u, targets: [{ ulr: "http://u" }] }]\napis: [{ id: a, upstream: u }]\n'), [
      ['The key "ulr" is not known here.', 'Did you mean "url"?'],
    ])
  })

  it('where options stand beside the policy', () => {
    const [first, ...more] = check(api('{ policy: rate-limit, limit: 1, windowSeconds: 5 }'))
    assert.deepEqual(more, [])
    assert.equal(first?.message, 'The keys "limit", "windowSeconds" are not known beside `policy`.')
    assert.match(first?.suggestion ?? '', /under `options`: write `options: \{ limit: …, windowSeconds: … \}`\./)
    assert.deepEqual(tell(api('{ policy: key-auth, in: query }')), [
      [
        'The key "in" is not known beside `policy`.',
        'What a policy takes stands under `options`: write `options: { in: … }`.',
      ],
    ])
    assert.deepEqual(tell(api('{ policy: key-auth, wehn: "true" }')), [
      ['The key "wehn" is not known here.', 'Did you mean "when"?'],
    ])
  })

  it('where an API has no upstream, and only some of its routes are answered', () => {
    const routes = (count: number) =>
      Array.from({ length: count }, (_, at) => `{ id: r${at}, path: /${at} }`).join(', ')
    const text = (count: number) =>
      `apis: [{ id: a, routes: [${routes(count)}, { id: page, path: /p, policies: [{ policy: respond }] }] }]\n`
    const messages = (count: number) => check(text(count)).map(({ message, at }) => [message, at.path])
    assert.deepEqual(messages(2), [
      ['The API "a" has no upstream, and no policy answers for 2 of its routes: "r0", "r1".', 'apis[0]'],
    ])
    assert.match(messages(7)[0]?.[0] ?? '', /for 7 of its routes: "r0", "r1", "r2", "r3", "r4" and 2 more\.$/)
    assert.equal(messages(7).length, 1)
    assert.equal(messages(1)[0]?.[1], 'apis[0].routes[0]')
  })

  for (const text of [
    'listeners: [{ id: l, port: "${env:NOPE}" }]\n',
    'upstreams: [{ id: u, targets: ["${env:NOPE}"] }]\napis: [{ id: a, upstream: u }]\n',
    'apis: [{ id: a, upstream: "${env:NOPE}" }]\n',
    api('{ policy: rate-limit, options: { limit: "${env:NOPE}" } }'),
  ]) {
    it(`where nothing can be put in: ${text.trim()}`, () => {
      assert.deepEqual(tell(text), [['The environment variable NOPE is not set.', '']])
    })
  }

  it('where a file that an OpenAPI document refers to is missing', () => {
    const document = `openapi: 3.1.0
info: { title: t, version: "1" }
paths:
  /x: { $ref: "missing.yaml" }
  /y: { get: { responses: { "200": { $ref: "missing.yaml#/a" } } } }
`
    const findings = check('apis: [{ id: a, upstream: "http://u", openapi: d.yaml }]\n', TEST_CATALOGUE, {
      others: { '/etc/gw/d.yaml': document },
    })
    assert.deepEqual(
      findings.map(({ message, at }) => [at.line, message]),
      [
        [4, 'The reference "missing.yaml" leads nowhere: /etc/gw/missing.yaml does not exist.'],
        [5, 'The reference "missing.yaml#/a" leads nowhere: /etc/gw/missing.yaml does not exist.'],
      ],
    )
  })
})
