import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { format, inspect } from 'node:util'
import { Secret } from './secret.ts'

describe('Secret', () => {
  const secret = new Secret('hunter2')

  it('prints itself nowhere', () => {
    const printed = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { showHidden: true, depth: 5 }),
      format('%s %o %j', secret, secret, secret),
    ]
    for (const text of printed) {
      assert.doesNotMatch(text, /hunter2/)
      assert.match(text, /\[redacted\]/)
    }
  })

  it('has no member that holds it', () => {
    assert.deepEqual(Object.getOwnPropertyNames(secret), [])
    assert.doesNotMatch(JSON.stringify(structuredClone({ ...secret })), /hunter2/)
  })

  it('gives it away when asked', () => {
    assert.equal(secret.reveal(), 'hunter2')
  })
})
