import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { LastGoodStore } from './last-good.ts'
import { loadConfiguration } from './load.ts'

const TEXT = `gatewright: 1
apis:
  - id: a
    upstream: http://127.0.0.1:9001
    errors: { 5xx: { status: 503 }, default: { body: "no" } }
    policies: [{ policy: set-headers, options: { set: { "200": x, "7": y, b: z } } }]
apps: [{ id: acme, keys: [{ hash: "sha256:${'ab'.repeat(32)}", expires: 2099-12-31T00:00:00Z }] }]
`

describe('LastGoodStore', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-last-good-'))
  const store = new LastGoodStore(folder)
  after(() => rmSync(folder, { recursive: true }))

  it('finds nothing where nothing was kept', () => {
    assert.equal(store.find(), undefined)
  })

  it('finds what was kept, and nothing once a letter of it differs', async () => {
    const { model, apps, extensions } = await loadConfiguration({ config: { path: 'a.yaml', text: TEXT } })
    assert.ok(model !== undefined)
    store.save({ model, apps, extensions })
    assert.deepEqual(store.find(), { model, apps, extensions })
    const file = join(folder, 'last-good.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace('127.0.0.1', '127.0.0.2'))
    assert.equal(store.find(), undefined)
  })
})
