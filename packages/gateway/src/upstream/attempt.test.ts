import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type GatewayResponse, HeaderList, Problem, StreamBody } from '@gatewright/policies'
import { Attempt } from './attempt.ts'
import { HandBody, OK, TestExchange, toAnswer, toPool } from './loopback.fixture.ts'
import { stageUpstream } from './upstream-stage.fixture.ts'

const stage = stageUpstream()
const { use, forward, send } = stage

describe('attempt', () => {
  for (const [reason, failures] of [
    ['EMFILE', 0],
    ['EADDRNOTAVAIL', 0],
    ['ECONNREFUSED', 1],
  ] as const) {
    it(`that ends with ${reason} is ${failures === 0 ? 'no failure' : 'a failure'} of its target`, async () => {
      use(() => {})
      let failed = 0
      const { model } = stage.upstream
      const owner = { model, onResult() {}, onFailure: () => void failed++, onBlameless() {} }
      const answered = Promise.withResolvers<GatewayResponse>()
      const attempt = new Attempt(new TestExchange(), { owner, pool: toPool(stage.upstream) }, answered.resolve)
      attempt.onBroken(new Problem('upstream-unreachable', { reason }), 'begun')
      assert.equal((await answered.promise).problem?.reason, reason)
      assert.equal(failed, failures)
    })
  }

  describe('answers', () => {
    for (const [what, answer, expected] of [
      ['with a length', toAnswer('hello'), '200 hello'],
      ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', '200 hello'],
      ['until the end of the connection', 'HTTP/1.1 200 OK\r\n\r\nhello', '200 hello'],
      ['without a body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', '304 '],
      ['after interim ones', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\n\r\n${OK}`, '200 ok'],
      ['cut short', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', '200 hello… upstream-closed'],
      [
        'cut short in chunks',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello',
        '200 hello… upstream-closed',
      ],
      [
        'with a bad chunk',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhellox',
        '200 hello… upstream-malformed',
      ],
      [
        'with a 101 that nobody asked for',
        'HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
        'upstream-malformed unasked-101',
      ],
      [
        'with two lengths',
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
        'upstream-malformed content-length-twice',
      ],
    ] as const) {
      it(`${what}: ${expected}`, async () => {
        use((_, socket) => socket.end(answer))
        assert.equal(await send(), expected)
      })

      it(`${what}, byte by byte: ${expected}`, async () => {
        use((_, socket) => {
          const bytes = [...answer]
          const next = (): void => {
            const byte = bytes.shift()
            if (byte === undefined) socket.end()
            else socket.write(byte, () => setImmediate(next))
          }
          next()
        })
        assert.equal(await send(), expected)
      })
    }

    it('relay interim answers but 100', async () => {
      use((_, socket) => socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: <a>\r\n\r\n${OK}`))
      const exchange = new TestExchange()
      assert.equal(await forward(exchange), '200 ok')
      assert.deepEqual(exchange.interim, [103])
    })

    it('lose the fields that Connection names, and have their Location rewritten nevertheless', async () => {
      use((_, socket) => {
        const fields = `X-Hop: /a\r\nConnection: x-hop, X-Other\r\nX-Other: /b\r\nLocation: ${stage.target.url}/new\r\n`
        socket.write(toAnswer('ok', fields))
      })
      const response = await stage.upstream.forward(new TestExchange({ host: 'api.example.com' }))
      assert.equal(response.headers.get('location'), 'http://api.example.com/new')
      assert.deepEqual([response.headers.has('x-hop'), response.headers.has('x-other')], [false, false])
      response.discard()
    })

    it('that nobody reads end their connection', async () => {
      use((_, socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'))
      const response = await stage.upstream.forward(new TestExchange())
      response.discard()
      await stage.target.until(() => stage.target.openConnections === 0)
    })

    it('wait for who reads slowly, without a loss', async () => {
      const megabytes = 'x'.repeat(3_000_000)
      use((_, socket) => socket.write(toAnswer(megabytes)))
      const response = await stage.upstream.forward(new TestExchange())
      let size = 0
      await new Promise<void>((resolve, reject) => {
        const flow = response.body.pipe({
          write(chunk) {
            size += chunk.length
            setImmediate(() => flow.resume())
            return false
          },
          end: () => resolve(),
          abort: reject,
        })
      })
      assert.equal(size, megabytes.length)
    })
  })

  describe('request bodies', () => {
    it('travel in chunks, with their trailers, where their length is not known', async () => {
      let raw = ''
      use(() => {})
      const body = new HandBody()
      const answered = send({ method: 'POST', body: new StreamBody(body) })
      await stage.target.until(() => stage.target.sockets.length === 1 && stage.target.seen.length === 1)
      const socket = stage.target.sockets[0]
      socket?.removeAllListeners('data')
      const done = new Promise<void>((resolve) => {
        socket?.on('data', (chunk) => {
          raw += chunk.toString('latin1')
          if (raw.endsWith('X-Sum: 1\r\n\r\n')) resolve()
        })
      })
      body.sink?.write(Buffer.from('hello'))
      body.sink?.write(Buffer.alloc(0))
      body.sink?.write(Buffer.from('x'.repeat(300)))
      body.sink?.end(HeaderList.of([['X-Sum', '1']]))
      await done
      assert.equal(raw, `5\r\nhello\r\n12c\r\n${'x'.repeat(300)}\r\n0\r\nX-Sum: 1\r\n\r\n`)
      socket?.write(OK)
      assert.equal(await answered, '200 ok')
    })

    it('need not be sent whole: an early answer counts, and the connection ends', async () => {
      use(() => {})
      const body = new HandBody()
      const answered = send({ method: 'POST', body: new StreamBody(body) })
      await stage.target.until(() => stage.target.seen.length === 1)
      stage.target.sockets[0]?.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
      assert.equal(await answered, '403 no')
      assert.equal(body.isCancelled, true)
      await stage.target.until(() => stage.target.openConnections === 0)
    })

    it('that break off are the client’s problem, and the target never takes them for whole', async () => {
      use(() => {})
      const body = new HandBody(100_000)
      const answered = send({ method: 'POST', body: new StreamBody(body) })
      await stage.target.until(() => stage.target.sockets.length === 1)
      body.sink?.write(Buffer.from('hello'))
      body.sink?.abort(new Problem('request-timeout', { reason: 'body' }))
      assert.equal(await answered, 'request-timeout body')
      await stage.target.until(() => stage.target.openConnections === 0)
      assert.equal(stage.target.seen.length, 0)
    })

    for (const [what, bytes] of [
      ['more', 100_001],
      ['less', 99_999],
    ] as const) {
      it(`that hold ${what} than they say fail that request, and the target reads no second one`, async () => {
        use((_, socket) => socket.write(OK))
        const body = new HandBody(100_000)
        const answered = send({ method: 'POST', body: new StreamBody(body) })
        await stage.target.until(() => stage.target.sockets.length === 1)
        while (body.sink === undefined) await turn()
        body.sink.write(Buffer.alloc(bytes))
        body.sink.end()
        assert.match(await answered, /^unexpected /)
        assert.equal(body.isCancelled, true)
        await stage.target.until(() => stage.target.openConnections === 0)
        assert.equal(stage.target.seen.length, 0)
      })
    }

    it('that are short take a connection when they are whole, and not before', async () => {
      use(({ body }, socket) => socket.write(toAnswer(body)), { pool: { maxConnections: 1, maxWaiting: 0 } })
      const body = new HandBody(5)
      const slow = send({ method: 'POST', body: new StreamBody(body) })
      assert.equal(await send(), '200 ')
      body.sink?.write(Buffer.from('hel'))
      assert.equal(await send(), '200 ')
      body.sink?.write(Buffer.from('lo'))
      body.sink?.end()
      assert.equal(await slow, '200 hello')
    })

    it('that break off before they are whole ask no target', async () => {
      use((_, socket) => socket.write(OK))
      const body = new HandBody(5)
      const answered = send({ method: 'POST', body: new StreamBody(body) })
      body.sink?.write(Buffer.from('hel'))
      body.sink?.abort(new Problem('request-timeout', { reason: 'body' }))
      assert.equal(await answered, 'request-timeout body')
      assert.equal(stage.target.sockets.length, 0)
    })

    it('that came whole may go once more', async () => {
      use(({ connection, ordinal, body }, socket) =>
        connection === 1 && ordinal === 2 ? socket.destroy() : socket.write(toAnswer(body)),
      )
      await send()
      const body = new HandBody(5)
      const answered = send({ method: 'PUT', body: new StreamBody(body) })
      body.sink?.write(Buffer.from('hello'))
      body.sink?.end()
      assert.equal(await answered, '200 hello')
    })

    it('that a policy has read already fail that request, and no other', async () => {
      use((_, socket) => socket.write(OK))
      const body = new StreamBody(new HandBody())
      body.pipe({ write: () => true, end() {}, abort() {} })
      assert.match(await send({ method: 'POST', body }), /^unexpected /)
      assert.equal(await send(), '200 ok')
    })
  })

  describe('time', () => {
    it('ends an attempt that is not answered', async () => {
      use(() => {}, { timeouts: { firstByteMs: 20 } })
      assert.equal(await send(), 'upstream-timeout first-byte')
      await stage.target.until(() => stage.target.openConnections === 0)
    })

    it('ends an answer that stops', async () => {
      use((_, socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'), {
        timeouts: { idleMs: 20 },
      })
      assert.match(await send(), /^200 hello… upstream-/)
    })

    it('ends the wait for a connection', async () => {
      use(() => {}, { timeouts: { connectMs: 20, firstByteMs: 60 }, pool: { maxConnections: 1 } })
      const answers = await Promise.all([send(), send(), send(), send()])
      // A busy machine may take longer than these 20 ms to connect: that ends the wait too.
      for (const answer of answers)
        assert.match(answer, /^upstream-(timeout (first-byte|waiting)|unreachable ETIMEDOUT)$/)
    })

    it('does not run against the target while the client owes its body', async () => {
      use((_, socket) => socket.write(OK), { timeouts: { firstByteMs: 20, idleMs: 20 } })
      const body = new HandBody(100_000)
      const late = send({ method: 'POST', body: new StreamBody(body) })
      // Others that do time out, one after the other, last longer than this one's deadline.
      stage.target.reply = ({ line }, socket) => {
        if (line.startsWith('POST')) socket.write(OK)
      }
      assert.equal(await send(), 'upstream-timeout first-byte')
      assert.equal(await send(), 'upstream-timeout first-byte')
      body.sink?.write(Buffer.alloc(100_000))
      body.sink?.end()
      assert.equal(await late, '200 ok')
    })

    it('ends an attempt with its exchange, and the target sees it', async () => {
      use(() => {})
      const exchange = new TestExchange()
      const answered = forward(exchange)
      await stage.target.until(() => stage.target.seen.length === 1)
      exchange.abort(new Problem('client-left'))
      assert.match(await answered, /^client-left/)
      await stage.target.until(() => stage.target.openConnections === 0)
    })

    it('begins nothing for an exchange that has ended', async () => {
      use(() => {})
      const exchange = new TestExchange()
      exchange.abort(new Problem('client-left'))
      assert.match(await forward(exchange), /^client-left/)
      assert.equal(stage.target.sockets.length, 0)
    })
  })
})
