/** Owns the proof that a thread that dies is replaced, takes only its own connections with it, and leaves the shared counters exact. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findFailures } from './harness/batches.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

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
      - { id: fatal, path: /fatal, policies: [{ policy: end-thread, options: {} }] }
      - { id: limited, path: /limited, policies: [{ policy: rate-limit, options: { limit: ${LIMIT}, windowSeconds: 3600 } }] }
      - { id: rest, path: "/{rest+}" }
`

describe('a thread that dies', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway

  // One each: a thread that dies again and again is restarted later and later.
  beforeEach(async () => {
    upstream = await listenAsWitness()
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
    const { text = '{}' } = (await gateway.status('snapshot')) ?? {}
    const { threads = [] } = JSON.parse(text) as { threads?: { version: number }[] }
    return (threads.length === 2 && threads.every(({ version }) => version > 0)) || undefined
  }

  /** Ends whichever thread takes the connection; resolves when the connection broke. */
  async function endThread(): Promise<void> {
    const client = await RawClient.connect(gateway.port)
    await client.write('GET /fatal HTTP/1.1\r\nHost: a\r\n\r\n')
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
  })

  it('leaves the other threads serving', async () => {
    // Enough connections that both threads have some.
    const clients = await Promise.all(Array.from({ length: 32 }, () => RawClient.connect(gateway.port)))
    for (const client of clients) {
      await client.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.equal((await client.getAnswer()).status, 200)
    }
    await endThread()
    const survivors = []
    for (const client of clients) {
      await client.write('GET /b HTTP/1.1\r\nHost: a\r\n\r\n')
      const answer = await client.nextAnswer()
      if (answer?.status === 200) survivors.push(client)
      client.close()
    }
    assert.ok(
      survivors.length > 0 && survivors.length < clients.length,
      `${survivors.length} of ${clients.length} survived`,
    )
  })
})
