/** Owns the proof that SIGTERM ends the process without a reset, and that a second instance does not steal traffic. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findField } from './harness/answer.ts'
import { forwardAll } from './harness/configurations.ts'
import { until, within } from './harness/deadline.ts'
import { spawnGateway, startGateway } from './harness/gateway.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { listenAsWitness, RawUpstream } from './harness/raw-upstream.ts'

describe('SIGTERM', () => {
  it('lets requests under way finish, closes idle connections in order, and ends with 0', async () => {
    const upstream = await RawUpstream.listen({})
    const gateway = await startGateway({ yaml: forwardAll(upstream.url), threads: 2 })
    try {
      const idle = await Promise.all(Array.from({ length: 10 }, () => RawClient.connect(gateway.port)))
      const busy = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const client = await RawClient.connect(gateway.port)
          await client.write(`GET /busy/${i} HTTP/1.1\r\nHost: a\r\n\r\n`)
          await upstream.connectionThat(
            ({ requests }) => requests.at(-1)?.target === `/busy/${i}`,
            'the request at the upstream',
          )
          return client
        }),
      )
      gateway.child.kill('SIGTERM')
      await until(async () => !(await gateway.isReady()) || undefined, 'not ready')
      for (const { requests, socket } of upstream.connections)
        if (requests.length > 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
      for (const client of busy) {
        const answer = await client.getAnswer()
        assert.deepEqual(
          [answer.status, answer.body.toString(), findField(answer, 'connection')],
          [200, 'done', 'close'],
        )
        assert.equal(await client.end(), 'end')
        client.close()
      }
      for (const client of idle) {
        assert.equal(await client.end(), 'end')
        client.close()
      }
      assert.equal(await within(gateway.exited, 'the process to end', 30_000), 0)
    } finally {
      await gateway.stop()
      await upstream.close()
    }
  })

  it('fails nobody while it says that it is not ready, so that a load balancer has time to notice', async () => {
    const upstream = await listenAsWitness()
    const gateway = await startGateway({ yaml: forwardAll(upstream.url), threads: 2 })
    try {
      let isNoticed = false
      let answered = 0
      /** One new connection after the other, as a load balancer makes them until it notices. */
      const load = async () => {
        while (!isNoticed) {
          assert.equal((await get(gateway.port, '/a')).status, 200)
          answered++
        }
      }
      const loads = Promise.all(Array.from({ length: 8 }, load))
      await Promise.race([loads, until(() => answered > 300 || undefined, 'some load')])
      gateway.child.kill('SIGTERM')
      await until(async () => !(await gateway.isReady()) || undefined, 'not ready')
      const before = answered
      await Promise.race([loads, until(() => answered > before + 100 || undefined, 'answers while it drains')])
      isNoticed = true
      await loads
      assert.equal(await within(gateway.exited, 'the process to end', 30_000), 0)
    } finally {
      await gateway.stop()
      await upstream.close()
    }
  })
})

describe('a second instance', () => {
  it('is refused in one clear line, and the first keeps all its traffic', async () => {
    const upstream = await listenAsWitness()
    const first = await startGateway({ yaml: forwardAll(upstream.url), threads: 2 })
    const second = await spawnGateway({ yaml: forwardAll('http://127.0.0.1:9'), threads: 2, port: first.port })
    try {
      assert.equal(await within(second.exited, 'the second to end'), 1)
      const lines = second.stderr.trim().split('\n')
      assert.equal(lines.length, 1, second.stderr)
      assert.match(lines[0] ?? '', /EADDRINUSE|in use/)
      assert.match(lines[0] ?? '', new RegExp(`${first.port}`))
      for (let i = 0; i < 50; i++) assert.equal((await get(first.port, '/a')).status, 200)
    } finally {
      await second.stop()
      await first.stop()
      await upstream.close()
    }
  })
})
