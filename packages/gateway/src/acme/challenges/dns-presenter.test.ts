import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { RecordingLog } from '@gatewright/policies/testing'
import { EgressGuard, NO_EGRESS_RULES } from '../../egress/egress-guard.ts'
import { AcmeNode, toOptions } from '../acme-node.fixture.ts'
import type { DnsChallenge } from '../acme-options.ts'
import { createHastyClock, getProgram, Pebble, toSkip } from '../acme-stage.fixture.ts'
import { NamedServer } from '../name-server.fixture.ts'
import { MemoryAcmeStorage } from '../storage/memory-acme-storage.fixture.ts'
import { DnsPresenter } from './dns-presenter.ts'

const signal = new AbortController().signal
const skip = toSkip('named', 'nsupdate', 'pebble', 'openssl')

describe('challenges in the DNS', { skip }, () => {
  let named: NamedServer
  let pebble: Pebble
  let folder = ''
  before(async () => {
    named = await NamedServer.start()
    pebble = await Pebble.start({ dnsServer: named.server })
    folder = await mkdtemp(join(tmpdir(), 'gatewright-hook-'))
  })
  after(async () => {
    await pebble.stop()
    await named.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const nodes: AcmeNode[] = []
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.keeper.stop()
  })

  async function obtain(hosts: readonly string[], dns: DnsChallenge): Promise<X509Certificate> {
    const node = new AcmeNode(new MemoryAcmeStorage(Date.now))
    nodes.push(node)
    const { directory, trustedCa } = pebble
    node.keeper.keep([toOptions({ directory, trustedCa, hosts, challenge: { dns } })])
    return new X509Certificate((await node.awaitCertificate()).chain)
  }

  function createPresenter(dns: DnsChallenge, haste?: number, guard = NO_EGRESS_RULES) {
    const log = new RecordingLog()
    return { log, presenter: new DnsPresenter(dns, { clock: createHastyClock(haste), log, guard }) }
  }

  /** Tells nsupdate what to do, and writes down what it was told itself. */
  async function writeHook(): Promise<{ readonly path: string; readCalls(): Promise<string[]> }> {
    const [path, calls] = [join(folder, 'hook.sh'), join(folder, 'calls')]
    const [host, port] = named.server.split(':')
    await writeFile(
      path,
      `#!/bin/sh
printf '%s %s %s\\n' "$1" "$2" "$3" >>'${calls}'
case "$1" in
  present) change="add $2 60 TXT $3" ;;
  cleanup) change="delete $2 TXT $3" ;;
esac
printf 'server ${host} ${port}\\nupdate %s\\nsend\\n' "$change" | exec '${getProgram('nsupdate')}' -k '${named.keyFile}'
`,
    )
    await chmod(path, 0o755)
    return { path, readCalls: async () => (await readFile(calls, 'utf8')).trimEnd().split('\n') }
  }

  it('are put by dynamic update, also for a wildcard beside its own domain, and taken away', async () => {
    const dns = { rfc2136: named.options, checkAt: [named.server] }
    const certificate = await obtain(['example.test', '*.example.test', '*.deep.example.test'], dns)
    assert.equal(certificate.subjectAltName, 'DNS:example.test, DNS:*.example.test, DNS:*.deep.example.test')
    assert.deepEqual(await named.list('_acme-challenge.example.test'), [])
    assert.deepEqual(await named.list('_acme-challenge.deep.example.test'), [])
  })

  it('are put where an alias leads', async () => {
    const certificate = await obtain(['alias.example.test'], { rfc2136: named.options, checkAt: [named.server] })
    assert.equal(certificate.subjectAltName, 'DNS:alias.example.test')
    assert.match(named.said, /updating zone 'proofs\.test\/IN': adding an RR at 'alias\.proofs\.test' TXT/)
  })

  it('are put by a hook', async () => {
    const hook = await writeHook()
    const dns = { hook: { command: [hook.path] }, checkAt: [named.server] }
    const certificate = await obtain(['hook.example.test', '*.hook.example.test'], dns)
    assert.equal(certificate.subjectAltName, 'DNS:hook.example.test, DNS:*.hook.example.test')
    const calls = (await hook.readCalls()).map((call) => call.split(' '))
    assert.deepEqual(
      calls.map(([act, name]) => [act, name]),
      ['present', 'present', 'cleanup', 'cleanup'].map((act) => [act, '_acme-challenge.hook.example.test']),
    )
    assert.match(calls[0]?.[2] ?? '', /^[\w-]{43}$/)
    assert.deepEqual(await named.list('_acme-challenge.hook.example.test'), [])
  })

  it('are taken away again when one of them cannot be put', async () => {
    const { presenter } = createPresenter({
      rfc2136: { ...named.options, zone: 'example.test' },
      checkAt: [named.server],
    })
    const wanted = ['first.example.test', 'second.example.org'].map((host) => ({ host, value: 'v' }))
    await assert.rejects(presenter.present(wanted, signal), /NOTZONE/)
    assert.deepEqual(await named.list('_acme-challenge.first.example.test'), [])
  })

  it('are awaited on every name server, and given up with the names of those that lack them', async () => {
    const other = await NamedServer.start()
    try {
      const { presenter } = createPresenter({ rfc2136: named.options, checkAt: [named.server, other.server] }, 2000)
      const put = presenter.present([{ host: 'late.example.test', value: 'v' }], signal)
      await assert.rejects(put, (error: Error & { remedy?: string }) => {
        assert.equal(error.message, `${other.server} do not answer the TXT record of _acme-challenge.late.example.test`)
        assert.match(error.remedy ?? '', /`checkAt`/)
        return true
      })
      assert.deepEqual(await named.list('_acme-challenge.late.example.test'), [])
    } finally {
      await other.stop()
    }
  })

  it('are not held up by name servers that cannot be asked, which is told', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { presenter, log } = createPresenter({ rfc2136: named.options, checkAt: [`127.0.0.1:${port}`] })
    const withdraw = await presenter.present([{ host: 'silent.example.test', value: 'v' }], signal)
    assert.match(log.entries[0]?.message ?? '', /no name server could be asked/)
    assert.deepEqual(await named.list('_acme-challenge.silent.example.test'), ['v'])
    await withdraw()
    assert.deepEqual(await named.list('_acme-challenge.silent.example.test'), [])
    server.close()
  })

  it('say which zone is not there', async () => {
    const { presenter } = createPresenter({ rfc2136: named.options, checkAt: [named.server] })
    const put = presenter.present([{ host: 'www.example.org', value: 'v' }], signal)
    await assert.rejects(put, /has no zone that holds _acme-challenge\.www\.example\.org/)
  })
})

describe('name servers that egress denies', () => {
  for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
    it(`are not asked for records: ${host}`, async () => {
      const silent = createSocket('udp4')
      let asked = 0
      silent.on('message', () => void asked++)
      silent.bind(0, '127.0.0.1')
      await once(silent, 'listening')
      const server = `${host}:${silent.address().port}`
      const guard = new EgressGuard({ deny: ['127.0.0.0/8', '::1'], allow: [] })
      const options = { rfc2136: { server, algorithm: 'hmac-sha256', ttlSeconds: 1 }, checkAt: [server] } as const
      const presenter = new DnsPresenter(options, { clock: createHastyClock(), log: new RecordingLog(), guard })
      const put = presenter.present([{ host: 'denied.example.test', value: 'v' }], signal)
      await assert.rejects(put, /name server \S+ cannot be asked: \S+ is not to be called: `egress` says what is/)
      assert.equal(asked, 0)
      silent.close()
    })
  }
})
