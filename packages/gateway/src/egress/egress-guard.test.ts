import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, isIP, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { CallFault } from '@gatewright/policies'
import { EgressGuard, NO_EGRESS_RULES, type ResolveAll } from './egress-guard.ts'

const isDenied = (guard: EgressGuard, address: string): boolean => {
  try {
    guard.check(address)
    return false
  } catch (error) {
    assert.ok(error instanceof CallFault && error.reason === 'egress-denied')
    return true
  }
}

describe('without a word in the configuration', () => {
  for (const address of [
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'FD00:0EC2:0:0:0:0:0:0254',
    'fd00:ec2::23',
    'fd20:ce::254',
    'fd00:c1::a9fe:a9fe',
    'fd00:42::42',
    'fe80::1',
    'fe80::a9fe:a9fe%eth0',
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
  ]) {
    it(`${address} is denied, unless it is allowed by name`, () => {
      assert.equal(isDenied(NO_EGRESS_RULES, address), true)
      const [bare = ''] = address.split('%')
      assert.equal(isDenied(new EgressGuard({ deny: [], allow: [bare] }), address), false)
    })
  }

  for (const address of [
    '127.0.0.1',
    '10.0.0.1',
    '192.0.2.1',
    '100.100.100.201',
    '168.63.129.17',
    '::1',
    '2001:db8::1',
    'fd00::1',
    'fd20:ce::253',
    '::ffff:192.0.2.1',
    '64:ff9b::192.0.2.1',
    '64:ff9b:1::192.0.2.1',
    '64:ff9b:1:fffe:c000:2:100::',
    '2002:c000:201::1',
    '2001:0:c000:201:0:ffff:3fff:fdfe',
    'fd00::5efe:192.0.2.1',
  ]) {
    it(`${address} is permitted`, () => assert.equal(isDenied(NO_EGRESS_RULES, address), false))
  }
})

describe('an IPv4 address that is denied is denied within', () => {
  const guard = new EgressGuard({ deny: ['10.0.0.0/8', '::ffff:172.16.0.0/108'], allow: ['10.1.0.0/16'] })
  for (const [address, form] of [
    ['::ffff:10.0.0.1', 'mapped (RFC 4291 §2.5.5.2)'],
    ['::FFFF:A00:1', 'mapped, in hex'],
    ['0:0:0:0:0:ffff:10.0.0.1', 'mapped, in full'],
    ['::10.0.0.1', 'compatible (RFC 4291 §2.5.5.1)'],
    ['::a00:1', 'compatible, in hex'],
    ['::ffff:0:10.0.0.1', 'translated (RFC 2765 §2.1)'],
    ['64:ff9b::10.0.0.1', 'NAT64 (RFC 6052 §2.1)'],
    ['64:ff9b::a00:1', 'NAT64, in hex'],
    ['64:ff9b:1::10.0.0.1', 'local NAT64 of 96 bits (RFC 8215)'],
    ['64:ff9b:1:2:3:4:a00:1', 'local NAT64 of 96 bits, with more of its own'],
    ['64:ff9b:1:a00:0:100::', 'local NAT64 of 48 bits (RFC 6052 §2.2)'],
    ['64:ff9b:1:a00:0:100:c000:201', 'local NAT64 of 48 bits, with a suffix'],
    ['64:ff9b:1:30a:0:1::', 'local NAT64 of 56 bits'],
    ['64:ff9b:1:33:a:0:100::', 'local NAT64 of 64 bits'],
    ['2002:a00:1::', '6to4 (RFC 3056)'],
    ['2002:0A00:0001:1:2:3:4:5', '6to4, of somebody'],
    ['2001:0:c000:201:0:ffff:f5ff:fffe', 'Teredo, the client (RFC 4380 §4)'],
    ['2001:0:a00:1:0:ffff:3fff:fdfe', 'Teredo, the server'],
    ['2001:db8::5efe:10.0.0.1', 'ISATAP (RFC 5214 §6.1)'],
    ['2001:db8::200:5efe:a00:1', 'ISATAP, of one that says it is unique'],
    ['fd00::5efe:10.0.0.1%eth0', 'ISATAP, with a zone'],
    ['172.16.0.1', 'a range that is written as mapped'],
    ['64:ff9b::172.16.0.1', 'NAT64, of a range that is written as mapped'],
  ] as const) {
    it(`${address}: ${form}`, () => assert.equal(isDenied(guard, address), true))
  }

  for (const [address, why] of [
    ['64:ff9b::10.1.0.1', 'it is allowed'],
    ['2002:a01:1::1', 'it is allowed'],
    ['64:ff9b:2::10.0.0.1', 'it is of no translator'],
    ['2001:db8::10.0.0.1', 'it is of no translator'],
    ['2003:a00:1::', 'it is of no tunnel'],
    ['2001:1:a00:1::', 'it is of no tunnel'],
    ['2001:db8::400:5efe:a00:1', 'it is of no tunnel'],
  ] as const) {
    it(`${address} is permitted: ${why}`, () => assert.equal(isDenied(guard, address), false))
  }

  it('and what is allowed as IPv4 opens no range that is denied as IPv6', () => {
    assert.equal(isDenied(new EgressGuard({ deny: ['::/0'], allow: ['10.0.0.1'] }), '64:ff9b::10.0.0.1'), true)
    const named = new EgressGuard({ deny: ['0.0.0.0/0', '::/0'], allow: ['64:ff9b::/96'] })
    assert.deepEqual([isDenied(named, '64:ff9b::10.0.0.1'), isDenied(named, '10.0.0.1')], [false, true])
  })
})

