import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Http2Target } from '../http2-target.fixture.ts'
import { stageTls } from './tls-stage.fixture.ts'

const stage = stageTls()
const { good } = stage
const CERTIFICATE = { cert: good.certPem, key: good.keyPem }

/** While `act` runs, a target that speaks HTTP/2 listens there. */
async function withHttp2(port: number, act: (target: Http2Target) => Promise<void>): Promise<void> {
  const target = await Http2Target.listen(CERTIFICATE, port)
  try {
    await act(target)
  } finally {
    await target.close()
  }
}

describe('what a target is spoken to in', () => {
  for (const protocol of ['h2', 'auto']) {
    it(`is HTTP/2 under ${protocol} where it chooses that: many requests, one connection`, async () => {
      await withHttp2(0, async (target) => {
        stage.use({}, { port: target.port, protocol })
        const answers = await Promise.all(Array.from({ length: 50 }, () => stage.send()))
        assert.deepEqual([...new Set(answers)], ['200 ok'])
        assert.equal(target.sessions.length, 1)
        assert.equal(target.seen[0]?.headers[':scheme'], 'https')
        stage.upstream.retire()
        await target.until(() => target.openConnections === 0)
      })
    })
  }

  for (const ALPNProtocols of [['http/1.1'], undefined]) {
    const what = ALPNProtocols === undefined ? 'says nothing' : 'says http/1.1'
    const options = ALPNProtocols === undefined ? {} : { ALPNProtocols }

    it(`is HTTP/1.1 under auto where it ${what}: a connection for each at once`, async () => {
      const target = await stage.listen(good, options)
      stage.use({}, { protocol: 'auto' })
      const answers = await Promise.all(Array.from({ length: 20 }, () => stage.send()))
      assert.deepEqual([...new Set(answers)], ['200 ok'])
      assert.ok(target.sockets.length > 1)
    })

    it(`is nothing under h2 where it ${what}: no request is sent, and the reason is clear`, async () => {
      const target = await stage.listen(good, options)
      stage.use({}, { protocol: 'h2' })
      const answers = await Promise.all(Array.from({ length: 5 }, () => stage.send()))
      assert.deepEqual([...new Set(answers)], ['upstream-unreachable no-http2'])
      assert.equal(target.seen.length, 0)
    })
  }

  it('is nothing under http1 where it speaks HTTP/2 alone, and the reason says so', async () => {
    await withHttp2(0, async (target) => {
      stage.use({}, { port: target.port })
      assert.equal(await stage.send(), 'upstream-unreachable no-http1')
    })
  })

  it('is nothing under http1 where it speaks HTTP/2 alone, without TLS as well', async () => {
    const target = await Http2Target.listen()
    stage.use({}, { port: target.port, targets: [target.url] })
    assert.equal(await stage.send(), 'upstream-malformed http2')
    await target.close()
  })

  it('may change from one connection to the next', async () => {
    const old = await stage.listen(good, { ALPNProtocols: ['http/1.1'] })
    const { port } = old
    stage.use({}, { protocol: 'auto' })
    assert.equal(await stage.send(), '200 ok')
    await old.close()
    await withHttp2(port, async (target) => {
      assert.equal(await stage.send(), '200 ok')
      const answers = await Promise.all(Array.from({ length: 50 }, () => stage.send()))
      assert.deepEqual([...new Set(answers)], ['200 ok'])
      assert.equal(target.sessions.length, 1)
    })
    await stage.listen(good, { ALPNProtocols: ['http/1.1'] }, port)
    assert.equal(await stage.send(), '200 ok')
    assert.equal(stage.target.seen.length, 1)
  })
})
