import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { toJsonSchema } from './json-schema.ts'
import { TEST_CATALOGUE } from './testing/catalogue.ts'

type Json = { readonly [key: string]: Json }

function schemaOf(...parameters: Parameters<typeof toJsonSchema>): Json {
  return JSON.parse(JSON.stringify(toJsonSchema(...parameters)))
}

/** Every reference of a schema, and every part that has a description. */
function walk(schema: Json, visit: (part: Json) => void): void {
  visit(schema)
  for (const member of Object.values(schema)) if (typeof member === 'object' && member !== null) walk(member, visit)
}

describe('toJsonSchema', () => {
  it('is JSON Schema 2020-12', () => {
    assert.equal(schemaOf(TEST_CATALOGUE).$schema, 'https://json-schema.org/draft/2020-12/schema')
  })

  it('is the same text for the same catalogue, in whatever order', () => {
    assert.equal(
      JSON.stringify(toJsonSchema(TEST_CATALOGUE)),
      JSON.stringify(toJsonSchema([...TEST_CATALOGUE].reverse())),
    )
  })

  it('offers each policy its own options', () => {
    const { $defs } = schemaOf(TEST_CATALOGUE)
    const rule = Object.values($defs?.PolicyUse?.allOf ?? {}).find((candidate) =>
      JSON.stringify(candidate.if).includes('"key-auth"'),
    )
    assert.equal(rule?.then?.properties?.options?.$ref, '#/$defs/options.key-auth')
    assert.deepEqual(Object.keys($defs?.['options.key-auth']?.properties ?? {}), ['in', 'name'])
    assert.deepEqual(
      Object.values($defs?.PolicyUse?.properties?.policy?.enum ?? {}),
      [...TEST_CATALOGUE.map(({ name }) => name), 'plan'].sort(),
    )
  })

  it('asks for options only where a policy cannot do without', () => {
    const text = JSON.stringify(schemaOf(TEST_CATALOGUE).$defs?.PolicyUse?.allOf)
    assert.match(text, /"\$ref":"#\/\$defs\/options\.rate-limit"\}\},"required":\["options"\]/)
    assert.doesNotMatch(text, /"\$ref":"#\/\$defs\/options\.cors"\}\},"required"/)
  })

  it('has a target for every reference, also for shapes that a policy names', () => {
    const shape = z.strictObject({ a: z.string() }).meta({ id: 'JsonSchemaTestShape' })
    const catalogue = [
      ...TEST_CATALOGUE,
      { name: 'shaped', phase: 'observe' as const, options: z.strictObject({ one: shape, two: shape }) },
    ]
    const schema = schemaOf(catalogue)
    let references = 0
    walk(schema, ({ $ref }) => {
      if (typeof $ref !== 'string') return
      references++
      const target = String($ref)
        .slice(2)
        .split('/')
        .reduce((part: Json | undefined, key) => part?.[key], schema)
      assert.ok(target, String($ref))
    })
    assert.ok(references > 10)
    assert.ok(JSON.stringify(schema).includes('#/$defs/options.shaped/$defs/JsonSchemaTestShape'))
  })

  it('takes a policy list wherever policies stand', () => {
    const { $defs, properties } = schemaOf([])
    const lists = [properties, ...Object.values($defs ?? {}).map((each) => each.properties)]
    const items = lists.flatMap((each) => (each?.policies === undefined ? [] : [each.policies.items]))
    assert.equal(items.length, 6)
    for (const item of items)
      assert.deepEqual(item, { anyOf: [{ $ref: '#/$defs/PolicyUse' }, { $ref: '#/$defs/ListUse' }] })
  })

  it('lets numbers and switches come from the surroundings', () => {
    const port = schemaOf([]).$defs?.Listener?.properties?.port
    assert.equal(JSON.stringify(port?.anyOf).includes('#/$defs/Substitution'), true)
    assert.match('${env:PORT}', new RegExp(String(schemaOf([]).$defs?.Substitution?.pattern)))
  })

  it('describes every field of the file', () => {
    const missing: string[] = []
    const { $defs, properties } = schemaOf([])
    for (const [name, definition] of [['file', { properties }] as const, ...Object.entries($defs ?? {})]) {
      for (const [key, field] of Object.entries(definition.properties ?? {})) {
        if (field?.description === undefined && field?.$ref === undefined && key !== 'id')
          missing.push(`${name}.${key}`)
      }
    }
    assert.deepEqual(missing, [])
  })

  it('refuses unknown keys everywhere that the file does', () => {
    walk(schemaOf([]), (part) => {
      if (part.type !== undefined && String(part.type) === 'object' && part.properties !== undefined)
        assert.equal(part.additionalProperties, false)
    })
  })
})
