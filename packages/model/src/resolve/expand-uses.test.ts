/** Proves that the policies of a list stand wherever it is named, that what is said of them leads to where they are written, and that it is said once. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigurationMemory } from '../configuration-memory.ts'
import { diff, toDiffText } from '../diff/diff.ts'
import { toFindingText } from '../finding.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from '../validate/validate.ts'
import { type Resolution, resolve } from './resolve.ts'

const HEAD = 'gatewright: 1\n'
const API = (id: string, policies: string) =>
  `- { id: ${id}, basePath: /${id}, upstream: "http://a", policies: ${policies} }\n`
const DEFAULTS = `policyLists:
  - id: defaults
    title: For all
    policies:
      - policy: cors
      - policy: rate-limit
        options: { limit: 5 }
`

function check(text: string, setup: Parameters<typeof resolveText>[1] = {}) {
  const resolution = resolveText(text, setup)
  const { draft, sources, apps } = resolution
  const findings = [...resolution.findings, ...validate(draft, TEST_CATALOGUE, { sources, apps })]
  return { ...resolution, findings }
}

function namesOf(uses: readonly { readonly policy: string }[] | undefined): string {
  return (uses ?? []).map(({ policy }) => policy).join(' ')
}

describe('policy lists', () => {
  it('stand in every list that names them, in their order', () => {
    const { draft, findings } = check(`${HEAD}${DEFAULTS}
policies: [{ use: defaults }]
plans:
  - { id: gold, policies: [{ use: defaults }] }
apis:
  - id: orders
    upstream: http://a
    policies: [{ policy: key-auth }, { use: defaults }, { policy: cache }]
    routes:
      - { path: /a, policies: [{ use: defaults, enabled: false }, { policy: cache }] }
      - { path: /b, policies: [{ use: defaults, enabled: true }] }
    releases:
      - { revision: one, share: 50, policies: [{ use: defaults }] }
      - { revision: two, share: 50, routes: [{ path: /c, policies: [{ use: defaults }] }] }
`)
    const [api] = draft.apis
    assert.deepEqual(
      [
        draft.policies,
        draft.plans[0]?.policies,
        api?.policies,
        ...(api?.releases[0]?.routes.map(({ policies }) => policies) ?? []),
        api?.releases[0]?.policies,
        api?.releases[1]?.routes[0]?.policies,
      ].map(namesOf),
      [
        'cors rate-limit',
        'cors rate-limit',
        'key-auth cors rate-limit cache',
        'cache',
        'cors rate-limit',
        'cors rate-limit',
        'cors rate-limit',
      ],
    )
    assert.deepEqual(api?.policies[2]?.options, { limit: 5 })
    assert.deepEqual(
      findings.filter(({ severity }) => severity === 'fault'),
      [],
    )
  })

  it('may name others', () => {
    const { draft } = check(`${HEAD}
policyLists:
  - { id: all, policies: [{ policy: key-auth }, { use: some }, { policy: cache }] }
  - { id: some, policies: [{ policy: cors }] }
apis:
  ${API('orders', '[{ use: all }]')}`)
    assert.equal(namesOf(draft.apis[0]?.policies), 'key-auth cors cache')
  })

  it('are no longer than what a request could run, however often they stand in each other', () => {
    const lists = Array.from({ length: 40 }, (_, at) =>
      at === 0
        ? '  - { id: l0, policies: [{ policy: cors }] }'
        : `  - { id: l${at}, policies: [{ use: l${at - 1} }, { use: l${at - 1} }] }`,
    )
    for (const all of [lists, lists.toReversed()]) {
      const { findings } = check(`${HEAD}policyLists:\n${all.join('\n')}\napis:\n  ${API('orders', '[{ use: l39 }]')}`)
      assert.ok(findings.some(({ code, severity }) => code === 'too-many-policies' && severity === 'fault'))
    }
    const chain = Array.from({ length: 5000 }, (_, at) => `  - { id: l${at}, policies: [{ use: l${at + 1} }] }`)
    const { findings } = check(`${HEAD}policyLists:\n${chain.join('\n')}\napis: []\n`)
    assert.ok(findings.some(({ code }) => code === 'too-many-policies'))
  })

  it('are what a diff tells of', () => {
    const text = `${HEAD}${DEFAULTS}apis:\n  ${API('orders', '[{ use: defaults }]')}`
    const [was, is] = [text, text.replace('limit: 5', 'limit: 9')].map((each) => resolveText(each).draft)
    assert.ok(was !== undefined && is !== undefined)
    const told = toDiffText(diff({ model: was, catalogue: TEST_CATALOGUE }, { model: is, catalogue: TEST_CATALOGUE }))
    assert.match(told, /api orders[\s\S]*limit.*5.*9/)
  })
})

describe('what is wrong', () => {
  it('within a policy list is said once, where it is written, with who has it', () => {
    const faulty = DEFAULTS.replace('limit: 5', 'limit: 0')
    const apis = ['a', 'b', 'c', 'd', 'e'].map((id) => `  ${API(id, '[{ policy: key-auth }, { use: defaults }]')}`)
    const { findings } = check(`${HEAD}${faulty}apis:\n${apis.join('')}`)
    assert.deepEqual(
      toLines(findings).filter((line) => line.includes('limit')),
      [
        '/etc/gw/gatewright.yaml:8:27: fault: rate-limit: 0 is out of range: it must be at least 1. This is used by the API "a", the API "b", the API "c" and 2 more. (policyLists[0].policies[1].options.limit)',
      ],
    )
  })

  it('in their form is a fault of its own, and of nothing else', () => {
    const faulty = DEFAULTS.replace('options: { limit: 5 }', 'optoins: { limit: 5 }')
    const { findings } = check(
      `${HEAD}${faulty}apis:\n  ${API('a', '[{ use: defaults }]')}  ${API('b', '[{ use: defaults }]')}`,
    )
    assert.deepEqual(toLines(findings), [
      '/etc/gw/gatewright.yaml:8:9: fault: The key "optoins" is not known here. This is used by the API "a" and the API "b". (policyLists[0].policies[1].optoins)',
    ])
  })

  it('behind them has the index that it is written at', () => {
    const { findings } = check(`${HEAD}${DEFAULTS}apis:\n  ${API('a', '[{ use: defaults }, { policy: cros }]')}`)
    assert.deepEqual(toLines(findings), [
      '/etc/gw/gatewright.yaml:10:90: fault: There is no policy "cros". (apis[0].policies[1].policy)',
    ])
  })

  for (const [what, text, line] of [
    [
      'names nothing that is there',
      `${DEFAULTS}apis:\n  ${API('a', '[{ use: defaults }, { use: defalts }]')}`,
      'fault: There is no policy list "defalts". (apis[0].policies[1].use)\n    Did you mean "defaults"?',
    ],
    [
      'names itself over another',
      `policyLists:\n  - { id: x, policies: [{ use: y }] }\n  - { id: y, policies: [{ use: x }] }\napis:\n  ${API('a', '[{ use: x }]')}`,
      'fault: The policy list "x" uses itself: x → y → x. (policyLists[1].policies[0].use)\n    Take one of these uses out.',
    ],
    [
      'is used by nobody',
      `${DEFAULTS}apis:\n  ${API('a', '[]')}`,
      'warning: Nothing uses the policy list "defaults". (policyLists[0])\n    Write `{ use: defaults }` in a list of policies, or remove it.',
    ],
    [
      'has more beside `use` than that takes',
      `${DEFAULTS}apis:\n  ${API('a', '[{ use: defaults }, { use: defaults, when: "true" }]')}`,
      'fault: The key "when" is not known beside `use`. (apis[0].policies[1].when)',
    ],
    [
      'has an id that others have',
      `${DEFAULTS}  - { id: defaults, policies: [] }\napis:\n  ${API('a', '[{ use: defaults }]')}`,
      'fault: The id "defaults" is taken: the first of these policyLists stands in /etc/gw/gatewright.yaml:3. (policyLists[1].id)',
    ],
  ] as const) {
    it(`is told: it ${what}`, () => {
      const told = check(`${HEAD}${text}`).findings.map((finding) => toFindingText(finding).replace(/^\S+ /, ''))
      assert.equal(told.length, 1, told.join('\n'))
      assert.ok(told[0]?.startsWith(line) === true, told[0] ?? '')
    })
  }

  it('in a file that cannot be read says nothing of what others name', () => {
    const { findings } = resolveText({
      '/a.yaml': `${HEAD}apis:\n  ${API('a', '[{ use: defaults }]')}`,
      '/b.yaml': 'policyLists: [',
    })
    assert.deepEqual([...new Set(findings.map(({ at }) => at.file))], ['/b.yaml'])
  })

  it('is left out of all lists at once, and nothing beside it', () => {
    const text = `${HEAD}
policyLists:
  - id: defaults
    policies:
      - { policy: cors, x: 1, y: 2 }
      - { policy: cache, id: "", enabled: maybe }
      - { policy: set-headers }
apis:
  ${API('a', '[{ use: defaults }]')}  ${API('b', '[{ policy: key-auth }, { use: defaults }]')}`
    const { draft, findings } = resolveText(text)
    assert.deepEqual(
      draft.apis.map(({ policies }) => namesOf(policies)),
      ['cors cache set-headers', 'key-auth cors cache set-headers'],
    )
    assert.equal(findings.length, 3)
  })
})

describe('with a memory', () => {
  const read = (text: string, memory: ConfigurationMemory): Resolution =>
    resolve({
      files: [{ path: '/gw.yaml', text }],
      env: () => undefined,
      readFile: () => undefined,
      memory,
    })

  it('an API is another one where what it uses is, and only there', () => {
    const memory = new ConfigurationMemory()
    const others = Array.from({ length: 20 }, (_, at) => `  - id: other-${at}\n    basePath: /other-${at}\n`).join('')
    const text = `${HEAD}policyLists:
  - id: one
    description: ${'Longer than what is read as one. '.repeat(20)}
    policies:
      - { policy: rate-limit, options: { limit: 5 } }
  - id: two
    policies:
      - { policy: rate-limit, options: { limit: 6 } }
apis:
  - id: a
    basePath: /a
    upstream: http://a
    routes:
      - path: /last
        policies: [{ use: one }]
  - id: b
    basePath: /b
    upstream: http://a
    policies: [{ use: two }]
${others}`
    const first = read(text, memory).draft
    const same = read(`# the same\n${text}`, memory).draft
    assert.deepEqual(
      same.apis.filter((api, at) => api !== first.apis[at]),
      [],
    )
    const other = read(text.replace('limit: 6', 'limit: 7'), memory).draft
    assert.deepEqual(
      other.apis.filter((api, at) => api !== first.apis[at]).map(({ id }) => id),
      ['b'],
    )
    assert.deepEqual(other.apis[1]?.policies[0]?.options, { limit: 7 })
  })
})
