import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { EgressGuard } from '../egress/egress-guard.ts'
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

describe('a target that may not be connected to', () => {
  const denying = new EgressGuard({ deny: ['127.0.0.0/8', '::1'], allow: ['127.0.0.2'] })
  const failureOf = async (url: string): Promise<string> => {
    const socket = new TargetRuntime({ url, weight: 1 }, { guard: denying }).open('http1', new ReadBuffer(), () => {})
    const [error] = (await once(socket, 'error').catch((thrown) => [thrown])) as [NodeJS.ErrnoException]
    return error.code ?? ''
  }

  for (const url of [
    'http://127.0.0.1:1',
    // Spellings that URLs and resolvers take for it.
    'http://2130706433:1',
    'http://0x7f.1:1',
    'http://0177.0.0.1:1',
    'http://[::ffff:127.0.0.1]:1',
    'http://[::ffff:7f00:1]:1',
    // A name, looked at after DNS.
    'http://localhost:1',
    // Where clouds tell machines who they are, which nobody has to deny.
    'http://169.254.169.254',
    'http://[fd00:ec2::254]',
    'http://[fe80::1]',
    'http://0.0.0.0:1',
  ]) {
    it(`is ${url}`, async () => assert.equal(await failureOf(url), 'egress-denied'))
  }

  it('is none that is allowed, whatever else is denied', async () => {
    assert.equal(await failureOf('http://127.0.0.2:1'), 'ECONNREFUSED')
  })
})
