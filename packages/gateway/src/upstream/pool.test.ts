import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Problem, StreamBody } from '@gatewright/policies'
import { HandBody, OK, type Reply, TestExchange, toAnswer, toPool } from './loopback.fixture.ts'
import { stageUpstream } from './upstream-stage.fixture.ts'

const stage = stageUpstream()
const { use, forward, send, passSeconds } = stage

describe('pool', () => {
  describe('a connection that a slow client holds while others wait', () => {
    const answerLong: Reply = ({ line }, socket) => {
      if (line.includes('/long')) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n`)
      if (line.includes('/long')) socket.write(Buffer.alloc(8_388_608))
      else if (!line.includes('/silent')) socket.write(OK)
    }

    /** Takes nothing of what comes; `begun` once something did, `end` is how it ended. */
    function askWithoutReading(exchange: TestExchange) {
      const begun = Promise.withResolvers<void>()
      const end = Promise.withResolvers<unknown>()
      const write = (): boolean => {
        begun.resolve()
        return false
      }
      let isBroken = false
      const abort = (reason: unknown): void => {
        isBroken = true
        end.resolve(reason)
      }
      void Promise.resolve(stage.upstream.forward(exchange)).then(({ body }) =>
        body.pipe({ write, end: () => end.resolve('whole'), abort }),
      )
      return { begun: begun.promise, end: end.promise, isBroken: () => isBroken }
    }

    it('is taken back when the client takes too little of its answer, and that says nothing about the target', async () => {
      use(answerLong, { pool: { maxConnections: 1 }, health: { passive: { failures: 1, ejectMs: 60_000 } } })
      const unread = askWithoutReading(new TestExchange({ target: '/long' }))
      await unread.begun
      const other = send()
      passSeconds(12, unread.isBroken)
      const broken = Problem.from(await unread.end)
      assert.equal(`${broken.code} ${broken.reason}`, 'upstream-overloaded slow-client')
      assert.equal(await other, '200 ok')
      assert.equal(await send(), '200 ok')
    })

    it('is taken back when the client brings too little of its request', async () => {
      use(answerLong, { pool: { maxConnections: 1 } })
      const body = new HandBody()
      const upload = forward(new TestExchange({ method: 'POST', target: '/silent', body: new StreamBody(body) }))
      while (body.sink === undefined) await turn()
      body.sink.write(Buffer.from('a'))
      const other = send()
      passSeconds(12, () => body.isCancelled)
      assert.equal(await upload, 'upstream-overloaded slow-client')
      assert.equal(body.isCancelled, true)
      assert.equal(await other, '200 ok')
    })

    it('leaves the target its pipelining, and breaks no other answer off for somebody who is being connected', async () => {
      use(answerLong, { pool: { maxConnections: 2, pipelining: 4 } })
      const exchanges = ['/long', '/long'].map((target) => new TestExchange({ target }))
      const unread = exchanges.map(askWithoutReading)
      for (const { begun } of unread) await begun
      const behind = [send({ method: 'POST' })]
      // And two seconds more, for which the new connection is opening, since no event loop turns meanwhile.
      let more = 0
      passSeconds(14, () => unread.some(({ isBroken }) => isBroken()) && ++more > 2)
      assert.equal(toPool(stage.upstream).refusesPipelining, false)
      assert.equal(unread.filter(({ isBroken }) => isBroken()).length, 1)
      for (const exchange of exchanges) exchange.abort(new Problem('client-left'))
      await Promise.all([...unread.map(({ end }) => end), ...behind])
    })

    it('is left to it while nobody waits', async () => {
      use(answerLong, { pool: { maxConnections: 1 } })
      const exchange = new TestExchange({ target: '/long' })
      const unread = askWithoutReading(exchange)
      await unread.begun
      passSeconds(30)
      assert.equal(await Promise.race([unread.end, 'left to it']), 'left to it')
      exchange.abort(new Problem('client-left'))
    })

    it('is left to it while the target is what is slow', async () => {
      use(answerLong, { pool: { maxConnections: 1 } })
      const exchange = new TestExchange({ target: '/silent' })
      const silent = forward(exchange)
      await stage.target.until(() => stage.target.seen.length === 1)
      const other = send()
      passSeconds(30)
      exchange.abort(new Problem('client-left'))
      assert.match(await silent, /^client-left/)
      assert.equal(await other, '200 ok')
    })
  })

  describe('connections', () => {
    it('are used again', async () => {
      use((_, socket) => socket.write(OK))
      for (let i = 0; i < 3; i++) assert.equal(await send(), '200 ok')
      assert.deepEqual(
        stage.target.seen.map(({ connection, ordinal }) => [connection, ordinal]),
        [
          [1, 1],
          [1, 2],
          [1, 3],
        ],
      )
    })

    const diesOnSecond: Reply = ({ connection, ordinal }, socket) =>
      connection === 1 && ordinal === 2 ? socket.destroy() : socket.write(OK)

    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
      it(`that are stale do not fail a ${method}: it goes once more, on a fresh one`, async () => {
        use((request, socket) => {
          if (request.line.startsWith('HEAD')) {
            if (request.connection === 1 && request.ordinal === 2) socket.destroy()
            else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n')
          } else diesOnSecond(request, socket)
        })
        await send({ method })
        const body = method === 'PUT' ? { body: 'replayed' } : {}
        assert.equal(await send({ method, ...body }), method === 'HEAD' ? '200 ' : '200 ok')
        assert.deepEqual(
          stage.target.seen.map(({ connection }) => connection),
          [1, 1, 2],
        )
        assert.equal(stage.target.seen[2]?.body, method === 'PUT' ? 'replayed' : '')
      })
    }

    for (const method of ['POST', 'PATCH']) {
      it(`that are stale fail a ${method}: nobody knows what became of it`, async () => {
        use(diesOnSecond)
        await send({ method })
        assert.match(await send({ method }), /^upstream-closed /)
        assert.equal(stage.target.seen.length, 2)
      })
    }

    it('that die fresh fail the request: that is an attempt', async () => {
      use((_, socket) => socket.destroy())
      assert.match(await send(), /^upstream-closed /)
      assert.equal(stage.target.seen.length, 1)
    })

    it('are replaced once and no more', async () => {
      use(({ connection, ordinal }, socket) =>
        connection === 1 && ordinal === 1 ? socket.write(OK) : socket.destroy(),
      )
      await send()
      assert.match(await send(), /^upstream-closed /)
      assert.equal(stage.target.seen.length, 3)
    })

    for (const [what, bytes] of [
      ['a byte of an answer', 'H'],
      ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ] as const) {
      it(`that die after ${what} are not stale`, async () => {
        use(({ ordinal }, socket) => (ordinal === 1 ? socket.write(OK) : socket.end(bytes)))
        await send()
        assert.match(await send(), /^upstream-closed /)
        assert.equal(stage.target.seen.length, 2)
      })
    }

    it('do not send a streaming body twice', async () => {
      use(diesOnSecond)
      await send()
      const body = new HandBody(100_000)
      const answered = send({ method: 'PUT', body: new StreamBody(body) })
      body.sink?.write(Buffer.alloc(100_000))
      body.sink?.end()
      assert.match(await answered, /^upstream-closed /)
      assert.equal(stage.target.seen.length, 2)
    })

    for (const [what, answer] of [
      ['bytes behind an answer', `${OK}x`],
      ['a second answer', OK + OK],
      ['a body where there is none', 'HTTP/1.1 204 No Content\r\n\r\nok'],
    ] as const) {
      it(`with ${what} are not used again`, async () => {
        use((_, socket) => socket.write(answer))
        assert.match(await send(), /^20[04] /)
        assert.match(await send(), /^20[04] /)
        assert.deepEqual(
          stage.target.seen.map(({ connection }) => connection),
          [1, 2],
        )
      })
    }

    it('on which bytes come while nobody asked are closed', async () => {
      use((_, socket) => socket.write(OK))
      await send()
      stage.target.sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison')
      await stage.target.until(() => stage.target.openConnections === 0)
      assert.equal(await send(), '200 ok')
    })

    for (const [what, head] of [
      ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
      ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
      ['a time-out of a second', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1, max=5\r\nContent-Length: 2\r\n\r\nok'],
    ] as const) {
      it(`with ${what} are closed after the answer`, async () => {
        use((_, socket) => socket.write(head))
        assert.equal(await send(), '200 ok')
        await stage.target.until(() => stage.target.openConnections === 0)
      })
    }

    it("wait a second less than the target's Keep-Alive time-out, and never longer than ours", async () => {
      const answers = [3, 1000].map((seconds) => toAnswer('ok', `Keep-Alive: timeout=${seconds}\r\n`))
      use(({ ordinal }, socket) => socket.write(answers[ordinal - 1] ?? OK), { pool: { idleMs: 10_000 } })
      await send()
      assert.equal(toPool(stage.upstream).idle[0]?.idleMs, 2000)
      await send()
      assert.equal(toPool(stage.upstream).idle[0]?.idleMs, 10_000)
    })

    it('end when no snapshot uses the upstream any more: unused ones at once, busy ones after their answer', async () => {
      let answer = (): void => {}
      use(({ line }, socket) => {
        if (line.includes('/slow')) answer = () => void socket.write(OK)
        else socket.write(OK)
      })
      const slow = send({ target: '/slow' })
      await stage.target.until(() => stage.target.seen.length === 1)
      await send()
      stage.upstream.retire()
      await stage.target.until(() => stage.target.openConnections === 1)
      answer()
      assert.equal(await slow, '200 ok')
      await stage.target.until(() => stage.target.openConnections === 0)
    })
  })

  describe('limits', () => {
    it('have at most so many connections; the others wait their turn', async () => {
      use((_, socket) => setImmediate(() => socket.write(OK)), { pool: { maxConnections: 2 } })
      const answers = await Promise.all(Array.from({ length: 20 }, () => send()))
      assert.deepEqual([...new Set(answers)], ['200 ok'])
      assert.equal(stage.target.sockets.length, 2)
    })

    it('serve who waits in the order of coming', async () => {
      use(({ line }, socket) => socket.write(toAnswer(line)), { pool: { maxConnections: 1 } })
      const paths = Array.from({ length: 10 }, (_, i) => `/${i}`)
      const done: string[] = []
      await Promise.all(paths.map(async (path) => done.push(await send({ target: path }))))
      assert.deepEqual(
        done,
        paths.map((path) => `200 GET ${path} HTTP/1.1`),
      )
    })

    it('refuse what finds the queue full', async () => {
      use((_, socket) => socket.write(OK), { pool: { maxConnections: 1, maxWaiting: 1 } })
      const answers = await Promise.all([send(), send(), send()])
      assert.deepEqual(answers, ['200 ok', '200 ok', 'upstream-overloaded queue-full'])
    })

    it('open a connection for each that waits, when those before cannot be opened', async () => {
      use(() => {}, { pool: { maxConnections: 1 } })
      const { url } = stage.target
      await stage.target.close()
      const answers = await Promise.all([send(), send(), send()])
      assert.deepEqual([...new Set(answers)], ['upstream-unreachable ECONNREFUSED'])
      await stage.listen()
      assert.notEqual(stage.target.url, url)
    })

    it('open a connection for those that wait when one that was busy ends', async () => {
      use((_, socket) => socket.end(toAnswer('bye', 'Connection: close\r\n')), { pool: { maxConnections: 1 } })
      const answers = await Promise.all(Array.from({ length: 5 }, () => send()))
      assert.deepEqual([...new Set(answers)], ['200 bye'])
      assert.equal(stage.target.sockets.length, 5)
    })

    it('give up the place of who left the queue', async () => {
      let answer = (): void => {}
      use(
        ({ ordinal }, socket) => {
          if (ordinal === 1) answer = () => void socket.write(OK)
          else socket.write(OK)
        },
        { pool: { maxConnections: 1 } },
      )
      const first = send()
      const leaver = new TestExchange({ target: '/left' })
      const left = forward(leaver)
      const last = send({ target: '/last' })
      await stage.target.until(() => stage.target.seen.length === 1)
      leaver.abort(new Problem('client-left'))
      assert.match(await left, /^client-left/)
      answer()
      assert.deepEqual(await Promise.all([first, last]), ['200 ok', '200 ok'])
      assert.deepEqual(
        stage.target.seen.map(({ line }) => line),
        ['GET / HTTP/1.1', 'GET /last HTTP/1.1'],
      )
    })
  })
})
