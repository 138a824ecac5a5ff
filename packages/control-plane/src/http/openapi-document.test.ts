import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readOpenApi } from '@gatewright/model'
import { ADMIN_ROUTES } from '../admin-routes.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { toOpenApi } from './openapi-document.ts'

describe('the OpenAPI document of the admin API', () => {
  const document = toOpenApi(ADMIN_ROUTES)
  const text = JSON.stringify(document)

  it('has references that lead somewhere', () => {
    const pointers = new Set([...text.matchAll(/"\$ref":"#([^"]*)"/g)].map(([, pointer]) => pointer ?? ''))
    assert.ok(pointers.size > 10)
    for (const pointer of pointers) {
      const found = pointer
        .split('/')
        .slice(1)
        .reduce((value: unknown, key) => (value as Record<string, unknown> | undefined)?.[key], document)
      assert.notEqual(found, undefined, pointer)
    }
  })

  it('names each operation once, and says of each what it is', () => {
    const names = ADMIN_ROUTES.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    const places = ADMIN_ROUTES.map(({ method, path }) => `${method} ${path}`)
    assert.equal(new Set(places).size, places.length)
    for (const { name, summary, path, tag } of ADMIN_ROUTES) {
      assert.match(summary, /\.$/, name)
      assert.match(path, /^\/[a-z]/, name)
      assert.notEqual(tag, '', name)
    }
  })

  it('says of what is written by people that it is taken, and given, as YAML', () => {
    type Said = { readonly content?: Readonly<Record<string, unknown>> }
    type Operation = { readonly requestBody?: Said; readonly responses: Readonly<Record<string, Said>> }
    const paths = document.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>
    for (const { name, kind, method, path, written } of ADMIN_ROUTES) {
      const { requestBody, responses } = paths[path]?.[method.toLowerCase()] ?? { responses: {} }
      const said = kind === 'changing' ? [requestBody] : Object.values(responses)
      const isSaid = said.some((each) => each?.content?.['application/yaml'] !== undefined)
      assert.equal(isSaid, written !== undefined, name)
    }
  })

  it('is one that our own reader takes without a word', () => {
    const { findings } = readOpenApi('admin.json', () => text)
    assert.deepEqual(findings, [])
  })
})

await describeOnStores('the OpenAPI document, where it is served', (open) => {
  it('is what whoever asks for nothing is told of, and stands there for strangers too', async () => {
    const stage = new AdminStage(await open())
    const { detail } = (await stage.ask('GET /nothing', { as: '' })).json()
    const [path = ''] = /\/api\/v1\/\S+/.exec(detail) ?? []
    const told = await stage.ask(`GET ${path.replace('/api/v1', '')}`, { as: '' })
    assert.deepEqual([told.statusCode, told.headers['content-type']], [200, 'application/json'])
    assert.deepEqual(told.json(), JSON.parse(JSON.stringify(toOpenApi(ADMIN_ROUTES))))
    assert.deepEqual(stage.mistakes, [])
  })
})
