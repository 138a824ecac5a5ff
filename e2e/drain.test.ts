/** Owns the proof that SIGTERM ends the process without a reset, and that a second instance does not steal traffic. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findField } from './harness/answer.ts'
import { forwardAll } from './harness/configurations.ts'
import { until, within } from './harness/deadline.ts'
import { spawnGateway, startGateway } from './harness/gateway.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { listenAsWitness, RawUpstream } from './harness/raw-upstream.ts'

describe('SIGTERM', () => {
  it('lets requests under way finish, closes idle connections in order, and ends with 0', async (test) => {
    const upstream = await RawUpstream.listen({})
    test.after(() => upstream.close())
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
    }
  })

  it('fails nobody while it says that it is not ready, so that a load balancer has time to notice', async (test) => {
    const upstream = await listenAsWitness()
    test.after(() => upstream.close())
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
    }
  })
})

describe('the deadline of a drain', () => {
  let upstream: RawUpstream

  before(async () => {
    upstream = await RawUpstream.listen({
      onRequest({ target }, { socket }) {
        if (target === '/length') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
        if (target === '/close') socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello')
      },
    })
  })
  after(() => upstream.close())

  it('ends what never ends: no client takes half an answer for a whole one, the records say why, the exit code is 0', async () => {
    const log = '{ file: ./access.log }'
    const gateway = await startGateway({
      yaml: forwardAll(upstream.url).replace('accessLog: off', `accessLog: ${log}`),
      threads: 2,
      args: ['--drain-delay', '0', '--drain-timeout', '200'],
    })
    try {
      const send = async (target: string, version: string, awaited: string) => {
        const client = await RawClient.connect(gateway.port)
        await client.write(`GET ${target} HTTP/${version}\r\nHost: a\r\n\r\n`)
        if (awaited !== '') await client.has(awaited)
        else await upstream.connectionThat(({ requests }) => requests.at(-1)?.target === target, 'it at the upstream')
        return client
      }
      const unanswered = await send('/nothing', '1.1', '')
      const half = await send('/length', '1.1', 'hello')
      // Nothing but the end of the connection delimits this one.
      const endless = await send('/close', '1.0', 'hello')
      gateway.child.kill('SIGTERM')
      await unanswered.end()
      assert.equal(unanswered.received.length, 0)
      assert.equal(await half.end(), 'reset')
      assert.equal(await endless.end(), 'reset')
      assert.equal(await within(gateway.exited, 'the process to end'), 0)
      assert.match(gateway.stderr, /the deadline passed: what was still open is cut off/)
      const records = (await readFile(join(gateway.folder, 'access.log'), 'utf8')).trim().split('\n')
      const told = records.map(
        (line) => JSON.parse(line) as { path: string; status: number; problem?: string; ended: string },
      )
      assert.deepEqual(told.map(({ path, status, ended }) => `${path} ${status} ${ended}`).sort(), [
        '/close 200 drain-timeout',
        '/length 200 drain-timeout',
        '/nothing 503 drain-timeout',
      ])
      assert.equal(told.find(({ path }) => path === '/nothing')?.problem, 'drain-timeout')
    } finally {
      await gateway.stop()
    }
  })

  for (const first of ['SIGTERM', 'SIGINT'] as const) {
    for (const second of ['SIGTERM', 'SIGINT'] as const) {
      it(`is not waited for when ${second} comes after ${first}`, async () => {
        const gateway = await startGateway({
          yaml: forwardAll(upstream.url),
          // So long that only the second signal can be what ends it.
          args: ['--drain-delay', '600000', '--drain-timeout', '600000'],
        })
        try {
          const client = await RawClient.connect(gateway.port)
          await client.write('GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n')
          await upstream.connectionThat(({ requests }) => requests.at(-1)?.target === '/nothing', 'it at the upstream')
          gateway.child.kill(first)
          await until(async () => !(await gateway.isReady()) || undefined, 'not ready')
          gateway.child.kill(second)
          assert.equal(await within(gateway.exited, 'the process to end'), 130)
          await client.end()
          assert.equal(client.received.length, 0)
        } finally {
          await gateway.stop()
        }
      })
    }
  }

  it('comes after the delay, in which it is not ready, accepts, and closes every connection behind its answer', async () => {
    const witness = await listenAsWitness()
    const gateway = await startGateway({
      yaml: forwardAll(witness.url),
      threads: 2,
      args: ['--drain-delay', '600000'],
    })
    try {
      const kept = await RawClient.connect(gateway.port)
      const request = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n'
      await kept.write(request)
      assert.equal(findField(await kept.getAnswer(), 'connection'), undefined)
      gateway.child.kill('SIGTERM')
      const { status, text } = await until(async () => {
        const answer = await gateway.status('readyz')
        return answer?.status === 200 ? undefined : answer
      }, 'not ready')
      assert.deepEqual([status, text], [503, 'draining\n'])
      assert.equal((await gateway.status('livez'))?.status, 200)
      // New connections, on either thread; both have heard of the drain once so many in a row say so.
      await until(async () => {
        for (let i = 0; i < 20; i++) {
          const client = await RawClient.connect(gateway.port)
          await client.write(request)
          const { status, ...answer } = await client.getAnswer()
          assert.equal(status, 200)
          if (findField(answer, 'connection') !== 'close') return undefined
          assert.equal(await client.end(), 'end')
          client.close()
        }
        return true
      }, 'every new connection to be closed behind its answer')
      await kept.write(request)
      const answer = await kept.getAnswer()
      assert.deepEqual([answer.status, findField(answer, 'connection')], [200, 'close'])
      assert.equal(await kept.end(), 'end')
      kept.close()
    } finally {
      await gateway.stop()
      await witness.close()
    }
  })
})

describe('a log that nobody reads', () => {
  it('does not keep a gateway from ending', async () => {
    const gateway = await startGateway({ yaml: forwardAll('http://127.0.0.1:9'), args: ['--drain-delay', '0'] })
    try {
      gateway.child.stderr?.pause()
      // Many times what a pipe holds: each key is a line of the log.
      const faults = Array.from({ length: 5000 }, (_, i) => `${'unknown'.repeat(10)}${i}: 1`)
      await gateway.rewrite(`gatewright: 1\n${faults.join('\n')}\n`)
      await until(async () => (await gateway.snapshot())?.configuration.fault ?? undefined, 'the faults')
      gateway.child.kill('SIGTERM')
      assert.equal(await within(gateway.exited, 'the end'), 0)
    } finally {
      await gateway.stop()
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
