import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ConfigurationMemory } from './configuration-memory.ts'
import type { Path } from './finding.ts'
import { toContentHash } from './hash.ts'
import { type Resolution, resolve } from './resolve/resolve.ts'
import { TEST_CATALOGUE } from './testing/catalogue.ts'
import { validate } from './validate/validate.ts'

/** Files below it are one overlay. */
const PUBLISHED = 'published/'

const checkExpression = (source: string): string | undefined => (source.includes('?') ? 'it asks' : undefined)
const checkPattern = (source: string): string | undefined => (source.includes('(') ? 'it opens' : undefined)

function read(files: Record<string, string>, memory?: ConfigurationMemory) {
  const { 'overlay.yaml': overlay, ...others } = files
  const all = Object.entries(others).map(([path, text]) => ({ path, text }))
  const published = all.filter(({ path }) => path.startsWith(PUBLISHED)).map((file) => ({ ...file, isForeign: true }))
  const resolution = resolve({
    files: all.filter(({ path }) => !path.startsWith(PUBLISHED)),
    overlays: [...(overlay === undefined ? [] : [{ path: 'overlay.yaml', text: overlay }]), published],
    env: (name) => (name === 'HOST' ? 'env.example.com' : undefined),
    readFile: () => undefined,
    ...(memory && { memory }),
  })
  const { draft, sources, apps } = resolution
  const options = { sources, apps, checkExpression, checkPattern, ...(memory && { memory }) }
  return { resolution, findings: validate(draft, TEST_CATALOGUE, options) }
}

function listPlaces({ draft, sources }: Resolution): unknown[] {
  const places: unknown[] = []
  const walk = (part: unknown, path: Path): void => {
    places.push([path, sources.find(path), sources.find(path, 'key'), sources.isSecret(path)])
    if (typeof part !== 'object' || part === null) return
    for (const [key, member] of Object.entries(part)) walk(member, [...path, Array.isArray(part) ? Number(key) : key])
  }
  walk(draft, [])
  return places
}

function assertLikeAnew(files: Record<string, string>, memory: ConfigurationMemory): void {
  const anew = read(files)
  const again = read(files, memory)
  const shown = JSON.stringify(files, null, 1)
  assert.deepStrictEqual(again.resolution.findings, anew.resolution.findings, shown)
  assert.deepStrictEqual(again.findings, anew.findings, shown)
  assert.deepStrictEqual(again.resolution.draft, anew.resolution.draft, shown)
  assert.deepStrictEqual(again.resolution.apps, anew.resolution.apps, shown)
  assert.equal(toContentHash(again.resolution.draft), toContentHash(anew.resolution.draft))
  assert.deepStrictEqual(listPlaces(again.resolution), listPlaces(anew.resolution), shown)
}

/** Larger than a piece, so that it falls apart. */
const MAIN = `gatewright: 1
policies:
  - policy: cors
policyLists:
  - id: defaults
    policies:
      - policy: rate-limit
        options: { limit: 5 }
      - policy: set-headers
  - id: more
    policies: [{ use: defaults }, { policy: cache }]
upstreams:
  - id: a
    targets: [http://a]
  - id: b
    targets: [{ url: http://b, weight: 2 }]
plans:
  - id: gold
    policies: [{ policy: rate-limit, options: { limit: 5 } }]
    apis: [{ api: orders, routes: [one] }]
apps:
  - id: acme
    plan: gold
    keys: [{ hash: sha256:${'ab'.repeat(32)} }]
apis:
  - id: orders
    basePath: /orders
    hosts: ["\${env:HOST}"]
    upstream: a
    policies:
      - policy: key-auth
      - use: defaults
    errors: { 4xx: { body: "no" } }
    routes:
${Array.from(
  { length: 10 },
  (_, at) => `      - id: route-${at}
        methods: [GET]
        path: /route/${at}/{id}
        policies: [{ policy: rate-limit, options: { limit: ${at + 1} } }]
