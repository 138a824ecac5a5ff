import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Caller, Problem } from '@gatewright/policies'
import { OK, sayResponse, TestExchange, toAnswer, toPool } from './loopback.fixture.ts'
import { stageUpstream } from './upstream-stage.fixture.ts'

const stage = stageUpstream()
const { use, forward, send } = stage
const toCaller = (id: string): Caller => ({ id, credential: { kind: 'key', id } })

describe('connection to a target', () => {
  for (const method of ['GET', 'POST']) {
    it(`gives a second answer to nobody, though it is read when the connection has gone on to a waiting ${method}`, async () => {
      // Head and body fill the read buffer to its last byte: what is behind them comes with the next read.
      const head = 'HTTP/1.1 200 OK\r\nContent-Length: 65490\r\n\r\n'
      const first = head.replace('65490', String(65_536 - head.length)) + 'v'.repeat(65_536 - head.length)
      let release = (): void => {}
      use(
        ({ line }, socket) => {
          if (line.includes('/twice')) release = () => void socket.write(first + toAnswer('stray'))
          else socket.write(toAnswer(line))
        },
        { pool: { maxConnections: 1 } },
      )
      const twice = send({ target: '/twice' })
      await stage.target.until(() => stage.target.seen.length === 1)
      const waiting = send({ target: '/waiting', method })
      release()
      assert.equal((await twice).slice(0, 7), '200 vvv')
      assert.equal(await waiting, `200 ${method} /waiting HTTP/1.1`)
      assert.equal(stage.target.sockets.length, 2)
    })
  }

  describe('pipelining', () => {
    /** Holds back all answers until it is told. */
    function holdBack(): () => void {
      const held: (() => void)[] = []
      use(({ line }, socket) => held.push(() => socket.write(toAnswer(line))), {
        pool: { maxConnections: 1, pipelining: 8 },
      })
      return () => {
        for (const answer of held.splice(0)) answer()
      }
    }

    /** It opens the connection that the others then share. */
    const openFirst = (caller?: Caller): Promise<string> => forward(new TestExchange({ target: '/first' }, caller))

    it('gives each request its own answer, in order', async () => {
      const release = holdBack()
      const first = openFirst()
      await stage.target.until(() => stage.target.seen.length === 1)
      const others = ['/a', '/b', '/c'].map((path) => send({ target: path }))
      await stage.target.until(() => stage.target.seen.length === 4)
      release()
      assert.deepEqual(await Promise.all([first, ...others]), [
        '200 GET /first HTTP/1.1',
        '200 GET /a HTTP/1.1',
        '200 GET /b HTTP/1.1',
        '200 GET /c HTTP/1.1',
      ])
      assert.equal(stage.target.sockets.length, 1)
    })

    it('puts nothing behind others that must not be sent twice', async () => {
      const release = holdBack()
      const first = openFirst()
      await stage.target.until(() => stage.target.seen.length === 1)
      const get = send({ target: '/get' })
      await stage.target.until(() => stage.target.seen.length === 2)
      const post = send({ method: 'POST', target: '/post' })
      release()
      await Promise.all([first, get])
      await stage.target.until(() => stage.target.seen.length === 3)
      release()
      assert.equal(await post, '200 POST /post HTTP/1.1')
    })

    it('lets nobody wait for the answer to another caller', async () => {
      const release = holdBack()
      const first = openFirst(toCaller('anna'))
      await stage.target.until(() => stage.target.seen.length === 1)
      const mine = forward(new TestExchange({ target: '/mine' }, toCaller('anna')))
      await stage.target.until(() => stage.target.seen.length === 2)
      const other = forward(new TestExchange({ target: '/other' }, toCaller('bert')))
      release()
      await Promise.all([first, mine])
      await stage.target.until(() => stage.target.seen.length === 3)
      release()
      assert.equal(await other, '200 GET /other HTTP/1.1')
    })

    it('sends those again whose connection ended before their turn, and then one at a time', async () => {
      let held: (() => void) | undefined
      use(
        ({ connection, ordinal, line }, socket) => {
          if (connection > 1) socket.write(toAnswer(line))
          else if (ordinal === 4) held?.()
          else if (ordinal === 1) held = () => socket.end(toAnswer(line))
        },
        { pool: { maxConnections: 1, pipelining: 8 } },
      )
      const first = openFirst()
      await stage.target.until(() => stage.target.seen.length === 1)
      const others = ['/a', '/b', '/c'].map((path) => send({ target: path }))
      assert.deepEqual(await Promise.all([first, ...others]), [
        '200 GET /first HTTP/1.1',
        '200 GET /a HTTP/1.1',
        '200 GET /b HTTP/1.1',
        '200 GET /c HTTP/1.1',
      ])
      assert.equal(toPool(stage.upstream).refusesPipelining, true)
    })

    /** Opens the connection with `/first`, and puts these behind it; the target answers when it has seen all. */
    async function sendTogether(reply: (line: string) => string | undefined, ...paths: string[]) {
      const held: (() => void)[] = []
      use(
        ({ connection, line }, socket) => {
          const answer = (): void => {
            const text = connection > 1 ? toAnswer(`${line} again`) : reply(line.split(' ')[1] ?? '')
            if (text !== undefined) socket.write(text)
          }
          if (connection > 1) answer()
          else held.push(answer)
        },
        { pool: { maxConnections: 1, pipelining: 8 } },
      )
      const exchanges = ['/first', ...paths].map((path) => new TestExchange({ target: path }))
      const answers: Promise<string>[] = []
      for (const exchange of exchanges) {
        answers.push(forward(exchange))
        await stage.target.until(() => stage.target.seen.length === answers.length)
      }
      const release = (): void => {
        for (const answer of held.splice(0)) answer()
      }
      return { exchanges, answers, release }
    }

    for (const [at, left] of [
      [0, '/first'],
      [1, '/a'],
      [2, '/b'],
    ] as const) {
      it(`goes on for the others when the client of ${left} left: its answer is dropped, and the connection ends behind them`, async () => {
        const { exchanges, answers, release } = await sendTogether((path) => toAnswer(path), '/a', '/b')
        exchanges[at]?.abort(new Problem('client-left'))
        assert.match((await answers[at]) ?? '', /^client-left/)
        release()
        const others = ['/first', '/a', '/b'].filter((path) => path !== left)
        assert.deepEqual(
          (await Promise.all(answers)).filter((_, i) => i !== at),
          others.map((path) => `200 ${path}`),
        )
        assert.equal(stage.target.sockets.length, 1)
        await stage.target.until(() => stage.target.openConnections === 0)
        assert.equal(toPool(stage.upstream).refusesPipelining, false)
      })
    }

    for (const [what, first] of [
      ['too long', toAnswer('x'.repeat(70_000))],
      [
        'too long, in chunks',
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n${'x'.repeat(70_000)}\r\n`,
      ],
      ['without an end', 'HTTP/1.1 200 OK\r\n\r\nx'],
    ] as const) {
      it(`sends the others again when the answer that nobody wants is ${what}`, async () => {
        const { exchanges, answers, release } = await sendTogether(
          (path) => (path === '/first' ? first : undefined),
          '/a',
          '/b',
        )
        exchanges[0]?.abort(new Problem('client-left'))
        release()
        assert.deepEqual(await Promise.all(answers.slice(1)), [
          '200 GET /a HTTP/1.1 again',
          '200 GET /b HTTP/1.1 again',
        ])
      })
    }

    it('puts nobody behind an answer that nobody waits for', async () => {
      const { exchanges, answers, release } = await sendTogether((path) => toAnswer(path), '/a')
      exchanges[0]?.abort(new Problem('client-left'))
      const late = send({ target: '/late' })
      release()
      assert.equal(await answers[1], '200 /a')
      assert.equal(await late, '200 GET /late HTTP/1.1 again')
    })

    it('sends the others again when the first is not answered in time', async () => {
      use(
        ({ connection, line }, socket) => {
          if (connection > 1) socket.write(toAnswer(line))
        },
        { pool: { maxConnections: 1, pipelining: 8 }, timeouts: { firstByteMs: 100 } },
      )
      const first = openFirst()
      await stage.target.until(() => stage.target.seen.length === 1)
      const other = send({ target: '/a' })
      assert.deepEqual(await Promise.all([first, other]), ['upstream-timeout first-byte', '200 GET /a HTTP/1.1'])
    })

    it('lets a body flow whose neighbour left', async () => {
      const body = 'x'.repeat(30_000)
      const { exchanges, answers, release } = await sendTogether((path) => {
        if (path === '/first') return toAnswer(body).slice(0, -10_000)
        exchanges[1]?.abort(new Problem('client-left'))
        stage.target.sockets[0]?.write(body.slice(-10_000))
        return toAnswer(path)
      }, '/a')
      release()
      assert.equal(await answers[0], `200 ${body}`)
    })

    it('reads the little that is left of a body whose reader left, for those behind it', async () => {
      const begun = toAnswer('x'.repeat(1000)).slice(0, -500)
      use(
        ({ ordinal, line }, socket) => {
          if (ordinal === 2) socket.write(begun)
          else if (ordinal === 3) socket.write(`${'x'.repeat(500)}${toAnswer(line)}`)
          else socket.write(OK)
        },
        { pool: { maxConnections: 1, pipelining: 8 } },
      )
      await send()
      const left = stage.upstream.forward(new TestExchange())
      await stage.target.until(() => stage.target.seen.length === 2)
      const behind = stage.upstream.forward(new TestExchange({ target: '/behind' }))
      const { body } = await left
      body.discard()
      assert.equal(await sayResponse(await behind), '200 GET /behind HTTP/1.1')
      assert.equal(stage.target.sockets.length, 1)
    })

    it('sends requests in the order in which it awaits their answers, coalesced or not', async () => {
      use(({ line }, socket) => socket.write(toAnswer(line)), { pool: { maxConnections: 1, pipelining: 8 } })
      await send({ target: '/open' })
      // The first takes the idle connection; the others share it in one turn of the event loop.
      const answers = await Promise.all([
        send({ target: '/a' }),
        send({ target: '/b' }),
        send({ method: 'PUT', target: '/large', body: 'x'.repeat(20_000) }),
        send({ target: '/c' }),
      ])
      assert.deepEqual(answers, [
        '200 GET /a HTTP/1.1',
        '200 GET /b HTTP/1.1',
        '200 PUT /large HTTP/1.1',
        '200 GET /c HTTP/1.1',
      ])
    })

    it('puts nothing into the middle of a body that is still on its way', async () => {
      use(({ line, body }, socket) => socket.write(toAnswer(`${line} ${body.length}`)), {
        pool: { maxConnections: 1, pipelining: 8 },
      })
      await send({ target: '/open' })
      // More than the kernel takes at once.
      const large = send({ method: 'PUT', target: '/large', body: 'x'.repeat(20_000_000) })
      const behind = send({ target: '/behind' })
      assert.deepEqual(await Promise.all([large, behind]), [
        '200 PUT /large HTTP/1.1 20000000',
        '200 GET /behind HTTP/1.1 0',
      ])
    })

    it('answers a malformed answer to the one whose it is, and sends the others again', async () => {
      use(
        ({ connection, ordinal, line }, socket) => {
          if (connection > 1) socket.write(toAnswer(line))
          else if (ordinal === 3) socket.write('HTTP/1.1 two hundred\r\n\r\n')
        },
        { pool: { maxConnections: 1, pipelining: 8 } },
      )
      const first = openFirst()
      await stage.target.until(() => stage.target.seen.length === 1)
      const others = ['/a', '/b'].map((path) => send({ target: path }))
      assert.deepEqual(await Promise.all([first, ...others]), [
        'upstream-malformed status-line',
        '200 GET /a HTTP/1.1',
        '200 GET /b HTTP/1.1',
      ])
    })
  })
})
