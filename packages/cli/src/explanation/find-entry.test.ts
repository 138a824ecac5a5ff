import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Listener } from '@gatewright/model'
import { findEntry } from './find-entry.ts'
import { parseAsked } from './parse-asked.ts'

const ask = (mode: 'require' | 'request', path: string) => ({ mode, ca: { path, sha256: '' }, depth: 2 })
const plain = { id: 'plain', port: 80 }
const open = { id: 'open', port: 8443, tls: { hosts: [] } }
const mutual = {
  id: 'mutual',
  port: 443,
  tls: {
    clientCertificates: ask('request', '/own.pem'),
    hosts: [
      { names: ['*.example.com'], clientCertificates: ask('require', '/wildcard.pem') },
      { names: ['A.Example.com'], clientCertificates: ask('require', '/exact.pem') },
      { names: ['open.example.com'] },
    ],
  },
}

const find = (url: string, listeners: readonly object[] = [plain, open, mutual]) =>
  findEntry(listeners as readonly Listener[], parseAsked('GET', url, []))

describe('the listener that a request comes in by', () => {
  for (const [url, listener, demand] of [
    ['http://x/', 'plain', undefined],
    ['https://x:8443/', 'open', undefined],
    ['https://x/', 'mutual', 'asks for a certificate of the client, from /own.pem.'],
    ['https://x:9999/', 'open', undefined],
    ['https://b.example.com/', 'mutual', 'demands a certificate of the client, from /wildcard.pem.'],
    ['https://a.example.com:443/', 'mutual', 'demands a certificate of the client, from /exact.pem.'],
    ['https://c.b.example.com/', 'mutual', 'asks for a certificate of the client, from /own.pem.'],
    ['https://open.example.com/', 'mutual', undefined],
  ] as const) {
    it(`${url}: ${listener}${demand === undefined ? '' : `, which ${demand}`}`, () => {
      const entry = find(url)
      assert.equal(entry.listener, listener)
      assert.deepEqual(entry.hints, demand === undefined ? [] : [`The listener "${listener}" ${demand}`])
    })
  }

  it('is none that is switched off', () => {
    assert.equal(find('https://x/', [{ ...mutual, enabled: false }, open]).listener, 'open')
  })

  it('is no one in particular where there is none', () => {
    assert.deepEqual(find('/', []), { listener: undefined, scheme: 'http', hints: [] })
  })
})
