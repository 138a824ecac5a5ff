/** Owns the proof that what is adopted stays a whole socket of Node: what this file takes off a socket is its own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect as connectPlain, createServer, type Server, type Socket } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { TestAuthority } from '../certificates/test-authority.fixture.ts'
import { type AdoptedSocket, adoptTlsSocket, type SecureFacts, whenSecure } from './adopt-socket.ts'

const EVENTS = ['secure', 'end', 'close', 'error'] as const

type Listeners = readonly (readonly unknown[])[]
type Outcome = SecureFacts | string

const listenersOf = ({ socket }: AdoptedSocket): Listeners => EVENTS.map((event) => socket.listeners(event))

describe('a handshake', () => {
  const authority = TestAuthority.create()
  const client = authority.issue({ names: ['client'] })
  let server: Server
  let context: SecureContext
  let asksCertificate = false
  /** Of the next connection: what listened before, once the hello was read, and what came of it. */
  let next: Promise<{ adopted: AdoptedSocket; before: Listeners; outcome: Outcome }>

  before(async () => {
    const { certPem, keyPem } = authority.issue({ names: ['localhost'] })
    context = createSecureContext({ cert: certPem, key: keyPem, ca: authority.certPem })
    server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  beforeEach(() => {
    asksCertificate = false
    next = once(server, 'connection').then(async ([accepted]: Socket[]) => {
      const [hello] = (await once(accepted!, 'data')) as [Buffer]
      accepted!.pause()
      const adopted = adoptTlsSocket(accepted!, hello, {
        context,
        protocols: ['http/1.1'],
        asksCertificate,
        staple: undefined,
      })
      assert.ok(adopted !== undefined)
      const before = listenersOf(adopted)
      const outcome = await new Promise<Outcome>((resolve) => {
        whenSecure(adopted, { asksCertificate, secure: resolve, failed: resolve })
      })
      return { adopted, before, outcome }
    })
  })
  after(() => {
    server.close()
    authority.remove()
  })

  const dial = (given = {}): TLSSocket => {
    const { port } = server.address() as AddressInfo
    return connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], ...given })
  }

  it('leaves to a secure socket the listeners that Node gave it, but the one that Node takes off itself', async () => {
    const dialled = dial()
    const { adopted, before, outcome } = await next
    assert.deepEqual(outcome, { version: 'TLSv1.3', protocol: 'http/1.1', verifyCode: undefined, chain: undefined })
    const [secure, end, close, error] = before
    assert.ok(end!.length > 0 && close!.length > 0, 'Node listens itself')
    assert.equal(error!.length, 1, 'Node tells of a handshake by it, and takes it off by _releaseControl')
    assert.deepEqual(listenersOf(adopted), [secure, end, close, []])
    adopted.socket.destroy()
    dialled.destroy()
  })

  it('is told with the certificate that was shown, where one was asked for', async () => {
    asksCertificate = true
    const dialled = dial({ cert: client.certPem, key: client.keyPem })
    const { adopted, outcome } = await next
    assert.ok(typeof outcome !== 'string')
    assert.equal(outcome.chain?.subject.CN, 'client')
    assert.equal(outcome.verifyCode, undefined)
    adopted.socket.destroy()
    dialled.destroy()
  })

  it('fails once, by the code of OpenSSL, and the socket that is left throws nothing', async () => {
    const dialled = dial({ ciphers: 'AES128-SHA256', maxVersion: 'TLSv1.2' })
    dialled.on('error', () => {})
    const { adopted, before, outcome } = await next
    assert.equal(outcome, 'ERR_SSL_NO_SHARED_CIPHER')
    for (const [at, kept] of listenersOf(adopted).entries()) {
      for (const listener of before[at]!) assert.ok(kept.includes(listener), `Node listens for ${EVENTS[at]}`)
    }
    adopted.socket.emit('error', new Error('later'))
    assert.equal(adopted.socket.destroyed, true)
    dialled.destroy()
  })

  it('fails where the client leaves in the middle of it', async () => {
    const helloOf = async (): Promise<Buffer> => {
      const tap = createServer().listen(0, '127.0.0.1')
      await once(tap, 'listening')
      const caller = connect({ port: (tap.address() as AddressInfo).port, host: '127.0.0.1' }).on('error', () => {})
      const [heard] = (await once(tap, 'connection')) as [Socket]
      const [hello] = (await once(heard, 'data')) as [Buffer]
      caller.destroy()
      heard.destroy()
      tap.close()
      return hello
    }
    const hello = await helloOf()
    const plain = connectPlain((server.address() as AddressInfo).port, '127.0.0.1')
    plain.write(hello)
    await once(plain, 'data')
    plain.end()
    assert.equal((await next).outcome, 'closed')
    plain.destroy()
  })
})