`,
).join('')}      - id: one
        path: /one
        match: { headers: [{ name: X, pattern: "a+" }] }
        upstream: b
      - id: elsewhere
        path: /elsewhere
        upstream: http://elsewhere
        policies: [{ use: more }]
  - id: users
    basePath: /users
    upstream: http://users
`
const JSON_FILE = `{"apis": [{ "id": "json", "basePath": "/json", "upstream": "a", "routes": [
${Array.from({ length: 12 }, (_, at) => `{ "id": "json-${at}", "path": "/json/${at}", "policies": [{ "policy": "cors" }] }`).join(',\n')}
]}]}
`
const OVERLAY = 'apis:\n  - id: orders\n    basePath: /other\n    stripBasePath: false\n'

const LINE = fc.constantFrom(
  '      - id: one\n        path: /one\n        upstream: b',
  '      - path: /new\n        methods: [get]',
  '      - path: no-slash',
  '      - path: /x\n        policies: [{ use: defaults }]',
  '      - path: /x\n        policies: [{ use: nothing }, { use: more, when: "a" }]',
  '        options: { limit: 0 }',
  '    policies: [{ policy: cros }, { use: more }]',
  '      - path: /x\n        polices: []',
  '      - path: /x\n        policies: [{ policy: cros }]',
  '      - path: /x\n        policies: [{ policy: cache }, { policy: key-auth }]',
  '      - path: /x\n        policies: [{ policy: respond }, { policy: key-auth }]',
  '      - path: /x\n        policies: [{ policy: rate-limit, options: { limit: 0 } }]',
  '      - path: /x\n        policies: [{ policy: cors, when: "a?" }]',
  '      - path: /x\n        match: { headers: [{ name: X, pattern: "(" }] }',
  '      - path: /x\n        upstream: c',
  '      - path: /x\n        bodyBytes: "${env:HOST}"',
  '      - path: /${env:HOST}',
  '      - path: /{a}/{a}',
  '    upstream: b',
  '    caseSensitive: false',
  '    enabled: false',
  '    policies: [{ policy: respond }]',
  '        enabled: false',
  '  - id: c\n    targets: [http://c]',
  '  - id: users\n    routes: []\n    upstream: a',
  '  - policy: respond',
  '# a comment',
  '{ "id": "more", "path": "/more" },',
  '{ "id": "json-1", "path": "/json/1" },',
  'variables: { a: b }',
)

/** Of an API, as it is published; undefined: it is published no more. */
const TEXTS = [
  '{"gatewright":1,"apis":[{"id":"prod.NAME","basePath":"/prod/NAME","upstream":"a","routes":[{"id":"x","path":"/x"}]}]}',
  '{"gatewright":1,"apis":[{"id":"prod.NAME","basePath":"/prod/NAME","upstream":"http://NAME","policies":[{"policy":"cors"}]}]}',
  '{"gatewright":1,"apis":[{"id":"prod.NAME","basePath":"/prod/NAME","upstream":"http://same","routes":[]}]}',
  '{"gatewright":1,"upstreams":[{"id":"NAME","targets":["http://NAME"]}],"apis":[{"id":"prod.NAME","basePath":"/NAME","upstream":"NAME"}]}',
  '{"gatewright":1,"upstreams":[{"id":"b","targets":["http://c"],"protocol":"h2c"}]}',
  '{"gatewright":1,"apis":[{"id":"prod.NAME","basePath":"/prod/NAME","upstream":"prod.unknown"}]}',
  '{"gatewright":1,"apis":[{"id":"prod.NAME","basePath":"/prod/NAME","upstream":"a","policies":[{"policy":"cros"}]}]}',
  '{"gatewright":1,"apis":[{"id":"prod.NAME","basePath":"/prod/NAME","upstream":"${env:HOST}"}]}',
  '{"gatewright":1,"apis":[{"id":"prod.NAME","basePath":"/prod/\\u004eAME","upstream":"a","policies":[{"policy":"cors","when":"\\"x\\""}]}]}',
  '{"gatewright":1,"variables":{"a":"b"}}',
  '{"gatewright":1,"apis":[{"id":"prod.a","basePath":"/twice","upstream":"a"}]}',
  '{"gatewright":1,"apis":[{"id":"orders","basePath":"/laid-over"}]}',
  `{"gatewright":1,"apis":[{"id":"prod.NAME","basePath":"/large","upstream":"a","routes":[${Array.from({ length: 80 }, (_, at) => `{"id":"json-${at}","path":"/json/${at}","policies":[{"policy":"cors"}]}`).join()}]}]}`,
  '{',
  undefined,
  undefined,
]

