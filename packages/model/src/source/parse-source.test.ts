import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toLines } from '../testing/resolve-text.ts'
import { parseSource } from './parse-source.ts'

function yaml(text: string) {
  return parseSource({ path: 'a.yaml', text })
}

function json(text: string) {
  return parseSource({ path: 'a.json', text })
}

describe('parseSource, YAML', () => {
  it('reads the core schema of YAML 1.2', () => {
    const { value, findings } = yaml(
      'yes: yes\noctal: 0o10\nzero: 010\nnothing: ~\ndate: 2026-01-31\nflag: true\nfloat: 1.5\n',
    )
    assert.deepEqual(findings, [])
    assert.deepEqual(value, {
      yes: 'yes',
      octal: 8,
      zero: 10,
      nothing: null,
      date: '2026-01-31',
      flag: true,
      float: 1.5,
    })
  })

  it('keeps line and column of every key and value', () => {
    const { value, origins } = yaml('apis:\n  - id: orders\n    policies: [{ policy: cors }]\n')
    assert.deepEqual(origins.placeAt(value, ['apis', 0, 'policies', 0, 'policy']), {
      file: 'a.yaml',
      line: 3,
      column: 26,
    })
    assert.deepEqual(origins.placeAt(value, ['apis', 0, 'id'], 'key'), { file: 'a.yaml', line: 2, column: 5 })
  })

  it('answers with the nearest ancestor for what is not there', () => {
    const { value, origins } = yaml('apis:\n  - id: orders\n')
    assert.equal(origins.placeAt(value, ['apis', 0, 'upstream', 'url']).line, 2)
  })

  it('points at the key where a value is empty', () => {
    const { value, origins } = yaml('a: 1\napis:\n')
    assert.deepEqual(origins.placeAt(value, ['apis']), { file: 'a.yaml', line: 2, column: 1 })
  })

  it('refuses a key that stands twice, and names the first line', () => {
    const { findings, value } = yaml('a: 1\nb: 2\na: 3\n')
    assert.deepEqual(toLines(findings), [
      'a.yaml:3:1: fault: The key "a" stands here twice; the first is on line 1. (a)',
    ])
    assert.deepEqual(value, { a: 1, b: 2 })
  })

  it('takes 200 and "200" for the same key', () => {
    assert.equal(yaml('200: a\n"200": b\n').findings[0]?.code, 'duplicate-key')
  })

  it('refuses several documents and points at the second', () => {
    const { findings } = yaml('a: 1\n---\nb: 2\n')
    assert.equal(findings[0]?.code, 'several-documents')
    assert.equal(findings[0]?.at.line, 2)
  })

  it('reads one document that begins with dashes', () => {
    assert.deepEqual(yaml('---\na: 1\n').value, { a: 1 })
    assert.deepEqual(yaml('---\na: 1\n').findings, [])
  })

  it('refuses an empty file', () => {
    for (const text of ['', '# only a comment\n', '---\n']) assert.equal(yaml(text).findings[0]?.code, 'empty-file')
  })

  it('says the first of each kind of syntax fault, not its echoes', () => {
    const { findings, value } = yaml('a: [1, 2\nb: 3\nc: {\n')
    assert.equal(value, undefined)
    assert.ok(findings.length >= 1 && findings.length <= 3)
    assert.ok(findings.every((finding) => finding.code === 'yaml-syntax' && finding.at.line > 0))
  })

  it('advises on tabs', () => {
    const { findings } = yaml('a:\n\tb: 1\n')
    assert.equal(findings[0]?.suggestion, 'Indent with spaces.')
  })

  it('refuses merge keys instead of ignoring them', () => {
    assert.equal(yaml('x: &x { a: 1 }\ny: { <<: *x }\n').findings[0]?.code, 'merge-key')
  })

  it('refuses tags, or reads their plain value where asked to', () => {
    assert.equal(yaml('a: !Ref b\n').findings[0]?.code, 'yaml-tag')
    const read = parseSource({ path: 'a.yaml', text: 'a: !Ref b\n' }, { tags: 'ignore' })
    assert.deepEqual([read.value, read.findings], [{ a: 'b' }, []])
  })

  it('refuses keys that would change the object they stand in', () => {
    const { value, findings } = yaml('__proto__: { polluted: true }\n')
    assert.equal(findings[0]?.code, 'forbidden-key')
    assert.equal((value as { polluted?: boolean }).polluted, undefined)
  })

  it('refuses keys that are lists or maps', () => {
    assert.equal(yaml('? [a, b]\n: 1\n').findings[0]?.code, 'key-not-text')
  })

  it('ignores a byte order mark', () => {
    const { value, origins } = yaml('\uFEFFa: 1\n')
    assert.equal(origins.placeAt(value, ['a'], 'key').column, 1)
  })
})

