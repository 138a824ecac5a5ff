/** Owns the proof that several nodes run what several control planes publish, and go on doing so while anything between them fails. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Client } from '@gatewright/client'
import { PostgresStore } from '../packages/control-plane/src/store/postgres/postgres-store.ts'
import { findPostgres, PostgresServer } from '../packages/control-plane/src/testing/postgres-server.ts'
import { TestAuthority } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { until } from './harness/deadline.ts'
import { findSetUpSecret, makeFirstAccount } from './harness/first-account.ts'
import type { RunningGateway } from './harness/gateway.ts'
import { KeptStore } from './harness/kept-store.ts'
import {
  Cable,
  endNode,
  type RunningControl,
  removeNode,
  spawnNode,
  startControl,
  startNode,
} from './harness/machines.ts'
import { get } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

const found = await findPostgres()

describe('nodes and control planes', { skip: 'missing' in found ? found.missing : false }, () => {
  let server: PostgresServer
  let database: string
  let kept: KeptStore
  let upstream: RawUpstream
  let token: string
  let controls: RunningControl[] = []
  let cable: Cable
  let client: Client
  const nodes: RunningGateway[] = []

  before(async () => {
    assert.ok('path' in found)
    upstream = await listenAsWitness()
    server = await PostgresServer.start(found.path)
    database = await server.createDatabase()
    kept = new KeptStore(await PostgresStore.open({ url: database, onFault: () => {} }))
    token = await kept.issueNodeToken('everything')
    controls = [await startControl(database), await startControl(database)]
    const [first, second] = controls.map(({ url }) => url)
    cable = await Cable.lay(first ?? '')
    const orders = [
      [first, second],
      [second, first],
    ]
    for (const [index, urls] of [...orders, [cable.url]].entries()) {
      nodes.push(await startNode({ controls: urls as string[], token, name: `node-${index}`, threads: 2 }))
    }
  })
  after(async () => {
    for (const node of nodes) await removeNode(node)
    for (const control of controls) await control.stop()
    await cable?.close()
    await kept?.close()
    await server?.stop('at once')
    await upstream?.close()
  })

  const call = async (node: RunningGateway, path: string, key = ''): Promise<number> =>
    (await get(node.port, path, key === '' ? [] : [`X-Api-Key: ${key}`])).status
  /** On every thread: connections are spread among them. */
  const untilAll = async (path: string, status: number, { key = '', among = nodes } = {}): Promise<void> => {
    for (const node of among) {
      await until(async () => (await call(node, path, key)) === status || undefined, `a ${status} of ${path}`)
      // Of refusals only so many are for free.
      for (let i = 0; i < (status === 401 ? 2 : 8); i++) assert.equal(await call(node, path, key), status)
    }
  }
  const open = { upstream: '' }
  const closed = { upstream: '', policies: [{ policy: 'key-auth' }] }
  const publish = (id: string, body: object) => kept.publish(id, { ...body, upstream: upstream.url })

  it('what is published is live on every thread of every node, and they run the same', async () => {
    await publish('first', open)
    await untilAll('/first', 200)
    await until(async () => {
      const kept = nodes.map(({ folder }) => readFile(join(folder, 'data', 'node', 'configuration.json'), 'utf8'))
      return new Set(await Promise.all(kept)).size === 1 || undefined
    }, 'the same on all disks')
  })

  it('who publishes is told by one control plane of all nodes that serve it, whichever they ask', async () => {
    const [first] = controls
    // The one that started last has the link for the first account.
    const starter = controls.findLast(({ stderr }) => findSetUpSecret(stderr) !== undefined)
    assert.ok(first && starter)
    client = new Client({ url: first.url, token: await makeFirstAccount(starter.url, starter.stderr) })
    const params = { team: 'main', id: 'told' }
    await client.ask('putEnvironment', { params: { id: 'live' }, body: {} })
    for (const body of ['one', 'two', 'three']) {
      await client.ask('putApi', {
        params,
        body: { basePath: '/told', policies: [{ policy: 'respond', options: { body } }] },
      })
      const told = await client.ask('publish', {
        params: { ...params, environment: 'live' },
        query: { wait: 15 },
        body: {},
      })
      assert.deepEqual(
        told.body.nodes.map(({ node, state }) => [node, state]),
        nodes.map((_, index) => [`node-${index}`, 'serves']),
      )
      for (const node of nodes) assert.equal((await get(node.port, '/told')).body.toString(), body)
    }
  })

  it('a key is let in by all, and refused by all once it ends, by the snapshot that was there', async () => {
    await publish('closed', closed)
    await untilAll('/closed', 401)
    const key = await kept.issueKey(await kept.createApp('acme'))
    await untilAll('/closed', 200, { key: key.value })
    const versions = await Promise.all(nodes.map(async (node) => (await node.snapshot())?.version))
    await kept.endKey(key.uid)
    await untilAll('/closed', 401, { key: key.value })
    assert.deepEqual(await Promise.all(nodes.map(async (node) => (await node.snapshot())?.version)), versions)
  })

  it('a token opens nothing of the admin API, and nothing else opens what nodes ask', async () => {
    const [{ url = '' } = {}] = controls
    const headers = { authorization: `Bearer ${token}`, 'gatewright-node': 'me' }
    assert.equal((await fetch(`${url}/api/v1/apis`, { headers })).status, 401)
    assert.equal((await fetch(`${url}/node/v1/configuration?formats=1`, { headers })).status, 200)
    const others = { ...headers, authorization: `Bearer ${token.replace('gwn_', 'gwp_')}` }
    for (const path of ['configuration?formats=1', 'credentials?formats=1']) {
      assert.equal((await fetch(`${url}/node/v1/${path}`, { headers: others })).status, 401)
    }
  })

  it('versions that have no format in common say which they know', async () => {
    const [{ url = '' } = {}] = controls
    const headers = { authorization: `Bearer ${token}`, 'gatewright-node': 'me' }
    for (const path of ['configuration', 'credentials']) {
      const answer = await fetch(`${url}/node/v1/${path}?formats=9`, { headers })
      assert.deepEqual([answer.status, await answer.json()], [406, { formats: [1] }])
    }
    const newer = await fetch(`${url}/node/v1/configuration?formats=2,1`, { headers })
    assert.equal(((await newer.json()) as { format: number }).format, 1)
  })

  it('a control plane that is killed is missed by nobody', async () => {
    const [first] = controls
    assert.ok(first)
    await first.stop()
    await publish('without', open)
    await untilAll('/without', 200, { among: nodes.slice(0, 2) })
    controls[0] = await startControl(database, { port: Number(new URL(first.url).port) })
    await untilAll('/without', 200)
  })

  it('a node that is cut off says so and serves on, and has all once it is not', async () => {
    const [, , node] = nodes
    assert.ok(node)
    cable.cut()
    await until(
      async () => /cut off/.test((await node.status('readyz'))?.text ?? '') || undefined,
      'the node to say so',
    )
    assert.equal((await node.status('readyz'))?.status, 200)
    assert.equal(await node.metric('gatewright_control_plane_connected'), 0)
    await publish('meanwhile', open)
    await untilAll('/meanwhile', 200, { among: nodes.slice(0, 2) })
    assert.deepEqual([await call(node, '/meanwhile'), await call(node, '/first')], [404, 200])
    cable.mend()
    await untilAll('/meanwhile', 200)
    await until(async () => (await node.metric('gatewright_control_plane_connected')) === 1 || undefined, 'the metric')
  })

  it('a database that is gone stops nobody from serving, and what comes after it is live', async () => {
    await server.stop('at once')
    const path = '/first'
    for (const node of nodes) assert.equal(await call(node, path), 200)
    await server.resume()
    await until(
      () =>
        publish('after', open).then(
          () => true,
          () => undefined,
        ),
      'the database to take a change',
    )
    await untilAll('/after', 200)
  })

  it('each node has said what it has done, to its control plane and by that one to the others', async () => {
    await until(
      async () => {
        const { items } = (await client.ask('listNodes', {})).body
        const used = items.filter(({ usage }) =>
          usage?.apis.some(({ api, requests: [, ok = 0] }) => api === 'live.told' && ok >= 3),
        )
        return used.length === nodes.length || undefined
      },
      'all nodes to say what they have done',
      40_000,
    )
  })

  it('a node that is killed starts by itself with what it ran, keys too, and refuses what is torn', async () => {
    const key = await kept.issueKey(await kept.createApp('late'))
    const ended = await kept.issueKey(await kept.createApp('ended'))
    await untilAll('/closed', 200, { key: ended.value })
    await kept.endKey(ended.uid)
    await untilAll('/closed', 401, { key: ended.value })
    await untilAll('/closed', 200, { key: key.value })
    const [node] = nodes
    assert.ok(node)
    await endNode(node)
    const nowhere = ['http://127.0.0.1:1']
    const given = { token, name: 'node-0', threads: 2, folder: node.folder }
    const alone = await startNode({ ...given, controls: nowhere })
    nodes[0] = alone
    for (const path of ['/first', '/after']) assert.equal(await call(alone, path), 200)
    assert.deepEqual([await call(alone, '/closed', key.value), await call(alone, '/closed', ended.value)], [200, 401])
    await endNode(alone)
    const file = join(node.folder, 'data', 'node', 'configuration.json')
    await writeFile(file, (await readFile(file, 'utf8')).replace('/first', '/forged'))
    const torn = await spawnNode({ ...given, controls: nowhere })
    await until(async () => /configuration\.json is damaged/.test(torn.stderr) || undefined, 'the node to say so')
    assert.equal(await torn.isReady(), false)
    await endNode(torn)
    nodes[0] = await startNode({ ...given, controls: controls.map(({ url }) => url) })
    await untilAll('/first', 200)
    await untilAll('/closed', 200, { key: key.value })
  })

  it('a node of a group runs what is the group’s', async () => {
    const some = await kept.issueNodeToken('some', { apis: ['first', 'closed'] })
    const node = await startNode({ controls: controls.map(({ url }) => url), token: some, name: 'some' })
    nodes.push(node)
    assert.deepEqual(
      [await call(node, '/first'), await call(node, '/closed'), await call(node, '/after')],
      [200, 401, 404],
    )
  })

  it('a node that is killed while it stores has what it had, or what it was to have, and never a half', async () => {
    const [node] = nodes
    assert.ok(node)
    const many = Array.from({ length: 20_000 }, (_, index) => `many-${index}`)
    await kept.bringKeys(await kept.createApp('many'), many)
    const urls = controls.map(({ url }) => url)
    const given = { token, name: 'node-0', threads: 1, folder: node.folder }
    await endNode(node)
    const stored = join(node.folder, 'data', 'node')
    for (let round = 0; round < 3; round++) {
      // Without the whole it is told all of it again.
      await rm(join(stored, 'credentials.ndjson'), { force: true })
      const filling = await spawnNode({ ...given, controls: urls })
      await until(() => existsSync(join(stored, 'credentials.tmp')) || undefined, 'it to begin to store')
      await endNode(filling)
      const half = await spawnNode({ ...given, controls: ['http://127.0.0.1:1'] })
      const isKept = existsSync(join(stored, 'credentials.ndjson'))
      if (isKept) await until(async () => (await half.isReady()) || undefined, 'the node to be ready by itself')
      else await until(() => half.stderr.includes('is cut off') || undefined, 'the node to say that it knows nothing')
      assert.equal(await half.isReady(), isKept)
      await endNode(half)
    }
    nodes[0] = await startNode({ ...given, controls: urls })
    await untilAll('/closed', 200, { key: 'many-19999', among: nodes.slice(0, 2) })
  })

  it('a node behind a slow connection gets all of it, and holds nobody up meanwhile', async () => {
    cable.slowDown()
    const slow = await spawnNode({ controls: [cable.url], token, name: 'slow' })
    nodes.push(slow)
    await publish('quick', open)
    await untilAll('/quick', 200, { among: nodes.slice(0, 2) })
    await until(async () => (await slow.isReady()) || undefined, 'the slow node to be ready')
    await untilAll('/quick', 200, { among: [slow] })
    await untilAll('/closed', 200, { key: 'many-7', among: [slow] })
    cable.mend()
  })

  it('a node that comes with a certificate is who it says, and no other', async () => {
    const [ours, theirs] = [TestAuthority.create('Ours'), TestAuthority.create('Theirs')]
    const own = ours.issue({ names: ['127.0.0.1'] })
    const tls = ['--control-tls-cert', own.cert, '--control-tls-key', own.key, '--control-client-ca', ours.cert]
    const control = await startControl(database, { args: tls })
    controls.push(control)
    await kept.createNodeGroup('proven', { nodes: ['proven', 'other'], apis: ['first'] })
    const start = async (authority: TestAuthority, name: string) => {
      const { cert, key } = authority.issue({ names: ['proven'] })
      const args = ['--control-ca', ours.cert, '--control-cert', cert, '--control-key', key]
      const node = await spawnNode({ controls: [control.url], token: undefined, name, args })
      nodes.push(node)
      return node
    }
    for (const [authority, name] of [
      [ours, 'other'],
      [theirs, 'proven'],
    ] as const) {
      const refused = await start(authority, name)
      await until(() => /answers 401/.test(refused.stderr) || undefined, 'the refusal')
      assert.equal(await refused.isReady(), false)
    }
    const node = await start(ours, 'proven')
    await until(async () => (await node.isReady()) || undefined, 'the node to be ready')
    assert.deepEqual([await call(node, '/first'), await call(node, '/after')], [200, 404])
    for (const authority of [ours, theirs]) authority.remove()
  })

  it('a control plane that is told to end ends while nodes wait for news, and answers them', async () => {
    const control = controls[1]
    assert.equal(await control?.stop('SIGTERM'), 0)
    assert.match(control?.stderr ?? '', /has ended: every request was answered/)
    assert.doesNotMatch(control?.stderr ?? '', /mistake|cut off/)
  })

  it('a control plane that is told to end ends while its database hangs', async () => {
    const line = await Cable.lay(database)
    const through = new URL(database)
    through.port = new URL(line.url).port
    const control = await startControl(through.href)
    line.hold()
    assert.equal(await control.stop('SIGTERM'), 0)
    assert.match(control.stderr, /the store was left without its answer/)
    await line.close()
  })
})
