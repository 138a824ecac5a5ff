import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AcmeFault } from './acme-fault.ts'

describe('a fault of an authority', () => {
  it('is one line, whatever the authority says', () => {
    const said = 'no\n2026-01-01T00:00:00Z error FORGED\r\x1b[31mred\u0085\u2028end'
    assert.equal(new AcmeFault(said).message, 'no 2026-01-01T00:00:00Z error FORGED [31mred end')
  })

  it('is no longer than somebody reads', () => {
    assert.equal(new AcmeFault('x'.repeat(1_000_000)).message.length, 2501)
    assert.equal(new AcmeFault('x'.repeat(2500)).message.length, 2500)
  })
})
