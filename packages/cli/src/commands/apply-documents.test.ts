import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { toTextHash } from '@gatewright/model'
import { openControlStage } from '../control-stage.fixture.ts'
import { createFolder, readAll } from '../run-command.fixture.ts'

const stage = await openControlStage()
const empty = await openControlStage()

const toDocument = (paths: readonly string[]) => `# kept
openapi: 3.1.0
info: { title: Orders, version: "2.0" }
paths:
${paths.map((path) => `  ${path}: { get: { operationId: ${path.slice(1)}, responses: { "200": { description: ok } } } }`).join('\n')}
`
const FIRST = toDocument(['/a'])
const SECOND = toDocument(['/a', '/b'])
const cwd = createFolder({
  'gate/environments/dev.yaml': 'pathPrefix: /dev\n',
  'gate/environments/prod.yaml': 'pathPrefix: /prod\n',
  'gate/apis/main/orders.yaml': '# Ours.\nbasePath: /orders # as ever\nupstream: http://127.0.0.1:9001\n',
  'gate/apis/main/orders.openapi.yaml': FIRST,
  'gate/live.yaml': 'dev:\n  main/orders: draft\nprod:\n  main/orders: draft\n',
})
const at = { team: 'main', id: 'orders' }
const write = (path: string, text: string) => writeFileSync(join(cwd, path), text)
describe('documents in a folder', () => {
  it('are applied with the APIs that they stand beside, whose files need not name them', async () => {
    const tried = await stage.run('apply gate --dry-run', { cwd })
    assert.equal(tried.code, 2, tried.stderr)
    assert.match(tried.stdout, /^keep apis\/main\/orders\.openapi\.yaml$/m)
    const applied = await stage.run('apply gate', { cwd })
    assert.equal(applied.code, 0, applied.stderr)
    assert.equal((await stage.client.read('getDocument', { params: at })).body, FIRST)
    assert.deepEqual(Object.values((stage.published() as { documents: object }).documents), [FIRST])
    const again = await stage.run('apply gate', { cwd })
    assert.deepEqual([again.code, again.stdout], [0, 'Nothing to do.'])
    const { body } = await stage.client.read('getApi', { params: at })
    assert.match(body, /^# Ours\.\nbasePath: \/orders # as ever\n/)
    assert.ok(body.includes(toTextHash(FIRST)))
  })

  it('are changed by whoever edits them, and what is live follows', async () => {
    write('gate/apis/main/orders.openapi.yaml', SECOND)
    write('gate/live.yaml', 'dev:\n  main/orders: draft\nprod:\n  main/orders: 1\n')
    const diff = await stage.run('diff gate', { cwd })
    assert.equal(diff.code, 2, diff.stderr)
    assert.match(diff.stdout, /^keep apis\/main\/orders\.openapi\.yaml$/m)
    assert.match(diff.stdout, /^publish live\.yaml: dev: main\/orders\n {2}revision 1 → draft$/m)
    const applied = await stage.run('apply gate', { cwd })
    assert.equal(applied.code, 0, applied.stderr)
    assert.equal((await stage.run('apply gate', { cwd })).stdout, 'Nothing to do.')
  })

  it('are pulled, and make the same on an empty control plane, also those of revisions', async () => {
    await stage.client.ask('startCanary', {
      params: { ...at, environment: 'prod' },
      body: { share: 10 },
    })
    const pulled = await stage.run('pull copy', { cwd })
    assert.equal(pulled.code, 0, pulled.stderr)
    const files = readAll(join(cwd, 'copy'))
    assert.equal(files['apis/main/orders.openapi.yaml'], SECOND)
    assert.equal(files['revisions/main/orders/1.openapi.yaml'], FIRST)
    assert.equal(files['revisions/main/orders/2.openapi.yaml'], SECOND)
    const there = await empty.run('apply copy', { cwd })
    assert.equal(there.code, 0, there.stderr)
    assert.equal(JSON.stringify(empty.published()), JSON.stringify(stage.published()))
    await empty.run('pull again', { cwd })
    assert.deepEqual(readAll(join(cwd, 'again')), files)
    assert.equal((await stage.run('diff copy', { cwd })).code, 0)
  })

  it('go from the folder where the API has none any more', async () => {
    const { document: _, ...body } = (await stage.client.ask('getApi', { params: at })).body.body
    await stage.client.ask('putApi', { params: at, body })
    const pulled = await stage.run('pull copy', { cwd })
    assert.match(pulled.stdout, /^removed apis\/main\/orders\.openapi\.yaml$/m)
  })

  it('are told before anything is done, where they cannot be read or belong to nothing', async () => {
    write('again/apis/main/orders.openapi.yaml', 'openapi: 3.1.0\npaths: [')
    const unread = await empty.run('apply again', { cwd })
    assert.equal(unread.code, 1)
    assert.match(unread.stderr, /orders\.openapi\.yaml:\d+:\d+: fault/)
    write('again/apis/main/orders.openapi.yaml', SECOND)
    write('again/revisions/main/orders/1.openapi.yaml', SECOND)
    rmSync(join(cwd, 'again/revisions/main/orders/2.yaml'))
    const alone = await empty.run('apply again', { cwd })
    assert.equal(alone.code, 1)
    assert.match(alone.stderr, /2\.openapi\.yaml: it is the document of nothing: there is no \S+2\.yaml$/)
  })
})
