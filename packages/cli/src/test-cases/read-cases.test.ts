import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toFindingText } from '@gatewright/model'
import { readCases } from './read-cases.ts'

function faultsOf(text: string): string[] {
  return readCases({ path: 'tests.yaml', text }).findings.map(toFindingText)
}

describe('a file of cases', () => {
  it('gives cases that know their lines', () => {
    const { cases, findings } = readCases({
      path: 'tests.yaml',
      text: `cases:
  - name: one
    request: GET /
    expect: 200
  - name: two
    now: 2026-01-01T00:00:00Z
    steps:
      - { request: GET /a, expect: 200 }
      - request: GET /b
        expect: { status: 201 }
`,
    })
    assert.deepEqual(findings, [])
    assert.deepEqual(
      cases.map(({ name, at, nowMs, steps }) => [name, at.line, nowMs, steps.length]),
      [
        ['one', 2, undefined, 1],
        ['two', 5, Date.UTC(2026, 0, 1), 2],
      ],
    )
    assert.equal(cases[0]?.steps[0]?.at('expect').line, 4)
    assert.equal(cases[1]?.steps[1]?.at('expect', 'status').line, 10)
  })

  it('refuses unknown keys at their place, and names the one that was meant', () => {
    const [fault] = faultsOf('cases:\n  - name: a\n    request: GET /\n    expct: 200\n    expect: 200\n')
    assert.match(
      fault ?? '',
      /^tests\.yaml:4:5: fault: The key "expct" is not known here.*\n {4}Did you mean "expect"\?/,
    )
  })

  it('refuses what could never be compared', () => {
    assert.match(faultsOf('cases: []\n')[0] ?? '', /^tests\.yaml:1:8: fault/)
    assert.match(faultsOf('cases:\n  - { name: a, request: GET, expect: 200 }\n')[0] ?? '', /GET \/orders\?page=2/)
    assert.match(
      faultsOf('cases:\n  - { name: a, request: GET /, expect: { body: { pattern: "(" } } }\n')[0] ?? '',
      /no regular expression/,
    )
    assert.match(
      faultsOf('cases:\n  - { name: a, request: GET /, expect: 99 }\n')[0] ?? '',
      /^tests\.yaml:2:\d+: fault/,
    )
  })

  it('tells a text that is no YAML where it breaks', () => {
    assert.match(faultsOf('cases:\n  - name: [\n')[0] ?? '', /^tests\.yaml:\d+:\d+: fault/)
  })
})
