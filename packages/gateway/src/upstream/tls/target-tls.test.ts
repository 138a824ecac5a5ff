import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { createSecureContext, type TLSSocket } from 'node:tls'
import type { IssuedCertificate } from '../../certificates/test-authority.fixture.ts'
import { OK } from '../loopback.fixture.ts'
import { stageTls, toPem } from './tls-stage.fixture.ts'

const stage = stageTls()
const { authority, stranger, good } = stage

const toIdentity = ({ certPem, keyPem }: IssuedCertificate) => ({
  clientCertificate: { cert: toPem(certPem), key: toPem(keyPem) },
})

describe('the proof of a target', () => {
  for (const host of ['127.0.0.1', 'localhost']) {
    it(`is its CA, and the name in the URL (${host})`, async () => {
      await stage.listen()
      stage.use({}, { host })
      assert.equal(await stage.send(), '200 ok')
    })
  }

  it('may come from a certificate below the root, where that is named', async () => {
    const between = authority.createIntermediate()
    await stage.listen(between.issue({ names: ['127.0.0.1'] }))
    stage.use({ ca: toPem(between.certPem) })
    assert.equal(await stage.send(), '200 ok')
  })

  for (const [what, toShown, reason] of [
    ['that is expired', () => authority.issue({ names: ['127.0.0.1'], days: -1 }), 'CERT_HAS_EXPIRED'],
    ['for another name', () => authority.issue({ names: ['other.example'] }), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['of another address', () => authority.issue({ names: ['127.0.0.2'] }), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['of a strange CA', () => stranger.issue({ names: ['127.0.0.1'] }), 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ] as const) {
    it(`is no certificate ${what}: nothing is sent`, async () => {
      await stage.listen(toShown())
      stage.use()
      assert.equal(await stage.send(), `upstream-untrusted ${reason}`)
      assert.equal(stage.target.seen.length, 0)
    })
  }

  it('is that of the name which is said instead', async () => {
    await stage.listen(authority.issue({ names: ['orders.example', '127.0.0.2'] }))
    for (const serverName of ['orders.example', '127.0.0.2']) {
      stage.use({ serverName })
      assert.equal(await stage.send(), '200 ok')
    }
    stage.use({ serverName: 'billing.example' })
    assert.equal(await stage.send(), 'upstream-untrusted ERR_TLS_CERT_ALTNAME_INVALID')
  })

  it('is not asked for where the file says so', async () => {
    await stage.listen(stranger.issue({ names: ['other.example'], days: -1 }))
    stage.use({ verify: false, ca: undefined })
    assert.equal(await stage.send(), '200 ok')
  })

  it('is asked for whatever the environment says', async () => {
    await stage.listen(stranger.issue({ names: ['127.0.0.1'] }))
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      stage.use()
      assert.match(await stage.send(), /^upstream-untrusted /)
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    }
  })

  it('that fails counts against the target', async () => {
    await stage.listen(stranger.issue())
    stage.use({}, { health: { passive: { failures: 1, maxEjectedPercent: 100 } } })
    assert.match(await stage.send(), /^upstream-untrusted /)
    assert.equal(stage.upstream.targets[0]?.isOut, true)
  })

  it('that fails is told to one of those who wait for each connection that was tried', async () => {
    await stage.listen(stranger.issue())
    stage.use({}, { pool: { maxConnections: 1 } })
    const answers = await Promise.all([stage.send(), stage.send(), stage.send()])
    assert.deepEqual([...new Set(answers)], ['upstream-untrusted UNABLE_TO_GET_ISSUER_CERT_LOCALLY'])
    assert.equal(stage.target.connections.length, 3)
  })
})

describe('a handshake', () => {
  it('says the name, which an address is not, and that HTTP/1.1 is spoken', async () => {
    const names: unknown[] = []
    const protocols: unknown[] = []
    await stage.listen(good, {
      SNICallback: (name, answer) => {
        names.push(name)
        answer(null, createSecureContext({ cert: good.certPem, key: good.keyPem }))
      },
      ALPNCallback: (offer) => {
        protocols.push(offer.protocols)
        return 'http/1.1'
      },
    })
    for (const [serverName, host] of [
      [undefined, '127.0.0.1'],
      [undefined, 'localhost'],
      ['localhost.', '127.0.0.1'],
      ['127.0.0.1', 'localhost'],
    ] as const) {
      stage.use({ serverName }, { host })
      assert.equal(await stage.send(), '200 ok')
    }
    assert.deepEqual(names, ['localhost', 'localhost'])
    assert.deepEqual(protocols, Array(4).fill(['http/1.1']))
  })

  it('is of no older version than is said', async () => {
    await stage.listen(good, { maxVersion: 'TLSv1.2' })
    stage.use({ minVersion: '1.3' })
    assert.match(await stage.send(), /^upstream-untrusted ERR_SSL_\w*ALERT_PROTOCOL_VERSION$/)
    stage.use({ minVersion: '1.2' })
    assert.equal(await stage.send(), '200 ok')
  })

  for (const [version, flag] of [
    ['1.2', '-tls1_2'],
    ['1.3', '-tls1_3'],
  ] as const) {
    it(`shows a certificate to who asks for one, and is refused without it (TLS ${version})`, async () => {
      const { cert, key } = good
      const demands = ['-Verify', '2', '-verify_return_error', '-CAfile', authority.cert]
      const server = spawn(
        'openssl',
        ['s_server', '-accept', '127.0.0.1:0', '-www', flag, '-cert', cert, '-key', key, ...demands],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      )
      try {
        let said = ''
        while (!said.includes('ACCEPT')) said += String((await once(server.stdout, 'data'))[0])
        const port = Number(/ACCEPT .*:(\d+)/.exec(said)?.[1])
        stage.use(toIdentity(authority.issue({ names: ['gateway'] })), { port })
        assert.match(await stage.send(), /^200 /)
        // In TLS 1.3 the refusal comes when the request is out already.
        for (const identity of [{}, toIdentity(stranger.issue())]) {
          stage.use(identity, { port })
          assert.match(await stage.send(), /^upstream-untrusted ERR_SSL_.*ALERT_/)
        }
      } finally {
        server.kill()
      }
    })
  }

  for (const [how, act] of [
    ['is reset', (socket: Socket) => socket.resetAndDestroy()],
    ['ends', (socket: Socket) => socket.end()],
  ] as const) {
    it(`whose connection ${how} is of an upstream that cannot be reached`, async () => {
      const server = createServer((socket) => socket.once('data', () => act(socket)).on('error', () => {}))
      await once(server.listen(0, '127.0.0.1'), 'listening')
      try {
        stage.use({}, { port: (server.address() as AddressInfo).port })
        assert.equal(await stage.send(), 'upstream-unreachable ECONNRESET')
      } finally {
        server.close()
      }
    })
  }

  it('takes no longer than connecting may', async () => {
    const server = createServer((socket) => socket.on('error', () => {}))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    try {
      stage.use({}, { port: (server.address() as AddressInfo).port, timeouts: { connectMs: 3000 } })
      const answer = stage.send()
      const [socket] = (await once(server, 'connection')) as [Socket]
      await once(socket, 'data')
      stage.passSeconds(5)
      assert.equal(await answer, 'upstream-unreachable ETIMEDOUT')
    } finally {
      server.close()
    }
  })

  it('with who speaks no TLS is none, and no lack of proof', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n').on('error', () => {}))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    try {
      stage.use({}, { port: (server.address() as AddressInfo).port })
      assert.equal(await stage.send(), 'upstream-unreachable no-tls')
    } finally {
      server.close()
    }
  })
})

