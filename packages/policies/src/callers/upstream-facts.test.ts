import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Caller } from '../exchange.ts'
import { Problem } from '../problem.ts'
import { toRequest } from '../testing/test-request.ts'
import { findClaim, tellUpstream, toIdentityFields, toUpstreamSchema } from './upstream-facts.ts'

const caller: Caller = {
  id: 'ann',
  app: 'shop',
  credential: { kind: 'token', id: '1' },
  // Some issuers list scopes; one with a space would be read as two.
  scopes: ['read', 'write', 'x admin'],
  groups: ['a,b', 'c%'],
  claims: {
    name: 'Änn',
    realm: { level: 3 },
    'https://x.example/role': 'boss',
    list: ['p', 1],
    evil: 'a\r\nX-Admin: 1',
  },
}

function tell(facts: unknown, headers: Record<string, string> = {}): Record<string, string> {
  const request = toRequest({ headers })
  tellUpstream(request, caller, toUpstreamSchema.parse(facts) ?? {})
  return Object.fromEntries(request.headers)
}

describe('what the upstream is told about the caller', () => {
  it('is the facts that are asked for', () => {
    assert.deepEqual(tell({ id: 'X-Id', app: 'X-App', scopes: 'X-Scopes', groups: 'X-Groups' }), {
      'X-Id': 'ann',
      'X-App': 'shop',
      'X-Scopes': 'read write',
      'X-Groups': 'a%2Cb,c%25',
    })
  })

  it('is claims by name and by path; what is not ASCII goes as UTF-8 (RFC 9110 §5.5)', () => {
    assert.deepEqual(
      tell({ claims: { name: 'N', 'realm.level': 'L', 'https://x.example/role': 'R', list: 'T', none: 'Z' } }),
      { N: Buffer.from('Änn').toString('latin1'), L: '3', R: 'boss', T: 'p,1' },
    )
  })

  it('takes away what a client wrote where there is nothing to tell', () => {
    assert.deepEqual(tell({ plan: 'X-Plan', claims: { none: 'X-None' } }, { 'x-plan': 'gold', 'X-NONE': 'root' }), {})
  })

  it('refuses a claim that would write fields of its own', () => {
    assert.throws(
      () => tell({ claims: { evil: 'X-Evil' } }),
      (problem) => problem instanceof Problem && problem.reason === 'unsendable-claim',
    )
  })

  it('reads no inherited names', () => {
    for (const path of [
      '__proto__',
      'constructor',
      'constructor.name',
      'realm.__proto__',
      'realm.toString',
      'list.length',
    ]) {
      assert.equal(findClaim(caller.claims, path), undefined, path)
    }
  })

  it('names all fields that clients may not send', () => {
    assert.deepEqual(toIdentityFields({ id: 'A', claims: { x: 'B' } }), ['A', 'B'])
    assert.deepEqual(toIdentityFields(undefined), [])
  })

  it('cannot stand where clients say who they are: their credentials would be removed on every route', () => {
    for (const facts of [{ id: 'Authorization' }, { claims: { a: 'cookie' } }, { plan: 'COOKIE' }]) {
      assert.match(toUpstreamSchema.safeParse(facts).error?.message ?? '', /credentials stand there/)
    }
  })

  it('cannot be a field that is the gateway’s', () => {
    assert.equal(toUpstreamSchema.safeParse({ claims: { a: 'Content-Length' } }).success, false)
    assert.equal(toUpstreamSchema.safeParse({ id: 'X-Forwarded-For' }).success, false)
  })
})
