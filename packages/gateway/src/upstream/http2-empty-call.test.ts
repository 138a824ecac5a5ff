import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { echo, OurServer } from '../http2/node-peers.fixture.ts'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { assertAtRest, sayResponse, TestExchange, toUpstream } from './loopback.fixture.ts'
import { UpstreamRuntime } from './upstream-runtime.ts'

describe('a request without a body, over HTTP/2', () => {
  let server: OurServer
  let upstream: UpstreamRuntime
  /** Did the head end the stream, and which length did it say? */
  const seen: (readonly [endsStream: boolean, length: string | undefined])[] = []

  before(async () => {
    server = await OurServer.start((stream, head, endsStream) => {
      seen.push([endsStream, head.headers.get('content-length')])
      echo(stream, head, endsStream)
    })
    upstream = new UpstreamRuntime(toUpstream({ targets: [server.url], protocol: 'h2c' }), new DeadlineWheel())
  })

  after(async () => {
    upstream.retire()
    await assertAtRest(upstream)
    server.close()
  })

  async function send(headers: Record<string, string>): Promise<(typeof seen)[number] | undefined> {
    assert.equal(await sayResponse(await upstream.forward(new TestExchange({ method: 'POST', headers }))), '200 ')
    return seen.at(-1)
  }

  it('ends with its head', async () => {
    assert.deepEqual(await send({ 'Content-Type': 'application/json' }), [true, '0'])
  })

  it('ends with a frame of its own where it is a call of gRPC, and says no length', async () => {
    assert.deepEqual(await send({ 'Content-Type': 'application/grpc+proto' }), [false, undefined])
  })
})
