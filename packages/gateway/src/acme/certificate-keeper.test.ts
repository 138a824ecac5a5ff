import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { AcmeNode, serveAlpnAnswers, serveHttpAnswers, toOptions } from './acme-node.fixture.ts'
import type { AcmeOptions } from './acme-options.ts'
import {
  createHastyClock,
  Pebble,
  type PebbleOptions,
  startAddressServer,
  toSkip,
  until,
} from './acme-stage.fixture.ts'
import type { ChallengeSet } from './challenges/challenge-set.ts'
import { FileAcmeStorage } from './storage/file-acme-storage.ts'

const skip = toSkip('pebble', 'pebble-challtestsrv', 'openssl')

describe('certificates by ACME, from a real authority', { skip }, () => {
  let names: Awaited<ReturnType<typeof startAddressServer>>
  const ends: (() => Promise<unknown>)[] = []
  before(async () => {
    names = await startAddressServer()
  })
  after(() => names.stop())
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  async function openStorage(folder?: string): Promise<FileAcmeStorage> {
    const made = folder ?? (await mkdtemp(join(tmpdir(), 'gatewright-acme-')))
    if (folder === undefined) ends.push(() => rm(made, { recursive: true, force: true }))
    const storage = new FileAcmeStorage(made, Date.now)
    await storage.open()
    return storage
  }

  async function startPebble(options: Partial<PebbleOptions> = {}): Promise<Pebble> {
    const pebble = await Pebble.start({ dnsServer: names.server, ...options })
    ends.push(() => pebble.stop())
    return pebble
  }

  function addNode(node: AcmeNode): AcmeNode {
    ends.push(() => node.keeper.stop())
    return node
  }

  /** Whose challenges the servers answer: they have to listen before the authority is told their ports. */
  function createFront() {
    const front: { node: AcmeNode | undefined; held: Promise<void> | undefined; challenges: ChallengeSet } = {
      node: undefined,
      /** Nothing is answered before. */
      held: undefined,
      get challenges() {
        return this.node?.challenges ?? { http: new Map(), alpn: new Map() }
      },
    }
    return front
  }

  async function startHttp(options: Partial<PebbleOptions> = {}) {
    const front = createFront()
    const http = await serveHttpAnswers(front)
    ends.push(() => http.close())
    return { front, http, pebble: await startPebble({ httpPort: http.port, ...options }) }
  }

  const by = ({ directory, trustedCa }: Pebble, options: Partial<AcmeOptions> = {}): AcmeOptions =>
    toOptions({ directory, trustedCa, ...options })

  it('are obtained by HTTP-01, for every host, and survive a restart', async () => {
    const { front, http, pebble } = await startHttp()
    const storage = await openStorage()
    const node = addNode(new AcmeNode(storage))
    front.node = node
    const options = by(pebble, { hosts: ['www.example.test', 'api.example.test'], email: 'ops@example.test' })
    node.keeper.keep([options])
    const { chain, key } = await node.awaitCertificate()
    const certificate = new X509Certificate(chain)
    assert.equal(certificate.subjectAltName, 'DNS:www.example.test, DNS:api.example.test')
    assert.match(key, /^-----BEGIN PRIVATE KEY-----/)
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
    assert.equal(chain.match(/BEGIN CERTIFICATE/g)?.length, 2)
    // It looks from several places.
    assert.equal(new Set(http.asked).size, 2)
    await node.keeper.stop()
    assert.deepEqual(node.challenges, { http: new Map(), alpn: new Map() })

    const again = addNode(new AcmeNode(storage))
    again.keeper.keep([options])
    assert.deepEqual(await again.awaitCertificate(), { chain, key })
    assert.equal(pebble.orders, 1)
    const [status] = again.keeper.status
    assert.deepEqual([status?.notAfterMs, status?.lastError], [certificate.validToDate.getTime(), undefined])
  })

  it('are obtained by TLS-ALPN-01, with a key by RSA if that is wanted', async () => {
    const front = createFront()
    const tls = await serveAlpnAnswers(front)
    ends.push(() => tls.close())
    const pebble = await startPebble({ tlsPort: tls.port })
    const node = addNode(new AcmeNode(await openStorage()))
    front.node = node
    node.keeper.keep([by(pebble, { challenge: 'tls-alpn-01', keyType: 'rsa-2048' })])
    const { chain } = await node.awaitCertificate()
    assert.deepEqual(new X509Certificate(chain).publicKey.asymmetricKeyDetails?.modulusLength, 2048)
    assert.deepEqual([...new Set(tls.asked)], ['www.example.test'])
  })

  it('are obtained with an account that the authority knows from elsewhere', async () => {
    const key = Buffer.alloc(32, 7).toString('base64url')
    const { front, pebble } = await startHttp({ externalAccounts: { 'kid-1': key } })
    const node = addNode(new AcmeNode(await openStorage()))
    front.node = node
    node.keeper.keep([by(pebble, { externalAccount: { keyId: 'kid-1', key } })])
    await node.awaitCertificate()

    const other = addNode(new AcmeNode(await openStorage()))
    other.keeper.keep([by(pebble)])
    const { error, remedy } = await other.awaitError()
    assert.match(String(error), /^127\.0\.0\.1:\d+ says: .*externalAccountBinding/)
    assert.match(String(remedy), /`externalAccount`/)
  })

  it('have the chain that is preferred', async () => {
    const { front, pebble } = await startHttp({ env: { PEBBLE_ALTERNATE_ROOTS: '2' } })
    const roots = [...pebble.said.matchAll(/root issuer CN=(Pebble Root CA \w+)/g)].map(([, name]) => name!)
    assert.equal(roots.length, 3)
    for (const [at, preferredChain] of roots.entries()) {
      const node = addNode(new AcmeNode(await openStorage()))
      front.node = node
      node.keeper.keep([by(pebble, { id: `web${at}`, preferredChain })])
      const { chain } = await node.awaitCertificate(`web${at}`)
      const issuers = chain.split(/(?=-----BEGIN)/).map((pem) => new X509Certificate(pem).issuer)
      assert.equal(issuers.at(-1), `CN=${preferredChain}`)
    }
  })

  it('are renewed when they are due, and the old one serves until then', async () => {
    const { front, pebble } = await startHttp()
    const storage = await openStorage()
    const first = addNode(new AcmeNode(storage))
    front.node = first
    const options = by(pebble)
    first.keeper.keep([options])
    const old = await first.awaitCertificate()
    await first.keeper.stop()
    const certificates = join(storage.folder, 'certificates')
    for (const name of await readdir(certificates)) await age(join(certificates, name))

    const node = addNode(new AcmeNode(storage))
    front.node = node
    node.keeper.keep([options])
    assert.deepEqual(await node.awaitCertificate(), old)
    const renewed = await node.awaitCertificate('web', old)
    assert.notEqual(renewed.key, old.key)
    assert.equal(pebble.orders, 2)
  })

  it('are ordered anew for other hosts, and the old one serves until then', async () => {
    const { front, pebble } = await startHttp()
    const storage = await openStorage()
    const node = addNode(new AcmeNode(storage))
    front.node = node
    node.keeper.keep([by(pebble)])
    const old = await node.awaitCertificate()
    node.keeper.keep([by(pebble, { hosts: ['other.example.test'] })])
    assert.deepEqual(node.served.get('web'), old)
    const other = await node.awaitCertificate('web', old)
    assert.equal(new X509Certificate(other.chain).subjectAltName, 'DNS:other.example.test')
    // The first ones again: they were not thrown away.
    node.keeper.keep([by(pebble)])
    assert.deepEqual(await node.awaitCertificate('web', other), old)
    assert.equal(pebble.orders, 2)
  })

  it('are asked for once by nodes that share a folder, whichever of them the authority looks at', async () => {
    const nodes: AcmeNode[] = []
    const fronts = [0, 1, 2].map((at) => ({
      get challenges() {
        return nodes[at]!.challenges
      },
    }))
    const http = await serveHttpAnswers(...fronts)
    ends.push(() => http.close())
    const pebble = await startPebble({ httpPort: http.port })
    const { folder } = await openStorage()
    for (const _ of fronts) nodes.push(addNode(new AcmeNode(await openStorage(folder), { isShared: true })))
    const hosts = Array.from({ length: 6 }, (_, at) => `h${at}.example.test`)
    for (const node of nodes) node.keeper.keep([by(pebble, { hosts })])
    const served = await Promise.all(nodes.map((node) => node.awaitCertificate()))
    assert.equal(new Set(served.map(({ key }) => key)).size, 1)
    assert.equal(pebble.orders, 1)
    assert.equal(new Set(http.asked).size, 6)
    await until(
      () => nodes.every(({ challenges }) => challenges.http.size === 0) || undefined,
      'no challenge to be left',
    )
  })

  it('take over from a node that died in the middle', async () => {
    const { front, pebble } = await startHttp()
    const storage = await openStorage()
    const options = by(pebble)
    // Its clock is behind: its lease of a minute ends in a third of a second.
    const dead = new AcmeNode(new FileAcmeStorage(storage.folder, () => Date.now() - 59_700), {
      order: (_, { signal }) => once(signal, 'abort').then(() => Promise.reject(signal.reason)),
    })
    addNode(dead).keeper.keep([options])
    await until(async () => (await readdir(join(storage.folder, 'leases'))).length > 0 || undefined, 'the lease')
    const node = addNode(new AcmeNode(storage))
    front.node = node
    node.keeper.keep([options])
    await node.awaitCertificate()
    assert.ok(node.log.entries.some(({ message }) => message === 'another node orders this certificate'))
  })

  it('say what to do when the authority does not reach the gateway, and do not try again at once', async () => {
    const { front, pebble } = await startHttp()
    const storage = await openStorage()
    front.node = undefined
    const options = by(pebble)
    const node = addNode(new AcmeNode(storage))
    node.keeper.keep([options])
    const { error, remedy, next, ...facts } = await node.awaitError()
    assert.deepEqual(facts, { certificate: 'web', hosts: ['www.example.test'] })
    assert.match(String(error), /^the authority could not see that the hosts are ours: www\.example\.test: .*404/)
    assert.match(String(remedy), /http:\/\/www\.example\.test\/\.well-known\/acme-challenge\/….*port 80/)
    const waitMs = Date.parse(String(next)) - Date.now()
    assert.ok(waitMs > 55_000 && waitMs <= 63_000, String(waitMs))
    await node.keeper.stop()

    const again = addNode(new AcmeNode(storage))
    again.keeper.keep([options])
    const [status] = await until(() => {
      const { status } = again.keeper
      return status[0]?.lastError === undefined ? undefined : status
    }, 'the failure to be remembered')
    assert.deepEqual([status?.lastError, status?.notAfterMs], [error, undefined])
    assert.equal(new Date(status!.nextAttemptMs!).toISOString(), next)
    assert.equal(pebble.orders, 1)
  })

  it('say that the authority’s server is not trusted', async () => {
    const pebble = await startPebble()
    const node = addNode(new AcmeNode(await openStorage()))
    const { trustedCa: _, ...options } = by(pebble)
    node.keeper.keep([options])
    const { error, remedy } = await node.awaitError()
    assert.match(String(error), /cannot be asked: self-signed certificate/)
    assert.match(String(remedy), /`trustedCa`/)
  })

  it('say that a wildcard takes a challenge by DNS', async () => {
    const { pebble } = await startHttp()
    const node = addNode(new AcmeNode(await openStorage()))
    node.keeper.keep([by(pebble, { hosts: ['*.example.test'] })])
    const { error, remedy } = await node.awaitError()
    assert.match(String(error), /takes dns-01 for example\.test, and not http-01/)
    assert.match(String(remedy), /takes dns-01/)
  })

  it('make the account again, by the same key, where the authority forgot it', async () => {
    const { front, http, pebble } = await startHttp()
    const storage = await openStorage()
    const node = addNode(new AcmeNode(storage))
    front.node = node
    node.keeper.keep([by(pebble)])
    await node.awaitCertificate()
    await pebble.stop()
    const port = Number(new URL(pebble.directory).port)
    const forgetful = await startPebble({ httpPort: http.port, port })
    node.keeper.keep([by(forgetful, { id: 'other', hosts: ['other.example.test'] })])
    await node.awaitCertificate('other')
  })

  it('call off what is under way when they are stopped, and leave no challenge behind', async () => {
    const { front, pebble } = await startHttp()
    const storage = await openStorage()
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    // The authority looks, and is not answered: the order can only wait.
    front.held = held
    const hasty = createHastyClock()
    const node: AcmeNode = addNode(
      new AcmeNode(storage, {
        clock: {
          ...hasty,
          // Once there is a challenge, the authority is asked once how it went, and never again.
          after: (delayMs, call) => (node.challenges.http.size > 0 ? () => {} : hasty.after(delayMs, call)),
        },
      }),
    )
    node.keeper.keep([by(pebble)])
    await until(() => node.challenges.http.size > 0 || undefined, 'the challenge')
    await node.keeper.stop()
    assert.deepEqual(node.challenges.http.size, 0)
    assert.equal(node.log.entries.length, 0)
    front.held = undefined
    letGo()
    // Its lease is free: whoever comes next need not wait.
    front.node = addNode(new AcmeNode(storage))
    front.node.keeper.keep([by(pebble)])
    await front.node.awaitCertificate()
    assert.deepEqual(
      front.node.log.entries.map(({ message }) => message),
      ['a certificate was obtained'],
    )
  })
})

/** As if it had been obtained long ago, and were due. */
async function age(path: string): Promise<void> {
  const stored = JSON.parse(await readFile(path, 'utf8'))
  const lifeMs = stored.notAfterMs - stored.notBeforeMs
  const notBeforeMs = Date.now() - lifeMs * 0.75
  const aged = { ...stored, obtainedAtMs: notBeforeMs, notBeforeMs, notAfterMs: notBeforeMs + lifeMs }
  await writeFile(path, JSON.stringify(aged))
}
