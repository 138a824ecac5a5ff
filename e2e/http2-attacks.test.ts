/** Owns the proof that nobody harms others by how they speak HTTP/2: what is too much ends the connection that did it, and nothing else. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ERROR_CODES, FLAGS, FRAME_TYPES, PREFACE, SETTINGS } from '../packages/gateway/src/http2/frame.ts'
import {
  data,
  frame,
  headers,
  literals,
  POST,
  reset,
  settings,
  uint32,
  windowUpdate,
} from '../packages/gateway/src/http2/session-stage.fixture.ts'
import { until } from './harness/deadline.ts'
import { forwardBoth, stageHttp2 } from './harness/http2-stage.ts'
import { request } from './harness/raw-http2.ts'

const {
  enhanceYourCalm,
  protocolError,
  refusedStream,
  streamClosed,
  compressionError,
  frameSizeError,
  flowControlError,
} = ERROR_CODES
const MIB = 1_048_576

/** What an attack may leave behind in the process: the collector's pace, not what came. */
const MOST_GROWTH_BYTES = 96 * MIB

/** Stream ids of a client, from the first on. */
const idOf = (index: number): number => index * 2 + 1

interface Attack {
  /** What is sent again and again, until the other side has enough; `round` counts from 0. */
  readonly octets: (round: number) => Buffer
  /** More than are ever taken. */
  readonly rounds: number
  /** Of the GOAWAY. */
  readonly code: number
  /** Said first. */
  readonly before?: Buffer
  readonly own?: readonly [id: number, value: number][]
}

const EMPTY = Buffer.alloc(0)
const many = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)))

const OPEN_UPLOAD = headers(1, request('/unread', { method: 'POST' }), { ends: false })
/** A block that fills the table with one entry of 4 000 octets, and then refers to it again and again: 16 KB that mean 60 MB. */
const BOMB = Buffer.concat([
  literals(request('/saw')),
  Buffer.from([0x40, 1]),
  Buffer.from('x'),
  Buffer.from([0x7f, 0xa1, 0x1e]),
  Buffer.alloc(4_000, 'a'),
  Buffer.alloc(12_000, 0xbe),
])

