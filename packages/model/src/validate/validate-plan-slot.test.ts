import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import type { Finding } from '../finding.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import type { CatalogueEntry } from './catalogue.ts'
import { validate } from './validate.ts'

const GOLD = 'plans: [{ id: gold, policies: [{ policy: rate-limit, options: { limit: 5 } }] }]\n'

function check(text: string): Finding[] {
  const { draft, sources } = resolveText(`gatewright: 1\n${text}`)
  return validate(draft, TEST_CATALOGUE, { sources })
}

function codesOf(text: string): string[] {
  return check(text).map(({ code }) => code)
}

function api(members: string): string {
  return `${GOLD}apis:\n  - { id: a, upstream: "http://u", ${members} }\n`
}

describe('validate, the place of plans', () => {
  it('accepts one place behind what authenticates, at any level, with or without a condition', () => {
    for (const members of [
      'policies: [{ policy: key-auth }, { policy: plan }]',
      'policies: [{ policy: key-auth }], routes: [{ path: /x, policies: [{ policy: set-headers }, { policy: plan }] }, { path: /y, policies: [{ policy: plan }] }]',
      'policies: [{ policy: key-auth }, { policy: plan, when: "true" }]',
      'policies: [{ policy: plan, enabled: false }]',
    ]) {
      assert.deepEqual(codesOf(api(members)), [], members)
    }
  })

  it('refuses it in the options of another policy, where it would run nothing', () => {
    const anyOf: CatalogueEntry = {
      name: 'any-of',
      phase: 'authenticate',
      options: z.looseObject({}),
      lists: ['policies'],
    }
    const { draft, sources } = resolveText(
      `gatewright: 1\n${api('policies: [{ policy: any-of, options: { policies: [{ policy: key-auth }, { policy: plan }] } }]')}`,
    )
    assert.deepEqual(toLines(validate(draft, [...TEST_CATALOGUE, anyOf], { sources })), [
      '/etc/gw/gatewright.yaml:4:109: fault: The place of plans stands in the lists of routes, APIs and the gateway: in the options of "any-of" it would run nothing. (apis[0].policies[0].options.policies[1])',
    ])
  })

  it('refuses options, since the place has none', () => {
    assert.deepEqual(toLines(check(api('policies: [{ policy: key-auth }, { policy: plan, options: { id: gold } }]'))), [
      '/etc/gw/gatewright.yaml:4:96: fault: plan: The key "id" is not known here. (apis[0].policies[1].options.id)',
    ])
  })

  it('refuses a second place, also across levels, and names the first', () => {
    const text = `${GOLD}policies: [{ policy: key-auth }, { policy: plan }]
apis:
  - id: a
    upstream: http://u
    routes: [{ path: /x, policies: [{ policy: plan }] }, { path: /y }]
`
    assert.deepEqual(toLines(check(text)), [
      '/etc/gw/gatewright.yaml:7:37: fault: The policies of a plan run once, and their place stands in /etc/gw/gatewright.yaml:3 already. (apis[0].routes[0].policies[0])',
    ])
  })

  it('refuses a place where nobody is known, or not yet', () => {
    const [none, ...more] = check(api('policies: [{ policy: plan }]'))
    assert.deepEqual(
      [none?.code, none?.severity, none?.at.path, more.length],
      ['plan-without-caller', 'fault', 'apis[0].policies[0]', 0],
    )
    const [early] = check(api('policies: [{ policy: plan }, { policy: key-auth }]'))
    assert.match(early?.message ?? '', /before "key-auth" \(.*:4\): nobody is known yet/)
    assert.equal(early?.suggestion, 'Move it behind "key-auth".')
  })

  it('says nothing of callers where a policy is not known', () => {
    assert.deepEqual(codesOf(api('policies: [{ policy: jwwt }, { policy: plan }]')), ['unknown-policy'])
  })

  it('refuses a place inside a plan', () => {
    assert.deepEqual(codesOf('plans: [{ id: gold, policies: [{ policy: plan }] }]\n'), ['plan-in-plan'])
  })

  it('refuses a plan that opens what authenticates nobody', () => {
    const text = `plans: [{ id: gold, apis: [{ api: a }, { api: b, routes: [open, closed] }, { api: c }] }]
apis:
  - { id: a, basePath: /a, upstream: "http://u", routes: [{ path: /x }, { path: /y }] }
  - id: b
    basePath: /b
    upstream: http://u
    routes: [{ id: open, path: /x }, { id: closed, path: /y, policies: [{ policy: key-auth }] }]
  - { id: c, basePath: /c, upstream: "http://u", routes: [{ path: /x }, { path: /y, policies: [{ policy: key-auth }] }] }
`
    assert.deepEqual(toLines(check(text)), [
      '/etc/gw/gatewright.yaml:2:35: fault: No route of the API "a" authenticates, so none of its callers has a plan. (plans[0].apis[0].api)',
      '/etc/gw/gatewright.yaml:2:59: fault: The route "open" authenticates nobody, so none of its callers has a plan. (plans[0].apis[1].routes[0])',
    ])
  })

  it('takes the name for a slip of the pen where it is nearly written', () => {
    const [finding] = check(api('policies: [{ policy: key-auth }, { policy: plann }]'))
    assert.equal(finding?.suggestion, 'Did you mean "plan"?')
  })
})
