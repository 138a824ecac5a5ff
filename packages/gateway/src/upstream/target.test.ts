import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReadBuffer } from '../sockets/read-buffer.ts'
import { TargetRuntime } from './target.ts'

describe('target', () => {
  for (const [url, hostname, port, authority, origin, pathPrefix, openEvent] of [
    ['http://a', 'a', 80, 'a', 'http://a', '', 'connect'],
    ['https://a', 'a', 443, 'a', 'https://a', '', 'secureConnect'],
    ['https://A:443/v1/', 'a', 443, 'a', 'https://a', '/v1', 'secureConnect'],
    ['https://[::1]:8443', '::1', 8443, '[::1]:8443', 'https://[::1]:8443', '', 'secureConnect'],
    ['http://a:443', 'a', 443, 'a:443', 'http://a:443', '', 'connect'],
  ] as const) {
    it(`is where ${url} says`, () => {
      const target = new TargetRuntime({ url, weight: 1 })
      assert.deepEqual(
        [target.hostname, target.port, target.authority, target.origin, target.pathPrefix, target.openEvent],
        [hostname, port, authority, origin, pathPrefix, openEvent],
      )
    })
  }

  it('of https is never spoken to without TLS', () => {
    const target = new TargetRuntime({ url: 'https://127.0.0.1:1', weight: 1 })
    assert.throws(() => target.open('http1', new ReadBuffer(), () => {}), /nobody said how/)
  })
})
