import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { EgressGuard, NO_EGRESS_RULES } from '../egress/egress-guard.ts'
import { createAskResponder } from './ask-responder.ts'
import { OcspFault } from './ocsp-fault.ts'

describe('a question to a responder', () => {
  const ends: (() => void)[] = []
  after(() => {
    for (const end of ends) end()
  })

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    ends.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ocsp`
  }

  const ask = (
    url: string,
    { signal = new AbortController().signal, answerMs = 15_000, guard = NO_EGRESS_RULES } = {},
  ) => createAskResponder({ answerMs })({ url, request: Buffer.from('question'), guard }, signal)

  it('is posted, and answered with all that comes', async () => {
    const url = await serve(async (request, answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      const { method, headers } = request
      answer.write(`${method} ${headers['content-type']} ${headers['content-length']} `)
      answer.end(Buffer.concat(chunks))
    })
    assert.equal(Buffer.from(await ask(url)).toString(), 'POST application/ocsp-request 8 question')
  })

  it('is not sent on to somebody else', async () => {
    let isFollowed = false
    const other = await serve((_, answer) => {
      isFollowed = true
      answer.end()
    })
    const url = await serve((_, answer) => answer.writeHead(307, { Location: other }).end())
    await assert.rejects(ask(url), { message: 'the responder answers with status 307' })
    assert.equal(isFollowed, false)
  })

  for (const host of ['127.0.0.1', '2130706433', 'localhost', '[::ffff:127.0.0.1]']) {
    it(`goes to no address that egress denies: ${host}`, async () => {
      let isAsked = false
      const url = await serve((_, answer) => {
        isAsked = true
        answer.end()
      })
      const guard = new EgressGuard({ deny: ['127.0.0.0/8', '::1'], allow: [] })
      const asked = ask(url.replace('127.0.0.1', host), { guard })
      await assert.rejects(asked, /cannot be asked: \S+ is not to be called: `egress` says what is/)
      assert.equal(isAsked, false)
    })
  }

  it('takes 64 KiB and not an octet more, and no megabyte is read to its end', async () => {
    const sizes = [65_536, 65_537, 1_048_576]
    const url = await serve((_, answer) => answer.end(Buffer.alloc(sizes.shift() ?? 0)))
    assert.equal((await ask(url)).length, 65_536)
    for (let left = sizes.length; left > 0; left--) {
      await assert.rejects(ask(url), { message: 'the responder answers with more than 64 KiB' })
    }
    let isCut = false
    const endless = await serve((_, answer) => {
      answer.on('close', () => {
        isCut = true
      })
      const write = (): void => {
        while (!answer.destroyed && answer.write(Buffer.alloc(16_384)));
        if (!answer.destroyed) answer.once('drain', write)
      }
      write()
    })
    await assert.rejects(ask(endless), OcspFault)
    while (!isCut) await new Promise((resolve) => setImmediate(resolve))
  })

  it('ends where nobody answers, where an answer stops in the middle, and where nobody is', async () => {
    const silent = await serve(() => {})
    await assert.rejects(ask(silent, { answerMs: 20 }), /cannot be asked: it did not answer within 0\.02 s$/)
    const slow = await serve((_, answer) => void answer.write('a beginning'))
    await assert.rejects(ask(slow, { answerMs: 50 }), /it did not answer within/)
    const broken = await serve((_, answer) => {
      answer.writeHead(200, { 'Content-Length': 100 })
      answer.write('a beginning', () => answer.destroy())
    })
    await assert.rejects(ask(broken), OcspFault)
    await assert.rejects(
      ask('http://127.0.0.1:1/'),
      /^Error: http:\/\/127\.0\.0\.1:1\/ cannot be asked: .*ECONNREFUSED/,
    )
    await assert.rejects(ask('http://[::'), OcspFault)
  })

  it('is called off with the reason of whoever does so', async () => {
    const end = new AbortController()
    const silent = await serve(() => end.abort(new Error('not wanted')))
    await assert.rejects(ask(silent, { signal: end.signal }), { message: 'not wanted' })
  })
})
