import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { GivenOptions, MadeFile } from './given-files.ts'
import { IngredientNotes, isMadeOf } from './ingredients.ts'
import { loadConfiguration } from './load.ts'

describe('ingredients', () => {
  let folder: string
  let config: string
  let overlay: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatewright-ingredients-'))
    config = join(folder, 'gatewright.yaml')
    overlay = join(folder, 'over')
    mkdirSync(overlay)
    writeFileSync(join(folder, 'body.txt'), 'hello')
    writeFileSync(join(overlay, 'one.yaml'), 'accessLog: off\n')
    writeFileSync(
      config,
      [
        'gatewright: 1',
        'variables: { who: "${env:WHO}", what: "${file:body.txt}" }',
        'apis: [{ id: a, basePath: /a, policies: [{ policy: respond, options: { body: a } }] }]',
      ].join('\n'),
    )
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const published = (more: Partial<MadeFile> = {}): MadeFile => ({
    path: 'published/b.json',
    text: '{"apis":[{"id":"b","basePath":"/b","policies":[{"policy":"respond","options":{"body":"${secret:TOKEN}"}}]}]}',
    secrets: new Map([['TOKEN', 'one']]),
    documents: new Map([['b.yaml', 'openapi: 3.1.0']]),
    isForeign: true,
    ...more,
  })
  const given = (more: Partial<GivenOptions> = {}): GivenOptions => ({
    config,
    overlays: [overlay, [published()]],
    env: { WHO: 'ann', OTHER: 'x' },
    ...more,
  })
  async function look(changed: () => GivenOptions): Promise<boolean> {
    const { toIngredients, findings, model } = await loadConfiguration(given())
    assert.deepEqual(findings, [])
    const ingredients = toIngredients()
    assert.ok(ingredients !== undefined && model !== undefined)
    const { listeners } = model
    assert.ok(
      isMadeOf(JSON.parse(JSON.stringify(ingredients)), given(), () => listeners),
      'the same is the same',
    )
    const others = listeners.map((listener) => ({ ...listener, port: 1 }))
    assert.ok(!isMadeOf(ingredients, given(), () => others), 'flags are others')
    return isMadeOf(ingredients, changed(), () => listeners)
  }

  it('are the same where nothing that was asked for is another', async () => {
    assert.equal(await look(() => given({ env: { WHO: 'ann', OTHER: 'y' } })), true)
    const touched = (): GivenOptions => {
      writeFileSync(join(folder, 'unnamed.txt'), 'nobody reads it')
      return given()
    }
    assert.equal(await look(touched), true)
  })

  const write = (name: string, text: string) => (): GivenOptions => {
    writeFileSync(join(folder, name), text)
    return given()
  }
  const lay = (more: Partial<MadeFile>) => (): GivenOptions => given({ overlays: [overlay, [published(more)]] })
  const CHANGES: Readonly<Record<string, () => GivenOptions>> = {
    'a letter of the file': write('gatewright.yaml', 'gatewright: 1\n'),
    'a letter of an overlay': write('over/one.yaml', 'accessLog: on\n'),
    'one more file in a folder': write('over/two.yaml', 'accessLog: off\n'),
    'what a variable of the environment says': () => given({ env: { WHO: 'bob' } }),
    'that there is no such variable': () => given({ env: {} }),
    'what stands in a file that it names': write('body.txt', 'bye'),
    'that there is no such file': () => {
      rmSync(join(folder, 'body.txt'))
      return given()
    },
    'a file that cannot be read': () => {
      rmSync(config)
      return given()
    },
    'which is laid over which': () => given({ overlays: [[published()], overlay] }),
    'whether something is laid over': () => given({ overlays: [overlay] }),
    'the text of what is published': lay({ text: '{"apis":[]}' }),
    'where that stands': lay({ path: 'published/c.json' }),
    'a secret of it': lay({ secrets: new Map([['TOKEN', 'two']]) }),
    'a document that it names': lay({ documents: new Map([['b.yaml', 'openapi: 3.0.0']]) }),
    'whose it is': lay({ isForeign: false }),
  }
  for (const [what, change] of Object.entries(CHANGES)) {
    it(`are others where another is ${what}`, async () => assert.equal(await look(change), false))
  }

  it('are told of nothing that has extensions, or keys that are hashed with a pepper', async () => {
    writeFileSync(config, 'gatewright: 1\napps: [{ id: a, keys: [{ value: weak }] }]\n')
    const { apps, toIngredients } = await loadConfiguration(given())
    assert.deepEqual([apps.length, toIngredients()], [1, undefined])
    writeFileSync(join(folder, 'own.ts'), 'export default []\n')
    writeFileSync(config, `gatewright: 1\nextensions: [${JSON.stringify(join(folder, 'own.ts'))}]\n`)
    assert.equal((await loadConfiguration(given())).toIngredients(), undefined)
  })

  it('are told of nothing that was another while it was read', () => {
    let text = 'one'
    const made = { files: [], overlays: [], made: [], documents: new Map(), env: () => text, readFile: () => undefined }
    const notes = new IngredientNotes(made)
    assert.deepEqual([notes.env('A'), notes.env('A'), notes.readFile('b')], ['one', 'one', undefined])
    assert.equal(notes.toIngredients([])?.asked.length, 2)
    text = 'two'
    assert.equal(notes.env('A'), 'two')
    assert.equal(notes.toIngredients([]), undefined)
  })
})
