import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { SourceFile } from '@gatewright/model'
import fc from 'fast-check'
import { partIdSchema } from '../../apis/api-body.ts'
import { readAwsKeys } from './aws-keys.ts'
import { readAzureKeys } from './azure-keys.ts'
import type { KeyImport } from './imported-keys.ts'
import { readKongKeys } from './kong-keys.ts'
import { parseCsv } from './parse-csv.ts'
import { readPlainKeys } from './plain-keys.ts'
import { readTykKeys } from './tyk-keys.ts'

const toKey = (name: string): string => `kT5-${createHash('sha256').update(name).digest('base64url')}`
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map(toKey) as [string, string, string, string]

const say = (text: string, path = 'keys.txt'): SourceFile => ({ path, text })
const sayJson = (value: unknown): SourceFile => say(JSON.stringify(value, null, 1), 'keys.json')
/** `id (title)` → keys; `line code`. */
function tell({ apps, findings }: KeyImport) {
  return {
    apps: Object.fromEntries(apps.map(({ id, title, keys }) => [id === title ? id : `${id} (${title})`, keys])),
    findings: findings.map(({ at, code }) => `${at.line} ${code}`),
  }
}

describe('keys of a table', () => {
  it('stand in columns of any order and case, and rows of one name are one app', () => {
    const file = say(
      `Enabled, Name ,KEY,UsagePlanIds,more\r\ntrue,My app,${A},"c7y23b,glvrsr",x\r\n,My app,${B}\r\n\r\nTRUE,"a ""b""",${C},'p1,p2'\r\n`,
    )
    const made = readAwsKeys(file)
    assert.deepEqual(tell(made), {
      apps: { 'My-app (My app)': [{ value: A }, { value: B }], 'a-b (a "b")': [{ value: C }] },
      findings: ['2 plan-left', '5 plan-left'],
    })
  })

  it('are left where they are switched off, said twice, missing or weak', () => {
    const file = say(`name,key,enabled\noff,${A},FALSE\none,${B}\nnone,\nweak,hunter2\ntwo,${B}\n`)
    assert.deepEqual(tell(readAwsKeys(file)), {
      apps: { two: [{ value: B }] },
      findings: ['2 disabled-key', '3 duplicate-key', '4 no-key', '5 weak-key'],
    })
    for (const text of ['', A, `key\n${A}`]) assert.deepEqual(tell(readAwsKeys(say(text))).findings, ['1 no-columns'])
  })
})

describe('keys that could be guessed', () => {
  it('are taken where that is said, each with a warning, and are refused with what to do elsewhere', () => {
    const aws = say(`name,key\nweak,hunter2\nstrong,${A}\n`)
    assert.deepEqual(tell(readAwsKeys(aws, true)), {
      apps: { weak: [{ value: 'hunter2' }], strong: [{ value: A }] },
      findings: ['2 weak-key'],
    })
    assert.deepEqual(tell(readPlainKeys(say('hunter2 ann\n'), true)).findings, ['1 weak-key'])
    const [taken] = readAwsKeys(aws, true).findings
    assert.deepEqual([taken?.severity, taken?.suggestion?.startsWith('Rotate it')], ['warning', true])
    const [refused] = readAwsKeys(aws).findings
    assert.equal(refused?.severity, 'fault')
    assert.match(refused?.suggestion ?? '', /GATEWRIGHT_PEPPER/)
    assert.doesNotMatch(JSON.stringify([taken, refused]), /hunter2/)
  })
})

