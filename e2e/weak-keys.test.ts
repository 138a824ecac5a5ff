/** Owns the proof that keys which could be guessed are let in where the pepper is the same, by the control plane's gateway and by nodes, and lie nowhere in a form that could be tried. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync } from 'node:fs'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Client } from '@gatewright/client'
import { RunningControlPlane } from './harness/control-plane.ts'
import { until } from './harness/deadline.ts'
import type { RunningGateway } from './harness/gateway.ts'
import { removeNode, startNode } from './harness/machines.ts'
import { get } from './harness/raw-client.ts'

const WEAK = 'hunter2-of-acme'

describe('keys that could be guessed, of a control plane', () => {
  let plane: RunningControlPlane
  let client: Client
  let token: string
  const nodes: RunningGateway[] = []

  before(async () => {
    plane = await RunningControlPlane.start({ threads: 2 })
    ;({ client } = await plane.setUp())
    await client.ask('putEnvironment', { params: { id: 'prod' }, body: {} })
    const policies = [{ policy: 'key-auth' }, { policy: 'respond', options: { body: '${caller.app}' } }]
    await client.ask('putApi', { params: { team: 'main', id: 'all' }, body: { policies } })
    await client.ask('publish', { params: { environment: 'prod', team: 'main', id: 'all' }, body: {} })
    await client.ask('putApp', { params: { team: 'main', id: 'acme' }, body: {} })
    await client.ask('putNodeGroup', { params: { id: 'edge' }, body: {} })
    token = (await client.ask('issueNodeToken', { params: { group: 'edge' }, body: { name: 'edge' } })).body.value
  })
  after(async () => {
    for (const node of nodes) await removeNode(node)
    await plane?.remove()
  })

  const call = async (gateway: RunningGateway, key: string): Promise<string> => {
    const { status, body } = await get(gateway.port, '/', [`X-Api-Key: ${key}`])
    return status === 200 ? body.toString() : `${status}`
  }
  async function startWith(name: string, hasPepper: boolean): Promise<RunningGateway> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-node-'))
    mkdirSync(join(folder, 'data'), { mode: 0o700 })
    if (hasPepper) cpSync(join(plane.data, 'pepper'), join(folder, 'data', 'pepper'))
    const node = await startNode({ controls: [plane.url], token, name, folder })
    nodes.push(node)
    return node
  }

  it('are let in by the gateway beside it, whoever guesses meanwhile', async () => {
    const params = { team: 'main', id: 'acme' }
    await client.ask('bringKeys', { params, body: { keys: [{ value: WEAK }] } })
    await until(async () => (await call(plane.gateway, WEAK)) === 'acme' || undefined, 'the key to be known')
    const guesses = Array.from({ length: 30 }, (_, at) => call(plane.gateway, `guess-${at}-of-acme`))
    assert.deepEqual(new Set(await Promise.all(guesses)), new Set(['401']))
    for (let i = 0; i < 8; i++) assert.equal(await call(plane.gateway, WEAK), 'acme')
  })

  it('are let in by nodes with the same pepper, and refused by one with another, which says so', async () => {
    const same = await startWith('same', true)
    const other = await startWith('other', false)
    await until(async () => (await call(same, WEAK)) === 'acme' || undefined, 'the key to be known')
    await until(() => other.stderr.includes('GATEWRIGHT_PEPPER of the control plane') || undefined, 'the words')
    assert.equal(await call(other, WEAK), '401')
    assert.ok(!same.stderr.includes('GATEWRIGHT_PEPPER'))
  })

  it('end as others do', async () => {
    const { items } = (await client.ask('listKeys', { params: { team: 'main', id: 'acme' }, query: {} })).body
    const uid = items[0]?.uid ?? ''
    const [same] = nodes
    assert.ok(same !== undefined)
    await client.ask('endKey', { params: { team: 'main', id: 'acme', uid } })
    for (const gateway of [plane.gateway, same])
      await until(async () => (await call(gateway, WEAK)) === '401' || undefined, 'the refusal')
  })

  it('lie in no store and on no node in a form that could be tried', async () => {
    const plain = createHash('sha256').update(WEAK).digest('hex')
    for (const folder of [plane.data, ...nodes.map((node) => join(node.folder, 'data'))]) {
      const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
        entry.isFile(),
      )
      const texts = await Promise.all(entries.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')))
      assert.ok(texts.some((text) => text.includes('argon2id:')))
      for (const text of texts) assert.ok(!text.includes(WEAK) && !text.includes(plain))
    }
  })
})
