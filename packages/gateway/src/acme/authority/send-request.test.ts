import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { EgressGuard, NO_EGRESS_RULES } from '../../egress/egress-guard.ts'
import { AcmeFault } from '../acme-fault.ts'
import { makeServerCertificate, toSkip } from '../acme-stage.fixture.ts'
import { type AuthorityAnswer, sendRequest } from './send-request.ts'

describe('a request to an authority', { skip: toSkip('openssl') }, () => {
  let tls = { key: '', cert: '' }
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-acme-'))
    makeServerCertificate(folder)
    tls = {
      key: await readFile(join(folder, 'server.key'), 'utf8'),
      cert: await readFile(join(folder, 'server.pem'), 'utf8'),
    }
    await rm(folder, { recursive: true })
  })
  const ends: (() => void)[] = []
  after(() => {
    for (const end of ends) end()
  })

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(tls, listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    ends.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}/x`
  }

  const send = (
    url: string,
    signal = new AbortController().signal,
    guard = NO_EGRESS_RULES,
  ): Promise<AuthorityAnswer> =>
    sendRequest(
      { method: 'POST', url, contentType: 'application/jose+json', body: '{"é":1}' },
      { signal, ca: tls.cert, guard },
    )

  it('says who asks, and carries the body', async () => {
    const url = await serve(async (request, response) => {
      const { 'user-agent': agent, 'content-type': type, 'content-length': length } = request.headers
      let body = ''
      for await (const chunk of request.setEncoding('utf8')) body += chunk
      response.writeHead(418, { 'Replay-Nonce': 'n' }).end(JSON.stringify([request.method, agent, type, length, body]))
    })
    const { status, headers, body } = await send(url)
    assert.deepEqual([status, headers['replay-nonce']], [418, 'n'])
    assert.deepEqual(JSON.parse(body), ['POST', 'gatewright', 'application/jose+json', '8', '{"é":1}'])
  })

  it('takes no endless answer', async () => {
    const url = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) {}
      }
      response.on('drain', more)
      more()
    })
    await assert.rejects(send(url), { message: 'the authority answers with more than a megabyte' })
  })

  it('is called off with its order', async () => {
    const end = new AbortController()
    const url = await serve(() => end.abort(new Error('called off')))
    await assert.rejects(send(url, end.signal), { message: 'called off' })
  })

  for (const host of ['127.0.0.1', '0x7f.1', 'localhost', '[::ffff:127.0.0.1]']) {
    it(`goes to no address that egress denies, and by no connection that was open before: ${host}`, async () => {
      let asked = 0
      const url = await serve((_, response) => {
        asked++
        response.end('{}')
      })
      assert.equal((await send(url)).status, 200)
      const guard = new EgressGuard({ deny: ['127.0.0.0/8', '::1'], allow: [] })
      await assert.rejects(send(url.replace('127.0.0.1', host), undefined, guard), (error: AcmeFault) => {
        assert.match(error.message, /is not asked: \S+ is not to be called: `egress` says what is/)
        assert.equal(error.remedy, 'allow the address in `egress`')
        return true
      })
      assert.equal(asked, 1)
    })
  }

  it('goes over HTTPS and nothing else', async () => {
    await assert.rejects(send('http://127.0.0.1:1/'), /no https address/)
  })

  it('says that nobody is there, and what to do', async () => {
    const server = createServer(tls).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    await assert.rejects(send(`https://127.0.0.1:${port}/dir`), (error: AcmeFault) => {
      assert.ok(error instanceof AcmeFault)
      assert.match(error.message, /^https:\/\/127\.0\.0\.1:\d+ cannot be asked: .*ECONNREFUSED/)
      assert.equal(error.remedy, 'see that this machine may connect there')
      return true
    })
  })

  it('says that half an answer came', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'Content-Length': 10 })
      response.write('half', () => response.destroy())
    })
    await assert.rejects(send(url), AcmeFault)
  })
})