describe('a table', () => {
  for (const [text, rows] of [
    ['', []],
    ['a,b', [[1, 'a', 'b']]],
    [
      'a,\n,b\n',
      [
        [1, 'a', ''],
        [2, '', 'b'],
      ],
    ],
    [
      '"a\nb",c\n\nd',
      [
        [1, 'a\nb', 'c'],
        [4, 'd'],
      ],
    ],
    ['"a""b",\'c,d\',e\'', [[1, 'a"b', 'c,d', "e'"]]],
    [
      '"open,b\nc',
      [
        [1, '"open', 'b'],
        [2, 'c'],
      ],
    ],
    [
      ' a , b\r\rc',
      [
        [1, 'a', 'b'],
        [3, 'c'],
      ],
    ],
  ] as const) {
    it(`is rows: ${JSON.stringify(text)}`, () =>
      assert.deepEqual(
        parseCsv(text).map(({ line, cells }) => [line, ...cells]),
        rows,
      ))
  }
})

describe('keys of consumers', () => {
  it('stand below them or beside them, and live as long as they are said to', () => {
    const file = say(
      `_format_version: "3.0"
consumers:
- username: ann
  id: 11-22
  keyauth_credentials:
  - key: ${A}
    ttl: 60
    created_at: 1700000000
  - key: ${B}
  basicauth_credentials:
  - username: ann
    password: secret
- custom_id: "77"
  keyauth_credentials:
  - { key: ${C}, tags: [x] }
keyauth_credentials:
- { consumer: 11-22, key: ${D} }
`,
      'kong.yaml',
    )
    assert.deepEqual(tell(readKongKeys(file)), {
      apps: { ann: [{ expiresAtMs: 1_700_000_060_000, value: A }, { value: B }, { value: D }], 77: [{ value: C }] },
      findings: ['11 other-credentials'],
    })
  })

  it('are left where only their place is said, their end is unknown, or nothing is there', () => {
    const file = say(
      `consumers:\n- username: ann\n  keyauth_credentials:\n  - key: "{vault://env/key}"\n  - key: \${{ env "DECK_KEY" }}\n  - { key: ${A}, ttl: 60 }\n  - {}\n  - x\n  - key: 12345\n`,
      'kong.yaml',
    )
    assert.deepEqual(tell(readKongKeys(file)), {
      apps: {},
      findings: ['4 key-elsewhere', '5 key-elsewhere', '6 unknown-expiry', '7 no-key', '8 no-key', '9 weak-key'],
    })
  })
})

describe('keys of subscriptions', () => {
  it('are two for each, in whatever case their members are', () => {
    const value = [
      { name: 's1', properties: { displayName: 'Shop', state: 'active', primaryKey: A, secondaryKey: B } },
      { name: 's2', properties: { displayName: 'Shop', primaryKey: C } },
      { SubscriptionId: 's3', Name: null, State: 'Active', PrimaryKey: D },
    ]
    const apps = {
      's1 (Shop)': [
        { name: 'primary', value: A },
        { name: 'secondary', value: B },
      ],
      's2 (Shop)': [{ name: 'primary', value: C }],
      s3: [{ name: 'primary', value: D }],
    }
    for (const made of [{ value }, value]) assert.deepEqual(tell(readAzureKeys(sayJson(made))), { apps, findings: [] })
  })

  it('are left where it is not active, or comes without them', () => {
    const list = [
      { name: 's1', properties: { state: 'suspended', primaryKey: A } },
      { name: 's2', properties: { state: 'active' } },
      7,
    ]
    const { apps, findings } = readAzureKeys(sayJson(list))
    assert.deepEqual(
      [apps, findings.map(({ code, at }) => `${at.path} ${code}`)],
      [[], ['[0] disabled-key', '[1] no-key', '[2] no-key']],
    )
    assert.deepEqual(tell(readAzureKeys(sayJson({ a: 1 }))).findings, ['1 no-subscriptions'])
  })
})

