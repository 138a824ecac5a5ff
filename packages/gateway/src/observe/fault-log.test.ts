/** Owns the proof that a fault of the configuration or the gateway is told with its stack, others are not, and a flood of them is bounded. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '@gatewright/policies'
import { RecordingLog } from '@gatewright/policies/testing'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import { FaultLog } from './fault-log.ts'

const exchange = { id: 'e1', route: { api: 'orders', route: 'all', template: '/' } } as unknown as GatewayExchange

describe('the fault log', () => {
  it('tells exchange, route and stack of what should not happen', () => {
    const log = new RecordingLog()
    new FaultLog(log).write(exchange, new Problem('unexpected', { cause: new Error('boom') }))
    const text = JSON.stringify(log)
    for (const part of ['e1', 'orders', 'all', 'boom', 'fault-log.test']) assert.ok(text.includes(part), part)
  })

  it('says nothing of problems that clients and upstreams have, nor of those without a cause', () => {
    const log = new RecordingLog()
    const faults = new FaultLog(log)
    faults.write(exchange, new Problem('rate-limited', { cause: 'x' }))
    faults.write(exchange, new Problem('upstream-closed', { cause: new Error('reset') }))
    faults.write(exchange, new Problem('upstream-missing'))
    assert.ok(!JSON.stringify(log).includes('e1'))
  })

  it('tells of an error shape that failed as such: the exchange ended with another problem', () => {
    const log = new RecordingLog()
    new FaultLog(log).writeShapeFailure(exchange, new Problem('upstream-closed'), new Error('no such field'))
    const text = JSON.stringify(log)
    for (const part of ['an error shape', 'failed', 'upstream-closed', 'no such field', 'e1', 'orders'])
      assert.ok(text.includes(part), part)
    assert.ok(!text.includes('expression-failed'))
  })

  it('is bounded: a fault on a busy route fills no disk', () => {
    const log = new RecordingLog()
    const faults = new FaultLog(log)
    for (let i = 0; i < 1000; i++) faults.write(exchange, new Problem('unexpected', { cause: new Error('boom') }))
    assert.ok(JSON.stringify(log).split('"e1"').length - 1 <= 20)
  })
})
