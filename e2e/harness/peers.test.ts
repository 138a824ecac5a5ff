import assert from 'node:assert/strict'
import { it } from 'node:test'
import { getPath, toSkip } from './peers.ts'

it('a peer that is missing skips its tests at home, and fails them under CI with how to get it', () => {
  const missing = { missing: 'haproxy is not installed: apt-get install haproxy' }
  assert.equal(toSkip(missing, {}), missing.missing)
  assert.equal(toSkip(missing, { CI: 'true' }), false)
  assert.throws(() => getPath(missing), /apt-get install haproxy/)
  for (const env of [{}, { CI: 'true' }]) assert.equal(toSkip({ path: '/usr/sbin/haproxy' }, env), false)
  assert.equal(getPath({ path: '/usr/sbin/haproxy' }), '/usr/sbin/haproxy')
})

it('a peer that no package brings skips its tests under CI too', () => {
  const missing = { missing: 'there is no command opa', optional: true } as const
  for (const env of [{}, { CI: 'true' }]) assert.equal(toSkip(missing, env), missing.missing)
})