describe('keys of sessions', () => {
  it('are listed, with or without sessions, or stand before their sessions', () => {
    const session = { alias: 'Ann', expires: 1_700_000_000, apply_policies: ['p'] }
    const listed = {
      keys: [A, { key_id: B, key_hash: 'ab'.repeat(8), data: session }, { key_hash: sha256(C), data: { expires: -1 } }],
    }
    const apps = { imported: [{ value: A }, { hash: sha256(C) }], Ann: [{ expiresAtMs: 1_700_000_000_000, value: B }] }
    for (const made of [listed, { data: listed }, listed.keys]) {
      const told = readTykKeys(sayJson(made))
      assert.deepEqual([tell(told).apps, told.findings.map(({ code }) => code)], [apps, ['plan-left']])
    }
    assert.deepEqual(tell(readTykKeys(sayJson({ [A]: { alias: 'x' }, [B]: {} }))).apps, {
      x: [{ value: A }],
      imported: [{ value: B }],
    })
  })

  it('are left where they are switched off, or kept under a hash that is none', () => {
    const list = [
      { key_id: A, data: { is_inactive: true } },
      '0'.repeat(32),
      { key_hash: '01234567' },
      { key_id: '01234567', key_hash: '01234567' },
      {},
    ]
    const { apps, findings } = readTykKeys(sayJson(list))
    assert.deepEqual(
      [apps, findings.map(({ code }) => code)],
      [[], ['disabled-key', 'malformed-hash', 'malformed-hash', 'malformed-hash', 'no-key']],
    )
    assert.deepEqual(tell(readTykKeys(sayJson(7))).findings, ['1 no-keys'])
  })
})

describe('keys of plain text', () => {
  it('stand one in a line, with the name of the app behind', () => {
    const text = `# remarks\n${A}\n\n  ${B}\tShop  floor \r\nsha256:${sha256('x')} Shop  floor\n${A} again\nsha256:${sha256(B)} again\nshort\nsha256:12\n`
    assert.deepEqual(tell(readPlainKeys(say(text))), {
      apps: { imported: [{ value: A }], 'Shop-floor (Shop  floor)': [{ value: B }, { hash: `sha256:${sha256('x')}` }] },
      findings: ['6 duplicate-key', '7 duplicate-key', '8 weak-key', '9 malformed-hash'],
    })
  })

  it('make ids that a control plane takes, each once', () => {
    const names = ['Ünder', 'a.b', 'a b', 'a-b', '…', 'x'.repeat(300), '_a']
    const { apps } = readPlainKeys(say(names.map((name) => `${toKey(name)} ${name}`).join('\n')))
    const ids = apps.map(({ id }) => id)
    assert.deepEqual(ids, ['U-nder', 'a-b', 'a-b-2', 'a-b-3', 'app', 'x'.repeat(120), 'a'])
    for (const id of ids) assert.equal(partIdSchema.safeParse(id).success, true, id)
  })
})

describe('a text that is larger than YAML is read', () => {
  it('is refused as YAML in no time, whatever stands in it, and taken as JSON', () => {
    for (const read of [readKongKeys, readAzureKeys, readTykKeys])
      for (const letter of ['"', ']', '# \n']) {
        const { apps, findings } = read(say(letter.repeat(1_100_000)))
        assert.deepEqual(apps, [])
        assert.deepEqual(findings[0]?.code, 'too-large')
        assert.match(findings[0]?.suggestion ?? '', /JSON/)
      }
    const all = Array.from({ length: 8_000 }, (_, at) => ({ key_id: toKey(String(at)), data: { alias: `app ${at}` } }))
    for (const value of [all, { keys: all }]) {
      const text = JSON.stringify(value, null, 4)
      assert.ok(text.length > 1_100_000)
      assert.equal(readTykKeys(say(text)).apps.length, 8_000)
    }
  })
})

