import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { toTextHash } from '@gatewright/model'
import { Seal } from '../node/seal.ts'
import { type LastGood, LastGoodStore } from './last-good.ts'
import { loadConfiguration } from './load.ts'

const USER = `{ name: ann, passwordHash: "$2b$12$${'a'.repeat(53)}" }`
const TEXT = `gatewright: 1
upstreams:
  - { id: u, targets: ["http://127.0.0.1:9001"], health: { passive: {}, active: { path: /h } }, breaker: {} }
apis:
  - id: a
    upstream: u
    match: { headers: [{ name: a, present: true }] }
    routes: [{ id: get-a, path: /a }]
    errors: { 5xx: { status: 503 }, default: { body: "no" } }
    policies: [{ policy: key-auth }, { policy: set-headers, options: { set: { "200": x, "7": y, b: z } } }]
plans:
  - { id: gold, policies: [{ policy: rate-limit, options: { limit: 1, windowSeconds: 1 } }], apis: [{ api: a, routes: [get-a] }] }
apps:
  - { id: acme, plan: gold, plans: { a: gold }, overrides: { gold: { rate-limit: { limit: 2 } } }, keys: [{ hash: "sha256:${'ab'.repeat(32)}", expires: 2099-12-31T00:00:00Z }], users: [${USER}] }
`

describe('LastGoodStore', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-last-good-'))
  const store = new LastGoodStore(folder, () => new Seal('one'))
  after(() => rmSync(folder, { recursive: true }))

  it('finds nothing where nothing was kept', () => {
    assert.equal(store.find(), undefined)
  })

  it('finds what was kept, and says so once a letter of it differs', async () => {
    const { kept, file } = await save()
    assert.deepEqual(store.find(), kept)
    const { format, sealed } = JSON.parse(readFileSync(file, 'utf8'))
    const torn = Buffer.from(sealed, 'base64')
    torn[100] = (torn[100] ?? 0) ^ 1
    writeFileSync(file, JSON.stringify({ format, sealed: torn.toString('base64') }))
    assert.throws(() => store.find(), /last-good\.json is damaged, or was sealed with another key: .*written anew/)
    writeFileSync(file, JSON.stringify({ format }))
    assert.throws(() => store.find(), /last-good\.json is damaged: .*written anew/)
    writeFileSync(file, '{"format":')
    assert.throws(() => store.find(), /last-good\.json is damaged/)
    await save()
    assert.deepEqual(store.find(), kept)
  })

  it('opens with its own key alone, and shows nothing of what it holds', async () => {
    const { file } = await save()
    const text = readFileSync(file, 'latin1')
    for (const part of ['127.0.0.1', 'ann', 'ab'.repeat(32)]) {
      assert.ok(!text.includes(part) && !text.includes(Buffer.from(part).toString('base64')), part)
    }
    const other = new LastGoodStore(folder, () => new Seal('two'))
    assert.throws(() => other.find(), /sealed with another key/)
    assert.ok(new LastGoodStore(folder, () => new Seal('two', 'one')).find(), 'one that came before it')
  })

  it('is not kept where there is no key, and what was kept stays', async () => {
    const { kept } = await save()
    const keyless = new LastGoodStore(folder, () => {
      throw new Error('no key')
    })
    assert.throws(() => keyless.save(kept), /no key/)
    assert.deepEqual(store.find(), kept)
  })

  it('is nobody else’s to read', {
    skip: process.platform === 'win32',
  }, async () => {
    const { file } = await save()
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const fresh = join(folder, 'fresh')
    new LastGoodStore(fresh, () => new Seal('one')).open()
    assert.equal(statSync(fresh).mode & 0o777, 0o700)
  })

  it('refuses what another version wrote in another format, and says so', async () => {
    const { file } = await save()
    const { sealed } = JSON.parse(readFileSync(file, 'utf8'))
    for (const [format, words] of [
      [{}, /last-good\.json was written by another version of Gatewright \(format none; this one reads 7\): .*anew/],
      [{ format: 6 }, /\(format 6; this one reads 7\)/],
    ] as const) {
      writeFileSync(file, JSON.stringify({ ...format, sealed }))
      assert.throws(() => store.find(), words)
    }
  })

  it('has another format when a part of the model has other members', async () => {
    const { kept } = await save()
    const { format } = JSON.parse(readFileSync(join(folder, 'last-good.json'), 'utf8'))
    const shape = toTextHash([...new Set(listMembers(kept))].sort().join('\n')).slice(0, 16)
    assert.deepEqual(
      { format, shape },
      { format: 7, shape: '48022ecde1989a57' },
      'count FORMAT up, and put the new shape beside it',
    )
  })

  async function save(): Promise<{ kept: LastGood; file: string }> {
    const { model, apps, extensions } = await loadConfiguration({ config: { path: 'a.yaml', text: TEXT } })
    assert.ok(model !== undefined)
    store.save({ model, apps, extensions })
    return { kept: { model, apps, extensions }, file: join(folder, 'last-good.json') }
  }
})

/** Where a name is whatever the file says, it is no member of the model. */
const NAMED_BY_FILE = new Set(['options', 'errors', 'variables', 'overrides'])

/** `.apis[].releases[].share:number`; what a file leaves out is there with its default. */
function* listMembers(value: unknown, path = ''): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* listMembers(item, `${path}[]`)
  else if (typeof value !== 'object' || value === null) yield `${path}:${typeof value}`
  else {
    yield path
    for (const [name, member] of Object.entries(value)) {
      if (NAMED_BY_FILE.has(name)) yield `${path}.${name}`
      else yield* listMembers(member, `${path}.${name}`)
    }
  }
}
