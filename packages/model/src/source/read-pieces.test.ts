import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Path, Place } from '../finding.ts'
import { type ParsedSource, parseSource } from './parse-source.ts'
import { PieceMemory } from './piece-memory.ts'

function readAgain(memory: PieceMemory, text: string, path = 'a.yaml'): ParsedSource {
  const parsed = parseSource({ path, text }, { origins: memory.openOrigins(), pieces: memory.openFile(path) })
  if (parsed.findings.length === 0) memory.settle()
  else memory.forget()
  return parsed
}

/** Every path, and where its key and its value stand. */
function listPlaces({ value, origins }: ParsedSource): [Path, Place, Place][] {
  const places: [Path, Place, Place][] = []
  const walk = (part: unknown, path: Path): void => {
    places.push([path, origins.placeAt(value, path, 'key'), origins.placeAt(value, path)])
    if (typeof part !== 'object' || part === null) return
    // Those of the containers themselves too: merging starts there.
    places.push([path, origins.placeOf(part), origins.placeAt(part, ['nowhere'])])
    for (const [key, member] of Object.entries(part)) walk(member, [...path, Array.isArray(part) ? Number(key) : key])
  }
  walk(value, [])
  return places
}

function assertLikeWhole(memory: PieceMemory, text: string, path = 'a.yaml'): void {
  const whole = parseSource({ path, text })
  const again = readAgain(memory, text, path)
  assert.deepStrictEqual(again.findings, whole.findings, text)
  assert.deepStrictEqual(again.value, whole.value, text)
  assert.deepStrictEqual(listPlaces(again), listPlaces(whole), text)
}

/** Lines of which some make an ordinary file, and some anything but one. */
const LINE = fc.constantFrom(
  'gatewright: 1',
  'apis:',
  'apis: # all of them',
  '- id: orders',
  '  - id: orders',
  '  - id: orders # the first',
  '    basePath: /orders',
  '    routes:',
  '    - { path: /a, methods: [GET] }',
  '      - id: one',
  '        path: "/one/{id}"',
  '        policies:',
  '        - policy: cors',
  '          - policy: cors',
  '            options: { origins: ["*"] }',
  '      - path: /two',
  '        description: |',
  '          # no comment',
  '        text: >-',
  '          folded',
  '',
  '          text',
  '# a comment',
  '      # another',
  '    description: a text',
  '      of two lines',
  '    title: "quoted',
  '      twice"',
  '    tags: [a,',
  '      b',
  '    ]',
  '      -',
  '      - ',
  '      - - a',
  '      - ~',
  '        empty:',
  '    empty:',
  '      -   deep: 1',
  '          deeper: 2',
  'upstreams:',
  '  - id: a',
  '    targets: [http://a]',
  '  - &b',
  '    id: b',
  '  - *b',
  '    policies: &std',
  '    policies: *std',
  '    policies: !Ref x',
  '    policies: !!str x',
  '    when: a && !b || c * d',
  '    ? odd',
  '    "quoted key": 1',
  '    200: ok',
  '    true: ok',
  '    __proto__: 1',
  '    <<: *std',
  'null:',
  '---',
  '...',
  '%YAML 1.2',
  '\tid: tab',
  '    id: b\r',
  '   odd: 1',
  ' odd: 1',
  'variables: { a: "${env:A}" }',
  'text: |+',
  '  kept',
  '    ',
  'plain: a',
  ' b',
)

