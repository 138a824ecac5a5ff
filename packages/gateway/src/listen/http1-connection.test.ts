import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type BodySink, BytesBody, GatewayResponse, HeaderList, StreamBody } from '@gatewright/policies'
import { MemorySocket } from '../rehearsal/memory-socket.ts'
import { adoptSocket } from '../sockets/adopt-socket.ts'
import { HandBody } from '../upstream/loopback.fixture.ts'
import { FullSocket, get, listen, ok, Stage, turn, until } from './connection-stage.fixture.ts'
import { Http1Connection } from './http1-connection.ts'

describe('HTTP/1.1 connection', () => {
  it('takes bytes that come while earlier ones wait for their turn after those', async () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    socket.receive(Buffer.concat([get('/1'), get('/2').subarray(0, 10)]))
    stage.received[0]?.answer(ok('one'))
    // The second request waits for a turn of the event loop; its rest comes first.
    socket.receive(Buffer.concat([get('/2').subarray(10), get('/3')]))
    await turn()
    stage.received[1]?.answer(ok('two'))
    await turn()
    stage.received[2]?.answer(ok('three'))
    assert.deepEqual(
      stage.received.map(({ exchange }) => exchange.request.path),
      ['/1', '/2', '/3'],
    )
    assert.deepEqual(stage.ended, ['/1 answered', '/2 answered', '/3 answered'])
  })

  it('writes no interim answer of an exchange whose turn is over', () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    const hint = (text: string) => ({ status: 103, reason: '', fields: HeaderList.of([['Link', text]]) })
    socket.receive(get('/1'))
    const first = stage.received[0]
    first?.exchange.sendInterim(hint('<one>'))
    first?.answer(ok('one'))
    socket.receive(get('/2'))
    // A try that lost, say, which nobody called off.
    first?.exchange.sendInterim(hint('<late>'))
    stage.received[1]?.exchange.sendInterim(hint('<two>'))
    assert.deepEqual(socket.written.toString().match(/<\w+>/g), ['<one>', '<two>'])
  })

  for (const [what, bytes, written] of [
    ['more', 'hello', ''],
    ['less', 'he', 'he'],
  ] as const) {
    it(`breaks off an answer that holds ${what} than it says`, () => {
      const stage = new Stage()
      const socket = new MemorySocket('192.0.2.1', 50_000)
      new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
      socket.receive(get('/1'))
      const body = new HandBody(3)
      stage.received[0]?.answer(new GatewayResponse({ status: 200, body: new StreamBody(body) }))
      body.sink?.write(Buffer.from(bytes))
      body.sink?.end()
      assert.equal(socket.written.toString().split('\r\n\r\n')[1], written)
      assert.equal(socket.isDestroyed, true)
      assert.deepEqual(stage.ended, ['/1 upstream-broke'])
    })
  }

  it('goes on when the kernel has the answer, also where too little was queued for a drain', async () => {
    const stage = new Stage()
    const socket = new FullSocket()
    const connection = new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    socket.receive(get('/1'))
    stage.received[0]?.answer(ok('one'))
    assert.deepEqual(stage.ended, [])
    socket.flush()
    assert.deepEqual(stage.ended, ['/1 answered'])
    assert.equal(connection.isIdle, true)
  })

  it('ends a client that does not take its answer', () => {
    const stage = new Stage()
    const socket = new FullSocket()
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    socket.receive(get('/1'))
    stage.received[0]?.answer(ok('one'))
    stage.aheadMs += 61_000
    stage.wheel.advance()
    assert.equal(socket.isDestroyed, true)
    assert.deepEqual(stage.ended, ['/1 client-left'])
  })

  for (const [what, pieces] of [
    ['waits for a client that takes a large answer piece by piece, however long it takes', 6],
    ['ends one that stops in the middle of it', 3],
  ] as const) {
    it(what, (t) => {
      let nowMs = performance.now()
      t.mock.method(performance, 'now', () => nowMs)
      const stage = new Stage()
      const socket = new FullSocket()
      new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
      socket.receive(get('/1'))
      stage.received[0]?.answer(new GatewayResponse({ status: 200, body: new BytesBody(Buffer.alloc(300_000)) }))
      const pass = (ms: number): void => {
        nowMs += ms
        stage.wheel.advance()
      }
      for (let i = 0; i < pieces; i++) {
        pass(50_000)
        socket.flush()
      }
      pass(61_000)
      assert.deepEqual(stage.ended, [pieces === 6 ? '/1 answered' : '/1 client-left'])
    })
  }

  it('lets an answer go on for as long as it likes after a body that was watched', () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings({ bodyMinBytesPerSecond: 100 }))
    socket.receive(Buffer.from('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n'))
    stage.received[0]?.exchange.request.body.pipe({ write: () => true, end() {}, abort() {} })
    socket.receive(Buffer.from('hello'))
    let sink: BodySink | undefined
    const body = new StreamBody({
      sizeBytes: undefined,
      start(given) {
        sink = given
        return { resume() {}, cancel() {} }
      },
      discard() {},
    })
    stage.received[0]?.answer(new GatewayResponse({ status: 200, body }))
    for (let i = 0; i < 10; i++) {
      stage.aheadMs += 10_000
      stage.wheel.advance()
      sink?.write(Buffer.from('data: tick\n\n'))
    }
    sink?.end()
    assert.equal(socket.isDestroyed, false)
    assert.deepEqual(stage.ended, ['/1 answered'])
  })

  it('breaks a body off that comes slower than the least rate, unless it is the upstream that is slow', () => {
    const outcomes: string[] = []
    for (const isReaderReady of [true, false]) {
      const stage = new Stage()
      const socket = new MemorySocket('192.0.2.1', 50_000)
      new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings({ bodyMinBytesPerSecond: 100 }))
      socket.receive(Buffer.from('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n'))
      let outcome = 'goes on'
      stage.received[0]?.exchange.request.body.pipe({
        write: () => isReaderReady,
        end() {},
        abort: (reason) => {
          outcome = (reason as { code: string }).code
        },
      })
      socket.receive(Buffer.alloc(100))
      stage.aheadMs += 5200
      stage.wheel.advance()
      outcomes.push(outcome)
    }
    assert.deepEqual(outcomes, ['request-timeout', 'goes on'])
  })

  it('never takes what follows a malformed chunk for another request', async () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    socket.receive(Buffer.from('POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'))
    let broken = ''
    stage.received[0]?.exchange.request.body.pipe({
      write: () => true,
      end() {},
      abort: (reason) => {
        broken = (reason as { code: string }).code
      },
    })
    socket.receive(Buffer.from('5\r\nhelloX'))
    socket.receive(Buffer.concat([Buffer.from('\r\n0\r\n\r\n'), get('/smuggled')]))
    socket.receive(get('/smuggled'))
    stage.received[0]?.answer(ok('late'))
    await turn()
    assert.equal(broken, 'malformed-request')
    assert.equal(stage.received.length, 1)
    assert.match(socket.written.toString(), /Connection: close/)
  })

  it('does not record, or answer, a refused head as the one before', async () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    socket.receive(Buffer.from('HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n'))
    stage.received[0]?.answer(ok('one'))
    await new Promise((resolve) => setImmediate(resolve))
    socket.receive(Buffer.from('\x16\x03\x01'))
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(stage.refused, [{ reason: 'request-line', method: '', target: '' }])
    assert.ok(
      socket.written.toString().endsWith('\r\n\r\nrequest-line'),
      'its body is written: it is no answer to HEAD',
    )
  })

  it("takes a route's limit for a body that came with its head, also where the listener's is smaller", () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings({ bodyBytes: 10 }))
    const allowed: boolean[] = []
    stage.onRequest = ({ connection }) => allowed.push(connection.limitBody(50))
    const heads = 'POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
    socket.receive(Buffer.from(`${heads}14\r\n${'x'.repeat(20)}\r\n`))
    let size = 0
    let reason: unknown
    stage.received[0]?.exchange.request.body.pipe({
      write: (chunk) => {
        size += chunk.length
        return true
      },
      end() {},
      abort: (why) => {
        reason = why
      },
    })
    assert.deepEqual([allowed, size, reason], [[true], 20, undefined])
    socket.receive(Buffer.from(`1f\r\n${'x'.repeat(31)}\r\n`))
    assert.equal((reason as { code: string } | undefined)?.code, 'body-too-large')
  })

  it('records 499 for a client that left before its answer began', () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    socket.receive(get('/1'))
    socket.emit('close')
    stage.received[0]?.answer(ok('late'))
    assert.deepEqual(stage.ended, ['/1 client-left 499 client-left'])
    assert.equal(stage.received[0]?.exchange.abortedBy?.code, 'client-left')
    assert.equal(socket.written.length, 0)
  })

  it('writes one answer, however many come', () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    socket.receive(get('/1'))
    const body = new StreamBody({ sizeBytes: 3, start: () => ({ resume() {}, cancel() {} }), discard() {} })
    stage.received[0]?.answer(new GatewayResponse({ status: 200, body }))
    stage.received[0]?.answer(ok('again'))
    assert.equal(socket.written.toString().match(/HTTP\/1\.1/g)?.length, 1)
  })

  it('records how much of a body came and how much of an answer went, also where they broke off or came whole', async () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    const connection = new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    socket.receive(Buffer.from('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world'))
    const first = stage.received[0]
    first?.answer(ok('one'))
    await turn()
    assert.deepEqual([first?.exchange.bytesIn, first?.exchange.bytesOut], [11, 3])
    socket.receive(get('/2'))
    const second = stage.received[1]
    const body = new HandBody(1000)
    second?.answer(new GatewayResponse({ status: 200, body: new StreamBody(body) }))
    body.sink?.write(Buffer.alloc(400))
    connection.destroy()
    assert.deepEqual([second?.exchange.bytesIn, second?.exchange.bytesOut], [0, 400])
  })

  it('records no body of the request before for a head that is refused', async () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    socket.receive(Buffer.from('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world'))
    stage.received[0]?.answer(ok('one'))
    await turn()
    socket.receive(Buffer.from('GET / 2 HTTP/1.1\r\n\r\n'))
    await turn()
    assert.deepEqual(
      stage.exchanges.map(({ bytesIn }) => bytesIn),
      [11, 0],
    )
  })

  it('reads on after an early answer for as long as its client sends, and no longer than that', async () => {
    const stage = new Stage()
    const { open, close, connections } = await listen(stage)
    stage.onRequest = ({ answer }) => answer(GatewayResponse.ofText(413, 'no'))
    const client = await open()
    // Far more than the kernel holds for anybody: it is all written before anything is read.
    client.socket.pause()
    const piece = Buffer.alloc(1_048_576)
    client.socket.write(`POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: ${64 * piece.length}\r\n\r\n`)
    for (let sent = 0; sent < 64; sent++)
      await new Promise<void>((done) => void client.socket.write(piece, () => done()))
    client.socket.resume()
    await until(() => client.ended !== '')
    assert.equal(client.ended, 'end')
    assert.match(client.text, /^HTTP\/1\.1 413 /)
    for (const seconds of [1, 31]) {
      stage.aheadMs += seconds * 1000
      stage.wheel.advance()
    }
    assert.ok(connections.every((connection) => !connection.isIdle))
    close()
  })

  it('breaks an answer off whose body a policy has read already', () => {
    const stage = new Stage()
    const socket = new MemorySocket('192.0.2.1', 50_000)
    new Http1Connection(adoptSocket(socket.asSocket()), stage.toSettings())
    socket.receive(get('/1'))
    const body = new StreamBody({ sizeBytes: 3, start: () => ({ resume() {}, cancel() {} }), discard() {} })
    body.pipe({ write: () => true, end() {}, abort() {} })
    stage.received[0]?.answer(new GatewayResponse({ status: 200, body }))
    assert.equal(socket.isDestroyed, true)
    assert.deepEqual(stage.ended, ['/1 upstream-broke'])
  })

  it('keeps the bytes of a body that begins out of the backlog apart from those of other connections', async () => {
    const stage = new Stage()
    const { open, close } = await listen(stage)
    try {
      const client = await open()
      const other = await open()
      client.socket.write(
        Buffer.concat([get('/1'), Buffer.from('POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n')]),
      )
      await until(() => stage.received.length === 1)
      const kept: Uint8Array[] = []
      stage.onRequest = ({ exchange }) =>
        exchange.request.body.pipe({
          write: (chunk) => {
            kept.push(chunk)
            return true
          },
          end() {},
          abort() {},
        })
      stage.received[0]?.answer(ok('one'))
      await until(() => stage.received.length === 2)
      client.socket.write(Buffer.alloc(50_000, 'a'))
      await until(() => kept.reduce((sum, chunk) => sum + chunk.length, 0) === 50_000)
      other.socket.write(`GET /${'z'.repeat(7000)} HTTP/1.1\r\nHost: a\r\nX-Long: ${'z'.repeat(50_000)}\r\n\r\n`)
      await until(() => stage.received.length === 3)
      assert.ok(Buffer.concat(kept).equals(Buffer.alloc(50_000, 'a')))
    } finally {
      close()
    }
  })

  it('ends without a reset when it is closed while it waits, and answers who has not asked yet', async () => {
    const stage = new Stage()
    stage.onRequest = ({ answer }) => answer(ok('fine'))
    const { open, close, connections } = await listen(stage)
    try {
      const used = await open()
      used.socket.write(get('/1'))
      await until(() => used.text.endsWith('fine'))
      const fresh = await open()
      await until(() => connections.length === 2)
      stage.isDraining = true
      for (const connection of connections) connection.closeGracefully()
      used.socket.write(get('/late'))
      fresh.socket.write(get('/2'))
      await until(() => fresh.ended !== '' && used.ended !== '')
      assert.deepEqual([used.ended, fresh.ended], ['end', 'end'])
      assert.match(fresh.text, /^HTTP\/1\.1 200 [\s\S]*Connection: close\r\n\r\nfine$/)
      assert.deepEqual(
        stage.received.map(({ exchange }) => exchange.request.path),
        ['/1', '/2'],
      )
    } finally {
      close()
    }
  })
})