describe('what a name resolves to', () => {
  const denying = { deny: ['127.0.0.0/8', '10.0.0.0/8', '::1'], allow: ['127.0.0.1'] }
  /** Each look gets the next of the answers. */
  function openDns(...answers: readonly (readonly string[])[]) {
    const left = [...answers]
    const dns = { asked: 0 }
    const resolve: ResolveAll = (_, __, callback) => {
      dns.asked++
      const addresses = (left.shift() ?? []).map((address): LookupAddress => ({ address, family: isIP(address) }))
      process.nextTick(callback, null, addresses)
    }
    return { dns, guard: new EgressGuard(denying, resolve) }
  }

  for (const all of [true, false]) {
    it(`is refused where all of it is denied, and is none where there is nothing${all ? '' : ', for one address'}`, async () => {
      const { guard } = openDns(['10.0.0.1', '64:ff9b::a00:1'], [])
      const look = promisify(guard.lookup)
      await assert.rejects(look('a.test', { all }), { code: 'egress-denied' })
      await assert.rejects(look('a.test', { all }), { code: 'ENOTFOUND', message: 'a.test has no address' })
    })
  }

  it('is connected to as far as it is not denied', async () => {
    const mixed = ['10.0.0.1', '192.0.2.1', '::1', '2001:db8::1', '2002:a00:1::']
    const { guard } = openDns(mixed, mixed)
    assert.deepEqual(await promisify(guard.lookup)('a.test', { all: true }), [
      { address: '192.0.2.1', family: 4 },
      { address: '2001:db8::1', family: 6 },
    ])
    assert.equal(await promisify(guard.lookup)('a.test', {}), '192.0.2.1')
  })

  for (const autoSelectFamily of [true, false]) {
    const way = autoSelectFamily ? 'the quickest of several' : 'one address'
    it(`fails a socket, and ends no process: ${way}`, async () => {
      const { guard } = openDns([], ['10.0.0.1', '::1'])
      for (const code of ['ENOTFOUND', 'egress-denied']) {
        const socket = connect({ host: 'a.test', port: 1, lookup: guard.lookup, autoSelectFamily })
        const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
        assert.equal(error.code, code)
      }
    })

    it(`is looked up once, and is what is connected to, whatever the name says afterwards: ${way}`, async () => {
      const server = createServer((socket) => void socket.end()).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const { dns, guard } = openDns(['10.0.0.1', '127.0.0.1'], ['10.0.0.1'])
      const open = (): Socket => connect({ host: 'a.test', port, lookup: guard.lookup, autoSelectFamily })
      const first = open()
      await once(first, 'connect')
      assert.deepEqual([first.remoteAddress, dns.asked], ['127.0.0.1', 1])
      first.destroy()
      const [error] = (await once(open(), 'error')) as [NodeJS.ErrnoException]
      assert.deepEqual([error.code, dns.asked], ['egress-denied', 2])
      server.close()
    })
  }
})
