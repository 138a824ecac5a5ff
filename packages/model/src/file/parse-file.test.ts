import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolveText, toLines } from '../testing/resolve-text.ts'

const HEAD = 'gatewright: 1\n'

/** The faults of a text, as lines without the name of the file. */
function faultsOf(text: string): string[] {
  return toLines(resolveText(HEAD + text).findings).map((line) => line.replace('/etc/gw/gatewright.yaml:', ''))
}

function suggestionOf(text: string): string | undefined {
  return resolveText(HEAD + text).findings[0]?.suggestion
}

describe('parseFile', () => {
  it('fills in every default', () => {
    const { model } = resolveText(HEAD)
    assert.deepEqual(
      model?.listeners.map(({ id, host, port }) => ({ id, host, port })),
      [{ id: 'public', host: '0.0.0.0', port: 8080 }],
    )
    assert.equal(model?.listeners[0]?.limits.keepAliveMs, 75_000)
    assert.deepEqual(model?.accessLog, { to: 'stdout' })
  })

  it('asks for no health check, ejection or breaker by itself', () => {
    const upstream = resolveText(`${HEAD}upstreams: [{ id: a, targets: ["http://a"] }]\n`).model?.upstreams[0]
    assert.deepEqual(upstream?.health, {})
    assert.equal(upstream?.breaker, undefined)
    assert.deepEqual(upstream?.timeouts, { connectMs: 2000, firstByteMs: 60_000, idleMs: 60_000 })
  })

  for (const keys of [
    '[my-secret]',
    'my-secret',
    '[[my-secret]]',
    '{ my-secret: 1 }',
    '[{ my-secret }]',
    '[{ my-secret: my-secret }]',
    '[{ key: my-secret }]',
    '[{ value: my-secret }]',
    '[{ value: " my-secret" }]',
    '[{ value: my-secret, hash: my-secret }]',
    '[{ hash: my-secret }]',
    '[{ hash: [my-secret] }]',
    '[{ plan: [my-secret], enabled: my-secret, expires: my-secret, notBefore: my-secret }]',
  ]) {
    it(`never quotes a plain key where a hash belongs: ${keys}`, () => {
      const { findings } = resolveText(`${HEAD}apps: [{ id: a, keys: ${keys} }]\n`)
      assert.ok(findings.length > 0)
      assert.doesNotMatch(JSON.stringify(findings), /my-secret/)
    })
  }

  it('says how a key is written where something else stands', () => {
    assert.match(
      suggestionOf('apps: [{ id: a, keys: [abc] }]\n') ?? '',
      /^Write `\{ hash: "sha256:…" \}`.*hash-a-key\.md/,
    )
    assert.match(suggestionOf('apps: [{ id: a, keys: abc }]\n') ?? '', /^Write `\[\{ hash: "sha256:…" \}\]`/)
    assert.match(suggestionOf('apps: [{ id: a, keys: [{ key: abc }] }]\n') ?? '', /^Write `\{ hash: "sha256:…" \}`/)
    assert.match(suggestionOf('apps: [{ id: a, keys: [{ value: abc }] }]\n') ?? '', /^Write `value: \$\{env:NAME\}`/)
    const { findings } = resolveText(`${HEAD}apps: [{ id: a, keys: [{ hsah: abc }] }]\n`)
    assert.deepEqual(
      findings.map(({ suggestion }) => suggestion),
      ['Did you mean "hash"?'],
    )
  })

  it('reports all faults at once, each where it is', () => {
    const text = `lisners: []
listeners:
  - { id: a b, prot: 80, port: "80", limits: { headerBytes: 1 } }
upstreams:
  - { id: u, targets: [{ ur: http://x }, 5], balance: leastrequests }
  - { id: v, targets: [] }
apis:
  - id: x
    policies:
accessLog: stdin
`
    assert.deepEqual(faultsOf(text), [
      '2:1: fault: The key "lisners" is not known here. (lisners)',
      '4:11: fault: "a b" does not fit. An id begins with a letter or digit and holds only letters, digits, ".", "_" and "-", at most 128 of them. (listeners[0].id)',
      '4:16: fault: The key "prot" is not known here. (listeners[0].prot)',
      '4:32: fault: "80" is not a number. (listeners[0].port)',
      '4:61: fault: 1 is out of range: it must be at least 256. (listeners[0].limits.headerBytes)',
      '6:26: fault: The key "ur" is not known here. (upstreams[0].targets[0].ur)',
      '6:42: fault: 5 is not a text or a map. (upstreams[0].targets[1])',
      '6:55: fault: "leastrequests" is not "round-robin", "least-requests", "random-two" or a map. (upstreams[0].balance)',
      '7:23: fault: `targets` is empty: at least one item is needed. (upstreams[1].targets)',
      '10:5: fault: `policies` is empty: a list is expected here. (apis[0].policies)',
      '11:12: fault: "stdin" is not "stdout", "off" or a map. (accessLog)',
    ])
  })

  it('suggests the key that was meant', () => {
    assert.equal(suggestionOf('listners: []\n'), 'Did you mean "listeners"?')
    assert.equal(suggestionOf('apis: [{ id: a, base_path: /x }]\n'), 'Did you mean "basePath"?')
    assert.equal(
      suggestionOf('upstreams: [{ id: a, targets: [{ url: "http://a", wieght: 2 }] }]\n'),
      'Did you mean "weight"?',
    )
  })

  it('lists the keys that are known where none is near', () => {
    assert.match(
      suggestionOf('plans: [{ id: a, colour: red }]\n') ?? '',
      /^Known keys: id, title, .*policies, apis, overrides\.$/,
    )
  })

  it('suggests the value that was meant', () => {
    assert.equal(
      suggestionOf('upstreams: [{ id: a, targets: ["http://a"], balance: round_robin }]\n'),
      'Did you mean "round-robin"?',
    )
    assert.equal(suggestionOf('listeners: [{ id: a, port: "80" }]\n'), 'Remove the quotes.')
  })

  it('speaks about the branch of a union that was meant', () => {
    assert.deepEqual(faultsOf('upstreams: [{ id: a, targets: ["http://a"], balance: { hash: { on: headr } } }]\n'), [
      '2:68: fault: "headr" is not "header", "cookie", "ip" or "path". (upstreams[0].balance.hash.on)',
    ])
  })

  it('says when the format is one of another version, or is missing', () => {
    assert.deepEqual(toLines(resolveText('gatewright: 2\n').findings), [
      '/etc/gw/gatewright.yaml:1:13: fault: This version of Gatewright reads format 1: write `gatewright: 1`. (gatewright)',
    ])
    assert.match(toLines(resolveText('apis: []\n').findings)[0] ?? '', /`gatewright` is missing: 1 is expected here/)
  })

  it('refuses a match with two conditions or none', () => {
    for (const match of ['{ name: a, exact: b, prefix: c }', '{ name: a }']) {
      assert.match(faultsOf(`apis: [{ id: a, match: { headers: [${match}] } }]\n`)[0] ?? '', /exactly one of `exact`/)
    }
  })

  it('never shows what may be a bare key', () => {
    const [line] = faultsOf('apps: [{ id: a, keys: [{ hash: my-very-own-key }] }]\n')
    assert.match(line ?? '', /^2:32: fault: A key is written as its hash/)
    assert.doesNotMatch(line ?? '', /my-very-own-key/)
  })

  it('never shows what came from the surroundings', () => {
    const { findings } = resolveText(`${HEAD}accessLog: \${env:SECRET}\n`, { env: { SECRET: 'hunter2' } })
    assert.equal(findings.length, 1)
    assert.doesNotMatch(JSON.stringify(findings), /hunter2/)
  })

  it('takes numbers and switches from the surroundings', () => {
    const text = `${HEAD}listeners: [{ id: a, port: "\${env:PORT}", proxyProtocol: "\${env:ON}", trustedProxies: [10.0.0.1] }]\n`
    const { model, findings } = resolveText(text, { env: { PORT: '8443', ON: 'true' } })
    assert.deepEqual(findings, [])
    assert.equal(model?.listeners[0]?.port, 8443)
    assert.equal(model?.listeners[0]?.proxyProtocol, true)
  })

  it('takes no number from a text that is written out', () => {
    assert.equal(resolveText(`${HEAD}listeners: [{ id: a, port: "8443" }]\n`).model, undefined)
  })
})

