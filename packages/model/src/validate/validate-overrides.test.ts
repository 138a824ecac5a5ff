import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sortFindings } from '../finding.ts'
import { toPlanVariant } from '../plan-variant.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from './validate.ts'

const PLANS = `plans:
  - id: gold
    policies:
      - { policy: rate-limit, options: { limit: 5, burst: 9 } }
      - { policy: set-headers, id: mark }
  - { id: free, policies: [{ policy: rate-limit, id: a, options: { limit: 1 } }, { policy: rate-limit, id: b, options: { limit: 2 } }], apis: [{ api: open }] }
apis:
  - { id: open, policies: [{ policy: key-auth }, { policy: respond }], routes: [{ path: / }] }
  - { id: deaf, basePath: /d, policies: [{ policy: respond }], routes: [{ path: / }] }
  - { id: shut, basePath: /s, policies: [{ policy: key-auth }, { policy: respond }], routes: [{ path: / }] }
`

function check(text: string) {
  const { draft, apps, sources, findings } = resolveText(`gatewright: 1\n${PLANS}${text}`)
  const all = sortFindings([...findings, ...validate(draft, TEST_CATALOGUE, { sources, apps })])
  const said = all.map(({ message, suggestion }) => `${message} ${suggestion}`).join('\n')
  return { draft, apps, said, lines: toLines(all), codes: all.map(({ code, severity }) => `${severity} ${code}`) }
}

const appWith = (members: string) => `apps:\n  - id: acme\n    plan: gold\n    ${members}\n`
const codesOf = (text: string) => check(text).codes
const ofKeys = (members: string) => `${members}\n    keys: [{ hash: "sha256:${'0'.repeat(64)}" }]`

