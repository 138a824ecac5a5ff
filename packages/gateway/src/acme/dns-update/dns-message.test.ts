import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseServer } from './dns-exchange.ts'
import { DnsFault, parseAnswer, toUpdate, writeName } from './dns-message.ts'

/** A header as an answer to an update has it, and what follows. */
const toAnswer = (counts: readonly number[], ...rest: readonly number[]): Buffer =>
  Buffer.from([0x12, 0x34, 0xa8, 0x00, ...counts.flatMap((count) => [0, count]), ...rest])

const TSIG = [
  1, 0x6b, 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 19, 1, 0x61, 0, 0, 0, 0, 0, 0, 9, 0, 3, 0, 0, 0, 7, 0, 16, 0, 0,
]

describe('names of the DNS', () => {
  it('are written in lower case, label by label', () => {
    assert.deepEqual([...writeName('A.bc.')], [1, 0x61, 2, 0x62, 0x63, 0])
  })

  for (const name of ['', '.', 'a..b', `${'x'.repeat(64)}.test`, Array(64).fill('xxx').join('.')]) {
    it(`are refused where they are none: "${name.slice(0, 20)}"`, () => {
      assert.throws(() => writeName(name), DnsFault)
    })
  }
})

describe('an update', () => {
  const CHANGE = { id: 0x1234, zone: 'e.test', name: 'x.e.test', value: 'v', ttlSeconds: 60, act: 'add' } as const

  it('names the zone, and adds the record with its time to live', () => {
    assert.equal(
      toUpdate(CHANGE).toString('hex'),
      '12342800' +
        '0001000000010000' +
        '0165047465737400' +
        '00060001' +
        '01780165047465737400' +
        '001000010000003c' +
        '00020176',
    )
  })

  it('takes the very record away', () => {
    assert.match(toUpdate({ ...CHANGE, act: 'remove' }).toString('hex'), /001000fe0000000000020176$/)
  })

  it('holds no more than a string does', () => {
    assert.throws(() => toUpdate({ ...CHANGE, value: 'x'.repeat(256) }), DnsFault)
  })
})

describe('the answer to an update', () => {
  it('is read past what it repeats, to its signature', () => {
    const zone = [1, 0x65, 0, 0, 6, 0, 1]
    const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]
    const answer = parseAnswer(toAnswer([1, 1, 0, 1], ...zone, ...record, ...TSIG))
    assert.deepEqual(answer, {
      id: 0x1234,
      rcode: 0,
      isTruncated: false,
      tsig: {
        at: 12 + zone.length + record.length,
        keyName: 'k',
        algorithm: 'a',
        timeSeconds: 9,
        fudgeSeconds: 3,
        mac: Buffer.alloc(0),
        originalId: 7,
        error: 16,
        other: Buffer.alloc(0),
      },
    })
  })

  const WRONG: readonly [string, Buffer, RegExp][] = [
    ['a question', Buffer.from('123428000000000000000000', 'hex'), /no answer/],
    ['the answer to a query', Buffer.from('123480000000000000000000', 'hex'), /no update/],
    ['half a header', Buffer.from('1234a80000', 'hex'), /cut off/],
    ['half a record', toAnswer([0, 1, 0, 0], 0, 0, 1, 0, 1), /cut off/],
    ['a record that ends behind the end', toAnswer([0, 1, 0, 0], 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 9, 1), /cut off/],
    ['more than it says', toAnswer([0, 0, 0, 0], 0), /more octets/],
    ['a name that points to itself', toAnswer([1, 0, 0, 0], 0xc0, 12, 0, 6, 0, 1), /points forward/],
    ['a label of a kind that nobody knows', toAnswer([1, 0, 0, 0], 0x80, 0, 0, 6, 0, 1), /unknown kind/],
    ['two signatures', toAnswer([0, 0, 0, 2], ...TSIG, ...TSIG), /follows the signature/],
    ['a signature that is longer than it says', toAnswer([0, 0, 0, 1], ...TSIG.with(12, 20), 0), /another length/],
  ]
  for (const [what, octets, words] of WRONG) {
    it(`is refused where it is ${what}`, () => {
      assert.throws(() => parseAnswer(octets), { message: words })
    })
  }

  it('is refused in words, whatever came', () => {
    const header = fc.constant([0x12, 0x34, 0xa8, 0x00, 0, 1, 0, 1, 0, 0, 0, 1])
    const octets = fc.tuple(header, fc.array(fc.constantFrom(0, 1, 12, 63, 0xc0, 250, 255)))
    fc.assert(
      fc.property(octets, ([head, rest]) => {
        try {
          parseAnswer(Buffer.from([...head, ...rest]))
        } catch (error) {
          assert.ok(error instanceof DnsFault, String(error))
        }
      }),
    )
  })
})

describe('a name server', () => {
  for (const [text, host, port] of [
    ['ns.example.com', 'ns.example.com', 53],
    ['ns.example.com:5353', 'ns.example.com', 5353],
    ['192.0.2.1:54', '192.0.2.1', 54],
    ['[2001:db8::1]:54', '2001:db8::1', 54],
    ['[2001:db8::1]', '2001:db8::1', 53],
    ['2001:db8::1', '2001:db8::1', 53],
  ] as const) {
    it(`is read from ${text}`, () => assert.deepEqual(parseServer(text), { host, port }))
  }

  for (const text of ['', ':53', 'a:b', 'a:1:2']) {
    it(`is not read from "${text}"`, () => assert.throws(() => parseServer(text), DnsFault))
  }
})
