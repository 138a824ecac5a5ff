import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from '../validate/validate.ts'

function check(lifecycle: string, upstream = 'upstream: "http://u", ') {
  const { draft, sources, findings } = resolveText(
    `gatewright: 1\napis: [{ id: a, ${upstream}lifecycle: ${lifecycle} }]\n`,
  )
  const lines = toLines([...findings, ...validate(draft, TEST_CATALOGUE, { sources })])
  return { lifecycle: draft.apis[0]?.lifecycle, lines: lines.map((line) => line.replace(/^[^ ]+ /, '')) }
}

const AT = 'deprecatedAt: 2026-06-30T00:00:00Z'

describe('the lifecycle of an API in a file', () => {
  it('has times that become milliseconds', () => {
    const { lifecycle, lines } = check(
      `{ state: deprecated, ${AT}, sunsetAt: 2027-01-31T00:00:00+01:00, successor: /v2, link: "https://a.example/x?y=1#z" }`,
    )
    assert.deepEqual(lines, [])
    assert.deepEqual(lifecycle, {
      state: 'deprecated',
      deprecatedAtMs: Date.UTC(2026, 5, 30),
      sunsetAtMs: Date.UTC(2027, 0, 30, 23),
      successor: '/v2',
      link: 'https://a.example/x?y=1#z',
    })
  })

  it('says since when, and ends no earlier', () => {
    assert.match(check('{ state: deprecated }').lines.join(), /says since when/)
    assert.match(
      check(`{ state: deprecated, ${AT}, sunsetAt: 2026-01-01T00:00:00Z }`).lines.join(),
      /An API does not end before it is deprecated\. \(apis\[0\]\.lifecycle\.sunsetAt\)/,
    )
  })

  it('links to URLs, which cannot leave their brackets', () => {
    for (const link of ['migration', 'ftp://a', '/a>; rel="x', '/a b', '/a\\r\\nX: y', 'javascript:alert(1)']) {
      assert.match(check(`{ state: retired, link: "${link.replaceAll('"', '\\"')}" }`).lines.join(), /is no URL/, link)
    }
    assert.match(check(`{ state: retired, link: "/${'x'.repeat(2000)}" }`).lines.join(), /at most 2000 characters/)
  })

  it('needs no upstream once it is retired', () => {
    assert.deepEqual(check('{ state: retired }', '').lines, [])
    assert.match(check(`{ state: deprecated, ${AT} }`, '').lines.join(), /has no upstream/)
  })
})
