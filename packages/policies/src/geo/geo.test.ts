import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileCondition } from '@gatewright/expressions'
import type { z } from 'zod'
import { CEL_NAMES, toCelScope } from '../scopes/cel-scope.ts'
import { MemoryFiles, run, runAll } from '../testing/index.ts'
import { geo } from './geo.ts'
import { MmdbFault } from './mmdb-values.ts'
import { type MmdbDesign, type MmdbValue, toHead, toPointer, writeMmdb } from './mmdb-writer.fixture.ts'

const PATH = './places.mmdb'

const place = (continent: string, country: string, part?: string): MmdbValue => ({
  continent: { code: continent, names: { en: continent } },
  country: { iso_code: country, geoname_id: 1, names: { en: country, de: country } },
  registered_country: { iso_code: 'KP' },
  ...(part !== undefined && { subdivisions: [{ iso_code: part, names: { en: part } }, { iso_code: 'ZZZ' }] }),
})

/** Everything at once, as GeoIP2 Enterprise has it. */
const NETWORKS: MmdbDesign['networks'] = [
  ['81.0.0.0/8', { ...(place('EU', 'DE', 'BE') as object), traits: { autonomous_system_number: 64_500 } }],
  ['82.0.0.0/8', { ...(place('EU', 'FR') as object), traits: { autonomous_system_number: 64_501 } }],
  ['83.0.0.0/8', { ...(place('NA', 'US', 'CA') as object), traits: { autonomous_system_number: 64_502 } }],
  ['84.0.0.0/8', { continent: { code: 'EU' }, registered_country: { iso_code: 'DE' } }],
  ['2001:db8::/32', place('EU', 'DE')],
]
const BYTES = writeMmdb({ networks: NETWORKS, usesPointers: true, databaseType: 'GeoIP2-Enterprise' })

type Given = Omit<z.input<typeof geo.options>, 'database'>

const stage = (options: Given, bytes: Uint8Array = BYTES) =>
  run(geo, { database: PATH, ...options }, { files: new MemoryFiles({ [PATH]: bytes }) })

const factsAt = async (address: string, bytes?: Uint8Array) =>
  (await stage({}, bytes).with({}, { address })).exchange.variables.get('geo')

