import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isLocalName } from './local-name.ts'

describe('a port of this machine', () => {
  for (const [host, isLocal] of [
    [undefined, true],
    ['localhost:9081', true],
    ['gate.localhost', true],
    ['127.0.0.1:9081', true],
    ['[::1]:9081', true],
    ['example.com', false],
    ['127.0.0.1.example.com', false],
    ['localhost.example.com:9081', false],
  ] as const) {
    it(`is ${isLocal ? '' : 'not '}asked as ${host ?? 'nothing'}`, () => assert.equal(isLocalName(host), isLocal))
  }
})
