import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Problem, StreamBody } from '@gatewright/policies'
import { ERROR_CODES, FLAGS, FRAME_TYPES, SETTINGS } from '../http2/frame.ts'
import { data, frame, headers, reset, settings, uint32, windowUpdate } from '../http2/session-stage.fixture.ts'
import { goaway, OK, stageHttp2Upstream, toAnswer } from './http2-upstream-stage.fixture.ts'
import { HandBody, TestExchange, toPool } from './loopback.fixture.ts'

const stage = stageHttp2Upstream()
const { use, send, passSeconds, until, connection, holdBack } = stage

describe('an upstream of HTTP/2', () => {
  describe('that goes away', () => {
    it('finishes what it took, and takes the rest on another connection', async () => {
      const held = holdBack()
      const answers = [send(), send({ method: 'POST', body: 'again' }), send()]
      await until(() => held.length === 3)
      // It took the first only.
      connection().say(goaway(1))
      await until(() => held.length === 5)
      assert.deepEqual(
        held.slice(3).map(({ connection }) => connection.ordinal),
        [2, 2],
      )
      for (const { connection, id } of [held[0]!, held[3]!, held[4]!])
        connection.say(toAnswer(id, `on ${connection.ordinal}`))
      assert.deepEqual(await Promise.all(answers), ['200 on 1', '200 on 2', '200 on 2'])
      await until(() => connection(1).isClosed)
    })

    it('may say so twice, as it should', async () => {
      const held = holdBack()
      const first = send()
      await until(() => held.length === 1)
      connection().say(goaway(0x7fff_ffff), frame(FRAME_TYPES.ping, 0, 0, '12345678'))
      await until(() => connection().of(FRAME_TYPES.ping).length > 0)
      const second = send()
      await until(() => held.length === 2)
      assert.equal(held[1]?.connection.ordinal, 2)
      connection(1).say(goaway(1), toAnswer(1, 'one'))
      connection(2).say(toAnswer(1, 'two'))
      assert.deepEqual(await Promise.all([first, second]), ['200 one', '200 two'])
    })

    it('is not waited for where it takes nothing any more', async () => {
      stage.target.greeting = () => settings([SETTINGS.initialWindowSize, 0x7fff_ffff])
      const body = new HandBody()
      const exchange = new TestExchange({ method: 'POST', body: new StreamBody(body) })
      const answer = send({}, exchange)
      await until(() => body.sink !== undefined && stage.target.connections[0]?.streams.length === 1)
      connection().say(windowUpdate(0, 0x7fff_0000 - 65_535))
      connection().socket.pause()
      // As much as the kernel takes on both sides, and more.
      for (let sent = 0; sent < 400 && body.sink?.write(Buffer.alloc(65_536)) !== false; sent++) await turn()
      connection().say(goaway(1))
      for (let i = 0; i < 50; i++) await turn()
      exchange.abort(new Problem('client-left'))
      await answer
      passSeconds(4)
      connection().socket.resume()
      await until(() => connection().isClosed)
    })

    it('holds back new connections only while as many leave as there may be', async () => {
      use({ pool: { maxConnections: 1 } })
      const held = holdBack()
      const answers = [send()]
      await until(() => held.length === 1)
      const leave = async (ordinal: number): Promise<void> => {
        connection(ordinal).say(goaway(1), frame(FRAME_TYPES.ping, 0, 0, '12345678'))
        await until(() => connection(ordinal).of(FRAME_TYPES.ping).length > 0)
      }
      await leave(1)
      answers.push(send())
      await until(() => held.length === 2)
      await leave(2)
      answers.push(send())
      for (let i = 0; i < 100; i++) await turn()
      assert.equal(stage.target.connections.length, 2)
      connection(1).say(toAnswer(1, 'one'))
      await until(() => held.length === 3)
      for (const ordinal of [2, 3]) connection(ordinal).say(toAnswer(1, 'other'))
      assert.deepEqual(await Promise.all(answers), ['200 one', '200 other', '200 other'])
    })

    it('is not counted against the most connections that there may be', async () => {
      use({ pool: { maxConnections: 1 } })
      const held = holdBack()
      const first = send()
      await until(() => held.length === 1)
      connection().say(goaway(1))
      const second = send()
      await until(() => held.length === 2)
      connection(2).say(toAnswer(1, 'two'))
      connection(1).say(toAnswer(1, 'one'))
      assert.deepEqual(await Promise.all([first, second]), ['200 one', '200 two'])
    })

    it('again and again loses nothing, as long as it says so', async () => {
      stage.target.onRequest = (connection, id) =>
        connection.say(connection.ordinal <= 3 ? goaway(0) : toAnswer(id, `on ${connection.ordinal}`))
      assert.equal(await send({ method: 'POST', body: 'x' }), '200 on 4')
    })

    it('for ever fails whoever asks', async () => {
      stage.target.onRequest = (connection) => connection.say(goaway(0))
      assert.equal(await send(), 'upstream-closed goaway')
      assert.equal(stage.target.connections.length, 4)
    })

    it('without a word loses what must not be asked twice, and nothing else', async () => {
      await send()
      const held = holdBack()
      const answers = [send({ method: 'PUT', body: 'x' }), send({ method: 'POST', body: 'x' })]
      await until(() => held.length === 2)
      connection(1).socket.destroy()
      await until(() => held.length === 3)
      connection(2).say(toAnswer(1, 'again'))
      assert.deepEqual(
        (await Promise.all(answers)).map((each) => each.replace(/ [A-Z]+$/, '')),
        ['200 again', 'upstream-closed closed'],
      )
    })

    it('without a word before its first answer fails whoever asked', async () => {
      stage.target.onRequest = ({ socket }) => socket.destroy()
      assert.match(await send(), /^upstream-closed /)
      assert.equal(stage.target.connections.length, 1)
    })

    for (const [method, expected] of [
      ['PUT', '200 again'],
      ['POST', 'upstream-closed reset-no-error'],
    ] as const) {
      it(`by resets that say no error is asked again for what may be asked twice: ${method}`, async () => {
        await send()
        stage.target.onRequest = (connection, id) =>
          connection.say(connection.ordinal === 1 ? reset(id, ERROR_CODES.noError) : toAnswer(id, 'again'))
        assert.equal(await send({ method, body: 'x' }), expected)
      })
    }

    it('is not asked again once it has begun to answer, whatever it says then', async () => {
      stage.target.onRequest = (connection, id) =>
        connection.say(headers(id, OK, { ends: false }), reset(id, ERROR_CODES.refusedStream))
      assert.equal(await send({ method: 'POST', body: 'x' }), 'upstream-closed reset-refused-stream')
      assert.deepEqual(connection().streams, [1])
    })

    it('when it refuses a request is asked again on the same connection, where there may be no other', async () => {
      use({ pool: { maxConnections: 1 } })
      stage.target.onRequest = (connection, id) =>
        connection.say(id === 1 ? reset(id, ERROR_CODES.refusedStream) : toAnswer(id, 'yes'))
      assert.equal(await send(), '200 yes')
      assert.equal(stage.target.connections.length, 1)
    })

    it('when it refuses a request it is asked once more, whatever the method', async () => {
      stage.target.onRequest = (connection, id) =>
        connection.say(
          id === 1 && connection.ordinal === 1 ? reset(id, ERROR_CODES.refusedStream) : toAnswer(id, 'yes'),
        )
      assert.equal(await send({ method: 'POST', body: 'x' }), '200 yes')
    })
  })

  describe('that is silent', () => {
    it('times out for the request, and keeps its connection where it is there', async () => {
      use({ timeouts: { firstByteMs: 3000 } })
      await send()
      const held = holdBack()
      const silent = send()
      await until(() => held.length === 1)
      passSeconds(4)
      assert.equal(await silent, 'upstream-timeout first-byte')
      await until(() => connection().of(FRAME_TYPES.ping).length === 1)
      assert.equal(connection().of(FRAME_TYPES.rstStream).length, 1)
      stage.target.onRequest = (connection, id) => connection.say(toAnswer(id, `on ${connection.ordinal}`))
      // Its answer to the PING is on its way: whoever comes before it goes elsewhere.
      let answer = ''
      for (let tries = 0; tries < 1000 && answer !== '200 on 1'; tries++) answer = await send()
      assert.equal(answer, '200 on 1')
      assert.equal(connection().isClosed, false)
    })

    it('loses its connection where it is not, and nobody waits for that', async () => {
      use({ timeouts: { firstByteMs: 3000 } })
      stage.target.answersPings = false
      await send()
      const held = holdBack()
      const silent = send()
      await until(() => held.length === 1)
      passSeconds(4)
      assert.equal(await silent, 'upstream-timeout first-byte')
      stage.target.onRequest = (connection, id) => connection.say(toAnswer(id, 'elsewhere'))
      assert.equal(await send(), '200 elsewhere')
      assert.deepEqual(
        stage.target.connections.map(({ streams }) => streams.length),
        [2, 1],
      )
      passSeconds(3)
      await until(() => connection(1).isClosed)
    })

    it('loses its connection in the time that a new one may take, however long one may idle', async () => {
      use({ timeouts: { firstByteMs: 3000 }, pool: { idleMs: 600_000 } })
      stage.target.answersPings = false
      await send()
      const held = holdBack()
      const answers = [send(), send()]
      await until(() => held.length === 2)
      passSeconds(4)
      assert.deepEqual(await Promise.all(answers), Array(2).fill('upstream-timeout first-byte'))
      await until(() => connection().of(FRAME_TYPES.ping).length === 1)
      passSeconds(6)
      await until(() => connection().isClosed)
    })

    it('is not asked whether it is there while others are answered', async () => {
      use({ timeouts: { firstByteMs: 3000 } })
      stage.target.onRequest = (connection, id) => {
        if (id > 1) connection.say(toAnswer(id, 'busy'))
      }
      const silent = send()
      await until(() => stage.target.connections[0]?.streams.length === 1)
      assert.equal(await send(), '200 busy')
      passSeconds(4)
      assert.equal(await silent, 'upstream-timeout first-byte')
      assert.equal(await send(), '200 busy')
      assert.equal(connection().of(FRAME_TYPES.ping).length, 0)
    })

    it('in the middle of an answer breaks it off', async () => {
      use({ timeouts: { idleMs: 2000 } })
      stage.target.onRequest = (connection, id) => connection.say(headers(id, OK, { ends: false }), data(id, 'half'))
      const answer = send()
      await until(() => stage.target.connections[0]?.streams.length === 1)
      for (let i = 0; i < 50; i++) await turn()
      passSeconds(3)
      assert.equal(await answer, '200 half… upstream-timeout')
    })

    it('is not blamed for a client that is', async () => {
      use({ timeouts: { firstByteMs: 2000, idleMs: 2000 } })
      const body = new HandBody()
      const answer = send({}, new TestExchange({ method: 'POST', body: new StreamBody(body) }))
      await until(() => body.sink !== undefined)
      body.sink?.write(Buffer.from('a'))
      await until(() => stage.target.connections[0]?.of(FRAME_TYPES.data).length === 1)
      passSeconds(30)
      body.sink?.end()
      assert.equal(await answer, '200 1/1')
    })

    it('is blamed where it takes nothing of a request', async () => {
      stage.target.greeting = () => settings([SETTINGS.initialWindowSize, 0])
      use({ timeouts: { firstByteMs: 3000, idleMs: 3000 } })
      const body = new HandBody()
      const answer = send({}, new TestExchange({ method: 'POST', body: new StreamBody(body) }))
      await until(() => body.sink !== undefined)
      assert.equal(body.sink?.write(Buffer.from('a')), false)
      passSeconds(5)
      assert.equal(await answer, 'upstream-timeout first-byte')
      await until(() => body.isCancelled)
    })

    it('may take a request when it likes', async () => {
      stage.target.greeting = () => settings([SETTINGS.initialWindowSize, 0])
      const answer = send({ method: 'POST', body: 'hello' })
      await until(() => stage.target.connections[0]?.streams.length === 1)
      for (let at = 0; at < 5; at++) {
        connection().say(windowUpdate(1, 1))
        await until(() => connection().of(FRAME_TYPES.data).length === at + 1)
      }
      assert.equal(await answer, '200 1/1')
      assert.equal(
        Buffer.concat(
          connection()
            .of(FRAME_TYPES.data)
            .map(({ payload }) => payload),
        ).toString(),
        'hello',
      )
    })
  })

  describe('that a slow client holds up while others wait', () => {
    it('takes the stream of one that reads too little, and that says nothing about the target', async () => {
      use({ pool: { streams: 1, maxConnections: 1 }, health: { passive: { failures: 1 } } })
      stage.target.onRequest = (connection, id) => {
        if (id > 1) return connection.say(toAnswer(id, 'quick'))
        connection.say(headers(id, OK, { ends: false }), data(id, Buffer.alloc(16_384)))
      }
      const slow = await stage.upstream.forward(new TestExchange())
      const broken = new Promise((resolve) => slow.body.pipe({ write: () => false, end() {}, abort: resolve }))
      await until(() => stage.target.connections[0]?.streams.length === 1)
      for (let i = 0; i < 50; i++) await turn()
      const quick = send()
      for (let second = 0; second < 12; second++) {
        passSeconds(1)
        for (let i = 0; i < 20; i++) await turn()
      }
      const { code, reason } = Problem.from(await broken)
      assert.equal(`${code} ${reason}`, 'upstream-overloaded slow-client')
      assert.equal(await quick, '200 quick')
      assert.equal(stage.upstream.targets[0]?.isOut, false)
    })

    it('takes the stream of one that sends too little', async () => {
      use({ pool: { streams: 1, maxConnections: 1 } })
      const body = new HandBody()
      const slow = send({}, new TestExchange({ method: 'POST', body: new StreamBody(body) }))
      await until(() => body.sink !== undefined)
      body.sink?.write(Buffer.from('a'))
      const quick = send()
      for (let second = 0; second < 12; second++) {
        passSeconds(1)
        for (let i = 0; i < 20; i++) await turn()
      }
      assert.equal(await slow, 'upstream-overloaded slow-client')
      assert.equal(await quick, '200 1/3')
    })
  })

  describe('whose client leaves', () => {
    it('is told, and has room again', async () => {
      use({ pool: { streams: 2, maxConnections: 1 } })
      const held = holdBack()
      for (let i = 0; i < 50; i++) {
        const exchange = new TestExchange()
        const answer = send({}, exchange)
        await until(() => held.length === i + 1)
        exchange.abort(new Problem('client-left'))
        assert.match(await answer, /^client-left/)
      }
      await until(() => connection().of(FRAME_TYPES.rstStream).length === 50)
      const codes = connection()
        .of(FRAME_TYPES.rstStream)
        .map(({ payload }) => payload.readUInt32BE(0))
      assert.deepEqual([...new Set(codes)], [ERROR_CODES.cancel])
      assert.equal(stage.target.connections.length, 1)
      assert.deepEqual(toPool(stage.upstream).waiting, [])
    })

    it('may answer all the same, which nobody hears', async () => {
      const held = holdBack()
      const exchange = new TestExchange()
      const answer = send({}, exchange)
      await until(() => held.length === 1)
      exchange.abort(new Problem('client-left'))
      await answer
      connection().say(toAnswer(1, 'nobody'))
      stage.target.onRequest = (connection, id) => connection.say(toAnswer(id, 'somebody'))
      assert.equal(await send(), '200 somebody')
    })
  })

  describe('that attacks', () => {
    for (const [what, octets] of [
      [
        'DATA beyond its window',
        (id: number) =>
          Buffer.concat([
            headers(id, OK, { ends: false }),
            ...Array.from({ length: 5 }, () => data(id, Buffer.alloc(16_384))),
          ]),
      ],
      [
        'a block that never ends',
        (id: number) =>
          Buffer.concat([
            frame(FRAME_TYPES.headers, 0, id, 'x'),
            ...Array.from({ length: 20 }, () => frame(FRAME_TYPES.continuation, 0, id, 'x')),
          ]),
      ],
      [
        'PINGs without end',
        () => Buffer.concat(Array.from({ length: 5000 }, () => frame(FRAME_TYPES.ping, 0, 0, '12345678'))),
      ],
      ['SETTINGS without end', () => Buffer.concat(Array.from({ length: 5000 }, () => settings()))],
      [
        'frames without anything in them',
        (id: number) =>
          Buffer.concat([headers(id, OK, { ends: false }), ...Array.from({ length: 5000 }, () => data(id, ''))]),
      ],
      ['a push', (id: number) => frame(FRAME_TYPES.pushPromise, FLAGS.endHeaders, id, uint32(2))],
      [
        'fields larger than we take',
        (id: number) =>
          Buffer.concat([
            frame(FRAME_TYPES.headers, 0, id, Buffer.alloc(16_384)),
            ...Array.from({ length: 30 }, () => frame(FRAME_TYPES.continuation, 0, id, Buffer.alloc(16_384))),
          ]),
      ],
    ] as const) {
      it(`by ${what} loses its connection or its request, and the next is served`, async () => {
        stage.target.onRequest = (connection, id) => connection.say(octets(id))
        const response = await stage.upstream.forward(new TestExchange())
        // Nobody reads it: what comes beyond the window is what ends it.
        if (response.problem === undefined) {
          await until(() => connection().isClosed || connection().of(FRAME_TYPES.rstStream).length > 0)
          response.body.discard()
        } else {
          assert.match(response.problem.code, /^upstream-(?:malformed|closed)$/)
        }
        stage.target.onRequest = (connection, id) => connection.say(toAnswer(id, 'served'))
        assert.equal(await send(), '200 served')
      })
    }
  })
})
