import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { sortFindings } from '../finding.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from './validate.ts'
import type { ValidateOptions } from './validation.ts'

const HASH = '$2b$12$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga'
const OTHER = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'

function check(text: string, options: ValidateOptions = {}) {
  const { draft, apps, sources, findings } = resolveText(`gatewright: 1\n${text}`)
  return { apps, all: sortFindings([...findings, ...validate(draft, TEST_CATALOGUE, { sources, apps, ...options })]) }
}

const codesOf = (text: string, options?: ValidateOptions) => check(text, options).all.map(({ code }) => code)

describe('users of an app', () => {
  it('are kept with its id, its plan and whether it is switched on', () => {
    const { apps, all } = check(`plans: [{ id: gold }, { id: silver }]
apps:
  - id: acme
    plan: gold
    users:
      - { name: ann, passwordHash: "${HASH}", expires: "2030-01-01T00:00:00Z" }
      - { name: "Änne @ home", passwordHash: "${OTHER}", plan: silver, enabled: false }
  - { id: off, enabled: false, users: [{ name: ben, passwordHash: "${HASH}", enabled: true }] }
  - { id: none }
`)
    assert.deepEqual(toLines(all), [])
    assert.deepEqual(
      apps.map(({ users }) => users),
      [
        [
          { name: 'ann', passwordHash: HASH, app: 'acme', plan: 'gold', expires: Date.UTC(2030, 0, 1) },
          { name: 'Änne @ home', passwordHash: OTHER, app: 'acme', plan: 'silver', enabled: false },
        ],
        [{ name: 'ben', passwordHash: HASH, app: 'off', enabled: false }],
        undefined,
      ],
    )
  })

  it('are one of a name, whatever app they belong to; plans that are not there and times that never come are faults', () => {
    const user = (more = '') => `{ name: ann, passwordHash: "${HASH}"${more} }`
    assert.deepEqual(codesOf(`apps: [{ id: a, users: [${user()}] }, { id: b, users: [${user()}] }]\n`), [
      'duplicate-user',
    ])
    assert.deepEqual(codesOf(`apps: [{ id: a, users: [${user(', plan: gold')}] }]\n`), ['unknown-plan'])
    const never = user(', notBefore: "2030-01-01T00:00:00Z", expires: "2029-01-01T00:00:00Z"')
    assert.deepEqual(codesOf(`apps: [{ id: a, users: [${never}] }]\n`), ['never-valid'])
    const old = user(', expires: "2026-01-01T00:00:00Z"')
    assert.deepEqual(codesOf(`apps: [{ id: a, users: [${old}] }]\n`, { nowMs: Date.UTC(2026, 0, 1) }), ['expired-user'])
  })

  it('are told apart letter by letter', () => {
    const users = ['ann', 'Ann', 'änn', 'änn'.normalize('NFD')].map(
      (name) => `{ name: ${name}, passwordHash: "${HASH}" }`,
    )
    assert.deepEqual(codesOf(`apps: [{ id: a, users: [${users.join(', ')}] }]\n`), [])
  })

  for (const [name, why] of [
    ['""', /not empty/],
    ['"a:b"', /no colon/],
    ['"a\\nb"', /no control characters/],
    ['"a\\u0085b"', /no control characters/],
    [`"${'ä'.repeat(128)}"`, /at most 255 bytes/],
    ['"a\\uD800"', /surrogates/],
  ] as const) {
    it(`cannot be called ${name.slice(0, 12)}`, () => {
      const [finding, ...others] = check(`apps: [{ id: a, users: [{ name: ${name}, passwordHash: "${HASH}" }] }]\n`).all
      assert.match(finding?.message ?? '', why)
      assert.deepEqual(others, [])
    })
  }

  it('tell by the time of a wrong password whose names are known, where their hashes cost more and less', () => {
    const argon = (memory: number) => `$argon2id$v=19$m=${memory},t=2,p=1$c29tZXNhbHQ$${'A'.repeat(43)}`
    const usersOf = (...hashes: string[]) =>
      codesOf(
        `apps: [{ id: a, users: [${hashes.map((hash, at) => `{ name: u${at}, passwordHash: "${hash}" }`).join(', ')}] }]\n`,
      )
    assert.deepEqual(usersOf(argon(19_456), argon(19_456)), [])
    assert.deepEqual(usersOf(HASH, HASH.replace('$2b$', '$2y$')), [])
    assert.deepEqual(usersOf(argon(19_456), argon(65_536), argon(1024)), ['password-costs-differ'])
    assert.deepEqual(usersOf(HASH, argon(19_456)), ['password-costs-differ'])
    assert.deepEqual(usersOf(HASH, HASH.replace('$12$', '$10$')), ['password-costs-differ'])
    const off = `{ name: ben, passwordHash: "${argon(19_456)}", enabled: false }`
    assert.deepEqual(codesOf(`apps: [{ id: a, users: [{ name: ann, passwordHash: "${HASH}" }, ${off}] }]\n`), [])
  })

  it('are asked for by basic-auth: who has none is warned once', () => {
    const basicAuth = { name: 'basic-auth', phase: 'authenticate', needs: 'app-users', options: z.object({}) } as const
    const warningsOf = (apps: string) => {
      const { draft, apps: known } = resolveText(
        `gatewright: 1\napis: [{ id: a, upstream: "http://a", policies: [{ policy: basic-auth }] }]\napps: [${apps}]\n`,
      )
      return validate(draft, [...TEST_CATALOGUE, basicAuth], { apps: known, isWhole: true }).map(({ code }) => code)
    }
    assert.deepEqual(warningsOf('{ id: a }'), ['nobody-has-a-password'])
    assert.deepEqual(warningsOf(`{ id: a, users: [{ name: ann, passwordHash: "${HASH}", enabled: false }] }`), [
      'nobody-has-a-password',
    ])
    assert.deepEqual(warningsOf(`{ id: a, users: [{ name: ann, passwordHash: "${HASH}" }] }`), [])
  })

  it('never have their password shown, where somebody forgot to hash it', () => {
    for (const users of [
      '[{ name: ann, passwordHash: hunter2 }]',
      '[{ name: ann, password: hunter2 }]',
      '[{ name: ann, hunter2: hunter2 }]',
      '[{ name: ann, passwordHash: [hunter2] }]',
      '[hunter2]',
      '{ ann: hunter2 }',
      'hunter2',
    ]) {
      const { all } = check(`apps: [{ id: a, users: ${users} }]\n`)
      assert.ok(all.length > 0)
      assert.doesNotMatch(JSON.stringify(all), /hunter2/, users)
    }
  })

  it('are written as it is said where something else stands', () => {
    const suggestion = check('apps: [{ id: a, users: [ann] }]\n').all[0]?.suggestion ?? ''
    assert.match(suggestion, /^Write `\{ name: ann, passwordHash: "\$argon2id\$…" \}`.*gatewright key password/)
  })
})
