/**
 * Owns the proof that an installation goes from the previous release to this one and back, machine by machine, while it serves: no request fails, and
 * what is published meanwhile is live on nodes of both versions.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Client } from '@gatewright/client'
import { findPostgres, PostgresServer } from '../packages/control-plane/src/testing/postgres-server.ts'
import { BalancedLoad } from './harness/balanced-load.ts'
import { bePatient, until, within } from './harness/deadline.ts'
import { findEarlierRelease, makeEarlierRelease } from './harness/earlier-release.ts'
import { makeFirstAccount } from './harness/first-account.ts'
import type { RunningGateway } from './harness/gateway.ts'
import { type RunningControl, removeNode, startControl, startNode } from './harness/machines.ts'
import { get } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

const postgres = await findPostgres()
const earlier = await findEarlierRelease()
const missing = 'missing' in postgres ? postgres.missing : 'missing' in earlier ? earlier.missing : false
const skip = process.env.CI === 'true' ? false : missing

const NODES = 3
/** Fifteen processes start here, half of them for the first time ever: each takes long where others use the machine. */
bePatient(60_000)
const ENVIRONMENT = 'prod'

describe('the previous release, this one, and the previous one again', { skip }, () => {
  let folder: string
  let previous: string
  let others: readonly string[]
  let server: PostgresServer
  let database: string
  /** As it was before this release changed it. */
  let former: string
  let upstream: RawUpstream
  let token: string
  let nodeToken: string
  let key: string
  let load: BalancedLoad
  const controls: RunningControl[] = []
  const nodes: RunningGateway[] = []
  let changes = 0

  before(async () => {
    if (missing !== false || !('path' in postgres) || !('commit' in earlier)) assert.fail(String(missing))
    folder = await mkdtemp(join(tmpdir(), 'gatewright-earlier-'))
    upstream = await listenAsWitness()
    server = await PostgresServer.start(postgres.path)
    database = await server.createDatabase()
    const release = await makeEarlierRelease(earlier.commit, folder)
    previous = release.command
    others = release.others
    controls.push(await startControl(database, { command: previous }))
    token = await makeFirstAccount(toControl(0).url, toControl(0).stderr)
    controls.push(await startControl(database, { command: previous }))
    await prepare()
    for (let index = 0; index < NODES; index++) await replaceNode(index, previous)
    load = new BalancedLoad(nodes, [
      { path: '/steady' },
      { path: '/closed', headers: { 'x-api-key': key } },
      { path: '/said' },
    ])
  })
  after(async () => {
    await load?.end()
    for (const node of nodes) await removeNode(node)
    for (const control of controls) await control.stop()
    await upstream?.close()
    await server?.remove()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  const toControl = (index: number): RunningControl => {
    const control = controls[index]
    assert.ok(control)
    return control
  }
  const toClient = (index: number): Client => new Client({ url: toControl(index).url, token })
  const publish = async (client: Client, id: string, body: object): Promise<void> => {
    const params = { team: 'main', id }
    await client.ask('putApi', { params, body: { basePath: `/${id}`, ...body } })
    await client.ask('publish', { params: { ...params, environment: ENVIRONMENT }, body: {} })
  }

  async function prepare(): Promise<void> {
    const client = toClient(0)
    await client.ask('putEnvironment', { params: { id: ENVIRONMENT }, body: {} })
    await client.ask('putApp', { params: { team: 'main', id: 'acme' }, body: {} })
    key = (await client.ask('issueKey', { params: { team: 'main', id: 'acme' }, body: {} })).body.value
    await client.ask('putNodeGroup', { params: { id: 'all' }, body: {} })
    nodeToken = (await client.ask('issueNodeToken', { params: { group: 'all' }, body: { name: 'all' } })).body.value
    await publish(client, 'steady', { upstream: upstream.url })
    await publish(client, 'closed', { upstream: upstream.url, policies: [{ policy: 'key-auth' }] })
    await publish(client, 'said', { policies: [{ policy: 'respond', options: { body: '0' } }] })
  }

  /** What it kept stays, and so do its ports: drained, ended, and another version in its place. */
  async function replaceNode(index: number, command?: string): Promise<void> {
    const old = nodes[index]
    if (old !== undefined) {
      old.child.kill('SIGTERM')
      assert.equal(await within(old.exited, 'the node to drain'), 0)
    }
    const urls = controls.map(({ url }) => url)
    nodes[index] = await startNode({
      controls: index % 2 === 0 ? urls : urls.toReversed(),
      token: nodeToken,
      name: `node-${index}`,
      ...(old !== undefined && { folder: old.folder, ports: old }),
      ...(command !== undefined && { command }),
    })
  }

  /** In its place, on its port. */
  async function replaceControl(index: number, on: string, command?: string): Promise<void> {
    const old = toControl(index)
    assert.equal(await old.stop('SIGTERM'), 0)
    const given = { port: Number(new URL(old.url).port), ...(command !== undefined && { command }) }
    controls[index] = await startControl(on, given)
  }

  /** By each control plane: what is published is live everywhere, a key is let in everywhere, and refused once it ends. */
  async function assertAllFollow(): Promise<void> {
    for (const [index] of controls.entries()) {
      const client = toClient(index)
      const says = `${++changes}`
      await publish(client, 'said', { policies: [{ policy: 'respond', options: { body: says } }] })
      const app = { team: 'main', id: 'acme' }
      const issued = (await client.ask('issueKey', { params: app, body: {} })).body
      const call = async (node: RunningGateway) =>
        (await get(node.port, '/closed', [`X-Api-Key: ${issued.value}`])).status
      for (const node of nodes) {
        const isLive = async () => (await get(node.port, '/said')).body.toString() === says || undefined
        await until(isLive, `${says} on ${node.port}`)
        await until(async () => (await call(node)) === 200 || undefined, 'the key to be let in')
      }
      await client.ask('endKey', { params: { ...app, uid: issued.uid } })
      for (const node of nodes)
        await until(async () => (await call(node)) === 401 || undefined, 'the key to be refused')
    }
  }

  it('serves by the previous release, under load', async (context) => {
    for (const each of others) context.diagnostic(`the previous release runs with another package: ${each}`)
    await load.begin()
    await assertAllFollow()
  })

  it('takes nodes of this release, one by one, under control planes of the previous one', async () => {
    for (let index = 0; index < NODES; index++) {
      await replaceNode(index)
      if (index === 0) await assertAllFollow()
    }
    await assertAllFollow()
  })

  it('takes control planes of this release, one by one, on the same database', async () => {
    former = await server.copyDatabase(database)
    await replaceControl(0, database)
    // One of them has changed the tables, the other one is of the previous release yet, and goes on.
    await assertAllFollow()
    await replaceControl(1, database)
    await assertAllFollow()
  })

  it('refuses a control plane of the previous release from then on, and says why', async () => {
    await assert.rejects(startControl(database, { command: previous }), /newer version of Gatewright has changed this/)
  })

  it('goes back to nodes of the previous release, one by one, under control planes of this one', async () => {
    for (let index = 0; index < NODES; index++) {
      await replaceNode(index, previous)
      if (index === 0) await assertAllFollow()
    }
    await assertAllFollow()
  })

  it('goes back to control planes of the previous release with the database of before', async () => {
    // As `restore` does: its numbers come again, with another meaning.
    await server.query(former, 'update store set uid = gen_random_uuid()::text')
    for (const index of controls.keys()) await toControl(index).stop('SIGTERM')
    for (const index of controls.keys()) await replaceControl(index, former, previous)
    await assertAllFollow()
  })

  it('has failed no request of anybody', async () => {
    await load.end()
    assert.deepEqual({ failed: load.failed, why: load.why }, { failed: 0, why: [] })
    assert.ok(load.answers > 500, `only ${load.answers} answers`)
  })
})
