/** Proves that nothing is said on a connection of LDAP before it is secure, and that nothing an attacker slips in beside the answer counts. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { CallFault } from '@gatewright/policies'
import { EgressGuard } from '../egress/egress-guard.ts'
import { LdapDirectories } from './ldap-directories.ts'
import { openLdapSocket } from './ldap-socket.ts'

const GUARD = new EgressGuard({ deny: [], allow: [] })
const GOOD = '300c02010178070a010004000400'
const ends: (() => void)[] = []
after(() => {
  for (const end of ends) end()
})

/** Answers the first bytes of each connection, and keeps all that it is told. */
async function serve(answer: (socket: Socket, asked: Buffer) => void): Promise<{ url: string; told: Buffer[] }> {
  const told: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('data', (piece: Buffer) => told.push(piece))
    socket.once('data', (asked: Buffer) => answer(socket, asked))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  ends.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`, told }
}

/** A BindResponse with this result code, to whatever number the question had. */
const answerBind = (code: number) => (socket: Socket, asked: Buffer) => {
  const answer = Buffer.from('300c02010161070a010004000400', 'hex')
  answer[4] = asked[4] ?? 0
  answer[9] = code
  socket.write(answer)
}

async function reasonOf(url: string, timeoutMs = 5000): Promise<string> {
  try {
    const socket = await openLdapSocket({ url, startTls: true }, GUARD, AbortSignal.timeout(timeoutMs))
    socket.destroy()
    return 'secure'
  } catch (error) {
    return error instanceof CallFault ? `${error.reason}: ${error.message}` : String(error)
  }
}

describe('TLS on a connection of LDAP', () => {
  it('is asked for in the bytes of RFC 4511 §4.14, and the handshake follows the answer', async () => {
    const { url, told } = await serve((socket) =>
      socket.write(Buffer.from(GOOD, 'hex'), () => socket.once('data', () => socket.destroy())),
    )
    assert.match(await reasonOf(url), /^(?:closed|Error)/)
    assert.equal(told[0]?.toString('latin1'), '0\x1d\x02\x01\x01w\x18\x80\x161.3.6.1.4.1.1466.20037')
    // RFC 8446 §5.1: a record of the handshake.
    assert.equal(told[1]?.[0], 0x16)
  })

  it('begins as well after an answer in the long form, and in pieces', async () => {
    const long = Buffer.from('308400000010020101788400000007' + '0a010004000400', 'hex')
    const { url, told } = await serve((socket) => {
      for (const byte of long) socket.write(Buffer.from([byte]))
      socket.once('data', () => socket.destroy())
    })
    await reasonOf(url)
    assert.equal(told[1]?.[0], 0x16)
  })

  for (const [name, hex, why] of [
    ['the server refuses it', '300c02010178070a013404000400', /^starttls: .*refuses it \(52\)/],
    [
      'something stands behind the answer, which would be read as one later',
      `${GOOD}300c02010261070a010004000400`,
      /more than the answer/,
    ],
    ['a part of something stands behind it', `${GOOD}30`, /more than the answer/],
    ['it answers another question', '300c02010278070a010004000400', /no answer to this/],
    ['it answers a bind', '300c02010161070a010004000400', /no answer to this/],
    ['it is no LDAP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex'), /^starttls/],
  ] as const) {
    it(`does not begin where ${name}: nothing more is said`, async () => {
      const { url, told } = await serve((socket) => socket.write(Buffer.from(hex, 'hex')))
      assert.match(await reasonOf(url), why)
      assert.equal(told.length, 1)
    })
  }

  it('does not begin where the answer never ends, or never comes', async () => {
    const endless = await serve((socket) =>
      socket.write(Buffer.concat([Buffer.from('3082ffff', 'hex'), Buffer.alloc(5000)])),
    )
    assert.match(await reasonOf(endless.url), /no answer in LDAP/)
    const closing = await serve((socket) => socket.end())
    assert.match(await reasonOf(closing.url), /^closed/)
    const silent = await serve(() => {})
    assert.notEqual(await reasonOf(silent.url, 50), 'secure')
    assert.equal(silent.told.length, 1)
  })
})

describe('a question to a directory', () => {
  const directories = new LdapDirectories()
  const settings = (url: string, more: object = {}) => ({
    ...{ url, startTls: true, timeoutMs: 5000, attributes: [] },
    find: { by: 'template', dn: 'uid={name},dc=x' } as const,
    ...more,
  })
  const faultOf = async (answer: Promise<unknown>): Promise<string> => {
    try {
      return `answered ${String(await answer)}`
    } catch (error) {
      assert.ok(error instanceof CallFault, String(error))
      return error.reason
    }
  }

  it('is never asked without a name or a password (RFC 4513 §5.1.2)', async () => {
    for (const [name, password] of [
      ['ann', ''],
      ['', 'x'],
      ['', ''],
    ] as const) {
      assert.equal(await directories.verify(name, password, settings('ldap://127.0.0.1:1')), undefined)
    }
  })

  it('never sends a password where TLS did not begin', async () => {
    const { url, told } = await serve((socket) => socket.write(Buffer.from('300c02010178070a010204000400', 'hex')))
    assert.equal(await faultOf(directories.verify('ann', 'open sesame', settings(url))), 'starttls')
    assert.doesNotMatch(Buffer.concat(told).toString('latin1'), /sesame/)
  })

  it('is a fault where nobody answers, not in time, not in LDAP, or only in part', async () => {
    const plain = { startTls: false }
    assert.equal(await faultOf(directories.verify('ann', 'x', settings('ldap://127.0.0.1:1'))), 'ECONNREFUSED')
    assert.equal(await faultOf(directories.verify('ann', 'x', settings('http://127.0.0.1:1'))), 'url')
    const silent = await serve(() => {})
    const late = settings(silent.url, { ...plain, timeoutMs: 50 })
    assert.equal(await faultOf(directories.verify('ann', 'x', late)), 'timeout')
    const secureLate = settings(silent.url, { timeoutMs: 50 })
    assert.equal(await faultOf(directories.verify('ann', 'x', secureLate)), 'timeout')
    const closing = await serve((socket) => socket.end())
    assert.equal(await faultOf(directories.verify('ann', 'x', settings(closing.url, plain))), 'closed')
  })

  it('takes no referral, no busy server and no strange answer for a yes (RFC 4511 appendix A)', async () => {
    for (const [code, reason] of [
      [10, 'ldap-10'],
      [51, 'ldap-51'],
      [52, 'ldap-52'],
      [8, 'ldap-8'],
      [14, 'ldap-14'],
      [80, 'ldap-80'],
    ] as const) {
      const { url } = await serve(answerBind(code))
      assert.equal(await faultOf(directories.verify('ann', 'x', settings(url, { startTls: false }))), reason)
    }
  })

  it('is answered with no where the name or the password is at fault', async () => {
    for (const code of [19, 32, 34, 48, 49, 53]) {
      const { url } = await serve(answerBind(code))
      assert.equal(await directories.verify('ann', 'x', settings(url, { startTls: false })), undefined)
    }
  })

  it('goes to no address that may not be called, from one change of the rules to the next', async () => {
    const guarded = new LdapDirectories()
    guarded.setGuard(new EgressGuard({ deny: ['127.0.0.0/8', '::1'], allow: [] }))
    const { url } = await serve((socket) => socket.end())
    for (const host of ['localhost', '127.0.0.1', '127.1']) {
      assert.equal(await faultOf(guarded.verify('ann', 'x', settings(url.replace('127.0.0.1', host)))), 'egress-denied')
    }
    guarded.setGuard(new EgressGuard({ deny: [], allow: [] }))
    assert.equal(await faultOf(guarded.verify('ann', 'x', settings(url))), 'closed')
  })
})
