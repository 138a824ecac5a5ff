import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from '../testing/index.ts'
import { ipFilter } from './ip-filter.ts'

type Case = [options: Parameters<typeof run<typeof ipFilter.options>>[1], address: string, isAllowed: boolean]

describe('ip-filter', () => {
  for (const [options, address, isAllowed] of [
    [{ allow: ['10.0.0.0/8'] }, '10.1.2.3', true],
    [{ allow: ['10.0.0.0/8'] }, '::ffff:10.1.2.3', true],
    [{ allow: ['10.0.0.0/8'] }, '192.0.2.1', false],
    [{ allow: ['10.0.0.0/8'] }, '::1', false],
    [{ allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] }, '10.1.2.3', false],
    [{ allow: ['10.1.2.3'], deny: ['10.0.0.0/8'] }, '10.1.2.3', false],
    [{ deny: ['2001:db8::/32'] }, '2001:db8::1', false],
    [{ deny: ['2001:db8::/32'] }, '2001:db9::1', true],
    [{ deny: ['192.0.2.1'] }, '192.0.2.2', true],
    [{ deny: ['192.0.2.1'] }, 'unknown', false],
    [{}, '192.0.2.1', true],
  ] satisfies Case[] as Case[]) {
    it(`${isAllowed ? 'lets' : 'does not let'} ${address} call under ${JSON.stringify(options)}`, async () => {
      const { status, problem, upstream } = await run(ipFilter, options).with({}, { address })
      assert.deepEqual(
        [status, problem?.code, upstream.length],
        isAllowed ? [200, undefined, 1] : [403, 'address-denied', 0],
      )
    })
  }

  it('answers without a promise', () => {
    const subject = run(ipFilter, { deny: ['192.0.2.1'] })
    assert.ok(subject.start(subject.open()).isSync)
  })

  it('refuses what is no address, and says where', () => {
    const issue = ipFilter.options.safeParse({ allow: ['10.0.0.0/8', '10.0.0.1/8'] }).error?.issues[0]
    assert.deepEqual(issue?.path, ['allow', 1])
    assert.match(issue?.message ?? '', /network's own address/)
  })
})
