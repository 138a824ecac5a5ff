/** Proves what calls to other services are bounded by: time, size, and where they may go. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { CallFault, type OutgoingCall } from '@gatewright/policies'
import { TestAuthority } from '../certificates/test-authority.fixture.ts'
import { EgressGuard } from './egress-guard.ts'
import { NodeHttpCalls } from './http-calls.ts'

const servers: Server[] = []
after(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

const calls = new NodeHttpCalls()
const send = (url: string, call: Partial<OutgoingCall> = {}) => calls.send({ url, timeoutMs: 5000, ...call })
const reasonOf = async (answer: Promise<unknown>): Promise<string> => {
  try {
    await answer
    return 'answered'
  } catch (error) {
    assert.ok(error instanceof CallFault, String(error))
    return error.reason
  }
}

describe('a call', () => {
  it('is sent as it is said, and answered with status, fields and body', async () => {
    const port = await serve((request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        response.writeHead(
          201,
          [
            ['Set-Cookie', 'a=1'],
            ['Set-Cookie', 'b=2'],
          ].flat(),
        )
        response.end(`${request.method} ${request.url} ${request.headers.host} ${request.headers['x-a']} ${text}`)
      })
    })
    const { status, headers, body } = await send(`http://localhost:${port}/x?y=1`, {
      method: 'POST',
      headers: [['X-A', 'b']],
      body: 'grüße',
    })
    assert.equal(status, 201)
    assert.deepEqual(headers.getAll('set-cookie'), ['a=1', 'b=2'])
    assert.equal(body.toString(), `POST /x?y=1 localhost:${port} b grüße`)
  })

  it('follows no redirect', async () => {
    const port = await serve((_, response) => response.writeHead(302, { Location: 'http://169.254.169.254/' }).end())
    assert.equal((await send(`http://127.0.0.1:${port}/`)).status, 302)
  })

  it('ends with its time, with its signal, and beyond its size', async () => {
    const silent = await serve(() => {})
    assert.equal(await reasonOf(send(`http://127.0.0.1:${silent}/`, { timeoutMs: 50 })), 'timeout')
    const controller = new AbortController()
    const aborted = reasonOf(send(`http://127.0.0.1:${silent}/`, { signal: controller.signal }))
    controller.abort()
    assert.equal(await aborted, 'ABORT_ERR')
    const slow = await serve((_, response) => void response.writeHead(200).write('x'))
    assert.equal(await reasonOf(send(`http://127.0.0.1:${slow}/`, { timeoutMs: 50 })), 'timeout')
    const large = await serve((_, response) => void response.end('x'.repeat(2000)))
    assert.equal(await reasonOf(send(`http://127.0.0.1:${large}/`, { limitBytes: 1999 })), 'too-large')
    assert.equal((await send(`http://127.0.0.1:${large}/`, { limitBytes: 2000 })).body.length, 2000)
  })

  it('says what went wrong', async () => {
    const half = await serve((request) => void request.socket.destroy())
    assert.equal(await reasonOf(send(`http://127.0.0.1:${half}/`)), 'ECONNRESET')
    assert.equal(await reasonOf(send('ftp://127.0.0.1/')), 'url')
    assert.equal(await reasonOf(send('nonsense')), 'url')
    assert.match(await reasonOf(send('http://nobody.invalid/')), /^(?:ENOTFOUND|EAI_AGAIN)$/)
  })

  it('asks a server with TLS for proof', async () => {
    const authority = TestAuthority.create()
    const { certPem, keyPem } = authority.issue({ names: ['localhost'] })
    const server = createSecureServer({ cert: certPem, key: keyPem }, (_, response) => response.end('ok'))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`
    try {
      assert.match(await reasonOf(send(url)), /^UNABLE_TO_/)
      assert.equal((await send(url, { tls: { ca: authority.certPem } })).body.toString(), 'ok')
      const other = url.replace('localhost', '127.0.0.1')
      assert.equal(await reasonOf(send(other, { tls: { ca: authority.certPem } })), 'ERR_TLS_CERT_ALTNAME_INVALID')
    } finally {
      server.closeAllConnections()
      server.close()
      authority.remove()
    }
  })
})

describe('whom calls may reach', () => {
  it('is looked at after DNS, also behind an address in the place of a name', async () => {
    const port = await serve((_, response) => void response.end('ok'))
    calls.setRules({ deny: ['127.0.0.0/8', '::1'], allow: [] })
    for (const host of ['localhost', '127.0.0.1', '127.1', '0x7f000001', '[::ffff:127.0.0.1]']) {
      assert.equal(await reasonOf(send(`http://${host}:${port}/`)), 'egress-denied', host)
    }
    calls.setRules({ deny: ['127.0.0.0/8'], allow: ['127.0.0.1'] })
    assert.equal((await send(`http://127.0.0.1:${port}/`)).status, 200)
    calls.setRules({ deny: [], allow: [] })
  })

  it('is no machine of a cloud that tells secrets, unless it is allowed', () => {
    const isDenied = (address: string, allow: readonly string[] = []): boolean => {
      try {
        new EgressGuard({ deny: [], allow }).check(address)
        return false
      } catch {
        return true
      }
    }
    for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fe80::1', 'fd00:ec2::254', '0.0.0.0', '::']) {
      assert.ok(isDenied(address), address)
    }
    for (const address of ['127.0.0.1', '10.0.0.1', '192.0.2.1', '2001:db8::1', 'fd00::1']) {
      assert.ok(!isDenied(address), address)
    }
    assert.ok(!isDenied('169.254.169.254', ['169.254.169.254']))
  })

  it('closes idle connections when the rules change', async () => {
    const port = await serve((_, response) => void response.end('ok'))
    await send(`http://127.0.0.1:${port}/`)
    calls.setRules({ deny: ['127.0.0.0/8'], allow: [] })
    assert.equal(await reasonOf(send(`http://127.0.0.1:${port}/`)), 'egress-denied')
    calls.setRules({ deny: [], allow: [] })
  })
})
