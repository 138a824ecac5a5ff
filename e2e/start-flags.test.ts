/** Owns the proof of what `start` is told by its flags and a listener by its limits, as the operator sees it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WebSocket, WebSocketServer } from 'ws'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { until, within } from './harness/deadline.ts'
import { type GatewayOptions, type RunningGateway, spawnGateway, startGateway } from './harness/gateway.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { listenAsWitness, parseTestimony, type RawUpstream } from './harness/raw-upstream.ts'

describe('start', () => {
  let upstream: RawUpstream
  let folder: string
  let gateway: RunningGateway
  const started: RunningGateway[] = []
  const all = (more = '') => `gatewright: 1\n${more}\napis: [{ id: all, basePath: /, upstream: "${upstream.url}" }]\n`

  before(async () => {
    upstream = await listenAsWitness()
    folder = await mkdtemp(join(tmpdir(), 'gatewright-e2e-'))
  })
  after(async () => {
    for (const each of started) await each.stop()
    await upstream.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Whatever a test leaves running ends with the file. */
  async function serve(options: GatewayOptions): Promise<RunningGateway> {
    const running = await startGateway(options)
    started.push(running)
    return running
  }

  it('keeps what it compiled of the control plane, which is loaded by a thread of its own', async () => {
    const countKept = async (name: string, args: readonly string[]): Promise<number> => {
      const kept = join(folder, name)
      await mkdir(kept)
      // Where the environment names the place, threads have it from there.
      const running = await serve({ yaml: all(), args, env: { TMPDIR: kept, NODE_COMPILE_CACHE: '' } })
      await until(async () => running.stderr.includes('serves on') || undefined, 'the greeting')
      running.child.kill('SIGTERM')
      await within(running.exited, 'the gateway to end')
      return (await readdir(kept, { recursive: true })).length
    }
    const own = await countKept('compiled-own', [])
    const port = `${await findFreePort()}`
    const data = join(folder, 'compiled-data')
    const both = await countKept('compiled-both', ['--control-plane', '--control-port', port, '--data', data])
    assert.ok(own > 100 && both > own + 300, `${own} files of the gateway, ${both} with the control plane`)
  })

  it('--data lets a restarted gateway serve what it served, although the file is faulty by now', async () => {
    const args = ['--data', join(folder, 'data')]
    gateway = await serve({ yaml: all(), args })
    await gateway.stop()
    gateway = await serve({ yaml: all('faulty: true'), args })
    assert.equal((await get(gateway.port, '/kept')).status, 200)
    assert.match(gateway.stderr, /the last good one serves/)
    await gateway.stop()
  })

  it('--data runs nothing that a version with another format kept there, and says so', async () => {
    const data = join(folder, 'older')
    gateway = await serve({ yaml: all(), args: ['--data', data] })
    await gateway.stop()
    const file = join(data, 'last-good.json')
    const { sealed } = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify({ sealed }))
    const failed = await spawnGateway({ yaml: all('faulty: true'), args: ['--data', data] })
    started.push(failed)
    assert.equal(await within(failed.exited, 'its end'), 1)
    assert.match(failed.stderr, /cannot serve either error="?\S+last-good\.json was written by another version/)
    assert.match(failed.stderr, /cannot start:\n\S+gatewright\.yaml:2:1: fault/)
    await failed.stop()
  })

  it('without --data a faulty file ends it with 1 and the place of the fault', async () => {
    const failed = await spawnGateway({ yaml: all('faulty: true') })
    assert.equal(await within(failed.exited, 'its end'), 1)
    assert.match(failed.stderr, /gatewright\.yaml:2:1: fault/)
    await failed.stop()
  })

  it('--status-port shows health and metrics, and nothing that only the machine itself should see', async () => {
    const port = await findFreePort()
    const args = ['--status-host', '127.0.0.1', '--status-port', `${port}`]
    gateway = await serve({ yaml: all(), args })
    for (const [path, status] of [
      ['/livez', 200],
      ['/readyz', 200],
      ['/metrics', 200],
      ['/snapshot', 404],
    ] as const) {
      assert.equal((await fetch(`http://127.0.0.1:${port}${path}`)).status, status, path)
    }
    await gateway.stop()
  })

  it('prints the warnings of the configuration, whole', async () => {
    const uses = '{ policy: rate-limit, options: { limit: 1, windowSeconds: 1 } }, { policy: key-auth }'
    const running = await serve({ yaml: all(`policies: [${uses}]`) })
    const warning = /^ {2}\S+gatewright\.yaml:2:\d+: warning: .+\n {6}\S/m
    await until(() => warning.test(running.stderr) || undefined, 'the warning on stderr')
  })

  it('Ctrl-C says in words what is waited for', async () => {
    const running = await serve({ yaml: all() })
    running.child.kill('SIGINT')
    assert.equal(await within(running.exited, 'its end'), 0)
    assert.match(
      running.stderr,
      / drains: nothing is under way signal=SIGINT delayMs=0 timeoutMs=30000 requests=0 tunnels=0\n/,
    )
  })

  it('--openapi and --upstream serve the operations of a document, and no others', async () => {
    const file = join(folder, 'pets.yaml')
    await writeFile(
      file,
      'openapi: 3.1.0\ninfo: { title: Pets, version: "1" }\npaths: { /pets: { get: { operationId: list, responses: {} } } }\n',
    )
    const command = fileURLToPath(new URL('../packages/cli/bin/gatewright.js', import.meta.url))
    const port = await findFreePort()
    const flags = ['start', '--openapi', file, '--upstream', upstream.url, '--port', `${port}`, '--admin-port', '0']
    const child = spawn(process.execPath, [command, ...flags], { stdio: 'ignore' })
    try {
      const answer = await until(() => get(port, '/pets').catch(() => undefined), 'the gateway to answer')
      assert.equal(answer.status, 200)
      assert.equal((await get(port, '/other')).status, 404)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })

  it('a listener refuses more connections of one address than it allows, and serves again when they are gone', async () => {
    gateway = await serve({
      yaml: all('listeners: [{ id: public, port: 8080, limits: { connectionsPerAddress: 2 } }]'),
      threads: 2,
    })
    const { port } = gateway
    // The connection that asked whether it is ready may still count: who is held has been answered.
    const hold = async (): Promise<RawClient | undefined> => {
      const client = await RawClient.connect(port)
      await client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      if ((await client.nextAnswer('GET'))?.status === 200) return client
      client.close()
      return undefined
    }
    const held = [await until(hold, 'a connection to be taken'), await until(hold, 'a second one')]
    await until(async () => (await get(port, '/')).status === 503 || undefined, 'the third to be refused')
    for (const client of held) client.close()
    await until(async () => (await get(port, '/')).status === 200 || undefined, 'room again')
    await gateway.stop()
  })

  it('a WebSocket ends at its greatest age, however busy it is', async () => {
    const echo = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(echo, 'listening')
    gateway = await serve({
      yaml: `gatewright: 1
listeners: [{ id: public, port: 8080, limits: { tunnelMaxAgeMs: 300 } }]
apis: [{ id: all, basePath: /, upstream: "http://127.0.0.1:${(echo.address() as AddressInfo).port}" }]
`,
    })
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/`)
    await once(socket, 'open')
    const busy = setInterval(() => socket.send('x'), 20)
    await within(once(socket, 'close'), 'the socket to be closed')
    clearInterval(busy)
    await gateway.stop()
    echo.close()
  })

  it('a token of Upgrade becomes a tunnel where a route names it, and is dropped elsewhere', async () => {
    gateway = await serve({
      yaml: `gatewright: 1
apis:
  - id: all
    basePath: /
    upstream: "${upstream.url}"
    routes: [{ id: named, path: /named, upgrades: [chat] }, { id: rest, path: "/{rest+}" }]
`,
    })
    const fields = ['Connection: Upgrade', 'Upgrade: chat']
    const saw = async (path: string) => {
      const answer = await get(gateway.port, path, fields)
      const told = answer.fields.find(([name]) => name.toLowerCase() === 'x-saw')?.[1] ?? ''
      return JSON.stringify(parseTestimony(told)).toLowerCase().includes('chat')
    }
    assert.equal(await saw('/named'), true)
    assert.equal(await saw('/other'), false)
    await gateway.stop()
  })
})