describe('parseSource, aliases', () => {
  it('gives each alias a copy of its own', () => {
    const { value, findings } = yaml('a: &x { b: 1 }\nc: *x\n')
    assert.deepEqual(findings, [])
    const { a, c } = value as { a: object; c: object }
    assert.deepEqual(c, { b: 1 })
    assert.notEqual(a, c)
  })

  it('points into the anchor for what is inside, and at the alias for the whole', () => {
    const { value, origins } = yaml('a: &x\n  b: 1\nc: *x\n')
    assert.equal(origins.placeAt(value, ['c']).line, 3)
    assert.equal(origins.placeAt(value, ['c', 'b']).line, 2)
  })

  it('takes the latest anchor before the alias', () => {
    assert.deepEqual(yaml('a: &x 1\nb: *x\nc: &x 2\nd: *x\n').value, { a: 1, b: 1, c: 2, d: 2 })
  })

  it('refuses a bomb without building it', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let index = 1; index < 12; index++) {
      lines.push(
        `a${index}: &a${index} [${Array(10)
          .fill(`*a${index - 1}`)
          .join(', ')}]`,
      )
    }
    assert.equal(yaml(lines.join('\n')).findings[0]?.code, 'alias-bomb')
  })

  /** Each link of the chain is as deep as the bound allows to the parser, and its innermost key is the link before. */
  const chain = (links: number) => {
    const link = (key: string) => `${'{? '.repeat(100)}${key}${' : 1}'.repeat(100)}`
    return `k0: &k0 { x: 1 }\n${Array.from({ length: links }, (_, i) => `k${i + 1}: &k${i + 1} ${link(`*k${i}`)}\n`).join('')}`
  }

  it('bounds the depth of keys, also through aliases', () => {
    const [first, ...rest] = yaml(chain(40)).findings.filter(({ code }) => code === 'too-deep')
    assert.deepEqual(rest, [])
    assert.equal(first?.message, 'The document is nested more than 128 levels deep.')
    assert.deepEqual([first?.at.file, first?.at.line], ['a.yaml', 2])
    assert.ok((first?.at.column ?? 0) > 0)
    const [keys] = yaml(`a: ${'{? '.repeat(200)}1${' : 1}'.repeat(200)}\n`).findings
    assert.deepEqual([keys?.code, keys?.at.line, keys?.at.column], ['too-deep', 1, 4 + 3 * 128])
  })

  it('counts brackets within brackets before the parser recurses into them, and none that are text', () => {
    for (const text of ['['.repeat(300_000), `a: ${'{a: '.repeat(100_000)}`, `x: 1\ny:\n  - ${'[{a: '.repeat(90)}`]) {
      const [only, ...rest] = yaml(text).findings
      assert.deepEqual([only?.code, rest.length], ['too-deep', 0], text.slice(0, 20))
    }
    const intervals = Array.from({ length: 300 }, (_, i) => `- from [${i} to "{" ${i}`).join('\n')
    assert.deepEqual(yaml(`a: |\n  ${'[{'.repeat(300)}\nb:\n${intervals}\nc: "${'['.repeat(300)}"\n`).findings, [])
  })

  it('bounds the depth of values, also through aliases', () => {
    const nest = (value: string) => `${'['.repeat(60)}${value}${']'.repeat(60)}`
    const [fault] = yaml(`a: &a ${nest('1')}\nb: &b ${nest('*a')}\nc: ${nest('*b')}\n`).findings
    assert.deepEqual([fault?.code, fault?.at.line], ['too-deep', 1])
  })

  it('refuses an alias inside its own anchor', () => {
    assert.equal(yaml('a: &x [1, *x]\n').findings[0]?.code, 'alias-cycle')
  })

  it('refuses an alias without an anchor', () => {
    assert.ok(yaml('a: *x\n').findings.length > 0)
  })

  it('refuses nesting that would exhaust the stack', () => {
    for (const depth of [200, 20_000]) {
      const { value, findings } = yaml(`a: ${'['.repeat(depth)}${']'.repeat(depth)}`)
      assert.equal(value, undefined)
      assert.equal(findings.length, 1)
    }
  })
})

describe('parseSource, JSON', () => {
  it('reads what JSON.parse reads, for every value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 2 }), (given, indent) => {
        const text = JSON.stringify(given, undefined, indent)
        // Members named __proto__ are refused on purpose.
        fc.pre(!text.includes('__proto__'))
        const { value, findings } = json(text)
        assert.deepEqual(findings, [])
        assert.deepEqual(value, JSON.parse(text))
      }),
    )
  })

  it('refuses what JSON.parse refuses', () => {
    const faulty = [
      '{',
      '{"a":}',
      '[1,]',
      '{"a":1,}',
      "{'a':1}",
      '01',
      '1.',
      '+1',
      'nul',
      '"a\nb"',
      '"\\x"',
      '[1] 2',
      '{"a" 1}',
      '{a:1}',
      'NaN',
      '"abc',
      '// c\n1',
    ]
    for (const text of faulty) {
      assert.throws(() => JSON.parse(text))
      const { value, findings } = json(text)
      assert.equal(value, undefined, text)
      assert.equal(findings.length, 1, text)
    }
  })

  it('keeps line and column', () => {
    const { value, origins } = json('{\n  "apis": [\n    { "id": "orders" }\n  ]\n}')
    assert.deepEqual(origins.placeAt(value, ['apis', 0, 'id']), { file: 'a.json', line: 3, column: 13 })
  })

  it('refuses a key that stands twice', () => {
    assert.deepEqual(toLines(json('{"a": 1,\n "a": 2}').findings), [
      'a.json:2:2: fault: The key "a" stands here twice; the first is on line 1. (a)',
    ])
  })

  it('says where it stopped, and what it found there', () => {
    assert.deepEqual(toLines(json('{"a": 1\n "b": 2}').findings), [
      'a.json:2:2: fault: A comma or "}" is expected here, not "\\"".',
    ])
  })

  it('refuses nesting that would exhaust the stack', () => {
    assert.equal(json('['.repeat(100_000)).findings[0]?.code, 'json-syntax')
  })
})
