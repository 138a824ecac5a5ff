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

/** A tunnel of one second at most, unless it is somebody's whose session may end; on a clock that a test moves. */
async function openTunnel(isEnded?: () => boolean) {
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
    rightEndsAtMs: ({ caller }) => (caller?.credential.isEnded?.() === true ? 0 : Number.POSITIVE_INFINITY),
  })
  const exchange = new TestExchange()
  exchange.tunnelMaxAgeMs = isEnded === undefined ? 1000 : Number.POSITIVE_INFINITY
  if (isEnded !== undefined) exchange.caller = { id: 'ada', credential: { kind: 'session', id: 's', isEnded } }
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

describe('a tunnel of a session', () => {
  it('ends a second after somebody ended that, and not before', async () => {
    let isOver = false
    const { client, upstream, ended, passMs } = await openTunnel(() => isOver)
    for (let second = 0; second < 5; second++) passMs(1100)
    assert.deepEqual(ended, [])
    isOver = true
    passMs(1100)
    assert.deepEqual(ended, ['answered'])
    for (const { theirs } of [client, upstream]) theirs.destroy()
  })

  it('does not open where somebody ended it meanwhile', async () => {
    const { client, upstream, ended } = await openTunnel(() => true)
    assert.deepEqual(ended, ['answered'])
    for (const { theirs } of [client, upstream]) theirs.destroy()
  })
})
