/** Owns the proof that a listener's new settings hold for connections that stay. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { type Listener, resolve } from '@gatewright/model'
import { EMPTY_BODY, GatewayResponse, HeaderList } from '@gatewright/policies'
import { findFreePort } from '../../../policies/src/testing/free-ports.ts'
import { openExchange } from '../exchange/open-exchange.ts'
import type { Refusal } from '../http1/refusal.ts'
import { HeldFieldsOfAll } from '../snapshot/held-fields.ts'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { CertificateStore } from '../tls/certificate-store.ts'
import type { ClientConnection, ReceivedRequest, RequestReceiver } from './connection-contract.ts'
import { ListenerRuntime } from './listener.ts'

function toListener(given: object): Listener {
  const text = JSON.stringify({ gatewright: 1, listeners: [{ id: 'public', host: '127.0.0.1', ...given }] })
  const { draft } = resolve({ files: [{ path: 'a.json', text }], env: () => undefined, readFile: () => undefined })
  const [listener] = draft.listeners
  assert.ok(listener !== undefined)
  return listener
}

/** Answers who the client is and what the limits are, or why it was refused. */
class Telling implements RequestReceiver {
  receive(request: ReceivedRequest, connection: ClientConnection): void {
    const { limits } = connection.settings
    this.#answer(request, connection, `${limits.bodyBytes < 10 ? 'small' : 'large'}`)
  }

  refuse({ reason }: Refusal, { method }: { method: string }, connection: ClientConnection): void {
    const target = { path: '/', search: '', authority: undefined }
    const request = {
      method,
      rawTarget: '/',
      target,
      authority: undefined,
      httpVersion: '1.1',
      upgrade: undefined,
    } as const
    this.#answer({ ...request, headers: HeaderList.of(), body: EMPTY_BODY }, connection, reason)
  }

  onEnded(): void {}
  openTunnel(): void {}

  #answer(request: ReceivedRequest, connection: ClientConnection, what: string): void {
    const { trusted } = connection.settings
    const exchange = openExchange(request, { connection, trusted, path: '/', heldFields: new HeldFieldsOfAll() })
    connection.begin(exchange)
    exchange.answer(GatewayResponse.ofText(200, `${exchange.client.address} ${what}`))
  }
}

describe('a listener', () => {
  it('has its new settings for connections that stay', async () => {
    const port = await findFreePort()
    const listener = new ListenerRuntime(toListener({ port }), {
      receiver: new Telling(),
      wheel: new DeadlineWheel(),
      gauge: { opened: () => ({ total: 1, ofAddress: 1 }), closed() {} },
      reusePort: false,
      certificates: new CertificateStore(Buffer.alloc(48)),
      handshakes: { onSecure() {}, onFailed() {} },
    })
    await listener.listen()
    const socket = connect(port, '127.0.0.1')
    const ask = async (): Promise<string> => {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n')
      const [bytes] = await once(socket, 'data')
      return String(bytes).split('\r\n\r\n')[1] ?? ''
    }
    try {
      assert.equal(await ask(), '127.0.0.1 large')
      listener.update(toListener({ port, trustedProxies: ['127.0.0.1'], limits: { bodyBytes: 5 } }))
      assert.equal(await ask(), '203.0.113.9 small')
      listener.update(toListener({ port, limits: { headerFields: 1 } }))
      assert.equal(await ask(), '127.0.0.1 header-fields')
    } finally {
      socket.destroy()
      listener.destroy()
    }
  })
})
