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
    [{ deny: '192.0.2.0/24 # scanners\n2001:db8::/32' }, '192.0.2.9', false],
    [{ deny: '192.0.2.0/24 # scanners\n2001:db8::/32' }, '2001:db8::9', false],
    [{ deny: '# none\n' }, '192.0.2.1', true],
    [{ allow: '10.0.0.0/8\n' }, '10.1.2.3', true],
    [{ allow: '10.0.0.0/8\n' }, '192.0.2.1', false],
    // A zone is of one machine, and says nothing about who calls.
    [{ allow: ['fe80::/10'] }, 'fe80::1%eth0', true],
    [{ deny: ['fe80::1'] }, 'fe80::1%25eth0', false],
    [{ deny: ['10.0.0.0/8'] }, '::FFFF:0A01:0203', false],
    [{ deny: ['10.0.0.0/8'] }, '0:0:0:0:0:ffff:10.1.2.3', false],
    [{ deny: ['::ffff:10.0.0.0/104'] }, '10.1.2.3', false],
    // What other readers take for 10.0.0.8 (CVE-2021-29921) is nobody's address here.
    [{ deny: ['192.0.2.1'] }, '012.0.0.010', false],
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
