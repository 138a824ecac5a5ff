import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '@gatewright/policies/testing'
import { adviseOnChallenge } from './advice.ts'
import { findFault, parseProblem } from './problem-fault.ts'

const URL = 'https://ca.example/acme/new-order'
const TYPE = 'urn:ietf:params:acme:error:'

const find = (status: number, body: unknown, headers = {}, clock = new FakeClock()) =>
  findFault({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, URL, clock)

describe('an authority’s answer', () => {
  it('is no fault when it went well, or when another nonce is wanted', () => {
    for (const [status, body] of [
      [200, '{}'],
      [201, ''],
      [204, 'anything'],
      [400, { type: `${TYPE}badNonce`, detail: 'stale' }],
    ] as const) {
      assert.equal(find(status, body), undefined)
    }
  })

  it('is told with its detail, of each name too, and with what to do', () => {
    const fault = find(403, {
      type: `${TYPE}rejectedIdentifier`,
      detail: 'some names are refused',
      subproblems: [
        { type: `${TYPE}caa`, detail: 'forbidden by CAA', identifier: { type: 'dns', value: 'a.example' } },
        null,
        'x',
      ],
    })
    assert.equal(fault?.message, 'ca.example says: some names are refused; a.example: forbidden by CAA')
    assert.equal(fault?.type, 'rejectedIdentifier')
    assert.match(fault?.remedy ?? '', /take it from `hosts`/)
  })

  for (const [what, body] of [
    ['nothing', ''],
    ['a page', '<html>'],
    ['a list', '[1]'],
    ['null', 'null'],
  ] as const) {
    it(`is told by its status where it is ${what}`, () => {
      assert.equal(find(502, body)?.message, 'ca.example says: HTTP 502')
    })
  }

  it('says when to come back, in seconds or by date, and not in a year', () => {
    const clock = new FakeClock()
    const limited = { type: `${TYPE}rateLimited`, detail: 'too many' }
    const day = 86_400_000
    for (const [field, afterMs] of [
      ['3600', 3_600_000],
      [new Date(clock.now() + day).toUTCString(), day],
      ['31536000', 7 * day],
      ['0', undefined],
      [new Date(clock.now() - day).toUTCString(), undefined],
      ['soon', undefined],
    ] as const) {
      const fault = find(429, limited, { 'retry-after': field }, clock)
      assert.equal(fault?.notBeforeMs, afterMs === undefined ? undefined : clock.now() + afterMs, field)
    }
  })

  it('is read as no problem where it is none', () => {
    for (const value of [undefined, null, 1, 'x', [], {}, { detail: 1 }]) assert.equal(parseProblem(value), undefined)
    assert.deepEqual(parseProblem({ type: 'about:blank' }), { type: undefined, detail: 'about:blank' })
  })
})

describe('a challenge that the authority could not see', () => {
  for (const [challenge, type, words] of [
    ['http-01', 'connection', /port 80 of a\.example must reach this gateway/],
    ['http-01', 'dns', /no address for a\.example/],
    ['tls-alpn-01', 'unauthorized', /port 443 of a\.example/],
    ['dns-01', 'dns', /TXT record at _acme-challenge\.a\.example/],
    ['http-01', 'caa', /CAA record/],
  ] as const) {
    it(`is told with what to do: ${challenge}, ${type}`, () =>
      assert.match(adviseOnChallenge(challenge, 'a.example', type), words))
  }
})
