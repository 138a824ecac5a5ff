import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { type GatewayResponse, Problem } from '@gatewright/policies'
import { type LoopbackTarget, OK, TestExchange } from '../loopback.fixture.ts'
import { UpstreamTunnel } from '../upstream-tunnel.ts'
import { stageTls } from './tls-stage.fixture.ts'

const stage = stageTls()

/** The TCP connection ends, and nobody told TLS. */
function cut({ connections }: LoopbackTarget): void {
  connections.at(-1)?.end()
}

describe('an answer that ends with its connection', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    // More than one record, and more than one read.
    for (const body of ['hello', 'x'.repeat(40_000), 'y'.repeat(3_000_000)]) {
      describe(`of ${body.length} octets over ${maxVersion}`, () => {
        it('is whole where the target says that it is', async () => {
          const target = await stage.listen(stage.good, { maxVersion })
          target.reply = (_, socket) => socket.end(HEAD + body)
          stage.use()
          assert.ok((await stage.send()) === `200 ${body}`)
        })

        it('is broken off where the connection is cut', async () => {
          const target = await stage.listen(stage.good, { maxVersion })
          target.reply = (_, socket) => socket.write(HEAD + body, () => cut(target))
          stage.use()
          assert.ok((await stage.send()) === `200 ${body}… upstream-closed`)
        })

        it('is whole although nobody reads it when the connection ends', async () => {
          const target = await stage.listen(stage.good, { maxVersion })
          target.reply = (_, socket) => socket.end(HEAD + body)
          stage.use()
          const response = await stage.upstream.forward(new TestExchange())
          assert.ok((await readSlowly(response)) === body)
        })

        it('is broken off although nobody reads it when the connection is cut', async () => {
          const target = await stage.listen(stage.good, { maxVersion })
          target.reply = (_, socket) => socket.write(HEAD + body, () => cut(target))
          stage.use()
          const response = await stage.upstream.forward(new TestExchange())
          assert.ok((await readSlowly(response)) === `${body}… upstream-closed`)
        })
      })
    }
  }
})

describe('a target that wants another handshake in mid-stream', () => {
  it('gets none', async () => {
    const target = await stage.listen(stage.good, { maxVersion: 'TLSv1.2' })
    const { promise: outcome, resolve } = Promise.withResolvers<string>()
    target.reply = (_, socket) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
      ;(socket as TLSSocket).renegotiate({}, () => resolve('renegotiated'))
      socket.write(OK)
    }
    stage.use()
    assert.equal(await stage.send(), '200 ok')
    assert.equal(await outcome, 'ERR_SSL_NO_RENEGOTIATION')
  })
})

describe('a tunnel over TLS', () => {
  it('loses nothing of what comes with its 101, in however many records', async () => {
    const said = Array.from({ length: 10_000 }, (_, i) => `frame ${i}\n`).join('')
    const target = await stage.listen()
    target.reply = (_, socket) =>
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${said}`)
    stage.use()
    const exchange = new TestExchange()
    exchange.upgrade = 'websocket'
    const { status, tunnel } = await stage.upstream.forward(exchange)
    assert.equal(status, 101)
    assert.ok(tunnel instanceof UpstreamTunnel)
    const { socket, rest, readWith } = tunnel.end
    let got = Buffer.from(rest).toString()
    await new Promise<void>((resolve) => {
      readWith((chunk) => {
        got += chunk.toString()
        if (got.length >= said.length) resolve()
      })
      socket.resume()
    })
    assert.equal(got, said)
    const [server] = target.sockets as [Socket]
    const heard = once(server, 'end')
    socket.end()
    await heard
  })
})

/** One chunk a turn. */
function readSlowly({ body }: GatewayResponse): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const flow = body.pipe({
      write(chunk) {
        text += Buffer.from(chunk).toString('latin1')
        setImmediate(() => flow.resume())
        return false
      },
      end: () => resolve(text),
      abort: (reason) => resolve(`${text}… ${Problem.from(reason).code}`),
    })
  })
}
