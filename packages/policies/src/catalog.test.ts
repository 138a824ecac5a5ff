import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { BUILT_IN_POLICIES } from './catalog.ts'
import { later } from './later.ts'
import { PHASES } from './policy.ts'
import { toPolicyIndex, toPolicyPage } from './policy-page.ts'
import {
  createTestUses,
  FakeClock,
  FakeDirectories,
  FakeHttp,
  MemoryCounters,
  MemoryCredentials,
  MemoryReplays,
  MemoryRevocations,
  MemorySharedValues,
  RecordingLog,
} from './testing/index.ts'

const pages = join(import.meta.dirname, '../../../docs/policies')
const clock = new FakeClock()
const outside = {
  clock,
  counters: new MemoryCounters(clock),
  revocations: new MemoryRevocations(),
  replays: new MemoryReplays(clock),
  http: new FakeHttp(),
  directories: new FakeDirectories(),
  shared: new MemorySharedValues(clock),
  credentials: new MemoryCredentials(),
  // Examples name files of their readers.
  files: { open: () => ({ content: { bytes: new Uint8Array() } }) },
  log: new RecordingLog(),
  useId: 'test',
  variables: {},
}
const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
const otherKey = generateKeyPairSync('ed25519').privateKey
const toPem = (pair: KeyObject) => pair.export({ type: 'pkcs8', format: 'pem' }).toString()
/** As a gateway reads the secrets that examples name. Those in PEM have to be keys; of other ones any text will do. */
const SECRETS = new Map([
  ['${file:/run/secrets/identity.pem}', toPem(key)],
  ['${file:/run/secrets/identity-old.pem}', toPem(otherKey)],
])
const withSecrets = (options: unknown): unknown =>
  JSON.parse(JSON.stringify(options), (_, value) => (typeof value === 'string' ? (SECRETS.get(value) ?? value) : value))
const services = { ...outside, uses: createTestUses(BUILT_IN_POLICIES, outside) }

interface Schema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

/** Every property of every object, by its path. */
function* fieldsOf(schema: Schema, path = ''): Generator<[path: string, field: Schema]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield [`${path}${name}`, field]
    yield* fieldsOf(field, `${path}${name}.`)
  }
  for (const inner of [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])]) {
    if (typeof inner === 'object') yield* fieldsOf(inner, path)
  }
}

/** By their paths in the schema. */
function listProperties(schema: unknown, at = ''): [at: string, schema: unknown][] {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([name, member]) => {
    const path = `${at}.${name}`
    const own: [string, unknown][] = at.endsWith('.properties') ? [[path, member]] : []
    return [...own, ...listProperties(member, path)]
  })
}

describe('the catalogue', () => {
  it('has one policy a name', () => {
    const names = BUILT_IN_POLICIES.map(({ name }) => name)
    assert.deepEqual([...new Set(names)], names)
  })

  it('has every policy that has a folder', () => {
    const folders = globSync('*/*.ts', { cwd: import.meta.dirname })
      .filter((file) => file.split('/')[0] === basename(file, '.ts'))
      .filter((file) => /definePolicy\(/.test(readFileSync(join(import.meta.dirname, file), 'utf8')))
      .map((file) => basename(file, '.ts'))
    assert.deepEqual(folders.toSorted(), BUILT_IN_POLICIES.map(({ name }) => name).toSorted())
  })

  it('loads each policy by the name and in the phase that its line says', () => {
    for (const { name, summary } of BUILT_IN_POLICIES) assert.notEqual(summary, '', name)
    const other = later('cors', 'limit', () => ({ cors: { ...BUILT_IN_POLICIES[0], name: 'cors', phase: 'protect' } }))
    assert.throws(() => other.summary, /exports none of this name in the phase limit/)
  })

  it('stands in the usual order of phases', () => {
    const places = BUILT_IN_POLICIES.map(({ phase }) => PHASES.indexOf(phase))
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    )
  })

  it('has current pages: run `npm run docs`', () => {
    const expected = new Map(BUILT_IN_POLICIES.map((policy) => [`${policy.name}.md`, toPolicyPage(policy)]))
    expected.set('README.md', toPolicyIndex(BUILT_IN_POLICIES))
    const found = new Map(
      globSync('*.md', { cwd: pages }).map((file) => [file, readFileSync(join(pages, file), 'utf8')]),
    )
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected))
  })
})

for (const policy of BUILT_IN_POLICIES) {
  describe(`the policy ${policy.name}`, () => {
    const schema = z.toJSONSchema(policy.options, { io: 'input' }) as Schema

    it('stands in its own folder, with its test', () => {
      const file = join(import.meta.dirname, policy.name, policy.name)
      assert.ok(existsSync(`${file}.ts`))
      assert.ok(existsSync(`${file}.test.ts`))
    })

    it('says in one sentence what it does', () => assert.match(policy.summary, /^[A-Z][^.]*\.$/))

    it('describes every option', () => {
      for (const [path, { description }] of fieldsOf(schema)) assert.match(description ?? '', /./, path)
    })

    it('marks what names a plan, so that there has to be one', () => {
      for (const [at, schema] of listProperties(
        z.toJSONSchema(policy.options, { io: 'input', unrepresentable: 'any' }),
      )) {
        // Those with a pattern name a field that tells the plan.
        if (/\.plans?$/.test(at) && !JSON.stringify(schema).includes('"pattern"'))
          assert.match(JSON.stringify(schema), /"format":"plan-id"/, at)
      }
    })

    it('marks what names an app, so that there has to be one', () => {
      for (const [at, schema] of listProperties(
        z.toJSONSchema(policy.options, { io: 'input', unrepresentable: 'any' }),
      )) {
        const text = JSON.stringify(schema)
        // A field of the upstream's, a field of an answer, and a list of those that say the same of each item.
        if (/\.apps?$/.test(at) && !/"pattern"|"anyOf"|"oneOf"/.test(text) && !/toUpstream|caller/.test(at))
          assert.match(text, /"format":"(?:any-)?app-id"/, at)
      }
    })

    it('knows its options and no others', () => {
      assert.equal(schema.additionalProperties, false)
      assert.equal(policy.options.safeParse({ noSuchOption: 1 }).success, false)
    })

    it('can be used without options where none is required', () => {
      const { required = [], minProperties = 0 } = schema
      assert.equal(policy.options.safeParse({}).success, required.length === 0 && minProperties === 0)
    })

    it('has examples that are valid and run', () => {
      const { examples = [] } = policy
      assert.ok(examples.length > 0)
      for (const { says, options } of examples) {
        assert.match(says, /\.$/)
        assert.equal(typeof policy.create(policy.options.parse(withSecrets(options)), services), 'function')
      }
    })

    it('is a function with a name, for stack traces', () => {
      const [example] = policy.examples ?? []
      const made = policy.create(policy.options.parse(withSecrets(example?.options ?? {})), services)
      assert.equal(
        made.name,
        policy.name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
      )
    })
  })
}
