/** Owns the proof that an upstream that is silent is given up in time, at each stage with the status, the code and the reason that say where it was. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findProblemCode } from './harness/answer.ts'
import { checkEvery } from './harness/batches.ts'
import { until } from './harness/deadline.ts'
import { type FullBacklog, listenWithFullBacklog } from './harness/full-backlog.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { RawClient } from './harness/raw-client.ts'
import { RawUpstream } from './harness/raw-upstream.ts'

interface AccessRecord {
  readonly path: string
  readonly status: number
  readonly upstreamStatus?: number
  readonly problem?: string
  readonly reason?: string
  readonly ended?: string
}

const configure = (silent: string, full: string) => `gatewright: 1
accessLog: { file: ./access.log }
upstreams:
  - { id: silent, targets: ["${silent}"], timeouts: { firstByteMs: 300, idleMs: 300 } }
  - { id: narrow, targets: ["${silent}"], timeouts: { firstByteMs: 300 }, pool: { maxConnections: 1 } }
  - { id: full, targets: ["${full}"], timeouts: { connectMs: 300 } }
apis:
  - id: all
    basePath: /
    upstream: silent
    routes:
      - { id: full, path: "/full/{rest+}", upstream: full }
      - { id: narrow, path: "/narrow/{rest+}", upstream: narrow }
      - { id: rest, path: "/{rest+}" }
`

describe('an upstream that is silent', () => {
  let upstream: RawUpstream
  let backlog: FullBacklog
  let gateway: RunningGateway

  before(async () => {
    backlog = await listenWithFullBacklog()
    upstream = await RawUpstream.listen({
      onData({ seen, socket }) {
        if (seen.includes('/unread')) socket.pause()
      },
      onRequest({ target }, { socket }) {
        if (target === '/fine') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        if (target === '/interim') socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
        if (target === '/half-a-head') socket.write('HTTP/1.1 200 OK\r\nContent-')
        if (target === '/half-a-body') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
        if (target === '/half-a-chunk') socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe')
        if (target === '/no-end') socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello')
      },
    })
    gateway = await startGateway({ yaml: configure(upstream.url, backlog.url), threads: 2 })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    await backlog?.close()
  })

  function recordOf(path: string): Promise<AccessRecord> {
    return until(async () => {
      // It is read while it is written: the last line may be a part of one.
      const lines = (await readFile(join(gateway.folder, 'access.log'), 'utf8')).split('\n').slice(0, -1)
      const records = lines.map((line) => JSON.parse(line) as AccessRecord)
      return records.find((record) => record.path === path)
    }, `the record of ${path}`)
  }

  const toFacts = ({ status, upstreamStatus, problem, reason, ended }: AccessRecord) => ({
    status,
    upstreamStatus,
    problem,
    reason,
    ended,
  })

  /** Asks on `client`, and then proves that the connection goes on as if nothing had been. */
  async function ask(
    path: string,
    bytes = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
  ): Promise<[number, string | undefined]> {
    const client = await RawClient.connect(gateway.port)
    await client.write(bytes)
    const answer = await client.getAnswer()
    await client.write('GET /fine HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.equal((await client.getAnswer()).body.toString(), 'ok')
    client.close()
    return [answer.status, findProblemCode(answer)]
  }

  it('while it is connected to is unreachable: 502, for each of many who wait', async () => {
    await checkEvery(
      Array.from({ length: 12 }, (_, index) => `/full/${index}`),
      async (path) => {
        assert.deepEqual(await ask(path), [502, 'upstream-unreachable'])
        assert.deepEqual(toFacts(await recordOf(path)), {
          status: 502,
          upstreamStatus: 0,
          problem: 'upstream-unreachable',
          reason: 'ETIMEDOUT',
          ended: undefined,
        })
      },
    )
  })

  for (const path of ['/nothing', '/interim', '/half-a-head']) {
    it(`before an answer's head is whole (${path}) is too late: 504`, async () => {
      assert.deepEqual(await ask(path), [504, 'upstream-timeout'])
      assert.deepEqual(toFacts(await recordOf(path)), {
        status: 504,
        upstreamStatus: 0,
        problem: 'upstream-timeout',
        reason: 'first-byte',
        ended: undefined,
      })
      await upstream.connectionThat(
        ({ requests, isClosed }) => isClosed && requests.at(-1)?.target === path,
        'its connection to be closed',
      )
    })
  }

  it('while another has the only connection is too late for who waits, too: 504', async () => {
    const [first, second] = ['/narrow/first', '/narrow/second']
    const answers = await Promise.all([first, second].map((path) => ask(path)))
    assert.deepEqual(answers, [
      [504, 'upstream-timeout'],
      [504, 'upstream-timeout'],
    ])
  })

  it('about a request that it does not read is too late: 504', async () => {
    const client = await RawClient.connect(gateway.port)
    const length = 16_000_000
    // Nobody reads it: what fits into buffers on the way is all that is ever taken.
    void client.write(`PUT /unread HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`)
    void client.write(Buffer.alloc(length, 'x'))
    const answer = await client.getAnswer()
    assert.deepEqual([answer.status, findProblemCode(answer)], [504, 'upstream-timeout'])
    client.reset()
    const { problem, ended } = await recordOf('/unread')
    assert.deepEqual([problem, ended], ['upstream-timeout', undefined])
  })

  for (const path of ['/half-a-body', '/half-a-chunk', '/no-end']) {
    it(`in the middle of an answer (${path}) breaks it off, so that nobody takes it for whole`, async () => {
      const client = await RawClient.connect(gateway.port)
      // HTTP/1.0 has no chunks: there, only a reset tells that the end is none.
      await client.write(`GET ${path} HTTP/${path === '/no-end' ? '1.0' : '1.1'}\r\nHost: a\r\n\r\n`)
      assert.equal(await client.nextAnswer(), undefined)
      assert.equal(client.ended, 'reset')
      client.close()
      assert.deepEqual(toFacts(await recordOf(path)), {
        status: 200,
        upstreamStatus: 200,
        problem: undefined,
        reason: undefined,
        ended: 'upstream-broke',
      })
    })
  }
})
