import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type HeaderList, StreamBody } from '@gatewright/policies'
import { ERROR_CODES, FLAGS, FRAME_TYPES, SETTINGS } from '../http2/frame.ts'
import { data, frame, headers, reset, settings } from '../http2/session-stage.fixture.ts'
import { goaway, OK, stageHttp2Upstream, toAnswer } from './http2-upstream-stage.fixture.ts'
import { HandBody, TestExchange } from './loopback.fixture.ts'

const stage = stageHttp2Upstream()
const { use, send, passSeconds, until, connection, holdBack } = stage

describe('an upstream of HTTP/2', () => {
  describe('its connections', () => {
    it('carry many requests at once, and are used again', async () => {
      const answers = await Promise.all(Array.from({ length: 100 }, () => send()))
      assert.equal(new Set(answers).size, 100)
      assert.equal(await send(), '200 1/201')
      assert.equal(stage.target.connections.length, 1)
    })

    it('get nothing before the target has said what it allows', async () => {
      stage.target.greeting = () => Buffer.alloc(0)
      // Which would be the first that it says.
      stage.target.acknowledges = false
      const answer = send()
      await until(() => stage.target.connections[0]?.of(FRAME_TYPES.settings).length === 1)
      for (let i = 0; i < 100; i++) await turn()
      assert.deepEqual(connection().streams, [])
      connection().say(settings(), frame(FRAME_TYPES.settings, FLAGS.ack, 0))
      assert.equal(await answer, '200 1/1')
    })

    it('carry no more than the target allows, and the next one what is beyond', async () => {
      stage.target.greeting = () => settings([SETTINGS.maxConcurrentStreams, 2])
      use({ pool: { maxConnections: 2 } })
      const held = holdBack()
      const answers = Array.from({ length: 5 }, () => send())
      await until(() => held.length === 4)
      for (let i = 0; i < 100; i++) await turn()
      assert.deepEqual(
        stage.target.connections.map(({ streams }) => streams.length),
        [2, 2],
      )
      for (const { connection, id } of held.splice(0)) connection.say(toAnswer(id, 'x'))
      await until(() => held.length === 1)
      for (const { connection, id } of held) connection.say(toAnswer(id, 'x'))
      assert.deepEqual(await Promise.all(answers), Array(5).fill('200 x'))
    })

    it('carry no more than we want', async () => {
      use({ pool: { streams: 3, maxConnections: 1 } })
      const held = holdBack()
      const answers = Array.from({ length: 4 }, () => send())
      await until(() => held.length === 3)
      for (let i = 0; i < 50; i++) await turn()
      assert.equal(held.length, 3)
      stage.target.onRequest = (connection, id) => connection.say(toAnswer(id, 'x'))
      for (const { connection, id } of held) connection.say(toAnswer(id, 'x'))
      await Promise.all(answers)
    })

    it('take more as soon as the target allows more', async () => {
      stage.target.greeting = () => settings([SETTINGS.maxConcurrentStreams, 0])
      use({ pool: { maxConnections: 1 } })
      const answer = send()
      await until(() => stage.target.open === 1 && connection().of(FRAME_TYPES.settings).length > 1)
      assert.deepEqual(connection().streams, [])
      connection().say(settings([SETTINGS.maxConcurrentStreams, 1]))
      assert.equal(await answer, '200 1/1')
    })

    it('are not opened one after the other where the target allows nothing', async () => {
      stage.target.greeting = () => settings([SETTINGS.maxConcurrentStreams, 0])
      const answer = send()
      await until(() => stage.target.connections[0]?.of(FRAME_TYPES.settings).length === 2)
      for (let i = 0; i < 200; i++) await turn()
      assert.equal(stage.target.connections.length, 1)
      for (let second = 0; second < 70; second++) {
        passSeconds(1)
        for (let i = 0; i < 20; i++) await turn()
      }
      assert.match(await answer, /^upstream-(?:timeout waiting|unreachable ETIMEDOUT)$/)
      assert.ok(stage.target.connections.length < 20, `${stage.target.connections.length}`)
    })

    it('are not opened without a pause where each goes away before it was of use', async () => {
      stage.target.greeting = () => Buffer.concat([settings([SETTINGS.maxConcurrentStreams, 0]), goaway(0)])
      const answer = send()
      await until(() => stage.target.connections[0]?.isClosed === true)
      for (let i = 0; i < 500; i++) await turn()
      assert.ok(stage.target.connections.length <= 2, `${stage.target.connections.length}`)
      passSeconds(70)
      assert.match(await answer, /^upstream-(?:timeout waiting|unreachable ETIMEDOUT)$/)
    })

    it('bring messages when they come where a call goes over them, and else at a rate', async () => {
      for (const [type, expected] of [
        ['application/grpc', 1],
        ['application/json', 0],
      ] as const) {
        const body = new HandBody()
        const exchange = new TestExchange({
          method: 'POST',
          headers: { 'Content-Type': type },
          body: new StreamBody(body),
        })
        const answer = send({}, exchange)
        await until(() => body.sink !== undefined)
        body.sink?.end()
        assert.match(await answer, /^200 /)
        assert.equal(exchange.messagesExpected, expected)
      }
    })

    it('refuse whoever comes when as many wait as may', async () => {
      use({ pool: { streams: 1, maxConnections: 1, maxWaiting: 1 } })
      const held = holdBack()
      const first = send()
      await until(() => held.length === 1)
      const second = send()
      assert.equal(await send(), 'upstream-overloaded queue-full')
      for (let i = 0; i < 2; i++) {
        await until(() => held.length === i + 1)
        const { connection, id } = held[i]!
        connection.say(toAnswer(id, 'x'))
      }
      assert.deepEqual(await Promise.all([first, second]), ['200 x', '200 x'])
    })

    it('end when nobody has needed them for a while, with a GOAWAY', async () => {
      await send()
      passSeconds(5)
      await until(() => stage.target.open === 0)
      assert.equal(connection().of(FRAME_TYPES.goaway).length, 1)
    })

    it('end when the upstream is retired, and not before their answers are whole', async () => {
      const held = holdBack()
      const answer = send()
      await until(() => held.length === 1)
      stage.upstream.retire()
      for (let i = 0; i < 50; i++) await turn()
      assert.equal(stage.target.open, 1)
      connection().say(toAnswer(1, 'late'))
      assert.equal(await answer, '200 late')
      await until(() => stage.target.open === 0)
    })

    it('that are opening when the upstream is retired serve whoever waits for them', async () => {
      stage.target.greeting = () => Buffer.alloc(0)
      stage.target.acknowledges = false
      const answer = send()
      await until(() => stage.target.connections[0]?.of(FRAME_TYPES.settings).length === 1)
      stage.upstream.retire()
      await turn()
      connection().say(settings(), frame(FRAME_TYPES.settings, FLAGS.ack, 0))
      assert.equal(await answer, '200 1/1')
      await until(() => stage.target.open === 0)
    })

    for (const [what, greeting] of [
      ['speaks HTTP/1.1', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
      ['goes away at once', goaway(0)],
    ] as const) {
      it(`say so where the target ${what}, and all who wait hear it`, async () => {
        stage.target.greeting = () => greeting
        const answers = await Promise.all([send(), send({ method: 'POST' })])
        assert.deepEqual(answers, Array(2).fill('upstream-unreachable no-http2'))
      })
    }

    it('fail where the target never says what it allows', async () => {
      stage.target.greeting = () => Buffer.alloc(0)
      const answers = [send(), send()]
      await until(() => stage.target.connections[0]?.of(FRAME_TYPES.settings).length === 1)
      passSeconds(3)
      assert.deepEqual(await Promise.all(answers), Array(2).fill('upstream-unreachable ETIMEDOUT'))
    })

    it('that cannot be opened fail nobody whom another serves', async () => {
      use({ pool: { streams: 1 } })
      const held = holdBack()
      const first = send()
      await until(() => held.length === 1)
      const greeting = stage.target.greeting
      stage.target.greeting = () => Buffer.from('nonsense that is no frame of SETTINGS')
      const second = send()
      await until(() => stage.target.connections.length === 2 && connection(2).isClosed)
      for (let i = 0; i < 100; i++) await turn()
      assert.equal(stage.target.connections.length, 2)
      passSeconds(2)
      await until(() => stage.target.connections.length === 3 && connection(3).isClosed)
      stage.target.greeting = greeting
      connection(1).say(toAnswer(1, 'one'))
      await until(() => held.length === 2)
      held[1]!.connection.say(toAnswer(held[1]!.id, 'two'))
      assert.deepEqual(await Promise.all([first, second]), ['200 one', '200 two'])
    })

    it('that cannot be opened are one failure, however many wait', async () => {
      use({ health: { passive: { failures: 2, maxEjectedPercent: 100 } } })
      stage.target.greeting = () => Buffer.from('nonsense that is no frame of SETTINGS')
      const answers = await Promise.all(Array.from({ length: 10 }, () => send()))
      assert.deepEqual(answers, Array(10).fill('upstream-unreachable no-http2'))
      assert.equal(stage.upstream.targets[0]?.failuresInARow, 1)
    })

    it('fail where nobody listens', async () => {
      await stage.target.close()
      assert.deepEqual(await Promise.all([send(), send()]), Array(2).fill('upstream-unreachable ECONNREFUSED'))
    })
  })

  describe('its answers', () => {
    for (const [what, answer, expected] of [
      ['with a body', (id: number) => toAnswer(id, 'hello'), '200 hello'],
      ['without one', (id: number) => headers(id, OK), '200 '],
      [
        'in pieces',
        (id: number) =>
          Buffer.concat([headers(id, OK, { ends: false }), data(id, 'a'), data(id, ''), data(id, 'b', { ends: true })]),
        '200 ab',
      ],
      [
        'with trailers',
        (id: number) =>
          Buffer.concat([headers(id, OK, { ends: false }), data(id, 'a'), headers(id, [['grpc-status', '0']])]),
        '200 a',
      ],
      [
        'after interim ones',
        (id: number) => Buffer.concat([headers(id, [[':status', '103']], { ends: false }), toAnswer(id, 'x')]),
        '200 x',
      ],
      [
        'shorter than they say',
        (id: number) =>
          Buffer.concat([
            headers(id, [...OK, ['content-length', '9']], { ends: false }),
            data(id, 'short', { ends: true }),
          ]),
        'upstream-malformed content-length-differs',
      ],
      ['with an upper-case name', (id: number) => headers(id, [...OK, ['X-A', 'b']]), /^upstream-malformed /],
      [
        'with a field of a connection',
        (id: number) => headers(id, [...OK, ['connection', 'x']]),
        /^upstream-malformed /,
      ],
      ['without a status', (id: number) => headers(id, [['x', 'y']]), /^upstream-malformed /],
      ['that switch protocols', (id: number) => headers(id, [[':status', '101']]), /^upstream-malformed /],
      ['that begin with their body', (id: number) => data(id, 'x', { ends: true }), /^upstream-malformed /],
      [
        'with endless interim ones',
        (id: number) =>
          Buffer.concat(Array.from({ length: 40 }, () => headers(id, [[':status', '103']], { ends: false }))),
        'upstream-malformed interim-answers',
      ],
      [
        'that are refused',
        (id: number) => reset(id, ERROR_CODES.internalError),
        'upstream-closed reset-internal-error',
      ],
      [
        'that want HTTP/1.1',
        (id: number) => reset(id, ERROR_CODES.http11Required),
        'upstream-closed reset-http11-required',
      ],
      ['reset with a code that is none', (id: number) => reset(id, 99), 'upstream-closed reset-99'],
    ] as const) {
      it(`${typeof expected === 'string' && expected.startsWith('200') ? 'are taken' : 'are refused'} ${what}, and the connection goes on`, async () => {
        stage.target.onRequest = (connection, id) => connection.say(id === 1 ? answer(id) : toAnswer(id, 'next'))
        const said = await send({ method: 'POST' })
        if (typeof expected === 'string') assert.equal(said, expected)
        else assert.match(said, expected)
        assert.equal(await send(), '200 next')
        assert.equal(stage.target.connections.length, 1)
      })
    }

    it('to HEAD have a length and no body', async () => {
      stage.target.onRequest = (connection, id) => connection.say(headers(id, [...OK, ['content-length', '7']]))
      const response = await stage.upstream.forward(new TestExchange({ method: 'HEAD' }))
      assert.deepEqual([response.headers.get('content-length'), response.body.sizeBytes], ['7', 0])
    })

    it('have trailers that reach the reader', async () => {
      stage.target.onRequest = (connection, id) =>
        connection.say(headers(id, OK, { ends: false }), data(id, 'a'), headers(id, [['grpc-status', '5']]))
      const response = await stage.upstream.forward(new TestExchange())
      const trailers = await new Promise<HeaderList | undefined>((resolve) =>
        response.body.pipe({ write: () => true, end: resolve, abort: () => resolve(undefined) }).resume(),
      )
      assert.equal(trailers?.get('grpc-status'), '5')
    })

    it('that break off break off for the reader', async () => {
      stage.target.onRequest = (connection, id) => {
        connection.say(headers(id, OK, { ends: false }), data(id, 'half'))
        setImmediate(() => setImmediate(() => connection.say(reset(id, ERROR_CODES.internalError))))
      }
      assert.equal(await send(), '200 half… upstream-closed')
    })

    it('lead to where the client knows the way', async () => {
      stage.target.onRequest = (connection, id) =>
        connection.say(
          headers(id, [
            [':status', '302'],
            ['location', `${stage.target.url}/x`],
          ]),
        )
      const response = await stage.upstream.forward(new TestExchange())
      assert.equal(response.headers.get('location'), 'http://api.example.com/x')
    })

    it('may come before the request is whole, whose rest is then not wanted', async () => {
      stage.target.onHead = (connection, id) => connection.say(toAnswer(id, 'enough'), reset(id, ERROR_CODES.noError))
      const body = new HandBody()
      const exchange = new TestExchange({ method: 'POST', body: new StreamBody(body) })
      const answer = send({}, exchange)
      await until(() => body.sink !== undefined)
      body.sink?.write(Buffer.from('a'))
      assert.equal(await answer, '200 enough')
      await until(() => body.isCancelled)
    })

    it('break off where they have begun and the request does, and the target is told', async () => {
      stage.target.onHead = (connection, id) => connection.say(headers(id, OK, { ends: false }), data(id, 'half'))
      const body = new HandBody()
      const answer = send({}, new TestExchange({ method: 'POST', body: new StreamBody(body) }))
      await until(() => body.sink !== undefined)
      body.sink?.write(Buffer.from('a'))
      for (let i = 0; i < 50; i++) await turn()
      body.sink?.abort(new Error('no sense'))
      assert.equal(await answer, '200 half… malformed-request')
      await until(() => connection().of(FRAME_TYPES.rstStream).length === 1)
    })

    it('whose reader is slow hold up none beside them', async () => {
      stage.target.onRequest = (connection, id) => {
        if (id > 1) return connection.say(toAnswer(id, 'quick'))
        connection.say(headers(id, OK, { ends: false }))
        for (let sent = 0; sent < 65_536; sent += 16_384) connection.say(data(id, Buffer.alloc(16_384)))
      }
      const slow = await stage.upstream.forward(new TestExchange())
      let taken = 0
      const flow = slow.body.pipe({
        write: (chunk) => {
          taken += chunk.length
          return false
        },
        end() {},
        abort() {},
      })
      assert.equal(await send(), '200 quick')
      assert.equal(
        connection()
          .of(FRAME_TYPES.windowUpdate)
          .filter(({ streamId }) => streamId === 1).length,
        0,
      )
      assert.ok(taken <= 65_536)
      flow.cancel()
    })
  })
})