describe('geo', () => {
  for (const [options, address, reason] of [
    [{ allow: { countries: ['DE'] } }, '81.1.2.3', undefined],
    [{ allow: { countries: ['DE'] } }, '::ffff:81.1.2.3', undefined],
    [{ allow: { countries: ['DE'] } }, '2001:db8::1', undefined],
    [{ allow: { countries: ['DE'] } }, '82.1.2.3', 'geo-not-allowed'],
    [{ allow: { continents: ['EU'] } }, '82.1.2.3', undefined],
    [{ allow: { continents: ['EU'] } }, '83.1.2.3', 'geo-not-allowed'],
    [{ allow: { subdivisions: ['US-CA'] } }, '83.1.2.3', undefined],
    [{ allow: { subdivisions: ['US-CA'] } }, '81.1.2.3', 'geo-not-allowed'],
    [{ allow: { asns: [64_501] } }, '82.1.2.3', undefined],
    [{ allow: { asns: [64_501] } }, '81.1.2.3', 'geo-not-allowed'],
    // One of the lists is enough.
    [{ allow: { countries: ['US'], asns: [64_501] } }, '82.1.2.3', undefined],
    [{ deny: { countries: ['US'] } }, '83.1.2.3', 'geo-denied'],
    [{ deny: { countries: ['US'] } }, '81.1.2.3', undefined],
    [{ deny: { asns: [64_500], continents: ['NA'] } }, '83.1.2.3', 'geo-denied'],
    // What is denied stays denied.
    [{ allow: { continents: ['EU'] }, deny: { countries: ['FR'] } }, '82.1.2.3', 'geo-denied'],
    [{ allow: { continents: ['EU'] }, deny: { countries: ['FR'] } }, '81.1.2.3', undefined],
    [{ allow: { countries: ['DE'] }, deny: { asns: [64_500] } }, '81.1.2.3', 'geo-denied'],
    // An address that the file does not know.
    [{ allow: { countries: ['DE'] } }, '10.0.0.1', 'geo-unknown'],
    [{ allow: { countries: ['DE'] }, unknown: 'allow' }, '10.0.0.1', undefined],
    [{ allow: { countries: ['DE'] }, unknown: 'allow' }, '82.1.2.3', 'geo-not-allowed'],
    [{ deny: { countries: ['US'] } }, '10.0.0.1', undefined],
    [{ deny: { countries: ['US'] }, unknown: 'deny' }, '10.0.0.1', 'geo-unknown'],
    [{ deny: { countries: ['US'] }, unknown: 'deny' }, '81.1.2.3', undefined],
    // Where its network is registered says nothing about where it is.
    [{ allow: { countries: ['DE'] } }, '84.1.2.3', 'geo-unknown'],
    [{ allow: { countries: ['DE'], asns: [1] } }, '84.1.2.3', 'geo-unknown'],
    // Of what the lists ask for, the continent is known, and is another.
    [{ allow: { countries: ['DE'], continents: ['NA'] }, unknown: 'allow' }, '84.1.2.3', 'geo-not-allowed'],
    [{ allow: { countries: ['DE'] } }, 'unix', 'geo-unknown'],
    [{ deny: { countries: ['US'] } }, 'unix', undefined],
    [{}, '10.0.0.1', undefined],
    [{ unknown: 'deny' }, '10.0.0.1', undefined],
  ] satisfies [Given, string, string | undefined][] as [Given, string, string | undefined][]) {
    it(`answers ${address} under ${JSON.stringify(options)} with ${reason ?? '200'}`, async () => {
      const { status, problem, upstream } = await stage(options).with({}, { address })
      assert.deepEqual(
        [status, problem?.code, problem?.reason, upstream.length],
        reason === undefined ? [200, undefined, undefined, 1] : [403, 'address-denied', reason, 0],
      )
      assert.doesNotMatch(problem?.detail ?? '', /country|DE|64/)
    })
  }

  it('answers without a promise', () => {
    const subject = stage({ allow: { countries: ['DE'] } })
    const exchange = subject.open({}, { address: '81.1.2.3' })
    assert.ok(subject.start(exchange).isSync)
  })

  it('says where the client is, for expressions and other policies', async () => {
    const { exchange } = await stage({}).with({}, { address: '83.1.2.3' })
    assert.deepEqual(exchange.variables.get('geo'), {
      country: 'US',
      continent: 'NA',
      subdivision: 'US-CA',
      asn: 64_502,
    })
    const holds = (source: string) =>
      compileCondition(source, { names: CEL_NAMES })(toCelScope(exchange, { variables: {} }))
    assert.equal(holds("variables.geo.country == 'US' && variables.geo.subdivision.startsWith('US-')"), true)
    assert.equal(holds('variables.geo.asn == 64502'), true)
  })

  it('says null for what is not known, so that expressions do not fail', async () => {
    assert.deepEqual(await factsAt('10.0.0.1'), { country: null, continent: null, subdivision: null, asn: null })
    const { exchange } = await stage({}).with({}, { address: '10.0.0.1' })
    const condition = compileCondition("variables.geo.country == 'US'", { names: CEL_NAMES })
    assert.equal(condition(toCelScope(exchange, { variables: {} })), false)
  })

  it('adds what another file knows', async () => {
    const files = new MemoryFiles({
      [PATH]: writeMmdb({ networks: [['81.0.0.0/8', place('EU', 'DE')]] }),
      asn: writeMmdb({ networks: [['81.0.0.0/8', { autonomous_system_number: 64_496 }]] }),
    })
    const uses = [
      { policy: geo, options: { database: PATH } },
      { policy: geo, options: { database: 'asn', deny: { asns: [64_497] } } },
    ]
    const { exchange } = await runAll(uses, { files }).with({}, { address: '81.1.2.3' })
    assert.deepEqual(exchange.variables.get('geo'), {
      country: 'DE',
      continent: 'EU',
      subdivision: null,
      asn: 64_496,
    })
  })

  it('tells the upstream, and what a client says of itself never arrives', async () => {
    const toUpstream = { country: 'X-Country', continent: 'X-Continent', subdivision: 'X-Part', asn: 'X-Asn' }
    const lies = { 'x-country': 'XX', 'X-Continent': 'XX', 'X-PART': 'XX', X_Asn: '1' }
    const fieldsAt = async (address: string) => {
      const { upstream } = await stage({ toUpstream }).with({ headers: lies }, { address })
      return Object.values(toUpstream).map((name) => upstream[0]?.headers.getAll(name))
    }
    assert.deepEqual(await fieldsAt('83.1.2.3'), [['US'], ['NA'], ['US-CA'], ['64502']])
    assert.deepEqual(await fieldsAt('10.0.0.1'), [[], [], [], []])
    assert.deepEqual(geo.identityFields?.(geo.options.parse({ database: PATH, toUpstream })), [
      'X-Country',
      'X-Continent',
      'X-Part',
      'X-Asn',
    ])
    assert.deepEqual(geo.identityFields?.(geo.options.parse({ database: PATH })), [])
  })

  it('asks a file that was replaced from the next request on', async () => {
    const subject = stage({ allow: { countries: ['DE'] } })
    const ask = async () => (await subject.with({}, { address: '81.1.2.3' })).status
    assert.equal(await ask(), 200)
    subject.files.replace(PATH, writeMmdb({ networks: [['81.0.0.0/8', place('EU', 'FR')]] }))
    assert.equal(await ask(), 403)
    subject.files.replace(PATH, BYTES)
    assert.equal(await ask(), 200)
  })

  it('reads what IPinfo Lite says', async () => {
    const record = { country: 'Germany', country_code: 'DE', continent: 'Europe', continent_code: 'EU', asn: 'AS64500' }
    assert.deepEqual(await factsAt('81.1.2.3', writeMmdb({ networks: [['81.0.0.0/8', record]] })), {
      country: 'DE',
      continent: 'EU',
      subdivision: null,
      asn: 64_500,
    })
  })

  // These go into header fields, into expressions, and are compared.
  for (const code of ['de', 'D', 'DEU', 'D\r\nX-Admin: 1', '', 'Ä1', '__proto__'] as const) {
    it(`takes ${JSON.stringify(code)} of a file for no country`, async () => {
      const bytes = writeMmdb({
        networks: [
          ['81.0.0.0/8', { ...(place('EU', code, `${code}\r\n`) as object), autonomous_system_number: 2n ** 40n }],
          ['82.0.0.0/8', place('EU', 'FR')],
        ],
      })
      assert.deepEqual(await factsAt('81.1.2.3', bytes), {
        country: null,
        continent: 'EU',
        subdivision: null,
        asn: null,
      })
    })
  }

  it('takes what is damaged in a file for unknown, says so once, and fails no request', async () => {
    const loop = Buffer.concat([toHead(7, 1), toPointer(0, 3), toPointer(0, 3)])
    const damaged = writeMmdb({
      networks: [
        ['81.0.0.0/8', loop],
        ['82.0.0.0/8', place('EU', 'DE')],
      ],
    })
    const subject = stage({ allow: { countries: ['DE'] } })
    // It was sound when it was looked at, as far as it was looked at.
    subject.files.replace(PATH, damaged)
    for (let i = 0; i < 3; i++) {
      const { problem } = await subject.with({}, { address: '81.1.2.3' })
      assert.deepEqual([problem?.code, problem?.reason], ['address-denied', 'geo-unknown'])
    }
    assert.equal((await subject.with({}, { address: '82.1.2.3' })).status, 200)
    assert.deepEqual(
      subject.log.entries.map(({ level }) => level),
      ['warn'],
    )
  })

  it('keeps what many records say within bounds, and right', async () => {
    const networks = Array.from(
      { length: 9000 },
      (_, at) => [`10.${at >> 8}.${at & 255}.0/24`, { autonomous_system_number: at + 1 }] as const,
    )
    const subject = stage({}, writeMmdb({ networks }))
    for (const at of [...networks.keys(), 0, 8191, 8192]) {
      const { exchange } = await subject.with({}, { address: `10.${at >> 8}.${at & 255}.9` })
      assert.equal((exchange.variables.get('geo') as { asn: number }).asn, at + 1)
    }
  })
})

