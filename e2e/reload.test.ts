/** Owns the proof that a new configuration is taken up under load with no failed request and every WebSocket kept, and a bad one is not. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { findField } from './harness/answer.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, type SnapshotFacts, startGateway } from './harness/gateway.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

const configure = (url: string, ws: string, version: number) => `gatewright: 1
accessLog: off
policies:
  - { policy: set-headers, options: { on: response, set: { X-Version: "${version}" } } }
apis:
  - { id: all, basePath: /, upstream: "${url}", routes: [{ id: root, path: / }, { id: rest, path: "/{rest+}" }] }
  - { id: sockets, basePath: /ws, upstream: "${ws}", routes: [{ id: rest, path: "/{rest+}" }] }
  - { id: changing${version}, basePath: "/changing${version}", upstream: "${url}", routes: [{ id: rest, path: "/{rest+}" }] }
`

describe('reload', () => {
  let upstream: RawUpstream
  let echo: WebSocketServer
  let gateway: RunningGateway
  let version = 1
  const yaml = () => configure(upstream.url, `http://127.0.0.1:${(echo.address() as AddressInfo).port}`, version)

  before(async () => {
    upstream = await listenAsWitness()
    echo = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    echo.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
    await once(echo, 'listening')
    gateway = await startGateway({ yaml: yaml(), threads: 2 })
  })
  after(async () => {
    for (const socket of echo?.clients ?? []) socket.terminate()
    echo?.close()
    await gateway?.stop()
    await upstream?.close()
  })

  /** Every thread says so, and then no connection sees anything else, whichever thread it lands on. */
  async function takenUp(): Promise<SnapshotFacts> {
    const facts = await until(async () => {
      if (findField(await get(gateway.port, '/version'), 'x-version') !== `${version}`) return undefined
      const found = await gateway.snapshot()
      return found?.threads.every(({ version }) => version === found.version) ? found : undefined
    }, `version ${version} on every thread`)
    for (let i = 0; i < 16; i++) assert.equal(findField(await get(gateway.port, '/version'), 'x-version'), `${version}`)
    return facts
  }

  /** Requests without a pause on one kept connection until told to stop; answers how many, and throws on the first that failed. */
  async function load(isOver: () => boolean): Promise<number> {
    let requests = 0
    const client = await RawClient.connect(gateway.port)
    while (!isOver()) {
      const body = `body ${requests}`
      await client.write(`POST /load HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      const answer = await client.getAnswer()
      assert.equal(answer.status, 200, answer.body.toString())
      assert.equal(findField(answer, 'connection'), undefined, 'a reload asks nobody to reconnect')
      requests++
    }
    client.close()
    return requests
  }

  it('fails no request and keeps every WebSocket', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/ws/echo`)
        await within(once(socket, 'open'), 'a WebSocket')
        return socket
      }),
    )
    let isOver = false
    const loads = Array.from({ length: 6 }, () => load(() => isOver))
    try {
      for (let i = 0; i < 15; i++) {
        version++
        await gateway.rewrite(yaml())
        await Promise.race([takenUp(), Promise.all(loads)])
      }
    } finally {
      isOver = true
    }
    const counts = await Promise.all(loads)
    assert.ok(Math.min(...counts) > 0, `${counts}`)
    for (const [index, socket] of sockets.entries()) {
      const reply = once(socket, 'message')
      socket.send(`still here ${index}`)
      const [data] = (await within(reply, 'the echo')) as [Buffer]
      assert.equal(data.toString(), `still here ${index}`)
      socket.terminate()
    }
  })

  it('sees a file that is replaced by a rename', async () => {
    version++
    const next = join(gateway.folder, 'next.yaml')
    await writeFile(next, yaml())
    await rename(next, gateway.configFile)
    await takenUp()
    version++
    await gateway.rewrite(yaml())
    await takenUp()
  })

  it('happens on SIGHUP, also where no change was seen', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-e2e-'))
    // Behind a link to another folder a file can change in place without a sign of it beside the link.
    await mkdir(join(folder, 'linked'))
    const [file, config] = [join(folder, 'elsewhere.yaml'), join(folder, 'linked', 'gatewright.yaml')]
    await writeFile(file, yaml())
    await symlink(file, config)
    const linked = await startGateway({ yaml: '', config, threads: 2 })
    try {
      const said = async (text: string) => {
        await until(() => linked.stderr.includes(text) || undefined, text)
        return (await linked.snapshot()) ?? assert.fail('no snapshot')
      }
      const before = (await linked.snapshot()) ?? assert.fail('no snapshot')
      await writeFile(file, yaml().replaceAll(`"${version}"`, '"by signal"'))
      linked.child.kill('SIGHUP')
      const after = await said('SIGHUP came and is live on every thread version=2\n')
      assert.deepEqual(
        after.threads,
        [0, 1].map((index) => ({ index, version: 2, hash: after.hash })),
      )
      assert.notEqual(after.hash, before.hash)
      for (let i = 0; i < 16; i++) assert.equal(findField(await get(linked.port, '/a'), 'x-version'), 'by signal')
      linked.child.kill('SIGHUP')
      const again = await said('SIGHUP came: nothing has changed version=2\n')
      assert.deepEqual(again.threads, after.threads, 'nothing was published')
      assert.notEqual(again.configuration.loadedAt, after.configuration.loadedAt)
    } finally {
      await linked.stop()
      await rm(folder, { recursive: true })
    }
  })

  it('takes up what a file of an extension imports', async () => {
    const file = (name: string) => join(gateway.folder, name)
    const lib = (mark: string) => writeFile(file('lib.ts'), `export const mark: string = '${mark}'\n`)
    await lib('first')
    await writeFile(
      file('mark.ts'),
      `import { definePolicy, z } from '@gatewright/policies'
import { mark } from './lib.ts'
export const policy = definePolicy({
  name: 'mark', phase: 'transform', summary: 'Marks.', options: z.strictObject({}),
  create: () => (exchange, next) => {
    exchange.answerWith('X-Mark', mark)
    return next(exchange)
  },
})
`,
    )
    version++
    const marking = yaml().replace('policies:\n', 'extensions: [./mark.ts]\npolicies:\n  - { policy: mark }\n')
    await gateway.rewrite(marking)
    const first = await takenUp()
    assert.equal(findField(await get(gateway.port, '/a'), 'x-mark'), 'first')
    await lib('second')
    await until(async () => {
      const found = await gateway.snapshot()
      return found?.threads.every(({ version }) => version > first.version) || undefined
    }, 'the change on every thread')
    for (let i = 0; i < 16; i++) assert.equal(findField(await get(gateway.port, '/a'), 'x-mark'), 'second')
  })

  it('is held by no extension that never finishes loading on the threads, which keep what they served', async () => {
    const file = join(gateway.folder, 'late.ts')
    const late = (mark: string, more = '') =>
      writeFile(
        file,
        `import { isMainThread } from 'node:worker_threads'
import { definePolicy, z } from '@gatewright/policies'
${more}
export const policy = definePolicy({
  name: 'late', phase: 'transform', summary: 'Marks.', options: z.strictObject({}),
  create: () => (exchange, next) => {
    exchange.answerWith('X-Mark', '${mark}')
    return next(exchange)
  },
})
`,
      )
    await late('first')
    version++
    await gateway.rewrite(yaml().replace('policies:\n', 'extensions: [./late.ts]\npolicies:\n  - { policy: late }\n'))
    const first = await takenUp()
    await late('never', 'if (!isMainThread) await new Promise(() => {})')
    const { configuration, threads } = await until(
      async () => {
        const found = await gateway.snapshot()
        return found?.configuration.fault ? found : undefined
      },
      'the fault',
      30_000,
    )
    assert.match(configuration.fault ?? '', /^the extension \S+late\.ts is not loaded after 10 s: /)
    assert.deepEqual(threads, first.threads)
    assert.equal(findField(await get(gateway.port, '/a'), 'x-mark'), 'first')
    await late('mended')
    await until(async () => {
      const found = await gateway.snapshot()
      return found?.threads.every(({ version }) => version > first.version) || undefined
    }, 'the mended one on every thread')
    for (let i = 0; i < 16; i++) assert.equal(findField(await get(gateway.port, '/a'), 'x-mark'), 'mended')
    await gateway.rewrite(yaml())
    await takenUp()
  })

  it('keeps the old configuration when the new one is bad, and says why', async () => {
    const { threads } = await takenUp()
    const said = gateway.stderr.length
    await gateway.rewrite(`${yaml()}\nupstream: typo\n`)
    const { configuration, ...facts } = await until(async () => {
      const found = await gateway.snapshot()
      return found?.configuration.fault ? found : undefined
    }, 'the fault')
    // Line and key, in the log as on the admin port.
    assert.match(configuration.fault ?? '', /gatewright\.yaml:10:1: fault: The key "upstream" is not known here/)
    await until(() => gateway.stderr.slice(said).includes('is not used') || undefined, 'the fault in the log')
    assert.match(
      gateway.stderr.slice(said),
      /is not used: what ran before runs on fault=\s*\S+gatewright\.yaml:10:1: fault: /,
    )
    assert.deepEqual(facts.threads, threads)
    for (let i = 0; i < 16; i++) assert.equal(findField(await get(gateway.port, '/a'), 'x-version'), `${version}`)
    const ready = await gateway.status('readyz')
    assert.deepEqual([ready?.status, ready?.text], [200, 'ready, but the configuration on disk is faulty\n'])
    assert.equal(await gateway.metric('gatewright_configuration_faulty'), 1)
    version++
    await gateway.rewrite(yaml())
    await takenUp()
  })

  it('keeps the snapshot that a request began with', async () => {
    const client = await RawClient.connect(gateway.port)
    await client.write('POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n')
    const began = version
    await upstream.connectionThat(({ seen }) => seen.includes('POST /slow'), 'the request at the upstream')
    version++
    await gateway.rewrite(yaml())
    await takenUp()
    await client.write('2\r\nlo\r\n0\r\n\r\n')
    assert.equal(findField(await client.getAnswer(), 'x-version'), `${began}`)
    client.close()
  })

  it('tells version and hash of every thread, which rise and change with what is live', async () => {
    const one = await takenUp()
    assert.deepEqual(
      one.threads,
      [0, 1].map((index) => ({ index, version: one.version, hash: one.hash })),
    )
    version++
    await gateway.rewrite(yaml())
    const two = await takenUp()
    assert.deepEqual(
      two.threads,
      [0, 1].map((index) => ({ index, version: one.version + 1, hash: two.hash })),
    )
    assert.notEqual(two.hash, one.hash)
    version--
    await gateway.rewrite(yaml())
    const three = await takenUp()
    assert.equal(three.version, one.version + 2, 'a version is never used twice')
    assert.equal(three.hash, one.hash, 'the same configuration has the same hash')
    assert.equal(three.configuration.fault, null)
  })
})
