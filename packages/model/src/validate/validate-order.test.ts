import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import type { Finding } from '../finding.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from './validate.ts'

const HEAD = 'gatewright: 1\n'

function check(text: string): Finding[] {
  const { draft, sources } = resolveText(HEAD + text)
  return validate(draft, TEST_CATALOGUE, { sources })
}

function codesOf(text: string): string[] {
  return check(text).map(({ code }) => code)
}

/** One API around what is tested. */
function api(members: string): string {
  return `apis:\n  - { id: a, upstream: "http://u", ${members} }\n`
}

describe('validate, what never runs', () => {
  it('refuses a guard behind an answer, in one list and across levels', () => {
    assert.deepEqual(toLines(check(api('policies: [{ policy: respond }, { policy: key-auth }]'))), [
      '/etc/gw/gatewright.yaml:3:68: fault: "key-auth" never runs: "respond" (/etc/gw/gatewright.yaml:3) answers first. (apis[0].policies[1])',
    ])
    const text = `policies: [{ policy: respond }]
apis:
  - id: a
    policies: [{ policy: rate-limit, options: { limit: 1 } }]
    routes: [{ path: /x, policies: [{ policy: cors }] }, { path: /y }]
`
    assert.deepEqual(
      check(text).map(({ code, severity, at }) => [code, severity, at.path]),
      [
        ['never-runs', 'fault', 'apis[0].policies[0]'],
        ['never-runs', 'fault', 'apis[0].routes[0].policies[0]'],
      ],
    )
  })

  it('warns of a policy that only changes what is sent', () => {
    const [finding, ...more] = check(api('policies: [{ policy: respond }, { policy: set-headers }]'))
    assert.deepEqual([finding?.code, finding?.severity, more.length], ['never-runs', 'warning', 0])
    assert.match(finding?.suggestion ?? '', /^Move it before "respond"/)
  })

  it('accepts what stands behind an answer that is conditional or switched off, or before it', () => {
    for (const list of [
      '{ policy: key-auth }, { policy: respond }',
      '{ policy: respond, enabled: false }, { policy: key-auth }',
    ]) {
      assert.deepEqual(codesOf(api(`policies: [${list}]`)), [], list)
    }
    const conditional = codesOf(api('policies: [{ policy: respond, when: "false" }, { policy: key-auth }]'))
    assert.ok(!conditional.includes('never-runs'))
  })
})

describe('validate, unusual orders', () => {
  it('speaks once of each policy that is displaced, and names all it should not have passed', () => {
    const list =
      '{ policy: set-headers }, { policy: cors }, { policy: key-auth }, { policy: rate-limit, options: { limit: 1 } }'
    const findings = check(api(`policies: [${list}]`))
    assert.deepEqual(
      findings.map(({ message }) => message),
      ['"set-headers" (transform) runs before "cors" (protect), "key-auth" (authenticate), "rate-limit" (limit).'],
    )
    assert.match(findings[0]?.suggestion ?? '', /^Move it behind "rate-limit"/)
  })

  it('says nothing about a policy that acts on answers', () => {
    const catalogue = TEST_CATALOGUE.map((entry) =>
      entry.name === 'set-headers' ? { ...entry, options: z.strictObject({ on: z.string() }) } : entry,
    )
    const { draft } = resolveText(
      `${HEAD}${api('policies: [{ policy: set-headers, options: { on: response } }, { policy: cors }]')}`,
    )
    assert.deepEqual(validate(draft, catalogue), [])
  })
})
