import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'
import { createFolder } from '../run-command.fixture.ts'

const stage = await openControlStage()
const toDocument = (paths: readonly string[]) => `# kept
openapi: 3.1.0
info: { title: Orders, version: "2.0" }
servers: [{ url: http://127.0.0.1:9001/orders }]
paths:
${paths.map((path) => `  ${path}: { get: { operationId: ${path.slice(1)}, responses: { "200": { description: ok } } } }`).join('\n')}
`
const cwd = createFolder({
  'orders.openapi.yaml': toDocument(['/a', '/b']),
  'openapi.yaml': toDocument(['/a']).replace(/^servers.*\n/m, ''),
  'bad.yaml': 'openapi: 3.1.0\npaths: [',
})
const run = (line: string) => stage.run(line, { cwd })
const at = { team: 'main', id: 'orders' }

describe('documents, by commands', () => {
  it('make an API of the name of the file, and are tried without being kept', async () => {
    const tried = await run('import openapi orders.openapi.yaml --dry-run')
    assert.deepEqual([tried.code, tried.stdout], [0, 'orders would be made (version 1)'], tried.stderr)
    assert.deepEqual((await stage.client.ask('listApis', {})).body.items, [])
    const made = await run('import openapi orders.openapi.yaml')
    assert.deepEqual([made.code, made.stdout, made.stderr], [0, 'orders is made (version 1)', ''])
    assert.equal((await stage.client.ask('getApi', { params: at })).body.body.basePath, '/orders')
  })

  it('are merged, and it is told in lines what became of what', async () => {
    assert.match((await run('import openapi orders.openapi.yaml')).stdout, /^orders is the same already/)
    writeFileSync(join(cwd, 'orders.openapi.yaml'), toDocument(['/a', '/c']))
    const { code, stdout } = await run('import openapi orders.openapi.yaml')
    assert.equal(code, 0)
    assert.match(stdout, /^orders is changed \(version 2\)\n(?: {2}.*\n?)+$/)
    assert.match(stdout, /\bb\b/)
    const json = JSON.parse((await run('import openapi orders.openapi.yaml --dry-run --json')).stdout)
    assert.deepEqual([json.api, json.dryRun, json.isNew, json.changes], ['orders', true, false, []])
  })

  it('are told apart: what was guessed, what cannot be read, and what has no name', async () => {
    const guessed = await run('import openapi openapi.yaml --api more')
    assert.equal(guessed.code, 0)
    assert.match(guessed.stderr, /^openapi\.yaml(?::\d+)?: warning: The document names no server\. Say in `upstream`/)
    const unread = await run('import openapi bad.yaml')
    assert.equal(unread.code, 1)
    const lines = unread.stderr.split('\n').map((line) => line.trim())
    assert.deepEqual([lines.length, /undefined/.test(unread.stderr)], [new Set(lines).size, false], unread.stderr)
    assert.notEqual(unread.stderr, '')
    for (const line of ['import openapi openapi.yaml', 'import wsdl a.yaml', 'import openapi none.yaml'])
      assert.equal((await run(line)).code, 2, line)
  })

  it('are made of an API: for callers, and with everything to be imported again', async () => {
    const shown = await run('export openapi orders')
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(shown.stdout, /^# kept/)
    assert.doesNotMatch(shown.stdout, /9001/)
    const written = await run('export openapi main/orders --extensions --out whole.yaml')
    assert.deepEqual([written.code, written.stdout, written.stderr], [0, '', 'wrote whole.yaml'])
    assert.match(readFileSync(join(cwd, 'whole.yaml'), 'utf8'), /9001/)
    assert.equal((await run('import openapi whole.yaml --api again')).code, 0)
    const [first, again] = await Promise.all(
      ['orders', 'again'].map((id) => stage.client.ask('getApi', { params: { team: 'main', id } })),
    )
    assert.deepEqual(again?.body.body, first?.body.body)
    assert.equal((await run('export openapi orders --revision 7')).code, 1)
    assert.equal((await run('export raml orders')).code, 2)
  })
})
