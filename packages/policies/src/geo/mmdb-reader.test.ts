/** Proves that a MaxMind DB is read as its format says and as MaxMind's readers do, and that no file can hold or end a thread. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Reader, type Response } from 'mmdb-lib'
import { toAddressKey } from '../addresses/address.ts'
import { MmdbReader, NO_RECORD } from './mmdb-reader.ts'
import { MmdbFault, type MmdbPath } from './mmdb-values.ts'
import { MMDB_MARKER, type MmdbDesign, type MmdbValue, toHead, toPointer, writeMmdb } from './mmdb-writer.fixture.ts'

function find(reader: MmdbReader, address: string, path: MmdbPath = []): string | number | undefined {
  const place = reader.findRecord(toAddressKey(address) ?? '')
  return place === NO_RECORD ? undefined : reader.findValue(place, path)
}

const open = (design: MmdbDesign) => new MmdbReader(writeMmdb(design))

/** One record for everybody. */
const openRecord = (record: MmdbValue, metadata?: MmdbDesign['metadata']) =>
  open({ networks: [['::/0', record]], ...(metadata && { metadata }) })

describe('a MaxMind DB', () => {
  for (const recordBits of [24, 28, 32] as const) {
    for (const ipVersion of [4, 6] as const) {
      it(`of IPv${ipVersion} and ${recordBits} bits a record finds the longest prefix`, () => {
        const reader = open({
          recordBits,
          ipVersion,
          networks: [
            ['10.1.0.0/16', 'inner'],
            ['10.0.0.0/8', 'outer'],
            ['10.1.2.3/32', 'one'],
            ['192.0.2.0/25', 'low'],
          ],
        })
        for (const [address, value] of [
          ['10.1.2.3', 'one'],
          ['10.1.2.4', 'inner'],
          ['10.0.255.255', 'outer'],
          ['10.255.255.255', 'outer'],
          ['11.0.0.0', undefined],
          ['192.0.2.127', 'low'],
          ['192.0.2.128', undefined],
          ['::ffff:10.1.2.3', 'one'],
          ['2001:db8::1', undefined],
        ] as const) {
          assert.equal(find(reader, address), value, address)
        }
      })
    }
  }

  it('finds IPv6 networks, and none of them in a file of IPv4', () => {
    const networks = [['2001:db8::/32', 'six']] as const
    assert.equal(find(open({ networks }), '2001:db8:ffff::1'), 'six')
    assert.equal(find(open({ networks: [['0.0.0.0/0', 'four']], ipVersion: 4 }), '2001:db8::1'), undefined)
  })

  it('has one record for all of IPv4 where its tree has no branch for it', () => {
    const reader = open({ networks: [['::/64', 'all']] })
    assert.deepEqual([find(reader, '192.0.2.1'), find(reader, '2001:db8::1')], ['all', undefined])
  })

  it('says what its metadata says', () => {
    const reader = open({ networks: [['::/0', 'x']], databaseType: 'GeoLite2-Country' })
    assert.deepEqual(
      [reader.databaseType, reader.builtAtSeconds, reader.nodeCount],
      ['GeoLite2-Country', 1_767_225_600, 1],
    )
  })

  it('reads a member by its path, past values of every type', () => {
    const record = {
      text: 'x'.repeat(300),
      wide: 'y'.repeat(70_000),
      double: 1.5,
      float: Buffer.concat([toHead(15, 4), Buffer.alloc(4)]),
      bytes: Buffer.concat([toHead(4, 3), Buffer.alloc(3)]),
      int32: Buffer.concat([toHead(8, 4), Buffer.alloc(4, 0xff)]),
      uint128: Buffer.concat([toHead(10, 16), Buffer.alloc(16, 0xff)]),
      yes: true,
      map: { names: { en: 'Germany', de: 'Deutschland' }, list: [{ a: 1 }, { a: 2, b: ['c'] }], empty: {} },
      sixteen: Buffer.concat([toHead(5, 2), Buffer.of(1, 2)]),
      long: 2n ** 40n,
      zero: 0,
    }
    const reader = openRecord(record)
    for (const [path, value] of [
      [['map', 'names', 'de'], 'Deutschland'],
      [['map', 'list', 1, 'a'], 2],
      [['map', 'list', 1, 'b', 0], 'c'],
      [['map', 'list', 2], undefined],
      [['map', 'list', 'a'], undefined],
      [['map', 'empty', 'a'], undefined],
      [['map', 0], undefined],
      [['sixteen'], 258],
      [['long'], 2 ** 40],
      [['zero'], 0],
      [['absent'], undefined],
      [['double'], undefined],
      [['yes'], undefined],
      // Codes are short: what is long is something else.
      [['text'], undefined],
      [['__proto__'], undefined],
      [['constructor', 'name'], undefined],
    ] as const) {
      assert.equal(find(reader, '192.0.2.1', path), value, path.join('.'))
    }
  })

  for (const size of [0, 1, 2, 3]) {
    it(`follows a pointer of ${size + 1} bytes, for values and for keys`, () => {
      // The first value of the data section is what is pointed to, moved behind where pointers of this size begin to count.
      const before = [0, 2048, 526_336, 0][size] ?? 0
      const reader = open({
        networks: [
          ['10.0.0.0/8', before === 0 ? 'country' : 'x'.repeat(before - (before < 65_824 ? 3 : 4))],
          ['10.1.0.0/16', 'country'],
          ['10.1.1.0/24', Buffer.concat([toHead(7, 1), toPointer(before, size), toPointer(before, size)])],
        ],
      })
      assert.equal(find(reader, '10.1.1.1', ['country']), 'country')
    })
  }

  it('agrees with the reader that others use, on whatever is written', () => {
    const code = fc.constantFrom('DE', 'FR', 'US', 'GB')
    const record = fc.record({ country: fc.record({ iso_code: code, names: fc.record({ en: code }) }), asn: fc.nat() })
    const range = fc.oneof(fc.tuple(fc.ipV4(), fc.nat(32)), fc.tuple(fc.ipV6(), fc.integer({ min: 1, max: 128 })))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(range, record), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(24, 28, 32),
        fc.boolean(),
        fc.array(fc.oneof(fc.ipV4(), fc.ipV6())),
        (given, recordBits, usesPointers, others) => {
          const bytes = writeMmdb({
            networks: given.map(([[address, bits], value]) => [`${address}/${bits}`, value]),
            recordBits: recordBits as 24,
            usesPointers,
          })
          const reader = new MmdbReader(bytes)
          const reference = new Reader<Response>(bytes)
          for (const address of [...given.map(([[own]]) => own), ...others]) {
            // IPv4 in IPv6 is IPv4 here, whether or not the file has a branch for it.
            if (toAddressKey(address)?.length === 2 && address.includes(':')) continue
            const expected = reference.get(address) as { country: { iso_code: string }; asn: number } | null
            assert.deepEqual(
              [find(reader, address, ['country', 'iso_code']), find(reader, address, ['asn'])],
              [expected?.country.iso_code, expected?.asn],
              address,
            )
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a file that is no sound MaxMind DB', () => {
  const sound = writeMmdb({ networks: [['192.0.2.0/24', { country: { iso_code: 'DE' } }]] })

  it('is refused when it is empty, something else, or only the marker', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('<html>'), Buffer.alloc(1 << 20), MMDB_MARKER]) {
      assert.throws(() => new MmdbReader(bytes), MmdbFault)
    }
  })

  it('is refused wherever it is cut off', () => {
    for (let length = 0; length < sound.length; length++) {
      assert.throws(() => new MmdbReader(sound.subarray(0, length)), MmdbFault, `${length}`)
    }
  })

  it('is refused when its marker stands before the last 128 KiB', () => {
    assert.throws(() => new MmdbReader(Buffer.concat([sound, Buffer.alloc(128 * 1024)])), /no metadata at its end/)
  })

  for (const [metadata, why] of [
    [{ binary_format_major_version: 3 }, /format 3/],
    [{ binary_format_major_version: undefined }, /lacks binary_format_major_version/],
    [{ record_size: 20 }, /20 bits/],
    [{ record_size: 128 }, /128 bits/],
    [{ record_size: '24' }, /lacks record_size/],
    [{ ip_version: 5 }, /IP version 5/],
    [{ node_count: undefined }, /lacks node_count/],
    [{ node_count: 2 ** 32 - 1 }, /search tree ends behind/],
    [{ node_count: Buffer.concat([toHead(6, 5), Buffer.alloc(5)]) }, /too long for its type/],
  ] satisfies [MmdbDesign['metadata'], RegExp][] as [MmdbDesign['metadata'], RegExp][]) {
    it(`is refused with ${why.source} in its metadata`, () => {
      assert.throws(() => openRecord('x', metadata), why)
    })
  }

  it('ends every search, also in a tree that leads in circles', () => {
    // Both records of the one node are the node itself.
    const bytes = Buffer.from(writeMmdb({ networks: [['::/0', 'x']] }))
    bytes.fill(0, 0, 6)
    const reader = new MmdbReader(bytes)
    for (const address of ['192.0.2.1', '2001:db8::1'])
      assert.throws(() => find(reader, address), /leads out of the data/)
  })

  it('is found out when its tree leads behind the data', () => {
    const bytes = Buffer.from(writeMmdb({ networks: [['::/0', 'x']] }))
    bytes.fill(0xff, 0, 6)
    assert.throws(() => find(new MmdbReader(bytes), '192.0.2.1'), /leads out of the data/)
    // Between the tree and the data: the separator.
    bytes.writeUIntBE(2, 0, 3)
    assert.throws(() => find(new MmdbReader(bytes), '192.0.2.1'), /leads out of the data/)
  })

  // What MaxMind collects in its repository under bad-data/ (MaxMind-DB), and pkg/writer/pointerdos.go, which makes files that take readers for ever.
  for (const [name, record, path] of [
    ['a pointer to itself', toPointer(0), []],
    ['a pointer to a pointer', Buffer.concat([toPointer(2), toPointer(0)]), []],
    ['a map that holds itself', Buffer.concat([toHead(7, 1), toHead(2, 1), Buffer.from('a'), toPointer(0)]), ['b']],
    ['a key that is a number', Buffer.concat([toHead(7, 1), toHead(6, 1), Buffer.of(1), toHead(2, 0)]), ['a']],
    ['a key that points to itself', Buffer.concat([toHead(7, 1), toPointer(1), toHead(2, 0)]), ['a']],
    ['a map of sixteen million', toHead(7, 16_843_036), ['a']],
    [
      'a list of sixteen million',
      Buffer.concat([toHead(7, 1), toHead(2, 1), Buffer.from('a'), toHead(11, 16_843_036)]),
      ['b'],
    ],
    ['a text behind the end', toHead(2, 200), []],
    ['a pointer behind the end', toPointer(2 ** 32 - 1), []],
    [
      'a type that there is not',
      Buffer.concat([toHead(7, 1), toHead(2, 1), Buffer.from('a'), Buffer.of(0, 200)]),
      ['b'],
    ],
    ['nothing', Buffer.alloc(0), []],
    [
      'lists in lists, a hundred thousand deep',
      Buffer.concat(Array.from({ length: 100_000 }, () => toHead(11, 1))),
      [0, 1],
    ],
    [
      'maps in maps, a hundred thousand deep',
      Buffer.concat(
        Array.from({ length: 100_000 }, () => Buffer.concat([toHead(7, 1), toHead(2, 1), Buffer.from('a')])),
      ),
      ['b'],
    ],
  ] satisfies [string, Buffer, MmdbPath][] as [string, Buffer, MmdbPath][]) {
    it(`answers at once for ${name}`, () => {
      const reader = openRecord(record)
      try {
        assert.equal(find(reader, '192.0.2.1', path), undefined)
      } catch (error) {
        assert.ok(error instanceof MmdbFault, String(error))
      }
    })
  }

  it('answers at once where values double with every pointer, forty times', () => {
    // Each map points to the one before it twice: whoever follows all of them meets 2^40 values.
    const record: Buffer[] = [Buffer.concat([toHead(2, 1), Buffer.from('x')])]
    const places = [0]
    let length = 2
    for (let level = 0; level < 40; level++) {
      const below = toPointer(places.at(-1) ?? 0, 3)
      const map = Buffer.concat([
        toHead(7, 2),
        toHead(2, 1),
        Buffer.from('a'),
        below,
        toHead(2, 1),
        Buffer.from('b'),
        below,
      ])
      places.push(length)
      record.push(map)
      length += map.length
    }
    const reader = open({ networks: [['::/0', Buffer.concat(record)]] })
    const top = places.at(-1) ?? 0
    assert.equal(reader.findValue(top, ['c']), undefined)
    assert.equal(
      reader.findValue(
        top,
        Array.from({ length: 40 }, () => 'b'),
      ),
      'x',
    )
  })

  it('is read no further than records go, however long one is', () => {
    const long = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]))
    const reader = openRecord(long)
    assert.equal(find(reader, '192.0.2.1', ['k1000']), 1000)
    assert.throws(() => find(reader, '192.0.2.1', ['k4999']), /more than 4096 values/)
  })

  it('never does anything else than answer or say that it is damaged, whichever bytes are changed', () => {
    const design = { networks: [['192.0.2.0/24', { country: { iso_code: 'DE' }, list: [1, 'x', { a: 2 }] }]] } as const
    const bytes = writeMmdb({ ...design, usesPointers: true })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const damaged = Buffer.from(bytes)
          for (const [at, byte] of changes) damaged[at] = byte
          try {
            const reader = new MmdbReader(damaged)
            find(reader, '192.0.2.1', ['list', 2, 'a'])
            find(reader, '2001:db8::1', ['country', 'iso_code'])
          } catch (error) {
            assert.ok(error instanceof MmdbFault, String(error))
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})