describe('a session', () => {
  /** Answers, and whether the connection was resumed; then it ends. */
  const sayReused = (_: unknown, socket: Socket): void => {
    const text = String((socket as TLSSocket).isSessionReused())
    socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
  }

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`is taken up by the next connections (${maxVersion})`, async () => {
      const target = await stage.listen(good, { maxVersion })
      target.reply = sayReused
      stage.use()
      const answers: string[] = []
      for (let i = 0; i < 3; i++) answers.push(await stage.send())
      assert.deepEqual(answers, ['200 false', '200 true', '200 true'])
    })
  }

  it('of TLS 1.3 is offered once', async () => {
    const target = await stage.listen()
    target.reply = sayReused
    stage.use()
    assert.equal(await stage.send(), '200 false')
    const answers = await Promise.all([stage.send(), stage.send(), stage.send()])
    assert.deepEqual(answers.sort(), ['200 false', '200 true', '200 true'])
  })

  it('is of one upstream alone: others may trust other people', async () => {
    const target = await stage.listen()
    target.reply = sayReused
    stage.use()
    assert.equal(await stage.send(), '200 false')
    stage.use()
    assert.equal(await stage.send(), '200 false')
    stage.use({ ca: toPem(stranger.certPem) })
    assert.match(await stage.send(), /^upstream-untrusted /)
  })

  it('that the target does not know any more costs a whole handshake, and nothing else', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { port } = await stage.listen(good, { maxVersion })
      stage.target.reply = sayReused
      stage.use()
      assert.equal(await stage.send(), '200 false')
      // Another process has other ticket keys.
      await stage.target.close()
      await stage.listen(good, { maxVersion }, port)
      stage.target.reply = sayReused
      assert.equal(await stage.send(), '200 false')
      assert.equal(await stage.send(), '200 true')
    }
  })

  it('with which a handshake failed is not offered again', async () => {
    const { port } = await stage.listen(good, { maxVersion: 'TLSv1.2' })
    stage.target.reply = sayReused
    stage.use()
    assert.equal(await stage.send(), '200 false')
    await stage.target.close()
    const offered: number[] = []
    const server = createServer((socket) => {
      socket.on('error', () => {})
      // How long a `ClientHello` is tells whether there is a ticket in it.
      socket.once('data', (hello) => {
        offered.push(hello.length)
        socket.resetAndDestroy()
      })
    })
    await once(server.listen(port, '127.0.0.1'), 'listening')
    try {
      for (let i = 0; i < 3; i++) assert.equal(await stage.send(), 'upstream-unreachable ECONNRESET')
      assert.ok(offered[0]! > offered[1]! + 50, String(offered))
      assert.equal(offered[1], offered[2])
    } finally {
      server.close()
    }
  })
})

describe('a connection over TLS', () => {
  it('is used again and again', async () => {
    const target = await stage.listen()
    target.reply = (_, socket) => socket.write(OK)
    stage.use()
    for (let i = 0; i < 5; i++) assert.equal(await stage.send(), '200 ok')
    assert.equal(target.connections.length, 1)
  })
})
