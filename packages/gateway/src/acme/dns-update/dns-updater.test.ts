import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { EgressGuard, NO_EGRESS_RULES } from '../../egress/egress-guard.ts'
import type { DnsUpdateOptions } from '../acme-options.ts'
import { toSkip } from '../acme-stage.fixture.ts'
import { NamedServer } from '../name-server.fixture.ts'
import { DnsUpdater } from './dns-updater.ts'

const signal = new AbortController().signal
const RECORD = { zone: 'example.test', name: '_acme-challenge.example.test', value: 'a-value' }

describe('dynamic updates to a real name server', { skip: toSkip('named') }, () => {
  let named: NamedServer
  before(async () => {
    named = await NamedServer.start()
  })
  after(() => named.stop())

  const open = (options: Partial<DnsUpdateOptions> = {}, now: () => number = Date.now) =>
    new DnsUpdater({ ...named.options, ...options }, { now, guard: NO_EGRESS_RULES })

  it('add a record beside others of its name, and take only that away', async () => {
    const updater = open()
    await updater.add(RECORD, signal)
    await updater.add({ ...RECORD, value: 'another' }, signal)
    await updater.add(RECORD, signal)
    assert.deepEqual(await named.list(RECORD.name), ['a-value', 'another'])
    await updater.remove(RECORD, signal)
    assert.deepEqual(await named.list(RECORD.name), ['another'])
    await updater.remove({ ...RECORD, value: 'another' }, signal)
    await updater.remove({ ...RECORD, value: 'another' }, signal)
    assert.deepEqual(await named.list(RECORD.name), [])
  })

  for (const keyName of ['sha384', 'sha512'] as const) {
    it(`are signed by hmac-${keyName} too`, async () => {
      const name = `_acme-challenge.${keyName}.example.test`
      await open({ keyName, algorithm: `hmac-${keyName}` }).add({ ...RECORD, name }, signal)
      assert.deepEqual(await named.list(name), ['a-value'])
    })
  }

  it('go by TCP where they are too long for UDP', async () => {
    const label = 'x'.repeat(60)
    const name = `_acme-challenge.${label}.${label}.${label}.example.test`
    const value = 'v'.repeat(250)
    await open().add({ ...RECORD, name, value }, signal)
    assert.deepEqual(await named.list(name), [value])
  })

  const WRONG: readonly [string, Partial<DnsUpdateOptions>, Partial<typeof RECORD>, RegExp][] = [
    ['a wrong secret', { secret: Buffer.alloc(32).toString('base64') }, {}, /BADSIG.*secret/],
    ['an unknown key', { keyName: 'nobody' }, {}, /BADKEY.*name of the key/],
    ['another algorithm', { algorithm: 'hmac-sha512' }, {}, /BADKEY/],
    ['a key that may not', { keyName: 'powerless' }, {}, /REFUSED.*allow this key/],
    ['a zone of others', {}, { zone: 'example.org', name: '_acme-challenge.example.org' }, /NOTAUTH/],
    ['a record of another zone', {}, { name: '_acme-challenge.example.org' }, /NOTZONE/],
  ]
  for (const [what, options, record, words] of WRONG) {
    it(`say what is wrong with ${what}`, async () => {
      const put = open(options).add({ ...RECORD, ...record }, signal)
      await assert.rejects(put, (error: Error) => {
        assert.match(error.message, /^the name server 127\.0\.0\.1:\d+ did not add _acme-challenge\./)
        assert.match(error.message, words)
        return true
      })
    })
  }

  it('are refused without a key, and say so', async () => {
    const { server, ttlSeconds } = named.options
    const updater = new DnsUpdater(
      { server, ttlSeconds, algorithm: 'hmac-sha256' },
      { now: Date.now, guard: NO_EGRESS_RULES },
    )
    await assert.rejects(updater.add(RECORD, signal), /REFUSED/)
  })

  it('say that clocks differ', async () => {
    const updater = open({}, () => Date.now() - 600_000)
    await assert.rejects(updater.add(RECORD, signal), /BADTIME/)
  })

  it('believe no answer that another key signed, or none', async () => {
    for (const [spoil, words] of [
      [(answer: Buffer) => answer.subarray(0, 12).fill(0, 4), /not signed/],
      [(answer: Buffer) => answer.fill(answer.readUInt8(3) ^ 5, 3, 4), /signature of its answer is wrong/],
    ] as const) {
      const forger = await forge(named.server, spoil)
      const put = open({ server: forger.server }).add(RECORD, signal)
      await assert.rejects(put, words)
      forger.close()
    }
  })
})