const ATTACKS: Readonly<Record<string, Attack>> = {
  'rapid reset (CVE-2023-44487)': {
    octets: (round) =>
      many(100, (i) => Buffer.concat([headers(idOf(round * 100 + i), request('/hold')), reset(idOf(round * 100 + i))])),
    rounds: 100,
    code: enhanceYourCalm,
  },
  'resets behind a moment in which the request went on': {
    octets: (round) =>
      Buffer.concat([
        round === 0 ? EMPTY : many(50, (i) => reset(idOf((round - 1) * 50 + i))),
        many(50, (i) => headers(idOf(round * 50 + i), request('/hold'))),
      ]),
    rounds: 200,
    code: enhanceYourCalm,
  },
  'resets that it makes us say by windows of 0 (MadeYouReset, CVE-2025-8671)': {
    octets: (round) =>
      many(50, (i) =>
        Buffer.concat([headers(idOf(round * 50 + i), request('/hold')), windowUpdate(idOf(round * 50 + i), 0)]),
      ),
    rounds: 200,
    code: enhanceYourCalm,
  },
  'resets that it makes us say by windows that overflow': {
    octets: (round) =>
      many(50, (i) =>
        Buffer.concat([
          headers(idOf(round * 50 + i), request('/hold')),
          windowUpdate(idOf(round * 50 + i), 0x7fff_ffff),
        ]),
      ),
    rounds: 200,
    code: enhanceYourCalm,
  },
  'resets that it makes us say by data behind the end': {
    octets: (round) =>
      many(50, (i) =>
        Buffer.concat([headers(idOf(round * 50 + i), request('/hold')), data(idOf(round * 50 + i), 'x')]),
      ),
    rounds: 200,
    code: enhanceYourCalm,
  },
  'resets that it makes us say by priorities of a wrong size': {
    octets: (round) =>
      many(50, (i) =>
        Buffer.concat([
          headers(idOf(round * 50 + i), request('/hold')),
          frame(FRAME_TYPES.priority, 0, idOf(round * 50 + i), uint32(0)),
        ]),
      ),
    rounds: 200,
    code: enhanceYourCalm,
  },
  'requests that are malformed': {
    octets: (round) => many(50, (i) => headers(idOf(round * 50 + i), [...POST, ['X', 'upper']])),
    rounds: 200,
    code: enhanceYourCalm,
  },
  'streams above the limit': {
    octets: (round) => many(100, (i) => headers(idOf(round * 100 + i), request('/hold'))),
    rounds: 200,
    code: enhanceYourCalm,
  },
  'a header block without end (CVE-2024-27316)': {
    before: frame(FRAME_TYPES.headers, 0, 1, literals(request('/saw'))),
    octets: () => frame(FRAME_TYPES.continuation, 0, 1, literals([['x-more', 'a'.repeat(1000)]])),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'a header block of empty pieces': {
    before: frame(FRAME_TYPES.headers, 0, 1),
    octets: () => many(100, () => frame(FRAME_TYPES.continuation, 0, 1)),
    rounds: 100,
    code: enhanceYourCalm,
  },
  'an HPACK bomb': {
    octets: () => frame(FRAME_TYPES.headers, FLAGS.endHeaders | FLAGS.endStream, 1, BOMB),
    rounds: 1,
    code: enhanceYourCalm,
  },
  'PINGs (CVE-2019-9512)': {
    octets: () => many(500, () => frame(FRAME_TYPES.ping, 0, 0, 'bounceme')),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'answers to PINGs that nobody sent': {
    octets: () => many(500, () => frame(FRAME_TYPES.ping, FLAGS.ack, 0, 'bounceme')),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'SETTINGS (CVE-2019-9515)': {
    octets: () => many(500, () => settings([SETTINGS.initialWindowSize, 65_535])),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'SETTINGS that change all windows': {
    before: many(100, (i) => headers(idOf(i), request('/hold'))),
    octets: (round) => many(100, (i) => settings([SETTINGS.initialWindowSize, 1000 + round + i])),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'empty DATA (CVE-2019-9518)': {
    before: OPEN_UPLOAD,
    octets: () => many(500, () => data(1, '')),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'DATA that is padding': {
    before: OPEN_UPLOAD,
    octets: () => many(500, () => frame(FRAME_TYPES.data, FLAGS.padded, 1, Buffer.from([0]))),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'PRIORITY (CVE-2019-9513)': {
    octets: (round) => many(500, (i) => frame(FRAME_TYPES.priority, 0, idOf(round * 500 + i), Buffer.alloc(5, 1))),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'WINDOW_UPDATE of the connection': {
    octets: () => many(500, () => windowUpdate(0, 1)),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'WINDOW_UPDATE of a stream': {
    before: headers(1, request('/hold')),
    octets: () => many(500, () => windowUpdate(1, 1)),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'frames of a type that nobody knows': {
    octets: () => many(500, () => frame(0xbe, 0, 0, 'x')),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'GOAWAY again and again': {
    octets: () => many(500, () => frame(FRAME_TYPES.goaway, 0, 0, uint32(0, 0))),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'frames for streams that are over': {
    before: Buffer.concat([headers(1, request('/hold')), reset(1)]),
    octets: () => many(500, () => reset(1)),
    rounds: 1_000,
    code: enhanceYourCalm,
  },
  'a stream that is used again': {
    before: Buffer.concat([headers(3, request('/hold')), reset(3)]),
    octets: () => headers(1, request('/hold')),
    rounds: 1,
    code: protocolError,
  },
  'a stream that belongs to the server': {
    octets: () => headers(2, request('/hold')),
    rounds: 1,
    code: protocolError,
  },
  'a frame that is too long': {
    octets: () => Buffer.concat([Buffer.from([0, 0x40, 1, FRAME_TYPES.data, 0, 0, 0, 0, 1]), Buffer.alloc(16_385)]),
    rounds: 1,
    code: frameSizeError,
  },
  'a block that refers to nothing': {
    octets: () => frame(FRAME_TYPES.headers, FLAGS.endHeaders | FLAGS.endStream, 1, Buffer.from([0xff, 0xff, 0x7f])),
    rounds: 1,
    code: compressionError,
  },
  'a window of the connection that overflows': {
    octets: () => windowUpdate(0, 0x7fff_ffff),
    rounds: 1,
    code: flowControlError,
  },
}

describe('attacks by HTTP/2', () => {
  const stage = stageHttp2((configured) =>
    forwardBoth(configured, { limits: '{ headTimeoutMs: 1500, keepAliveMs: 1500, bodyMinBytesPerSecond: 0 }' }),
  )

  /** Asks all the while on a connection of its own. */
  async function withNeighbour(attack: () => Promise<void>): Promise<void> {
    const neighbour = await stage.client(true)
    let isOver = false
    let asked = 0
    const asking = (async () => {
      while (!isOver || asked === 0) {
        assert.equal((await neighbour.ask('/saw', { body: 'still there' })).status, 200)
        asked++
      }
    })()
    try {
      await attack()
    } finally {
      isOver = true
      await asking
      neighbour.close()
    }
  }

  for (const [what, attack] of Object.entries(ATTACKS)) {
    it(`${what} cut the attacker off`, async () => {
      await withNeighbour(async () => {
        const bytesBefore = await stage.gateway.residentBytes()
        const { own = [], before = EMPTY } = attack
        const attacker = await stage.raw({ own })
        await attacker.send(before)
        for (let round = 0; round < attack.rounds && attacker.raw.ended === undefined; round++) {
          await attacker.send(attack.octets(round))
          await new Promise((resolve) => setImmediate(resolve))
        }
        assert.equal(await attacker.endCode(), attack.code)
        const grown = (await stage.gateway.residentBytes()) - bytesBefore
        assert.ok(grown < MOST_GROWTH_BYTES, `it grew by ${Math.round(grown / MIB)} MiB`)
      })
      await stage.isQuiet()
    })
  }

  it('a request that is reset in the same breath never reaches the upstream', async () => {
    const client = await stage.raw()
    const before = stage.upstream.begun
    await client.send(many(50, (i) => Buffer.concat([headers(idOf(i), request('/hold')), reset(idOf(i))])))
    await client.send(headers(idOf(50), request('/saw')))
    assert.match(await client.head(idOf(50)), /^:status=200 /)
    assert.equal(stage.upstream.begun, before + 1)
    client.close()
    await stage.isQuiet()
  })

  it('streams above the limit are refused so that they may be sent again, and others go on', async () => {
    const client = await stage.raw()
    await client.send(many(130, (i) => headers(idOf(i), request('/hold'))))
    for (const i of [128, 129]) assert.equal(await client.resetCode(idOf(i)), refusedStream)
    await until(() => stage.upstream.underWay === 128 || undefined, '128 requests at the upstream')
    stage.upstream.release()
    for (let i = 0; i < 128; i++) {
      await client.frame(
        ({ type, streamId, flags }) => type <= 1 && streamId === idOf(i) && (flags & 1) === 1,
        `the end of ${i}`,
      )
    }
    await client.send(headers(idOf(130), request('/saw')))
    await client.frame(({ type, streamId }) => type === 1 && streamId === idOf(130), 'an answer')
    client.close()
    await stage.isQuiet()
  })

  it('data beyond its window is a fault of the stream', async () => {
    await withNeighbour(async () => {
      const client = await stage.raw()
      await client.send(OPEN_UPLOAD)
      const isReset = (): boolean => client.of(FRAME_TYPES.rstStream, 1).length > 0
      for (let round = 0; round < 4_000 && !isReset(); round++) await client.send(data(1, Buffer.alloc(16_384)))
      assert.equal(await client.resetCode(1), flowControlError)
    })
    // Node does not see that its client left while it does not read.
    stage.upstream.release()
    await stage.isQuiet()
  })

  it('data and heads behind the end of a stream are a fault of the stream', async () => {
    const client = await stage.raw()
    await client.send(headers(1, request('/hold')), data(1, 'late'))
    assert.equal(await client.resetCode(1), streamClosed)
    await client.send(headers(3, request('/hold')), headers(3, request('/hold')))
    assert.equal(await client.resetCode(3), streamClosed)
    await client.send(headers(5, request('/saw')))
    await client.frame(({ type, streamId }) => type === 1 && streamId === 5, 'an answer')
    client.close()
    await stage.isQuiet()
  })

  describe('who does not go on is not waited for', { concurrency: true }, () => {
    for (const [what, octets] of Object.entries({
      nothing: EMPTY,
      'two octets of the preface': PREFACE.subarray(0, 2),
      'half a preface': PREFACE.subarray(0, 12),
      'a preface and no SETTINGS': PREFACE,
      'a preface, SETTINGS and nothing more': Buffer.concat([PREFACE, settings()]),
      'half a frame': Buffer.concat([PREFACE, settings(), headers(1, request('/saw')).subarray(0, 20)]),
      'half a header block': Buffer.concat([
        PREFACE,
        settings(),
        frame(FRAME_TYPES.headers, 0, 1, literals(request('/saw'))),
      ]),
    })) {
      for (const isSecure of [false, true]) {
        it(`after ${what}${isSecure ? ' over TLS' : ''}`, async () => {
          const client = await stage.silent(isSecure)
          await client.send(octets)
          await client.raw.end()
          client.close()
        })
      }
    }
  })

  it('what is no preface behind the beginning of one is told so', async () => {
    const client = await stage.silent()
    await client.send(Buffer.from('PRI * HTTP/1.1\r\nHost: a\r\n\r\n'))
    assert.equal(await client.endCode(), protocolError)
    client.close()
  })

  it('frames octet by octet are frames', async () => {
    const client = await stage.raw()
    const octets = Buffer.concat([
      headers(1, request('/saw', { method: 'POST' }), { ends: false }),
      many(300, () => data(1, 'x')),
      data(1, '', { ends: true }),
    ])
    for (const octet of octets) {
      await client.send(Buffer.of(octet))
      if (octet % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const { payload } = await client.frame(({ type, streamId }) => type === 0 && streamId === 1, 'the answer')
    assert.equal((JSON.parse(payload.toString()) as { bodyBytes: number }).bodyBytes, 300)
    client.close()
  })

  it('uploads that are broken off by the thousand leave nothing behind', async () => {
    await withNeighbour(async () => {
      for (let at = 0; at < 50; at++) {
        const client = await stage.raw({ from: `127.0.0.${2 + at}` })
        const uploads = (i: number): Buffer =>
          Buffer.concat([
            headers(idOf(i), request('/saw', { method: 'POST' }), { ends: false }),
            data(idOf(i), Buffer.alloc(500)),
          ])
        await client.send(many(40, uploads))
        const begun = stage.upstream.underWay
        if (at % 2 === 0)
          await until(() => stage.upstream.underWay >= Math.min(begun, 20) || undefined, 'the upstream to hear of them')
        if (at % 3 === 0) await client.send(many(40, (i) => reset(idOf(i))))
        if (at % 3 === 1) await client.send(many(40, (i) => data(idOf(i), 'more')))
        client.close()
      }
    })
    await stage.isQuiet()
  })

  it('nothing of all that ended a thread', () => {
    assert.doesNotMatch(stage.gateway.stderr, /thread ended|uncaught|TypeError/i)
  })
})
