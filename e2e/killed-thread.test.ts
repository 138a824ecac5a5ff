/** Owns the proof that a thread that dies is replaced, takes only its own connections with it, and leaves the shared counters exact. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findFailures } from './harness/batches.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { listenAsWitness, RawUpstream } from './harness/raw-upstream.ts'

const EXTENSION = fileURLToPath(new URL('extensions/end-thread.ts', import.meta.url))
const LIMIT = 200

const configure = (url: string) => `gatewright: 1
accessLog: off
extensions: ["${EXTENSION}"]
apis:
  - id: all
    basePath: /
    upstream: ${url}
    routes:
      - { id: exit, path: /exit, policies: [{ policy: end-thread, options: {} }] }
      - { id: heap, path: /heap, policies: [{ policy: fill-heap, options: {} }] }
      - { id: limited, path: /limited, policies: [{ policy: rate-limit, options: { limit: ${LIMIT}, windowSeconds: 3600 } }] }
      - { id: rest, path: "/{rest+}" }
`

/** How a thread may die, and what the log says of it. */
const DEATHS = [
  { by: 'exit', says: /a data thread ended and is started again/ },
  { by: 'heap', says: /a data thread ended and is started again .*memory limit/ },
] as const

for (const { by, says } of DEATHS) {
  describe(`a thread that dies by ${by}`, () => {
    let upstream: RawUpstream
    let gateway: RunningGateway

    // One each: a thread that dies again and again is restarted later and later.
    beforeEach(async () => {
      upstream = await RawUpstream.listen({
        // What begins with /wait is never answered.
        onRequest({ target }, { socket }) {
          if (!target.startsWith('/wait')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        },
      })
      gateway = await startGateway({ yaml: configure(upstream.url), threads: 2 })
    })
    afterEach(async () => {
      await gateway?.stop()
      await upstream?.close()
    })

    /** Connections land on either thread as the kernel likes, so every request has its own. */
    async function countAllowed(requests: number): Promise<number> {
      let allowed = 0
      const failures = await findFailures(
        Array.from({ length: requests }),
        async () => {
          const { status } = await get(gateway.port, '/limited')
          if (status === 200) allowed++
          else assert.equal(status, 429)
        },
        8,
      )
      assert.deepEqual(failures, [])
      return allowed
    }

    /** Does every thread serve? One that is started again has version 0. */
    async function isWhole(): Promise<true | undefined> {
      const { threads = [] } = (await gateway.snapshot()) ?? {}
      return (threads.length === 2 && threads.every(({ version }) => version > 0)) || undefined
    }

    /** Ends whichever thread takes the connection; resolves when the connection broke. */
    async function endThread(): Promise<void> {
      const client = await RawClient.connect(gateway.port)
      await client.write(`GET /${by} HTTP/1.1\r\nHost: a\r\n\r\n`)
      assert.equal(await client.nextAnswer(), undefined, 'the thread answered')
      client.close()
    }

    it('is replaced while the process lives, and the limit stays exact through it', async () => {
      let allowed = await countAllowed(LIMIT / 4)
      assert.equal(allowed, LIMIT / 4)
      for (let round = 0; round < 3; round++) {
        await endThread()
        await until(isWhole, 'every thread to serve again')
        allowed += await countAllowed(LIMIT / 4)
      }
      allowed += await countAllowed(LIMIT)
      assert.equal(allowed, LIMIT)
      assert.equal(gateway.child.exitCode, null)
      assert.match(gateway.stderr, says)
    })

    it('takes its own connections with it and no others, and what it counted as open is gone', async () => {
      const open = () => gateway.metric('gatewright_connections')
      const inFlight = () => gateway.metric('gatewright_requests_in_flight')
      const before = await gateway.metric('gatewright_requests_total{api="all",code="200"}').catch(() => 0)
      // Enough connections that both threads have some; every other one waits for an answer.
      const clients = await Promise.all(Array.from({ length: 32 }, () => RawClient.connect(gateway.port)))
      for (const [index, client] of clients.entries()) {
        await client.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n')
        assert.equal((await client.getAnswer()).status, 200)
        if (index % 2 === 0) await client.write(`GET /wait/${index} HTTP/1.1\r\nHost: a\r\n\r\n`)
      }
      await until(async () => (await inFlight()) === 16 || undefined, 'every second to wait')
      assert.equal(await open(), 32)
      await endThread()
      await until(isWhole, 'every thread to serve again')
      const survivors: RawClient[] = []
      for (const client of clients) {
        // A dead one's end has come by now, or comes at once.
        const isWaiting = clients.indexOf(client) % 2 === 0
        if (isWaiting) {
          if (client.ended === undefined) survivors.push(client)
          continue
        }
        await client.write('GET /b HTTP/1.1\r\nHost: a\r\n\r\n')
        if ((await client.nextAnswer())?.status === 200) survivors.push(client)
      }
      assert.ok(survivors.length > 0 && survivors.length < clients.length, `${survivors.length} survived`)
      const waiting = survivors.filter((client) => clients.indexOf(client) % 2 === 0).length
      await until(async () => (await open()) === survivors.length || undefined, `${survivors.length} open connections`)
      assert.equal(await inFlight(), waiting)
      // Counts of what is over only rise, whoever dies.
      const answered = await gateway.metric('gatewright_requests_total{api="all",code="200"}')
      assert.equal(answered - before, 32 + survivors.length - waiting)
      for (const client of clients) client.close()
      await until(async () => (await open()) === 0 || undefined, 'no open connection')
      assert.equal(await inFlight(), 0)
    })
  })
}

describe('the only thread, when it dies', { skip: process.platform === 'linux' ? false : 'needs reusePort' }, () => {
  it('takes its port back from nobody who has it by then, and has it again when that one ends', async () => {
    const upstream = await listenAsWitness()
    const gateway = await startGateway({ yaml: configure(upstream.url), threads: 1 })
    const { port } = gateway
    const waiting = new Set<Socket>()
    // Held by another instance that is about to open the port.
    const lock = createServer((socket) => waiting.add(socket.on('error', () => {})))
    const other = createServer((socket) => socket.on('error', () => {}).end('other'))
    try {
      await once(lock.listen(`\0gatewright-port-${port}`), 'listening')
      const client = await RawClient.connect(port)
      await client.write('GET /exit HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.equal(await client.nextAnswer(), undefined, 'the thread answered')
      await until(() => waiting.size === 1 || undefined, 'the thread to be started again')
      await once(other.listen({ port, host: '0.0.0.0', reusePort: true }), 'listening')
      lock.close()
      for (const socket of waiting) socket.destroy()
      await until(() => gateway.stderr.includes('cannot run the snapshot') || undefined, 'the port to be missed')
      assert.match(gateway.stderr, /EADDRINUSE/)
      other.close()
      await until(() => get(port, '/a').catch(() => undefined), 'it to serve again')
    } finally {
      lock.close()
      other.close()
      await gateway.stop()
      await upstream.close()
    }
  })
})
