import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileNamePattern, findPatternFault, type NameKind, toComparedName } from './name-pattern.ts'

const CASES: readonly (readonly [
  kind: NameKind,
  pattern: string,
  matching: readonly string[],
  others: readonly string[],
])[] = [
  ['subject-cn', 'billing', ['billing'], ['Billing', 'billing ', 'billin', 'xbilling', '']],
  ['subject-cn', 'node-*.acme', ['node-1.acme', 'node-a.b.acme'], ['node-.acme', 'node-1.acme.evil', 'xnode-1.acme']],
  ['san-dns', 'a.example', ['a.example', 'A.Example'], ['a.example.', 'b.a.example', 'aXexample', 'a.example.evil']],
  [
    'san-dns',
    '*.acme.example',
    ['a.acme.example'],
    ['acme.example', 'a.b.acme.example', '.acme.example', 'a.acme.example.evil', 'evilacme.example'],
  ],
  ['san-dns', 'api-*.acme.example', ['api-1.acme.example'], ['api-.acme.example', 'api-1.x.acme.example']],
  [
    'san-uri',
    'spiffe://acme/ns/*/sa/billing',
    ['spiffe://acme/ns/prod/sa/billing'],
    [
      'spiffe://acme/ns/a/b/sa/billing',
      'spiffe://acme/ns//sa/billing',
      'spiffe://evil/ns/prod/sa/billing',
      'spiffe://acme/ns/prod/sa/billing/x',
    ],
  ],
  [
    'san-uri',
    'spiffe://acme/ns/**',
    ['spiffe://acme/ns/a', 'spiffe://acme/ns/a/b'],
    [
      'spiffe://acme/ns',
      'spiffe://acme/ns/',
      'spiffe://acme/ns/a//b',
      'spiffe://acme.evil/ns/a',
      'spiffe://acme/nsx/a',
      'SPIFFE://acme/ns/a',
    ],
  ],
  ['san-uri', 'spiffe://*/web', ['spiffe://acme/web'], ['spiffe:///web', 'spiffe://a/b/web']],
  [
    'san-email',
    'Me@Acme.example',
    ['Me@acme.EXAMPLE'],
    ['me@acme.example', 'Me@acme.example@evil', 'Me@acme.example.evil'],
  ],
  ['san-email', '*@acme.example', ['me@acme.example'], ['@acme.example', 'me@x@acme.example', 'me@evil.example']],
  ['fingerprint', `${'AB:'.repeat(31)}AB`, ['ab'.repeat(32)], ['ab'.repeat(31), `${'ab'.repeat(31)}ac`]],
]

describe('a pattern of names', () => {
  for (const [kind, pattern, matching, others] of CASES) {
    it(`${pattern} (${kind}) means these and no others`, () => {
      assert.equal(findPatternFault(pattern, kind), undefined)
      const matches = compileNamePattern(pattern, kind)
      for (const name of matching) assert.equal(matches(toComparedName(name, kind)), true, name)
      for (const name of others) assert.equal(matches(toComparedName(name, kind)), false, name)
    })
  }

  it('has one `*` in a part at most, so that looking at a name takes one pass (CWE-1333)', () => {
    for (const [pattern, kind] of [
      ['a*b*', 'subject-cn'],
      ['**.acme.example', 'san-dns'],
      ['spiffe://acme/**/x', 'san-uri'],
      ['spiffe://acme/a**', 'san-uri'],
      ['**@acme.example', 'san-email'],
    ] as const) {
      assert.match(findPatternFault(pattern, kind) ?? '', /once in each part/, pattern)
    }
  })

  it('is no fingerprint that has another length or other digits', () => {
    for (const text of ['', 'ab', 'zz'.repeat(32), 'ab'.repeat(33), `*${'ab'.repeat(31)}`, 'ab'.repeat(20)]) {
      assert.match(findPatternFault(text, 'fingerprint') ?? '', /SHA-256/)
    }
  })
})
