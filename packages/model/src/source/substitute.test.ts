import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toLines } from '../testing/resolve-text.ts'
import { parseSource } from './parse-source.ts'
import { type Surroundings, substitute } from './substitute.ts'
import { escapePieces, type Piece, splitText } from './substitution-text.ts'

const surroundings: Surroundings = {
  env: (name) => ({ KEY: 'k-1', TRICK: 'x${caller.id}', DOLLAR: 'cost$', BRACE: '{y}', EMPTY: '' })[name],
  readFile: (path) => {
    if (path === '/etc/gw/locked') throw new Error('EACCES: permission denied')
    return { '/etc/gw/secret': 's-1\n', '/run/two': 'a\nb\n\n' }[path]
  },
}

function read(text: string) {
  const parsed = parseSource({ path: '/etc/gw/a.yaml', text })
  const findings = substitute(parsed, surroundings)
  return { value: parsed.value as Record<string, never>, findings, parsed }
}

/** What an expression reader makes of a text whose only part is `${"$"}`. */
function readTemplate(text: string): string {
  return text.replaceAll(/\$\$\{|\$\{"\$"\}/g, (found) => (found === '$${' ? '${' : '$'))
}

describe('substitute', () => {
  it('puts environment variables and files into any text', () => {
    const { value, findings } = read('a: ${env:KEY}\nb: ["pre-${env:KEY}-${file:secret}"]\nc: "${env:EMPTY}"\n')
    assert.deepEqual(findings, [])
    assert.deepEqual(value, { a: 'k-1', b: ['pre-k-1-s-1'], c: '' })
  })

  it('finds files relative to the file that names them, and takes one line end off', () => {
    assert.deepEqual(read('a: ${file:./secret}\nb: ${file:/run/two}\n').value, { a: 's-1', b: 'a\nb\n' })
  })

  it('never reads what it put in again', () => {
    const nested: Surroundings = { env: (name) => ({ A: '${env:B}', B: 'secret' })[name], readFile: () => undefined }
    const parsed = parseSource({ path: 'a.yaml', text: 'a: ${env:A}\n' })
    substitute(parsed, nested)
    assert.deepEqual(parsed.value, { a: '${env:B}' })
  })

  it('keeps what it put in literal where expressions are read', () => {
    const { value, findings } = read('policies: [{ options: { value: "${env:TRICK}" } }]\n')
    assert.deepEqual(value.policies, [{ options: { value: 'x$${caller.id}' } }])
    assert.deepEqual(
      findings.map((finding) => finding.severity),
      ['warning'],
    )
  })

  it('leaves it as it is where no expression is read', () => {
    assert.deepEqual(read('variables: { a: "${env:TRICK}" }\n').value, { variables: { a: 'x${caller.id}' } })
  })

  it('keeps expressions beside it', () => {
    const { value } = read(
      'policies: [{ options: { a: "${env:KEY}-${caller.id}", b: "${env:DOLLAR}${caller.id}" } }]\n',
    )
    assert.deepEqual(value.policies, [{ options: { a: 'k-1-${caller.id}', b: 'cost${"$"}${caller.id}' } }])
  })

  it('opens no expression between two texts that it put in', () => {
    const { value } = read('policies: [{ options: { a: "${env:DOLLAR}${env:BRACE}", b: "${env:DOLLAR}{z}" } }]\n')
    assert.deepEqual(value.policies, [{ options: { a: 'cost$${y}', b: 'cost$${z}' } }])
  })

  it('touches neither escapes nor other parts', () => {
    const text = 'a: "$${env:KEY} ${caller.id} $ {x} ${unknown:KEY}"\n'
    assert.deepEqual(read(text).value, { a: '$${env:KEY} ${caller.id} $ {x} ${unknown:KEY}' })
  })

  it('says what is missing, and where', () => {
    const { findings } = read('a: 1\nb: { c: "${env:NOPE}", d: "${file:nope}", e: "${file:locked}" }\n')
    assert.deepEqual(toLines(findings), [
      '/etc/gw/a.yaml:2:9: fault: The environment variable NOPE is not set. (b.c)',
      '/etc/gw/a.yaml:2:27: fault: The file /etc/gw/nope does not exist. (b.d)',
      '/etc/gw/a.yaml:2:46: fault: The file /etc/gw/locked cannot be read: EACCES: permission denied (b.e)',
    ])
  })

  it('refuses to put anything into the source of an expression', () => {
    const sources = [
      'policies: [{ when: "caller.id == \'${env:KEY}\'" }]\n',
      'policies: [{ options: { a: { cel: "${env:KEY}" } } }]\n',
      'policies: [{ options: { a: "${ \'${env:KEY}\' }" } }]\n',
      'apis: [{ errors: { 4xx: { body: { liquid: "${file:secret}" } } } }]\n',
    ]
    for (const text of sources) {
      const { findings, value } = read(text)
      assert.deepEqual(
        findings.map((finding) => finding.code),
        ['substitution-in-expression'],
        text,
      )
      assert.ok(!JSON.stringify(value).includes('k-1'), text)
    }
  })

  it('remembers which values must not be shown', () => {
    const { parsed } = read('a: ${env:KEY}\nb: plain\n')
    assert.equal(parsed.origins.isSubstituted(parsed.value, ['a']), true)
    assert.equal(parsed.origins.isSubstituted(parsed.value, ['b']), false)
  })
})

describe('splitText', () => {
  it('loses nothing', () => {
    const fragment = fc.constantFrom('$', '{', '}', '${', '$${', 'a', '"', "'", '${x}', '\\')
    fc.assert(
      fc.property(fc.array(fragment), (fragments) => {
        const text = fragments.join('')
        assert.equal(
          splitText(text)
            .map((piece) => piece.text)
            .join(''),
          text,
        )
      }),
    )
  })

  it('ends a part at its own brace, not at one in quotes', () => {
    assert.deepEqual(
      splitText('${ {"a": "}"} }-${env:A}').map(({ kind }) => kind),
      ['expression', 'text', 'env'],
    )
  })
})

describe('escapePieces', () => {
  it('gives back what was put in, letter by letter, for every text', () => {
    const text = fc.array(fc.constantFrom('$', '{', '}', 'a', '${', '$${')).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const pieces = texts.map((put): Piece => ({ kind: 'replaced', text: put }))
        assert.equal(readTemplate(escapePieces(pieces)), texts.join(''))
      }),
    )
  })
})
