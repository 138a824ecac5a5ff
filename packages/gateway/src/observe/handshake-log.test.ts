import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandshakeLog } from './handshake-log.ts'

function stage() {
  const told: (readonly [string, unknown])[] = []
  const clock = { nowMs: 0 }
  const log = { info() {}, error() {}, warn: (text: string, facts?: unknown) => void told.push([text, facts]) }
  return { told, clock, handshakes: new HandshakeLog(log, () => clock.nowMs) }
}

describe('the telling of handshakes that fail', () => {
  it('is once a minute for each listener and reason, with the number of those between', () => {
    const { told, clock, handshakes } = stage()
    for (let at = 0; at < 5; at++) handshakes.onFailed('ERR_X', 'public')
    handshakes.onFailed('ERR_Y', 'public')
    handshakes.onFailed('ERR_X', 'other')
    assert.equal(told.length, 3)
    clock.nowMs = 60_000
    handshakes.onFailed('ERR_X', 'public')
    assert.deepEqual(told.slice(3), [['a TLS handshake failed', { listener: 'public', reason: 'ERR_X', alsoSince: 4 }]])
    clock.nowMs = 120_000
    handshakes.onFailed('ERR_X', 'public')
    assert.deepEqual(told[4]?.[1], { listener: 'public', reason: 'ERR_X' })
  })

  it('says how to mend what can be mended, and nothing of clients that left', () => {
    const { told, handshakes } = stage()
    for (const why of ['closed', 'ECONNRESET', 'EPIPE', 'challenge']) handshakes.onFailed(why, 'public')
    assert.deepEqual(told, [])
    handshakes.onFailed('no-certificate', 'public')
    assert.match(JSON.stringify(told), /defaultCertificate/)
  })

  it('remembers a bounded number of reasons', () => {
    const { told, handshakes } = stage()
    for (let at = 0; at < 200; at++) handshakes.onFailed(`ERR_${at}`, 'public')
    assert.equal(told.length, 200)
    handshakes.onFailed('ERR_199', 'public')
    assert.equal(told.length, 200)
  })
})
