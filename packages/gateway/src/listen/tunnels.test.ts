import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { GatewayResponse } from '@gatewright/policies'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { TestExchange } from '../upstream/loopback.fixture.ts'
import { UpstreamTunnel } from '../upstream/upstream-tunnel.ts'
import { TunnelKeeper, toUpgradeHead } from './tunnels.ts'

/** Both ends of a connection over the loopback. */
async function connectPair(): Promise<{ ours: Socket; theirs: Socket }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const theirs = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [[ours]] = (await Promise.all([once(server, 'connection'), once(theirs, 'connect')])) as [[Socket], unknown[]]
  server.close()
  for (const socket of [ours, theirs]) socket.on('error', () => {})
  return { ours, theirs }
}

/** A tunnel of one second at most, on a clock that a test moves. */
async function openTunnel() {
  const client = await connectPair()
  const upstream = await connectPair()
  let aheadMs = 0
  let released = 0
  const ended: string[] = []
  const wheel = new DeadlineWheel(() => performance.now() + aheadMs)
  const keeper = new TunnelKeeper({
    wheel,
    onChanged() {},
    onEnded: (_, how) => void ended.push(how),
    rightEndsAtMs: () => Number.POSITIVE_INFINITY,
  })
  const exchange = new TestExchange()
  exchange.tunnelMaxAgeMs = 1000
  const response = new GatewayResponse({ status: 101 })
  response.tunnel = UpstreamTunnel.takeOver(upstream.ours, Buffer.alloc(0), (reader) =>
    upstream.ours.on('data', reader),
  )
  keeper.open(exchange, {
    response,
    client: {
      socket: client.ours,
      rest: Buffer.alloc(0),
      readWith: (reader) => void client.ours.on('data', reader),
      release: () => void released++,
      accept: (accepted, answer) => client.ours.write(toUpgradeHead(accepted, answer), 'latin1'),
    },
  })
  const passMs = (ms: number): void => {
    aheadMs += ms
    wheel.advance()
  }
  return { client, upstream, keeper, ended, passMs, released: () => released }
}

describe('a tunnel that has ended', () => {
  it('is closed although its client reads nothing, and counts as a connection until then', async () => {
    const { client, upstream, ended, passMs, released } = await openTunnel()
    // More than the kernel holds for anybody: what waits then waits for good.
    upstream.theirs.write(Buffer.alloc(33_554_432))
    for (let waiting = 0; waiting < 200; waiting = client.ours.writableLength > 0 ? waiting + 1 : 0) await turn()
    passMs(1100)
    assert.deepEqual(ended, ['answered'])
    await turn()
    assert.deepEqual([released(), client.ours.destroyed], [0, false])
    const closed = once(client.ours, 'close')
    passMs(2200)
    await closed
    assert.equal(released(), 1)
    assert.equal(upstream.ours.destroyed, true)
    for (const { theirs } of [client, upstream]) theirs.destroy()
  })

  it('gives its client what was on the way', async () => {
    const { client, upstream, ended, passMs, released } = await openTunnel()
    let text = ''
    client.theirs.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    upstream.theirs.write('the last words')
    while (!text.endsWith('words')) await turn()
    const closed = [once(client.ours, 'close'), once(client.theirs, 'close')]
    passMs(1100)
    await Promise.all(closed)
    assert.match(text, /^HTTP\/1\.1 101 [\s\S]*the last words$/)
    assert.deepEqual([ended, released()], [['answered'], 1])
    upstream.theirs.destroy()
  })

  it('is closed at once when the drain has no more time', async () => {
    const { client, upstream, keeper, ended } = await openTunnel()
    keeper.cutOff()
    assert.deepEqual([client.ours.destroyed, upstream.ours.destroyed, ended], [true, true, ['drain-timeout']])
    for (const { theirs } of [client, upstream]) theirs.destroy()
  })
})
