/** Owns the proof that no address is connected to which `egress` denies, by whatever way a configuration names it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'

/** It answers every request with 200, and counts who came. */
class CountingServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  connections = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      this.connections += 1
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    })
  }

  static async listen(): Promise<CountingServer> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new CountingServer(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get open(): number {
    return this.#sockets.size
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

describe('what egress denies', () => {
  let inside: CountingServer
  let gateway: RunningGateway

  const configure = (egress: string) => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080 }]
egress: ${egress}
upstreams:
  - { id: literal, targets: ["http://127.0.0.1:${inside.port}"], health: { active: { path: /healthz, intervalMs: 200 } } }
  - { id: named, targets: ["http://localhost:${inside.port}"] }
  - { id: h2, protocol: h2c, targets: ["http://127.0.0.1:${inside.port}"] }
apis:
  - { id: literal, basePath: /literal, upstream: literal }
  - { id: named, basePath: /named, upstream: named }
  - { id: h2, basePath: /h2, upstream: h2 }
  - id: asking
    basePath: /asking
    upstream: literal
    policies:
      - { policy: external-auth, options: { url: "http://127.0.0.1:${inside.port}/", protocol: generic } }
`

  before(async () => {
    inside = await CountingServer.listen()
    gateway = await startGateway({ yaml: configure('{ deny: [127.0.0.0/8, "::1"] }'), threads: 2 })
  })
  after(async () => {
    await gateway?.stop()
    await inside?.close()
  })

  const ask = (path: string) => fetch(`http://127.0.0.1:${gateway.port}${path}`)

  for (const path of ['/literal/x', '/named/x', '/h2/x']) {
    it(`is no target: ${path}`, async () => {
      const answer = await ask(path)
      const text = await answer.text()
      // Active health may have found out before: then nobody tries.
      assert.ok([502, 503].includes(answer.status), `${answer.status}`)
      assert.doesNotMatch(text, /egress|127\.0\.0/)
    })
  }

  it('is asked by no policy', async () => {
    assert.equal((await ask('/asking/x')).status, 503)
  })

  it('was never connected to, by probes neither, and the record says why', async () => {
    await until(() => (gateway.stdout.includes('egress-denied') ? true : undefined), 'a record with the reason')
    assert.equal(inside.connections, 0)
  })

  it('is connected to once a reload allows it, and left once one denies it again', async () => {
    await gateway.rewrite(configure('{ deny: [127.0.0.0/8, "::1"], allow: [127.0.0.1, "::1"] }'))
    await until(async () => ((await ask('/literal/x')).status === 200 ? true : undefined), 'the target to be reached')
    assert.ok(inside.open > 0)
    await gateway.rewrite(configure('{ deny: [127.0.0.0/8, "::1"] }'))
    await until(async () => ((await ask('/literal/x')).status === 200 ? undefined : true), 'the target to be denied')
    await until(() => (inside.open === 0 ? true : undefined), 'open connections to be left')
  })
})
