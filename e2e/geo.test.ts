/** Owns the proof that a geo database is used by every thread, and that another one takes its place under load with no failed request. */
import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { writeMmdb } from '../packages/policies/src/geo/mmdb-writer.fixture.ts'
import { findField, findProblemCode } from './harness/answer.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, spawnGateway, startGateway } from './harness/gateway.ts'
import { RawClient } from './harness/raw-client.ts'
import { listenAsWitness, parseTestimony, type RawUpstream } from './harness/raw-upstream.ts'

const GERMAN = '198.51.100.7'
const AMERICAN = '203.0.113.7'

/** Where the two documentation networks (RFC 5737) are. */
const toDatabase = (first: string, second: string): Buffer =>
  writeMmdb({
    databaseType: 'GeoLite2-Country',
    usesPointers: true,
    networks: [
      ['198.51.100.0/24', { country: { iso_code: first, names: { en: first } } }],
      ['203.0.113.0/24', { country: { iso_code: second, names: { en: second } } }],
    ],
  })

const configure = (url: string, database: string) => `gatewright: 1
accessLog: off
listeners: [{ id: public, host: 127.0.0.1, port: 8080, trustedProxies: ["127.0.0.1"] }]
apis:
  - id: told
    basePath: /told
    upstream: "${url}"
    policies: [{ policy: geo, options: { database: "${database}", toUpstream: { country: X-Country } } }]
    routes: [{ id: rest, path: "/{rest+}" }]
  - id: german
    basePath: /german
    upstream: "${url}"
    policies: [{ policy: geo, options: { database: "${database}", allow: { countries: [DE] } } }]
    routes: [{ id: rest, path: "/{rest+}" }]
`

describe('a geo database', () => {
  let upstream: RawUpstream
  let folder: string
  let gateway: RunningGateway
  before(async () => {
    upstream = await listenAsWitness()
    folder = await mkdtemp(join(tmpdir(), 'gatewright-geo-'))
    await writeFile(join(folder, 'places.mmdb'), toDatabase('DE', 'US'))
    // Relative to the folder of the configuration, wherever the gateway was started.
    await writeFile(join(folder, 'gatewright.yaml'), configure(upstream.url, './places.mmdb'))
    gateway = await startGateway({ yaml: '', config: join(folder, 'gatewright.yaml'), threads: 2 })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const request = (path: string, address: string, more = '') =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${address}\r\n${more}\r\n`

  /** On a connection of its own, which lands on either thread. */
  async function ask(path: string, address: string, more = '') {
    const client = await RawClient.connect(gateway.port)
    await client.write(request(path, address, more))
    const answer = await client.getAnswer()
    client.close()
    return answer
  }

  async function countryOf(address: string, more = ''): Promise<string | undefined> {
    const { fields } = parseTestimony(findField(await ask('/told/a', address, more), 'x-saw') ?? '')
    // Names that CGI takes for the same one count as well.
    return fields.find(([name]) => /^x[-_]country$/i.test(name))?.[1]
  }

  async function replace(bytes: Buffer): Promise<void> {
    await writeFile(join(folder, 'places.mmdb.tmp'), bytes)
    await rename(join(folder, 'places.mmdb.tmp'), join(folder, 'places.mmdb'))
  }

  it('judges by the address that trusted proxies say, on every thread', async () => {
    for (let i = 0; i < 16; i++) {
      assert.equal((await ask('/german/a', GERMAN)).status, 200)
      const refused = await ask('/german/a', AMERICAN)
      assert.deepEqual([refused.status, findProblemCode(refused)], [403, 'address-denied'])
      assert.equal((await ask('/german/a', '10.0.0.1')).status, 403)
    }
  })

  it('tells upstreams the country, and no client tells them another', async () => {
    assert.equal(await countryOf(GERMAN), 'DE')
    assert.equal(await countryOf(AMERICAN, 'X-Country: DE\r\nX_Country: DE\r\n'), 'US')
    assert.equal(await countryOf('10.0.0.1', 'X-Country: DE\r\n'), undefined)
  })

  it('takes the place of the one before on every thread, without a new snapshot or a failed request', async () => {
    const before = await gateway.snapshot()
    const takeOver = async (): Promise<void> => {
      await replace(toDatabase('FR', 'DE'))
      // Otherwise it is looked at once a minute.
      gateway.child.kill('SIGHUP')
      await until(async () => ((await countryOf(GERMAN)) === 'FR' ? true : undefined), 'the new database')
      for (let i = 0; i < 16; i++) {
        assert.deepEqual([await countryOf(GERMAN), await countryOf(AMERICAN)], ['FR', 'DE'])
      }
    }
    let isOver = false
    const load = async (): Promise<number> => {
      const client = await RawClient.connect(gateway.port)
      let requests = 0
      for (; !isOver; requests++) {
        await client.write(request('/told/a', GERMAN))
        assert.equal((await client.getAnswer()).status, 200)
      }
      client.close()
      return requests
    }
    const over = (): void => {
      isOver = true
    }
    const [requests] = await Promise.all([load(), takeOver().finally(over)])
    assert.ok(requests > 0)
    const now = await gateway.snapshot()
    assert.deepEqual([now?.version, now?.hash], [before?.version, before?.hash])
  })

  it('that is damaged does not take it, and keeps no configuration from running', async () => {
    await replace(toDatabase('DE', 'US').subarray(0, -20))
    gateway.child.kill('SIGHUP')
    await until(
      async () =>
        /cannot be used.*places\.mmdb: a value ends behind the file/.test(gateway.stderr) ? true : undefined,
      'the warning',
    )
    for (let i = 0; i < 8; i++) assert.equal(await countryOf(GERMAN), 'FR')
    assert.equal((await gateway.snapshot())?.configuration.fault, null)
    await replace(toDatabase('US', 'US'))
    gateway.child.kill('SIGHUP')
    await until(async () => ((await countryOf(GERMAN)) === 'US' ? true : undefined), 'the sound database')
  })

  it('that is missing keeps the gateway from starting, and the place is told', async () => {
    const refused = await spawnGateway({ yaml: configure(upstream.url, './nowhere.mmdb') })
    try {
      assert.equal(await refused.exited, 1)
      assert.match(refused.stderr, /gatewright\.yaml:8:\d+: fault: geo: .*nowhere\.mmdb: there is no such file\./)
    } finally {
      await refused.stop()
    }
  })
})