describe('the options of geo', () => {
  for (const [options, path, words] of [
    [{ allow: { countries: ['UK'] } }, 'allow.countries.0', /did you mean GB\?/],
    [{ allow: { countries: ['de'] } }, 'allow.countries.0', /did you mean DE\?/],
    [{ deny: { countries: ['DE', 'Germany'] } }, 'deny.countries.1', /write a code of ISO 3166-1/],
    [{ deny: { countries: ['EU'] } }, 'deny.countries.0', /continents: \[EU\]/],
    [{ allow: { subdivisions: ['CA'] } }, 'allow.subdivisions.0', /such as US-CA/],
    [{ allow: { subdivisions: ['UK-ENG'] } }, 'allow.subdivisions.0', /such as US-CA/],
    [{ allow: { continents: ['XX'] } }, 'allow.continents.0', /./],
    [{ allow: { asns: [0] } }, 'allow.asns.0', /./],
    [{ allow: { asns: [2 ** 32] } }, 'allow.asns.0', /./],
    [{ allow: {} }, 'allow', /names no place/],
    [{ deny: { countries: [] } }, 'deny', /names no place/],
    [{ toUpstream: { country: 'Host' } }, 'toUpstream.country', /./],
    [{ toUpstream: { country: 'a b' } }, 'toUpstream.country', /./],
    [{ database: '' }, 'database', /./],
  ] as const) {
    it(`refuse ${JSON.stringify(options)}`, () => {
      const [issue] = geo.options.safeParse({ database: PATH, ...options }).error?.issues ?? []
      assert.equal(issue?.path.join('.'), path)
      assert.match(issue?.message ?? '', words)
    })
  }
})