describe('keys that end when no calendar says', () => {
  it('never end where that is after all years that are written, and have ended where it is before', () => {
    const expiryOf = ({ apps }: KeyImport) => apps[0]?.keys[0]?.expiresAtMs
    for (const expires of [1e300, 1e13, 253_402_300_800])
      assert.equal(expiryOf(readTykKeys(sayJson([{ key_id: A, data: { expires } }]))), undefined, String(expires))
    assert.equal(expiryOf(readTykKeys(sayJson([{ key_id: A, data: { expires: 253_402_300_799 } }]))), 253_402_300_799e3)
    for (const [ttl, created, expected] of [
      [1e300, 1, undefined],
      [10, -1e15, 0],
    ] as const) {
      const credential = { key: A, ttl, created_at: created }
      const made = readKongKeys(sayJson({ consumers: [{ username: 'x', keyauth_credentials: [credential] }] }))
      assert.equal(expiryOf(made), expected)
    }
  })
})

describe('what is told of many lines', () => {
  it('is a thousand faults and a thousand warnings at most, and how many there are beside', () => {
    const lines = Array.from({ length: 1_500 }, (_, at) => `a${at},${toKey(String(at))},p`)
    const { findings } = readAwsKeys(say(`name,key,usageplanids\n${lines.join('\n')}\n${'a,\n'.repeat(5_000)}`))
    const ofSeverity = (wanted: string) => findings.filter(({ severity }) => severity === wanted)
    for (const [severity, more] of [
      ['warning', /^500 more/],
      ['fault', /^4000 more/],
    ] as const) {
      const all = ofSeverity(severity)
      assert.equal(all.length, 1_001)
      assert.equal(all.at(-1)?.code, 'more-findings')
      assert.match(all.at(-1)?.message ?? '', more)
    }
  })

  it('names apps in no time, also where no letter of their names is taken', { timeout: 60_000 }, () => {
    const names = Array.from({ length: 80_000 }, (_, at) =>
      Array.from(at.toString(2), (bit) => (bit === '1' ? '!' : '?')).join(''),
    )
    const { apps } = readPlainKeys(say(names.map((name, at) => `${toKey(String(at))} ${name}`).join('\n')))
    assert.deepEqual(
      [apps[0]?.id, apps[1]?.id, apps.at(-1)?.id, new Set(apps.map(({ id }) => id)).size],
      ['app', 'app-2', 'app-80000', 80_000],
    )
  })

  it('is read once, however many doubled quotes there are', { timeout: 60_000 }, () => {
    for (const quote of ['"', "'"]) {
      const cell = quote + (quote + quote).repeat(1_000_000)
      assert.deepEqual(parseCsv(`a,${cell}\nb,${cell}${quote}`).at(-1)?.cells, ['b', quote.repeat(1_000_000)])
    }
  })

  it('is that two columns have one name, since one of them would be lost', () => {
    const { apps, findings } = readAwsKeys(say(`key,name,Key\n${A},a,${B}\n`))
    assert.deepEqual([apps, findings.map(({ code }) => code)], [[], ['twice-a-column']])
    assert.equal(readAwsKeys(say(`key,name,,\n${A},a,,\n`)).apps.length, 1)
  })
})

describe('whatever the text is', () => {
  const readers = { readAwsKeys, readKongKeys, readAzureKeys, readTykKeys, readPlainKeys }
  const words = fc.constantFrom(
    A,
    B,
    'name',
    'key',
    '"',
    "'",
    ',',
    '\n',
    ':',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ' ',
    'keys',
    'consumers',
    'value',
    '!x',
    '&a',
    '*a',
    '\u0000',
    '\ud800',
  )
  const texts = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 30 }).map((list) => list.join('')),
    fc.jsonValue().map((value) => JSON.stringify(value)),
  )
  for (const [name, read] of Object.entries(readers)) {
    it(`${name} does not throw, and says no key`, () => {
      fc.assert(
        fc.property(texts, fc.constantFrom('a.json', 'a.yaml', 'a'), (text, path) => {
          const { apps, findings } = read({ path, text })
          for (const { id } of apps) assert.equal(partIdSchema.safeParse(id).success, true)
          for (const { message, suggestion = '', at } of findings) {
            assert.ok(at.line >= 1 && !`${message}${suggestion}${at.path}`.includes(A))
          }
        }),
        { numRuns: 400 },
      )
    })
  }
})
