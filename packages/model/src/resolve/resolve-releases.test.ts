import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from '../validate/validate.ts'

const file = (members: string): string =>
  `gatewright: 1\nupstreams: [{ id: u, targets: [{ url: "http://u" }] }]\napis:\n  - id: a\n    upstream: u\n${members}`

function check(members: string, others: Readonly<Record<string, string>> = {}) {
  const { draft, sources, findings } = resolveText(file(members), { others })
  const checkExpression = (source: string, _language: string, side?: string): string | undefined =>
    side === 'release' && source.includes('caller') ? 'there is no "caller"' : undefined
  const lines = [...findings, ...validate(draft, TEST_CATALOGUE, { sources, checkExpression })]
  return {
    api: draft.apis[0],
    lines: toLines(lines).map((line) => line.replace('/etc/gw/gatewright.yaml:', '')),
    sources,
  }
}

const TWO = `    routes: [{ id: own, path: /own }]
    releases:
      - { revision: v1, share: 90 }
      - revision: v2
        title: The new one
        share: 10
        upstream: http://v2
        policies: [{ policy: key-auth }]
        routes:
          - { id: new, path: /new }
`

describe('releases of a file', () => {
  it('are those that it names, with their own routes, or else those of the API', () => {
    const { api, lines } = check(TWO)
    assert.deepEqual(lines, [])
    assert.deepEqual(
      api?.releases.map(({ revision, title, share, upstream, policies, routes }) => ({
        revision,
        title,
        share,
        upstream,
        policies: policies.map(({ policy }) => policy),
        routes: routes.map(({ path }) => path),
      })),
      [
        { revision: 'v1', title: undefined, share: 90, upstream: undefined, policies: [], routes: ['/own'] },
        {
          revision: 'v2',
          title: 'The new one',
          share: 10,
          upstream: 'http://v2',
          policies: ['key-auth'],
          routes: ['/new'],
        },
      ],
    )
  })

  it('have places in the file, each its own', () => {
    const { sources } = check(TWO)
    const lineOf = (...path: (string | number)[]): number => sources.find(['apis', 0, ...path]).line
    assert.equal(lineOf('releases', 0), 8)
    assert.equal(lineOf('releases', 0, 'routes', 0), 6)
    assert.equal(lineOf('releases', 1), 9)
    assert.equal(lineOf('releases', 1, 'policies', 0), 13)
    assert.equal(lineOf('releases', 1, 'routes', 0), 15)
  })

  it('may each have a document', () => {
    const document = (path: string): string =>
      `openapi: 3.1.0\ninfo: { title: T, version: "1" }\npaths: { ${path}: { get: { responses: {} } } }\n`
    const { api, lines } = check(
      '    openapi: v1.yaml\n    releases:\n      - { revision: v1, share: 50 }\n      - { revision: v2, share: 50, openapi: v2.yaml }\n',
      { '/etc/gw/v1.yaml': document('/one'), '/etc/gw/v2.yaml': document('/two') },
    )
    assert.deepEqual(lines, [])
    assert.deepEqual(
      api?.releases.map(({ routes }) => routes.map(({ path }) => path)),
      [['/one'], ['/two']],
    )
  })

  it('are all there is for one that stands alone', () => {
    const { api, lines } = check('    releases: [{ revision: v1 }]\n')
    assert.deepEqual(lines, [])
    assert.equal(api?.releases[0]?.share, 100)
  })

  for (const [name, members, line] of [
    [
      'shares that are not 100',
      '    releases: [{ revision: v1, share: 50 }, { revision: v2 }]\n',
      /^6:15: fault: The shares of the releases of "a" are 50 together, not 100\./,
    ],
    [
      'a revision twice',
      '    releases: [{ revision: v1, share: 50 }, { revision: v1, share: 50 }]\n',
      /fault: The revision "v1" has a release of this API already \(/,
    ],
    [
      'a condition on who calls',
      '    releases: [{ revision: v1 }, { revision: v2, when: caller.app == "x" }]\n',
      /fault: The condition of this release cannot run: there is no "caller"\./,
    ],
    [
      'a key by who calls',
      '    releaseKey: caller.id\n    releases: [{ revision: v1, share: 50 }, { revision: v2, share: 50 }]\n',
      /^6:17: fault: The key of the releases of "a" cannot run: there is no "caller"\./,
    ],
    [
      'a route without a path',
      '    releases: [{ revision: v1, share: 50 }, { revision: v2, share: 50, routes: [{ id: x }] }]\n',
      /fault: A route has a `path`, or refines an `operation` of the document\. \(apis\[0\]\.releases\[1\]\.routes\[0\]\)/,
    ],
  ] as const) {
    it(`are not taken with ${name}`, () => {
      const { lines } = check(members)
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.match(lines[0] ?? '', line)
    })
  }

  it('say once what is wrong with routes that they share', () => {
    const { lines } = check(
      '    routes: [{ id: x }]\n    releases: [{ revision: v1, share: 50 }, { revision: v2, share: 50 }]\n',
    )
    assert.equal(lines.filter((line) => line.includes('A route has a `path`')).length, 1, lines.join('\n'))
  })
})