describe('what an app has different of a plan', () => {
  it('becomes the plan’s, by app', () => {
    const { draft, codes } = check(
      `${appWith(ofKeys('overrides: { gold: { rate-limit: { limit: 7 }, mark: { set: { a: b } } } }'))}  - { id: other, plan: gold, overrides: { gold: { mark: {} } } }\n`,
    )
    assert.deepEqual(codes, [])
    const [gold, free] = draft.plans
    assert.deepEqual(gold?.overrides, {
      acme: { 'rate-limit': { limit: 7 }, mark: { set: { a: 'b' } } },
      other: { mark: {} },
    })
    assert.equal(free?.overrides, undefined)
    assert.deepEqual(gold && toPlanVariant(gold, 'acme')[0]?.options, { limit: 7, burst: 9 })
  })

  it('is said by the plan of apps that are kept elsewhere, and by the app first where both say it', () => {
    const own = (overrides: string) =>
      resolveText(
        `gatewright: 1\nplans:\n  - id: gold\n    policies: [{ policy: rate-limit, options: { limit: 5 } }, { policy: set-headers, id: mark }]\n    overrides:\n${overrides}`,
      )
    const both = own(
      '      far: { rate-limit: { limit: 1 } }\n      acme: { rate-limit: { limit: 2 }, mark: { set: { a: b } } }\napps: [{ id: acme, plan: gold, overrides: { gold: { rate-limit: { limit: 3 } } } }]\n',
    )
    assert.deepEqual(both.draft.plans[0]?.overrides, {
      far: { 'rate-limit': { limit: 1 } },
      acme: { 'rate-limit': { limit: 3 }, mark: { set: { a: 'b' } } },
    })
    assert.deepEqual(both.findings, [])
    const { draft, sources, apps } = own('      far:\n        rate-limit: { limit: 0 }\n        cache: {}\n')
    const said = toLines(sortFindings(validate(draft, TEST_CATALOGUE, { sources, apps })))
    assert.match(said[0] ?? '', /:7:\d+: fault: rate-limit: .*plans\[0\]\.overrides\.far\.rate-limit\.limit\)$/)
    assert.match(said[1] ?? '', /:8:\d+: fault: The plan "gold" has no "cache".*plans\[0\]\.overrides\.far\.cache\)$/)
    assert.equal(said.length, 2)
  })

  it('is checked by the policy, together with what the plan says, at the line of the app', () => {
    const { lines } = check(
      appWith(
        ofKeys(
          'overrides:\n      gold:\n        rate-limit:\n          limit: 0\n          limt: 7\n        mark: { set: { a: 1 } }',
        ),
      ),
    )
    assert.equal(lines.length, 3, lines.join('\n'))
    assert.match(lines[0] ?? '', /:18:\d+: fault: rate-limit: .*apps\[0\]\.overrides\.gold\.rate-limit\.limit\)$/)
    assert.match(lines[1] ?? '', /:19:\d+: fault: rate-limit: .*"limt".*limit.*\)$/)
    assert.match(lines[2] ?? '', /:20:\d+: fault: set-headers: .*overrides\.gold\.mark\.set\.a\)$/)
  })

  it('is said where the app says it, where only both together are wrong', () => {
    for (const options of ['{ limit: 20 }', '{ limit: null }']) {
      const { lines } = check(appWith(ofKeys(`overrides:\n      gold:\n        rate-limit: ${options}`)))
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.match(lines[0] ?? '', /:17:\d+: fault: rate-limit: .*\(apps\[0\]\.overrides\.gold\.rate-limit/)
    }
  })

  it('says nothing twice of what is wrong in the plan itself', () => {
    const text = 'gatewright: 1\nplans: [{ id: p, policies: [{ policy: rate-limit, options: { limit: 0 } }] }]\n'
    const { draft, apps, sources } = resolveText(
      `${text}apps: [{ id: a, plan: p, overrides: { p: { rate-limit: { limit: 3 } } } }]\n`,
    )
    const findings = validate(draft, TEST_CATALOGUE, { sources, apps })
    assert.deepEqual(
      findings.map(({ at }) => at.line),
      [2],
    )
  })

  for (const [overrides, expected, said] of [
    ['{ glod: { rate-limit: { limit: 7 } } }', 'fault unknown-plan', /Did you mean "gold"\?/],
    ['{ gold: { rate-limt: { limit: 7 } } }', 'fault unknown-override', /Did you mean "rate-limit"\?/],
    ['{ gold: { cache: {} } }', 'fault unknown-override', /It has: rate-limit, mark\./],
    ['{ gold: { set-headers: {} } }', undefined, undefined],
    ['{ free: { rate-limit: { limit: 7 } } }', 'fault ambiguous-override', /Give each of them an `id`/],
    ['{ free: { a: { limit: 7 } } }', 'warning unused-override', /does not have the plan "free"/],
  ] as const) {
    it(`${overrides}: ${expected ?? 'nothing'}`, () => {
      const { codes, said: words } = check(appWith(ofKeys(`overrides: ${overrides}`)))
      assert.deepEqual(
        codes.filter((code) => code !== 'warning unused-override' || code === expected),
        expected ? [expected] : [],
      )
      if (said !== undefined) assert.match(words, said)
    })
  }

  it('is no warning where a key, an API or a policy gives the app this plan', () => {
    const overrides = 'overrides: { free: { a: { limit: 7 } } }'
    assert.deepEqual(codesOf(appWith(`${overrides}\n    keys: [{ hash: "sha256:${'0'.repeat(64)}", plan: free }]`)), [])
    assert.deepEqual(codesOf(appWith(ofKeys(`${overrides}\n    plans: { open: free }`))), [])
    const policy = 'policies: [{ policy: set-headers, options: { set: { x: free } } }]\n'
    assert.deepEqual(codesOf(policy + appWith(ofKeys(overrides))), [])
  })
})

describe('plans of an app for some APIs', () => {
  it('are those of its keys and users that have none of their own', () => {
    const { apps, codes } = check(
      appWith(
        `plans: { open: free }\n    keys: [{ hash: "sha256:${'0'.repeat(64)}" }, { hash: "sha256:${'1'.repeat(64)}", plan: free }]`,
      ),
    )
    assert.deepEqual(codes, [])
    const [app] = apps
    assert.deepEqual([app?.plan, app?.plans], ['gold', { open: 'free' }])
    assert.deepEqual(
      app?.keys.map(({ plan, plans }) => [plan, plans]),
      [
        ['gold', { open: 'free' }],
        ['free', undefined],
      ],
    )
  })

  for (const [plans, expected, said] of [
    ['{ opn: free }', ['fault unknown-api'], /Did you mean "open"\?/],
    ['{ open: fre }', ['fault unknown-plan'], /Did you mean "free"\?/],
    ['{ shut: free }', ['fault plan-not-open'], /"free" does not open the API "shut".*\n?/],
    ['{ deaf: gold }', ['fault plan-without-caller'], /"deaf" authenticates.*take the API out of `plans`/],
    ['{ shut: gold, open: free }', [], undefined],
  ] as const) {
    it(`${plans}: ${expected[0] ?? 'nothing'}`, () => {
      const { codes, said: words } = check(appWith(ofKeys(`plans: ${plans}`)))
      assert.deepEqual(codes, expected)
      if (said !== undefined) assert.match(words, said)
    })
  }
})
