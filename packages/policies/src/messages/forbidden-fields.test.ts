import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findForbiddenField } from './forbidden-fields.ts'

describe('fields that no configuration may write', () => {
  for (const name of ['Content-Length', 'transfer-encoding', 'Connection', 'Upgrade', 'X-Request-Id']) {
    it(`hold ${name} both ways, and say why`, () => {
      assert.match(findForbiddenField(name, 'request') ?? '', new RegExp(`^${name} cannot be changed in a request: .`))
      assert.match(findForbiddenField(name, 'response') ?? '', /in a response/)
    })
  }

  it('hold in requests what the gateway says of itself', () => {
    for (const name of ['Host', 'Forwarded', 'x-forwarded-for', 'traceparent']) {
      assert.notEqual(findForbiddenField(name, 'request'), undefined)
      assert.equal(findForbiddenField(name, 'response'), undefined)
    }
  })

  it('hold nothing that is named like what every object has', () => {
    for (const name of ['constructor', '__proto__', 'X-App'])
      assert.equal(findForbiddenField(name, 'request'), undefined)
  })
})
