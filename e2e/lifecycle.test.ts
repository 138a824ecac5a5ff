/** Owns the proof that nothing is lost at the seams: dropped answers, refused snapshots, removed listeners, replaced folders. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WebSocket, WebSocketServer } from 'ws'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { findField } from './harness/answer.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, spawnGateway, startGateway } from './harness/gateway.ts'
import { APPS, KEY, KEY_AUTH } from './harness/keys.ts'
import { get } from './harness/raw-client.ts'

const SEAMS = fileURLToPath(new URL('./extensions/seams.ts', import.meta.url))

describe('at the seams', () => {
  let upstream: Server
  let url: string
  /** Answers of `/slow` wait for it. */
  let release: () => void
  let gateway: RunningGateway | undefined

  before(async () => {
    const { promise: isReleased, resolve } = Promise.withResolvers<void>()
    release = resolve
    upstream = createServer(async (request, response) => {
      if (request.url === '/slow') await isReleased
      // Larger than what is read at once: an answer that is dropped is one that is still arriving.
      response.end(Buffer.alloc(request.url === '/large' ? 4_000_000 : 2, 'x'))
    }).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  })
  after(async () => {
    await gateway?.stop()
    upstream.closeAllConnections()
    upstream.close()
  })

  /** Ends the one of the test before. */
  async function serve(yaml: string): Promise<RunningGateway> {
    await gateway?.stop()
    gateway = await startGateway({ yaml, threads: 1 })
    return gateway
  }

  it('an answer that a policy drops gives its upstream connection back', async () => {
    const { port } = await serve(`gatewright: 1
extensions: [${SEAMS}]
upstreams: [{ id: up, targets: ["${url}"], pool: { maxConnections: 1 } }]
apis:
  - { id: drops, basePath: /drops, upstream: up, policies: [{ policy: drop-answer }] }
  - { id: all, basePath: /, upstream: up }
`)
    assert.equal((await get(port, '/drops/large')).status, 500)
    assert.equal((await within(get(port, '/small'), 'the one connection to be free again')).status, 200)
  })

  it('a policy that frames answers itself does not confuse their clients', async () => {
    const { port } = await serve(`gatewright: 1
extensions: [${SEAMS}]
apis:
  - id: meddled
    basePath: /
    upstream: "${url}"
    routes:
      - { id: ok, path: /ok, policies: [{ policy: meddle, options: { status: 200 } }] }
      - { id: odd, path: /odd, policies: [{ policy: meddle, options: { status: 99 } }] }
`)
    const { status, body, fields } = await get(port, '/ok')
    assert.deepEqual([status, body.toString()], [200, 'whole'])
    const framing = fields.filter(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name))
    assert.deepEqual(framing, [['Content-Length', '5']])
    assert.equal((await get(port, '/odd')).status, 500)
  })

  it('a refused snapshot changes no key', async () => {
    const yaml = (policies: string, apps: string) => `gatewright: 1
extensions: [${SEAMS}]
apis: [{ id: all, basePath: /, upstream: "${url}", policies: [${KEY_AUTH}${policies}] }]
${apps}`
    const running = await serve(yaml('', APPS))
    assert.equal((await get(running.port, '/', [`X-Api-Key: ${KEY}`])).status, 200)
    await running.rewrite(yaml(', { policy: refuse-snapshot }', 'apps: []'))
    await until(
      async () => running.stderr.includes('this option cannot work') || undefined,
      'the snapshot to be refused',
    )
    assert.equal((await get(running.port, '/', [`X-Api-Key: ${KEY}`])).status, 200)
  })

  it('a policy that cannot be made is told with its place, by a reload as by a start', async () => {
    const yaml = (policies: string) => `gatewright: 1
extensions: [${SEAMS}]
apis:
  - id: all
    basePath: /
    upstream: "${url}"
    routes: [{ path: "/{rest+}"${policies} }]
`
    const faulty = yaml(', policies: [{ policy: refuse-snapshot }]')
    const place =
      'gatewright.yaml:7:45: fault: The policy "refuse-snapshot" cannot be made of these options: this option cannot work. (apis[0].routes[0].policies[0])'
    const running = await serve(yaml(''))
    await running.rewrite(faulty)
    await until(async () => running.stderr.includes('is not used') || undefined, 'the snapshot to be refused')
    assert.ok(running.stderr.includes(place), running.stderr)
    const { configuration } = (await running.snapshot()) ?? assert.fail()
    assert.ok(configuration.fault?.includes(place))
    assert.equal((await get(running.port, '/')).status, 200)
    const failed = await spawnGateway({ yaml: faulty })
    assert.equal(await within(failed.exited, 'its end'), 1)
    assert.ok(failed.stderr.includes(place), failed.stderr)
    await failed.stop()
  })

  it('a request on a listener that was taken out is answered before SIGTERM ends the process', async () => {
    const extra = await findFreePort()
    const yaml = (more: string) => `gatewright: 1
listeners: [{ id: public, port: 8080 }${more}]
apis: [{ id: all, basePath: /, upstream: "${url}" }]
`
    const running = await serve(yaml(`, { id: extra, port: ${extra} }`))
    const slow = get(extra, '/slow')
    await until(async () => (await running.status('metrics'))?.text.includes('in_flight 1') || undefined, 'the request')
    await running.rewrite(yaml(''))
    await until(
      async () => (await running.status('snapshot'))?.text.includes('"version": 2') || undefined,
      'the change',
    )
    running.child.kill('SIGTERM')
    await until(async () => running.stderr.includes('drains') || undefined, 'the drain')
    assert.match(running.stderr, / drains: still takes requests for 1 s, .* requests=1 tunnels=0\n/)
    release()
    assert.equal((await slow).status, 200)
    assert.equal(await within(running.exited, 'the end'), 0)
  })

  it('a WebSocket counts as the connection that it is', async () => {
    const echo = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(echo, 'listening')
    const ws = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`
    const { port } = await serve(`gatewright: 1
listeners: [{ id: public, port: 8080, limits: { connections: 2 } }]
apis: [{ id: all, basePath: /, upstream: "${ws}" }]
`)
    const sockets = [1, 2].map(() => new WebSocket(`ws://127.0.0.1:${port}/`))
    await Promise.all(sockets.map((socket) => once(socket, 'open')))
    assert.equal((await get(port, '/')).status, 503)
    for (const socket of sockets) socket.terminate()
    await until(async () => (await get(port, '/')).status !== 503 || undefined, 'the sockets to be counted out')
    echo.close()
  })

  it('a folder that is replaced by another is watched on', async () => {
    const running = await serve(
      'gatewright: 1\napis: [{ id: none, basePath: /none, upstream: "http://127.0.0.1:9" }]\n',
    )
    const folder = join(running.folder, 'conf')
    const file = (id: string) => `gatewright: 1\napis: [{ id: ${id}, basePath: /${id}, upstream: "${url}" }]\n`
    await mkdir(folder)
    await writeFile(join(folder, 'a.yaml'), file('first'))
    await running.stop()
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'a.yaml'), file('first'))
    const watched = await startGateway({ yaml: file('unused'), threads: 1, config: folder })
    try {
      for (const id of ['second', 'third']) {
        const next = join(running.folder, id)
        await mkdir(next)
        await writeFile(join(next, 'a.yaml'), file(id))
        await rm(folder, { recursive: true })
        await rename(next, folder)
        await until(async () => (await get(watched.port, `/${id}`)).status === 200 || undefined, `${id} to be live`)
      }
      await writeFile(join(folder, 'a.yaml'), file('fourth'))
      await until(async () => (await get(watched.port, '/fourth')).status === 200 || undefined, 'the last change')
    } finally {
      await watched.stop()
      await rm(running.folder, { recursive: true, force: true })
    }
  })

  it('a listener may change its host and keep its port', async () => {
    const port = await findFreePort()
    const yaml = (host: string) => `gatewright: 1
listeners: [{ id: public, host: ${host}, port: ${port} }]
apis: [{ id: all, basePath: /, upstream: "${url}" }]
`
    await gateway?.stop()
    gateway = await startGateway({ yaml: yaml('127.0.0.1'), threads: 2, port })
    await gateway.rewrite(yaml('0.0.0.0'))
    await until(
      async () => (await gateway?.status('snapshot'))?.text.includes('"version": 2') || undefined,
      'the change',
    )
    assert.equal((await get(port, '/')).status, 200)
  })

  it('a restarted thread runs the code that was published, whatever stands on disk by then', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-e2e-'))
    const file = join(folder, 'mark.mjs')
    const source = (mark: string) => `import { definePolicy, z } from '@gatewright/policies'
export const mark = definePolicy({
  name: 'mark', phase: 'observe', summary: 'Marks.', options: z.strictObject({}),
  create: () => (exchange, next) => {
    if (exchange.request.path === '/fatal') process.exit(1)
    exchange.answerWith('X-Mark', '${mark}')
    return next(exchange)
  },
})
`
    await writeFile(file, source('published'))
    const yaml = (more: string) => `gatewright: 1
extensions: [${file}]
apis: [{ id: all, basePath: /, upstream: "${url}", policies: [{ policy: mark }] }]
${more}`
    const running = await serve(yaml(''))
    await running.rewrite(yaml('faulty: true'))
    await writeFile(file, source('refused'))
    await until(async () => running.stderr.includes('is not used') || undefined, 'the change to be refused')
    await get(running.port, '/fatal').catch(() => undefined)
    await until(async () => running.stderr.includes('a data thread ended') || undefined, 'the end of the thread')
    const answer = await until(() => get(running.port, '/').catch(() => undefined), 'the thread to serve again')
    assert.equal(findField(answer, 'x-mark'), 'published')
    await rm(folder, { recursive: true })
  })
})
