import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { AppId, CredentialsLine } from '@gatewright/model'
import { NodeStore, toItemsHash } from './node-store.ts'
import { Seal } from './seal.ts'

const whole = (sequence: number): CredentialsLine[] => [
  { kind: 'whole', store: 's', sequence },
  { kind: 'apps', apps: [{ id: 'acme' as AppId, keys: [] }] },
  { kind: 'end', sequence },
]
const since = (sequence: number): CredentialsLine[] => [
  { kind: 'since', store: 's', sequence },
  { kind: 'changes', changes: [{ kind: 'remove', hash: `${sequence}` }] },
  { kind: 'end', sequence },
]

describe('what a node keeps', () => {
  let folder: string
  let store: NodeStore

  const openStore = (): NodeStore => {
    const opened = new NodeStore(folder)
    opened.open()
    return opened
  }
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatewright-node-'))
    store = openStore()
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const path = (name: string): string => join(folder, 'node', name)
  const save = async (...lines: CredentialsLine[]): Promise<void> => {
    for (const line of lines) await store.saveLine(line)
  }
  const read = async (from = openStore()) => {
    const lines: CredentialsLine[] = []
    const torn: string[] = []
    for await (const line of from.readLines((why) => torn.push(why))) lines.push(line)
    return { lines, torn, from }
  }

  it('of what it runs is whole, or refused', async () => {
    assert.equal(await store.findConfiguration(), undefined)
    const items = [{ name: 'shared.json', text: '{"gatewright":1}' }]
    const told = { format: 1, store: 's', sequence: 3, kind: 'whole', items, gone: [] } as const
    await store.saveConfiguration({ ...told, items, gone: [], hash: toItemsHash({ items }) })
    assert.deepEqual((await openStore().findConfiguration())?.items, items)
    const file = path('configuration.json')
    const text = readFileSync(file, 'utf8')
    for (const bad of [text.replace('wright', 'wrong'), text.slice(0, -9), '', '{}']) {
      writeFileSync(file, bad)
      await assert.rejects(openStore().findConfiguration(), /is damaged/)
    }
  })

  it('of what is secret is sealed with what only it has, and is of the telling that it belongs to', async () => {
    const seal = new Seal('gwn_one')
    const open = (by = seal): NodeStore => {
      const opened = new NodeStore(folder, by)
      opened.open()
      return opened
    }
    const tell = (value: string) => {
      const items = [
        { name: 'dev.a.json', text: '{"gatewright":1}' },
        { name: 'dev.a.secrets', text: JSON.stringify({ 'dev/T': value }) },
      ]
      return {
        format: 1,
        store: 's',
        sequence: 3,
        kind: 'whole',
        items,
        gone: [],
        hash: toItemsHash({ items }),
      } as const
    }
    const kept = open()
    await kept.saveConfiguration({ ...tell('hush-hush'), items: [...tell('hush-hush').items], gone: [] })
    assert.deepEqual((await open().findConfiguration())?.items, tell('hush-hush').items)
    const names = readdirSync(join(folder, 'node'))
    for (const name of names) assert.ok(!readFileSync(path(name), 'latin1').includes('hush-hush'), name)
    await assert.rejects(open(new Seal('gwn_two')).findConfiguration(), /cannot be opened with this token/)
    const sealed = names.find((name) => name.endsWith('.sealed')) ?? ''
    const before = readFileSync(path(sealed))
    await kept.saveConfiguration({ ...tell('another'), items: [...tell('another').items], gone: [] })
    assert.equal(readdirSync(join(folder, 'node')).filter((name) => name.endsWith('.sealed')).length, 1)
    // As a crash between the two would leave it: what is new lies beside what is old, and neither is taken for the other.
    writeFileSync(path(sealed), before)
    assert.deepEqual((await open().findConfiguration())?.items, tell('another').items)
    const now = readdirSync(join(folder, 'node')).find((name) => name.endsWith('.sealed') && name !== sealed) ?? ''
    writeFileSync(path(now), before)
    await assert.rejects(open().findConfiguration(), /cannot be opened/)
  })

  it('of whom it lets in is a whole and what changed since, and goes on where it was', async () => {
    await save(...whole(1), ...since(2))
    const { lines, from } = await read()
    assert.deepEqual(lines, [...whole(1), ...since(2)])
    store = from
    await save(...since(3))
    assert.deepEqual((await read()).lines, [...whole(1), ...since(2), ...since(3)])
    await save(...whole(4), ...since(5))
    assert.deepEqual((await read()).lines, [...whole(4), ...since(5)])
  })

  it('is nothing that was not told to its end', async () => {
    await save(...whole(1), ...since(2).slice(0, 2), ...since(3), ...whole(4).slice(0, 2))
    assert.deepEqual((await read()).lines, [...whole(1), ...since(3)])
  })

  it('of changes that are torn is what comes before them, and all is to be asked for anew', async () => {
    await save(...whole(1), ...since(2), ...since(3))
    const file = path('credentials.log')
    truncateSync(file, readFileSync(file).length - 5)
    const { lines, torn, from } = await read()
    assert.deepEqual([lines, torn.length, from.isWholeDue], [[...whole(1), ...since(2)], 1, true])
  })

  it('is refused where somebody wrote in it, before it counts', async () => {
    await save(...whole(1))
    const file = path('credentials.ndjson')
    const text = readFileSync(file, 'utf8')
    for (const bad of [text.replace('acme', 'evil'), text.slice(0, -20), text.replace('"kind"', '"kin"')]) {
      writeFileSync(file, bad)
      const lines: CredentialsLine[] = []
      await assert.rejects(async () => {
        for await (const line of openStore().readLines(() => {})) lines.push(line)
      }, /is damaged/)
      assert.ok(!lines.some(({ kind }) => kind === 'end'))
    }
  })

  it('of changes to a whole that is no more does not count', async () => {
    await save(...whole(1), ...since(2))
    const log = readFileSync(path('credentials.log'))
    await save(...whole(3))
    appendFileSync(path('credentials.log'), log)
    const { lines, torn } = await read()
    assert.deepEqual([lines, torn.length], [whole(3), 1])
  })
})