describe('ConfigurationMemory', () => {
  it('changes nothing of what resolve and validate answer, whatever changes in the files', () => {
    const edit = fc.record({
      file: fc.constantFrom('main.yaml', 'main.yaml', 'main.yaml', 'more.json', 'overlay.yaml'),
      at: fc.nat(),
      kind: fc.constantFrom('insert', 'insert', 'remove', 'repeat', 'undo', 'undo'),
      line: LINE,
    })
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 8 }), fc.boolean(), (edits, hasOverlay) => {
        const memory = new ConfigurationMemory()
        let files: Record<string, string> = { 'main.yaml': MAIN, 'more.json': JSON_FILE }
        if (hasOverlay) files['overlay.yaml'] = OVERLAY
        const former = [files]
        assertLikeAnew(files, memory)
        for (const { file, at, kind, line } of edits) {
          const lines = (files[file] ?? '').split('\n')
          const index = at % lines.length
          if (kind === 'insert') lines.splice(index, 0, line)
          else if (kind === 'remove') lines.splice(index, 1)
          else if (kind === 'repeat') lines.splice(index, 0, ...lines.slice(index, index + 4))
          if (kind !== 'undo') former.push(files)
          files = kind === 'undo' ? (former.pop() ?? files) : { ...files, [file]: lines.join('\n') }
          assertLikeAnew(files, memory)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('changes nothing of what is published in many files, whichever of them come, change and go', () => {
    const edit = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), text: fc.constantFrom(...TEXTS) })
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 10 }), (edits) => {
        const memory = new ConfigurationMemory()
        let files: Record<string, string> = { 'main.yaml': MAIN }
        for (const { name, text } of edits) {
          const path = `${PUBLISHED}${name}.json`
          const { [path]: _, ...others } = files
          files = text === undefined ? others : { ...others, [path]: text.replaceAll('NAME', name) }
          assertLikeAnew(files, memory)
          assertLikeAnew(files, memory)
        }
      }),
      { numRuns: 25 },
    )
  })

  it('makes nothing anew of published files whose text stayed, and so of their APIs', () => {
    const [api = ''] = TEXTS
    const memory = new ConfigurationMemory()
    const toFiles = (changed: string) => ({
      'main.yaml': MAIN,
      [`${PUBLISHED}a.json`]: api.replaceAll('NAME', 'a'),
      [`${PUBLISHED}b.json`]: api.replaceAll('NAME', 'b').replace('/x', changed),
    })
    const find = (changed: string, id: string) =>
      read(toFiles(changed), memory).resolution.draft.apis.find((each) => each.id === id)
    const [a, b] = [find('/x', 'prod.a'), find('/x', 'prod.b')]
    assert.ok(a !== undefined && b !== undefined)
    assert.equal(find('/y', 'prod.a'), a)
    assert.notEqual(find('/y', 'prod.b'), b)
  })

  it('gives what did not change as the same object', () => {
    const memory = new ConfigurationMemory()
    const before = read({ 'main.yaml': MAIN }, memory).resolution.draft
    const after = read({ 'main.yaml': MAIN.replace('/route/3/', '/route/three/') }, memory).resolution.draft
    const [one, two] = [before, after].map(({ apis }) => apis[0]?.releases[0]?.routes ?? [])
    assert.deepEqual(
      two?.map((route, index) => route === one?.[index]),
      one?.map((_, index) => index !== 3),
    )
    assert.equal(after.apis[1], before.apis[1])
    assert.deepEqual(
      after.upstreams.map((upstream, index) => upstream === before.upstreams[index]),
      [true, true, true, true],
    )
  })

  it('says what was said before as long as it is so', () => {
    const memory = new ConfigurationMemory()
    const file = { 'main.yaml': `${MAIN}    policies: [{ policy: cros }]\n` }
    for (let reading = 0; reading < 3; reading++) {
      assert.deepEqual(
        read(file, memory).findings.map(({ code }) => code),
        ['unknown-policy'],
      )
    }
  })
})