describe('readPieces', () => {
  it('reads what a reading of the whole reads, with every place, whatever the lines', () => {
    fc.assert(
      fc.property(fc.array(LINE, { maxLength: 30 }), fc.constantFrom('', '\n'), (lines, end) => {
        assertLikeWhole(new PieceMemory(1), lines.join('\n') + end)
      }),
      { numRuns: 3000 },
    )
  })

  it('reads what changes as if it were read for the first time', () => {
    const edit = fc.record({
      at: fc.nat(),
      kind: fc.constantFrom('insert', 'remove', 'repeat', 'swap', 'letter'),
      line: LINE,
      letter: fc.constantFrom(' ', '-', ':', '"', "'", '#', '\n', '{', ']', 'x', '|', '&', '*', '$'),
    })
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), fc.constantFrom(1, 40, 200), (edits, max) => {
        const memory = new PieceMemory(max)
        let lines = ORDINARY.split('\n')
        for (const { at, kind, line, letter } of edits) {
          const index = at % lines.length
          const before = lines[index] ?? ''
          if (kind === 'insert') lines.splice(index, 0, line)
          else if (kind === 'remove') lines.splice(index, 1)
          else if (kind === 'repeat') lines.splice(index, 0, ...lines.slice(index, index + 3))
          else if (kind === 'swap') lines = [...lines.slice(index), ...lines.slice(0, index)]
          else
            lines[index] = before.slice(0, at % (before.length + 1)) + letter + before.slice(at % (before.length + 1))
          assertLikeWhole(memory, lines.join('\n'))
        }
      }),
      { numRuns: 200 },
    )
  })

  it('reads JSON like JSON, and in a YAML file like YAML', () => {
    const space = fc.constantFrom('', '', ' ', '\n', '\n ', '  ', '\r\n', '\t', '\n\n')
    const gap = fc.array(space, { minLength: 200, maxLength: 200 })
    fc.assert(
      fc.property(fc.object({ maxDepth: 4 }), gap, fc.constantFrom('a.yaml', 'a.json'), (data, gaps, path) => {
        let gapIndex = 0
        const compact = JSON.stringify(data)
        // Also inside of texts, which is a fault then, or another text.
        const text = compact.replace(
          /[{}[\],:]/g,
          (mark) => `${gaps[gapIndex++ % 200]}${mark}${gaps[gapIndex++ % 200]}`,
        )
        const memory = new PieceMemory(10)
        for (const each of [compact, text, text.replace('1', '2'), JSON.stringify(data, null, 1)]) {
          assertLikeWhole(memory, each, path)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps the data of pieces that only move, and gives them their new places', () => {
    for (const [path, text, longer] of MOVED) {
      const memory = new PieceMemory(50)
      const before = readAgain(memory, text, path)
      const after = readAgain(memory, longer, path)
      const [one, two] = [before.value, after.value] as { apis: { routes: object[] }[] }[]
      assert.equal(two?.apis[0]?.routes[2], one?.apis[0]?.routes[1])
      const asked: Path = ['apis', 0, 'routes', 2, 'path']
      assert.deepEqual(after.origins.placeAt(after.value, asked), {
        file: path,
        line: before.origins.placeAt(before.value, ['apis', 0, 'routes', 1, 'path']).line + 4,
        column: before.origins.placeAt(before.value, ['apis', 0, 'routes', 1, 'path']).column,
      })
      assert.notEqual(before.origins.placeAt(before.value, ['apis', 0, 'routes', 1, 'path']).line, 0)
    }
  })

  it('keeps nothing of a file that is gone', () => {
    const memory = new PieceMemory(50)
    const before = readAgain(memory, YAML_BEFORE, 'a.yaml')
    readAgain(memory, YAML_BEFORE, 'b.yaml')
    const after = readAgain(memory, YAML_BEFORE, 'a.yaml')
    const [one, two] = [before.value, after.value] as { apis: { routes: object[] }[] }[]
    assert.notEqual(two?.apis[0]?.routes[0], one?.apis[0]?.routes[0])
  })

  it('gives a file that is read twice two places', () => {
    const memory = new PieceMemory(50)
    const [, text, longer] = MOVED.at(-1) ?? ['', '', '']
    for (let reading = 0; reading < 3; reading++) {
      const origins = memory.openOrigins()
      const places = [text, longer].map((each) => {
        const pieces = memory.openFile('a.yaml')
        return { ...parseSource({ path: 'a.yaml', text: each }, { origins, pieces }), origins }
      })
      memory.settle()
      for (const [index, each] of [text, longer].entries()) {
        const read = places[index]
        assert.ok(read)
        assert.deepStrictEqual(listPlaces(read), listPlaces(parseSource({ path: 'a.yaml', text: each })))
      }
    }
  })

  it('gives data that stands twice two places', () => {
    const memory = new PieceMemory(30)
    const text = 'routes:\n  - id: one\n    path: /one\n  - id: one\n    path: /one\n'
    const before = readAgain(memory, text).value as { routes: object[] }
    const { value, origins } = readAgain(memory, text)
    assert.equal((value as { routes: object[] }).routes[0], before.routes[0])
    assert.equal(origins.placeAt(value, ['routes', 0, 'path']).line, 3)
    assert.equal(origins.placeAt(value, ['routes', 1, 'path']).line, 5)
  })

  it('reads anew what may be changed by what is put in', () => {
    const memory = new PieceMemory(40)
    const text = 'routes:\n  - id: "${env:A}"\n    path: /one\n  - id: two\n    path: /two\n'
    const [before, after] = [readAgain(memory, text).value, readAgain(memory, text).value] as { routes: object[] }[]
    assert.notEqual(after?.routes[0], before?.routes[0])
    assert.equal(after?.routes[1], before?.routes[1])
  })
})

const ORDINARY = `# Orders
gatewright: 1
listeners: [{ id: public, port: 8080 }]

upstreams:
  - id: a
    targets: [http://a]
  - id: b # the other
    targets:
      - url: http://b
        weight: 2
apis:
  - id: orders
    basePath: /orders
    policies:
    - policy: cors
      options: { origins: ["*"] }
    routes:
      # The first
      - id: one
        path: /one
        description: |
          Text
            of several
          lines
      - path: /two
        policies:
          - policy: rate-limit
            options:
              limit: 5
        when: a && b

      - { path: /three, methods: [GET, PUT] }
    upstream: a
  - id: users
    routes:
    - path: /users
    - path: /users/{id}
      match: { headers: [{ name: X, exact: y }] }
    upstream: b
variables:
  text: >
    folded
    text
  other: 'quoted'
`

const JSON_BEFORE = {
  apis: [
    {
      routes: [
        { id: 'one', path: '/one' },
        { id: 'two', path: '/two' },
      ],
    },
  ],
}
const JSON_AFTER = {
  apis: [{ routes: [{ id: 'new', path: '/new' }, ...(JSON_BEFORE.apis[0]?.routes ?? [])] }],
}
const YAML_BEFORE =
  'apis:\n  - id: a\n    routes:\n      - id: one\n        path: /one\n      - id: two\n        path: /two\n'
const MOVED: [path: string, before: string, after: string][] = [
  ['a.json', JSON.stringify(JSON_BEFORE, null, 1), JSON.stringify(JSON_AFTER, null, 1)],
  ['a.yaml', JSON.stringify(JSON_BEFORE, null, 1), JSON.stringify(JSON_AFTER, null, 1)],
  [
    'a.yaml',
    YAML_BEFORE,
    YAML_BEFORE.replace(
      '    routes:\n',
      '    # one more\n    routes:\n      - id: new\n        path: /new\n        title: New\n',
    ),
  ],
]
