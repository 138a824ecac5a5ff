/** Owns the proof that what is published by the admin API is what the gateway serves: at once, again after every end, and nothing else. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type Client, ClientProblem } from '@gatewright/client'
import { RunningControlPlane } from './harness/control-plane.ts'
import { until } from './harness/deadline.ts'
import { get } from './harness/raw-client.ts'

const run = promisify(execFile)
const ORDERS = { team: 'main', id: 'orders' }
const LIVE = { ...ORDERS, environment: 'dev' }

describe('a control plane beside its gateway', () => {
  const started: RunningControlPlane[] = []
  after(async () => {
    for (const each of started) await each.remove()
  })

  async function start(options: Parameters<typeof RunningControlPlane.start>[0] = {}): Promise<RunningControlPlane> {
    const control = await RunningControlPlane.start(options)
    started.push(control)
    return control
  }

  const say = (client: Client, body: string) =>
    client.ask('putApi', {
      params: ORDERS,
      body: { basePath: '/orders', policies: [{ policy: 'respond', options: { body } }] },
    })

  async function prepare(client: Client): Promise<void> {
    await client.ask('putEnvironment', { params: { id: 'dev' }, body: { pathPrefix: '/dev' } })
  }

  const publish = (client: Client) => client.ask('publish', { params: LIVE, body: {} })

  const read = async ({ gateway }: RunningControlPlane) => {
    const { status, body } = await get(gateway.port, '/dev/orders')
    return status === 200 ? body.toString() : status
  }

  it('serves on every thread what was published, as soon as that is answered', async () => {
    const control = await start({ threads: 2 })
    const { client } = await control.setUp()
    await prepare(client)
    for (let i = 0; i < 20; i++) {
      await say(client, `body ${i}`)
      const { body } = await publish(client)
      assert.deepEqual(
        body.nodes.map(({ node, state }) => [node, state]),
        [['local', 'serves']],
      )
      for (let request = 0; request < 6; request++) assert.equal(await read(control), `body ${i}`)
    }
    const back = await client.ask('rollBack', { params: LIVE, body: {} })
    assert.equal(back.body.releases[0]?.revision, 19)
    assert.equal(await read(control), 'body 18')
    await client.ask('startCanary', { params: LIVE, body: { revision: 1, when: '"old" in request.query' } })
    assert.equal((await get(control.gateway.port, '/dev/orders?old=yes')).body.toString(), 'body 0')
    assert.equal(await read(control), 'body 18')
    await client.ask('takeOut', { params: LIVE, body: {} })
    assert.equal(await read(control), 404)
  })

  it('says what could not run, and changes nothing', async () => {
    const control = await start()
    const { client } = await control.setUp()
    await prepare(client)
    await say(client, 'sound')
    await publish(client)
    await client.ask('putApi', { params: ORDERS, body: { basePath: '/orders', policies: [{ policy: 'respnd' }] } })
    await assert.rejects(publish(client), (error) => {
      assert.ok(error instanceof ClientProblem)
      assert.equal(error.code, 'cannot-be-live')
      return true
    })
    assert.equal(await read(control), 'sound')
  })

  it('serves the same again when it is started again, and asks for no first account', async () => {
    const control = await start()
    const { client, token } = await control.setUp()
    await prepare(client)
    await say(client, 'kept')
    await publish(client)
    await control.kill()
    const again = await start({ data: control.data })
    assert.equal(await read(again), 'kept')
    assert.equal(again.setUpSecret, undefined)
    assert.equal((await again.toClient(token).ask('getMe', {})).body.name, 'test')
  })

  it('loses nothing that was acknowledged, whenever it is killed', async () => {
    let control = await start()
    const { client: first, token } = await control.setUp()
    await prepare(first)
    let acknowledged = 0
    let asked = 0
    for (let round = 0; round < 8; round++) {
      const client = control.toClient(token)
      // Rounds end in the middle of whatever is under way by then.
      const end = setTimeout(() => control.gateway.child.kill('SIGKILL'), 150 + 97 * round)
      try {
        for (;;) {
          asked++
          await say(client, `${asked}`)
          await publish(client)
          acknowledged = asked
        }
      } catch (error) {
        assert.ok(!(error instanceof ClientProblem), String(error))
      }
      clearTimeout(end)
      await control.gateway.exited
      control = await start({ data: control.data })
      const live = acknowledged === 0 && (await read(control)) === 404 ? 0 : Number(await read(control))
      assert.ok(live === acknowledged || live === asked, `acknowledged ${acknowledged}, asked ${asked}, live ${live}`)
      acknowledged = live
    }
    assert.ok(acknowledged > 10, `only ${acknowledged} were published`)
    const { body } = await control
      .toClient(token)
      .ask('listDeploymentVersions', { params: LIVE, query: { limit: 500 } })
    const versions = body.items.map(({ version }) => version)
    assert.deepEqual(
      versions,
      versions.map((_, index) => versions.length - index),
      'a version is missing, or there twice',
    )
  })

  it('serves the last good configuration where its store cannot be opened', async () => {
    const control = await start()
    const { client } = await control.setUp()
    await prepare(client)
    await say(client, 'last')
    await publish(client)
    await control.gateway.child.kill('SIGTERM')
    await control.gateway.exited
    await writeFile(
      join(control.data, 'control.db'),
      'this is no database, and long enough to be looked at as one'.repeat(40),
    )
    const again = await start({ data: control.data })
    assert.equal(await read(again), 'last')
    assert.match(again.gateway.stderr, /the store .* cannot be opened/)
  })

  it('answers that its disk is full, serves on, and takes changes again when there is room', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-full-'))
    const disk = join(folder, 'disk')
    await mkdir(disk)
    const isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]).then(
      () => true,
      () => false,
    )
    if (!isMounted) return context.skip('only root may mount, and not everywhere')
    try {
      const control = await start({ data: disk })
      const { client } = await control.setUp()
      await prepare(client)
      await say(client, 'before')
      await publish(client)
      await run('dd', ['if=/dev/zero', `of=${join(disk, 'ballast')}`, 'bs=64k', 'count=64']).catch(() => {})
      await assert.rejects(
        async () => {
          for (let i = 0; i < 100; i++) await say(client, `${i}${'x'.repeat(20_000)}`)
        },
        (error) => error instanceof ClientProblem && error.code === 'store-full',
      )
      assert.equal(await read(control), 'before')
      await rm(join(disk, 'ballast'))
      await say(client, 'after')
      await publish(client)
      assert.equal(await read(control), 'after')
      await control.gateway.stop()
    } finally {
      await run('umount', [disk])
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('ends with what to do where its port is taken', async () => {
    const control = await start()
    const port = new URL(control.url).port
    const taken = RunningControlPlane.start({ args: ['--control-port', port] })
    await assert.rejects(
      taken,
      /cannot start: the control plane .* in use, perhaps by another instance; .* --control-port/,
    )
  })

  it('puts secrets where APIs name them, tells nobody, and follows new values at once', async () => {
    const control = await start()
    const { client } = await control.setUp()
    await prepare(client)
    await client.ask('putSecret', {
      params: { environment: 'dev', name: 'TOKEN' },
      body: { value: 'first-secret-value' },
    })
    await say(client, 'it is ${secret:TOKEN}')
    await publish(client)
    assert.equal(await read(control), 'it is first-secret-value')
    await client.ask('putSecret', {
      params: { environment: 'dev', name: 'TOKEN' },
      body: { value: 'second-secret-value' },
    })
    await until(async () => ((await read(control)) === 'it is second-secret-value' ? true : undefined), 'the new value')
    const { text = '' } = (await control.gateway.status('snapshot')) ?? {}
    const told = [text, control.gateway.stderr, JSON.stringify((await client.ask('listApis', {})).body)].join('\n')
    assert.doesNotMatch(told, /(?:first|second)-secret-value/)
  })

  it('is known to nobody without an account, and serves no file of the machine', async () => {
    const control = await start()
    await assert.rejects(control.toClient('gwp_x').ask('listApis', {}), { name: 'ClientProblem', status: 401 })
    const { client } = await control.setUp()
    await prepare(client)
    await client.ask('putApi', {
      params: ORDERS,
      body: { basePath: '/orders', policies: [{ policy: 'respond', options: { body: '${file:/etc/hostname}' } }] },
    })
    await assert.rejects(publish(client), { name: 'ClientProblem', status: 422 })
    await until(async () => ((await read(control)) === 404 ? true : undefined), 'nothing to be served')
  })
})