describe('the file of geo', () => {
  const check = (options: Given, bytes: Uint8Array) => () => stage(options, bytes)

  it('is named, with its place in the options', () => {
    const [file, ...others] = geo.files?.(geo.options.parse({ database: PATH })) ?? []
    assert.deepEqual([file?.path, file?.at, others.length], [PATH, ['database'], 0])
  })

  it('is refused when it is damaged: truncated, another thing, or leading out of itself', () => {
    assert.throws(check({}, BYTES.subarray(0, -1)), MmdbFault)
    assert.throws(check({}, Buffer.from('<html>429</html>')), /no MaxMind DB/)
    const astray = Buffer.from(BYTES)
    astray.fill(0xff, 300, 306)
    assert.throws(check({}, astray), /leads out of the data/)
  })

  it('is refused when it knows nothing of what is asked for', () => {
    const asn = writeMmdb({ networks: [['81.0.0.0/8', { autonomous_system_number: 1 }]], databaseType: 'GeoLite2-ASN' })
    assert.throws(check({ deny: { countries: ['US'] } }, asn), /it is a GeoLite2-ASN, which knows no countries/)
    assert.throws(check({ toUpstream: { continent: 'X-C', country: 'X-D' } }, asn), /no countries and continents/)
    assert.doesNotThrow(check({ deny: { asns: [2] } }, asn))
    assert.doesNotThrow(check({}, asn))
    const country = writeMmdb({ networks: [['81.0.0.0/8', place('EU', 'DE')]], databaseType: 'GeoLite2-Country' })
    assert.throws(check({ allow: { asns: [1] } }, country), /no numbers of autonomous systems/)
    assert.throws(check({ allow: { subdivisions: ['US-CA'] } }, country), /no subdivisions/)
  })

  it('is refused when it knows nobody', () => {
    assert.throws(check({}, writeMmdb({ networks: [] })), /knows no address/)
  })
})
