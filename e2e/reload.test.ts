/** Owns the proof that a new configuration is taken up under load with no failed request and every WebSocket kept, and a bad one is not. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { findField } from './harness/answer.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
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

  /** New connections land on either thread: so many in a row that agree are both. */
  function takenUp(): Promise<true> {
    return until(async () => {
      for (let i = 0; i < 8; i++) {
        if (findField(await get(gateway.port, '/version'), 'x-version') !== `${version}`) return undefined
      }
      return true
    }, `version ${version} on every thread`)
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

  it('happens on SIGHUP', async () => {
    version++
    await gateway.rewrite(yaml())
    gateway.child.kill('SIGHUP')
    await takenUp()
  })

  it('keeps the old configuration when the new one is bad, and says why', async () => {
    await gateway.rewrite(`${yaml()}\nupstream: typo\n`)
    await until(() => gateway.stderr.includes('upstream') || undefined, 'the fault in the log')
    assert.equal(findField(await get(gateway.port, '/a'), 'x-version'), `${version}`)
    assert.equal(await gateway.isReady(), true, 'it still serves')
    version++
    await gateway.rewrite(yaml())
    await takenUp()
  })

  it('keeps the snapshot that a request began with', async () => {
    const client = await RawClient.connect(gateway.port)
    await client.write('POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel')
    const began = version
    await upstream.connectionThat(({ seen }) => seen.includes('POST /slow'), 'the request at the upstream')
    version++
    await gateway.rewrite(yaml())
    await takenUp()
    await client.write('lo')
    assert.equal(findField(await client.getAnswer(), 'x-version'), `${began}`)
    client.close()
  })

  it('tells version and hash of every thread', async () => {
    const snapshot = await gateway.status('snapshot')
    assert.equal(snapshot?.status, 200)
    assert.doesNotThrow(() => JSON.parse(snapshot?.text ?? ''))
  })
})
