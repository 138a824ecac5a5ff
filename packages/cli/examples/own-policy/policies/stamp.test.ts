import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from '@gatewright/policies/testing'
import { stamp } from './stamp.ts'

describe('stamp', () => {
  it('tells the upstream and the caller which office it was', async () => {
    const answer = await run(stamp, { office: 'lisbon' }).with({ target: '/orders/7' })
    assert.equal(answer.status, 200)
    assert.equal(answer.upstream[0]?.headers.get('x-office'), 'lisbon')
    assert.equal(answer.headers.get('x-handled-by'), 'lisbon')
  })

  it('calls no upstream for what the office does not handle', async () => {
    const answer = await run(stamp, { office: 'lisbon', paths: ['/orders/paper'] }).with({ target: '/orders/paper' })
    assert.equal(answer.problem?.code, 'access-denied')
    assert.deepEqual(answer.upstream, [])
  })

  it('needs the name of an office', () => {
    assert.throws(() => run(stamp, { office: '' }))
  })
})
