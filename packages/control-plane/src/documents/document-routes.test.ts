import assert from 'node:assert/strict'
import { it } from 'node:test'
import { toTextHash } from '@gatewright/model'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const AT = '/apis/main/orders'
const toDocument = (paths: readonly string[]) => `# kept
openapi: 3.1.0
info: { title: Orders, version: "2.0" }
servers: [{ url: http://10.0.0.7:9001/api }]
paths:
${paths.map((path) => `  ${path}: { get: { operationId: get${path.replaceAll(/\W/g, '')}, responses: { "200": { description: ok } } } }`).join('\n')}
`

await describeOnStores('documents, by the admin API', (open) => {
  const send = async (
    stage: AdminStage,
    line: string,
    text: string,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const answer = await stage.ask(line, { text, headers: { 'content-type': 'application/yaml', ...headers } })
    return { status: answer.statusCode, said: answer.json() }
  }

  it('are read as YAML up to a bound, and as JSON beyond it', async () => {
    const stage = new AdminStage(await open())
    const long = `${toDocument(['/a'])}# ${'x'.repeat(1_100_000)}\n`
    for (const [line, text] of [
      [`POST ${AT}/import`, long],
      [`PUT ${AT}/document`, long],
      [`POST ${AT}/import`, '"'.repeat(2_000_000)],
    ] as const) {
      const { status, said } = await send(stage, line, text)
      assert.equal(status, 400, line)
      assert.match(said.detail, /YAML may have 1 MiB.*JSON/)
    }
    const description = 'x'.repeat(1_100_000)
    const json = JSON.stringify({ openapi: '3.1.0', info: { title: 'Orders', version: '1', description }, paths: {} })
    assert.equal((await send(stage, `POST ${AT}/import`, json)).status, 201)
  })

  it('make an API, and a newer one is merged into it', async () => {
    const stage = new AdminStage(await open())
    const first = toDocument(['/a', '/b'])
    const tried = await send(stage, `POST ${AT}/import?dryRun=true`, first)
    assert.deepEqual([tried.status, tried.said.status, tried.said.result.isNew], [200, 201, true])
    assert.equal((await stage.ask(`GET ${AT}`)).statusCode, 404)
    assert.deepEqual((await send(stage, `POST ${AT}/import`, first)).status, 201)
    const { body, version } = (await stage.ask(`GET ${AT}`)).json()
    const named = { ...body, owner: 'shop', routes: [{ operation: 'geta', title: 'A' }] }
    assert.equal((await stage.ask(`PUT ${AT}`, { body: named })).statusCode, 200)
    const merged = await send(stage, `POST ${AT}/import`, toDocument(['/a', '/c']), { 'if-match': `"${version + 1}"` })
    assert.equal(merged.status, 200, JSON.stringify(merged.said))
    const texts = merged.said.changes.map(({ text }: { text: string }) => text).join('\n')
    assert.match(texts, /getb/)
    assert.match(texts, /getc/)
    const after = (await stage.ask(`GET ${AT}`)).json().body
    assert.deepEqual([after.owner, after.routes[0].title], ['shop', 'A'])
    assert.equal((await send(stage, `POST ${AT}/import`, first, { 'if-match': '"1"' })).status, 412)
    assert.deepEqual(stage.mistakes, [])
  })

  it('are kept as they were written, and given to whoever wants the text alone', async () => {
    const stage = new AdminStage(await open())
    assert.equal((await send(stage, `PUT ${AT}/document`, toDocument(['/a']))).status, 404)
    await stage.ask(`PUT ${AT}`, { body: { upstream: 'http://127.0.0.1:9001' } })
    assert.equal((await stage.ask(`GET ${AT}/document`)).statusCode, 404)
    const text = toDocument(['/a'])
    const put = await send(stage, `PUT ${AT}/document`, text)
    assert.equal(put.status, 200, JSON.stringify(put.said))
    const got = await stage.ask(`GET ${AT}/document`)
    assert.deepEqual(got.json(), { hash: put.said.hash, text })
    const plain = await stage.ask(`GET ${AT}/document`, { headers: { accept: 'application/yaml' } })
    assert.deepEqual([plain.body, plain.headers['content-type']], [text, 'application/yaml'])
    for (const accept of ['application/json', 'application/yaml, application/json', '*/*']) {
      assert.equal((await stage.ask(`GET ${AT}/document`, { headers: { accept } })).json().text, text, accept)
    }
    assert.equal((await stage.ask(`GET ${AT}`)).json().body.document, put.said.hash)
    const ofAKind = { 'content-type': 'application/openapi+yaml; version=3.1' }
    assert.equal((await send(stage, `PUT ${AT}/document`, text, ofAKind)).said.hash, put.said.hash)
    const json = await stage.ask(`PUT ${AT}/document`, { body: { text } })
    assert.deepEqual([json.statusCode, json.json().version], [200, put.said.version], 'the same is no change')
  })

  it('that cannot be read are refused with what is wrong', async () => {
    const stage = new AdminStage(await open())
    await stage.ask(`PUT ${AT}`, { body: { upstream: 'http://127.0.0.1:9001' } })
    for (const line of [`PUT ${AT}/document`, `POST ${AT}/import`]) {
      const { status, said } = await send(stage, line, 'openapi: 3.1.0\npaths: [')
      assert.deepEqual([status, said.type], [422, 'urn:gatewright:problem:document-invalid'])
      assert.ok(said.findings[0].line > 0)
    }
    assert.equal((await send(stage, `PUT ${AT}/document`, '{}', { 'content-type': 'text/html' })).status, 415)
    assert.equal((await send(stage, `POST ${AT}/revisions`, '{}')).status, 415, 'where no text is taken')
    assert.equal((await stage.ask(`POST ${AT}/import`, { as: 'viewer', body: { text: 'x' } })).statusCode, 403)
  })

  it('are kept before an API, which does not have to be there yet, names them', async () => {
    const stage = new AdminStage(await open())
    const text = toDocument(['/a'])
    const hash = toTextHash(text)
    assert.equal((await stage.ask(`PUT ${AT}`, { body: { document: hash } })).statusCode, 400)
    const kept = await send(stage, `PUT ${AT}/documents/${hash}`, text)
    assert.deepEqual([kept.status, kept.said], [200, { hash, findings: [] }])
    assert.equal((await send(stage, `PUT ${AT}/documents/${hash}`, text)).status, 200)
    const { items } = (await stage.ask('GET /audit?kind=document')).json()
    assert.deepEqual(
      items.map(({ action, target }: { action: string; target: string }) => [action, target]),
      [['keep', hash]],
    )
    assert.equal((await stage.ask(`PUT ${AT}`, { body: { document: hash } })).statusCode, 201)
    assert.equal((await stage.ask(`GET ${AT}/document`)).json().text, text)
    assert.equal((await send(stage, `PUT ${AT}/documents/${hash}`, toDocument(['/b']))).status, 400)
    const bad = 'openapi: 3.1.0\npaths: ['
    assert.equal((await send(stage, `PUT ${AT}/documents/${toTextHash(bad)}`, bad)).status, 422)
    assert.equal((await stage.ask(`PUT ${AT}/documents/${hash}`, { as: 'viewer', body: { text } })).statusCode, 403)
  })

  it('are made of an API: for callers, or to be imported again', async () => {
    const stage = new AdminStage(await open())
    await stage.ask('PUT /environments/prod', { body: { pathPrefix: '/prod', hosts: ['api.example.com'] } })
    await send(stage, `POST ${AT}/import`, toDocument(['/a']))
    const body = { ...(await stage.ask(`GET ${AT}`)).json().body, basePath: '/orders' }
    await stage.ask(`PUT ${AT}`, { body })
    const read = async (query: string) =>
      (await stage.ask(`GET ${AT}/export?${query}`, { headers: { accept: 'application/yaml' } })).body
    const shown = await read('environment=prod')
    assert.match(shown, /https:\/\/api\.example\.com\/prod\/orders/)
    assert.doesNotMatch(shown, /10\.0\.0\.7/)
    assert.match(shown, /^# kept/)
    const whole = await read('extensions=true')
    const again = await send(stage, 'POST /apis/main/again/import', whole)
    assert.equal(again.status, 201, JSON.stringify(again.said))
    assert.deepEqual((await stage.ask('GET /apis/main/again')).json().body, body)
    assert.equal((await stage.ask(`GET ${AT}/export?revision=7`)).statusCode, 404)
  })
})