/** Passes messages on to the server, and answers on after changing them. */
async function forge(server: string, change: (answer: Buffer) => Buffer) {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const [host = '', port] = server.split(':')
  let client = { address: '', port: 0 }
  socket.on('message', (message, from) => {
    if (from.port === Number(port)) socket.send(change(message), client.port, client.address)
    else {
      client = from
      socket.send(message, Number(port), host)
    }
  })
  return { server: `127.0.0.1:${socket.address().port}`, close: () => socket.close() }
}

describe('dynamic updates', () => {
  it('ask by TCP where the answer did not fit into UDP', async () => {
    const server = createServer((socket) => {
      socket.on('data', (chunk: Buffer) => {
        const answer = Buffer.alloc(14)
        answer.writeUInt16BE(12)
        chunk.copy(answer, 2, 2, 4)
        answer.writeUInt16BE(0xa8_05, 4)
        // Octet by octet.
        for (const octet of answer) socket.write(Buffer.of(octet))
      })
      socket.on('error', () => {})
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const truncating = createSocket('udp4')
    truncating.bind(port, '127.0.0.1')
    await once(truncating, 'listening')
    truncating.on('message', (message, from) => {
      const answer = Buffer.alloc(12)
      message.copy(answer, 0, 0, 2)
      answer.writeUInt16BE(0xaa_00, 2)
      // Of another question: not ours.
      truncating.send(
        Buffer.concat([Buffer.of(~(message[0] ?? 0) & 0xff), answer.subarray(1)]),
        from.port,
        from.address,
      )
      truncating.send(answer, from.port, from.address)
    })
    const updater = new DnsUpdater(
      { server: `127.0.0.1:${port}`, algorithm: 'hmac-sha256', ttlSeconds: 1 },
      { now: Date.now, guard: NO_EGRESS_RULES },
    )
    await assert.rejects(updater.add(RECORD, signal), /REFUSED/)
    truncating.close()
    server.close()
  })

  it('end with the signal, where nobody answers', async () => {
    const silent = createSocket('udp4')
    silent.bind(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address()
    const end = new AbortController()
    const updater = new DnsUpdater(
      { server: `127.0.0.1:${port}`, algorithm: 'hmac-sha256', ttlSeconds: 1 },
      { now: Date.now, guard: NO_EGRESS_RULES },
    )
    const put = updater.add(RECORD, end.signal)
    await once(silent, 'message')
    end.abort(new Error('called off'))
    await assert.rejects(put, { message: 'called off' })
    silent.close()
  })

  for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
    it(`go to no server that egress denies: ${host}`, async () => {
      const server = createSocket('udp4')
      let asked = 0
      server.on('message', () => void asked++)
      server.bind(0, '127.0.0.1')
      await once(server, 'listening')
      const guard = new EgressGuard({ deny: ['127.0.0.0/8', '::1'], allow: [] })
      const options = { server: `${host}:${server.address().port}`, algorithm: 'hmac-sha256', ttlSeconds: 1 } as const
      const put = new DnsUpdater(options, { now: Date.now, guard }).add(RECORD, signal)
      await assert.rejects(put, /cannot be asked: \S+ is not to be called: `egress` says what is/)
      assert.equal(asked, 0)
      server.close()
    })
  }

  it('say that nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    const updater = new DnsUpdater(
      { server: `127.0.0.1:${port}`, algorithm: 'hmac-sha256', ttlSeconds: 1 },
      { now: Date.now, guard: NO_EGRESS_RULES },
    )
    await assert.rejects(updater.add(RECORD, signal), /does not answer \(ECONNREFUSED\)/)
  })

  it('want a key whole, or not at all', () => {
    const half = { server: 'ns', algorithm: 'hmac-sha256', ttlSeconds: 1, keyName: 'x' } as const
    assert.throws(() => new DnsUpdater(half, { now: Date.now, guard: NO_EGRESS_RULES }), /give both, or neither/)
  })
})