describe('the draft of a faulty file', () => {
  it('keeps what is not faulty, and the places of it', () => {
    const { model, draft, sources } = resolveText(`${HEAD}upstreams:
  - { id: bad, targets: [] }
  - { id: good, targets: ["http://a"], timeouts: { connectMs: 7 } }
`)
    assert.equal(model, undefined)
    assert.deepEqual(
      draft.upstreams.map(({ id }) => id),
      ['good'],
    )
    assert.equal(sources.find(['upstreams', 0, 'timeouts', 'connectMs']).path, 'upstreams[1].timeouts.connectMs')
    assert.equal(sources.find(['upstreams', 0, 'timeouts', 'connectMs']).line, 4)
  })

  it('remembers the ids of what it lost', () => {
    assert.deepEqual([...resolveText(`${HEAD}upstreams: [{ id: bad, targets: [] }]\n`).sources.lostIds], ['bad'])
  })

  it('exists for whatever is written', () => {
    for (const text of [
      '[]',
      '1',
      'gatewright: 1\nlisteners: 5\napis: { a: 1 }\n',
      'gatewright: { a: [] }',
      '{',
      'apis: [[[]]]',
    ]) {
      const { draft, model } = resolveText(text)
      assert.equal(model, undefined, text)
      assert.equal(draft.gatewright, 1, text)
    }
  })
})
