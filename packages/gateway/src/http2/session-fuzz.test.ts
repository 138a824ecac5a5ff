import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeaderList } from '@gatewright/policies'
import fc from 'fast-check'
import type { DecodedHead } from './decoded-head.ts'
import { FLAGS, FRAME_TYPES, PREFACE, SETTINGS } from './frame.ts'
import { Http2Session } from './http2-session.ts'
import type { Http2Stream, StreamListener } from './http2-stream.ts'
import { HTTP2_DEFAULTS } from './session-settings.ts'
import {
  data,
  frame,
  GET,
  headers,
  literals,
  MemoryPort,
  POST,
  SessionStage,
  settings,
  uint32,
} from './session-stage.fixture.ts'

const LIMITS = { concurrentStreams: 4, headerListBytes: 1000, connectionWindowBytes: 100_000 }

const payload = fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets))

/** Makes frames of what a client does; it knows which streams it opened, and which of them it ended. */
class ClientScript {
  #nextId = 1
  readonly #open: number[] = []
  readonly #past: number[] = []

  request(ends: boolean, isSplit: boolean): Buffer {
    const id = this.#nextId
    this.#nextId += 2
    if (ends) this.#past.push(id)
    else this.#open.push(id)
    const fields = ends ? GET : POST
    if (!isSplit) return headers(id, fields, { ends })
    const block = literals(fields)
    const first = frame(FRAME_TYPES.headers, ends ? FLAGS.endStream : 0, id, block.subarray(0, 9))
    return Buffer.concat([first, frame(FRAME_TYPES.continuation, FLAGS.endHeaders, id, block.subarray(9))])
  }

  /** One of those that are open, as far as the client knows. */
  open(pick: number): number | undefined {
    return this.#open[pick % this.#open.length]
  }

  end(pick: number): number | undefined {
    const [id] = this.#open.splice(pick % Math.max(1, this.#open.length), 1)
    if (id !== undefined) this.#past.push(id)
    return id
  }

  any(pick: number): number {
    const all = [...this.#open, ...this.#past]
    return all[pick % all.length] ?? 0
  }
}

type Step = (script: ClientScript) => Buffer
const NOTHING = Buffer.alloc(0)
const pick = fc.nat(7)

function maybe(id: number | undefined, toFrame: (id: number) => Buffer): Buffer {
  return id === undefined ? NOTHING : toFrame(id)
}

/** What clients may do, and now and then what they may not. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.boolean(), fc.boolean()).map(
      ([ends, isSplit]): Step =>
        (script) =>
          script.request(ends, isSplit),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(pick, payload).map(
      ([n, body]): Step =>
        (script) =>
          maybe(script.open(n), (id) => data(id, body)),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(pick, fc.nat(16_384)).map(
      ([n, bytes]): Step =>
        (script) =>
          maybe(script.open(n), (id) => data(id, Buffer.alloc(bytes))),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(pick, payload).map(
      ([n, body]): Step =>
        (script) =>
          maybe(script.end(n), (id) => data(id, body, { ends: true })),
    ),
  },
  {
    weight: 2,
    arbitrary: pick.map(
      (n): Step =>
        (script) =>
          maybe(script.end(n), (id) => headers(id, [['x-sum', '1']])),
    ),
  },
  {
    weight: 3,
    arbitrary: pick.map(
      (n): Step =>
        (script) =>
          maybe(script.end(n), (id) => frame(FRAME_TYPES.rstStream, 0, id, uint32(8))),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(pick, fc.integer({ min: 1, max: 50_000 })).map(
      ([n, bytes]): Step =>
        (script) =>
          frame(FRAME_TYPES.windowUpdate, 0, script.any(n), uint32(bytes)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 100_000 }).map(
      (bytes): Step =>
        () =>
          settings([SETTINGS.initialWindowSize, bytes]),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 5000 }).map(
      (bytes): Step =>
        () =>
          settings([SETTINGS.headerTableSize, bytes]),
    ),
  },
  { weight: 1, arbitrary: fc.constant((): Buffer => frame(FRAME_TYPES.ping, 0, 0, 'abcdefgh')) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(12), fc.nat(255), pick, payload).map(
      ([type, flags, n, body]): Step =>
        (script) =>
          frame(type, flags, script.any(n), body),
    ),
  },
)

/** What a user does with its stream, one after the other. */
const anyAct = fc.constantFrom('answer', 'answer', 'echo', 'early', 'reset', 'wait', 'ignore')

interface Run {
  readonly stage: SessionStage
  readonly outcome: string[]
}

/** Feeds the frames cut at these places to a server whose users act so, and checks what must hold at any time. */
function run(frames: readonly Buffer[], places: readonly number[], acts: readonly string[]): Run {
  let turn = 0
  const stage: SessionStage = new SessionStage({
    settings: LIMITS,
    onRequest: (stream, _, endsStream) => use(stream, endsStream, acts[turn++ % acts.length] ?? 'wait'),
    onMalformed: (stream) => {
      stream.beginHead().status(400)
      stream.sendHead({ endsStream: true })
      return true
    },
  })
  const octets = Buffer.concat(frames)
  const cuts = [...places.map((place) => place % (octets.length + 1)), octets.length].sort((a, b) => a - b)
  const outcome: string[] = []
  let at = 0
  for (const end of cuts) {
    stage.send(octets.subarray(at, end))
    at = end
    const { table, output } = stage.session
    assert.ok(table.size <= LIMITS.concurrentStreams && table.counted <= LIMITS.concurrentStreams)
    const unread = table.all().reduce((sum, { window }) => sum + (window?.unreadBytes ?? 0), 0)
    assert.ok(unread <= LIMITS.connectionWindowBytes)
    assert.ok(output.gatheredBytes < 400_000)
  }
  for (const one of stage.taken()) if (one.type === FRAME_TYPES.goaway) outcome.push(stage.toWords(one))
  outcome.push(...stage.notes)
  return { stage, outcome }
}

function use(stream: Http2Stream, endsStream: boolean, act: string): void {
  const echoing: StreamListener = {
    onData(chunk) {
      stream.consumed(chunk.length)
      stream.write(Buffer.from(chunk))
    },
    onEnd: (trailers) => stream.end(trailers),
    onWritable() {},
    onReset: () => stream.release(),
  }
  switch (act) {
    case 'answer':
      stream.beginHead().status(200)
      stream.sendHead({ endsStream: false })
      return stream.writeLast('x'.repeat(20_000))
    case 'echo':
      stream.listener = echoing
      stream.beginHead().status(200)
      return stream.sendHead({ endsStream })
    case 'early':
      stream.beginHead().status(204)
      stream.sendHead({ endsStream: true })
      return stream.release()
    case 'reset':
      stream.reset()
      return stream.release()
    case 'ignore':
      return stream.ignoreData()
  }
}

describe('whatever a client sends', () => {
  const steps = fc.array(anyStep, { minLength: 1, maxLength: 60, size: 'max' })
  const places = fc.array(fc.nat(), { maxLength: 30 })
  const acts = fc.array(anyAct, { minLength: 1, maxLength: 6 })

  it('keeps a server within its bounds, and means the same however it is cut', () => {
    fc.assert(
      fc.property(steps, places, acts, (plan, cuts, does) => {
        const script = new ClientScript()
        const sent = plan.map((toFrame) => toFrame(script))
        const whole = run(sent, [], does)
        assert.deepEqual(run(sent, cuts, does).outcome, whole.outcome)
        whole.stage.session.close('test')
        assert.equal(whole.stage.session.table.size, 0)
      }),
      { numRuns: 1000 },
    )
  })

  it('never throws, not even where it is no HTTP/2 at all', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), fc.boolean(), (parts, hasPreface) => {
        const stage = new SessionStage({ isFresh: true })
        if (hasPreface) stage.send(PREFACE, settings())
        for (const part of parts) stage.send(Buffer.from(part))
        stage.taken()
      }),
      { numRuns: 500 },
    )
  })
})

interface Plan {
  /** Lengths of what is written, one after the other. */
  readonly up: readonly number[]
  readonly down: readonly number[]
  readonly hasTrailers: boolean
}

/** A client and a server of ours that see each other's octets in pieces, and read as slowly as they are told. */
class Pair {
  readonly #ofClient = new MemoryPort()
  readonly #ofServer = new MemoryPort()
  readonly #client: Http2Session
  readonly #server: Http2Session
  readonly #plans: readonly Plan[]
  /** What was read and not taken yet. */
  readonly #owed: { readonly stream: Http2Stream; readonly bytes: number }[] = []
  /** Octets that came, by path and direction. */
  readonly bytes: Record<string, number> = {}
  readonly ended: string[] = []

  constructor(plans: readonly Plan[]) {
    this.#plans = plans
    const owner = { onSettings() {}, onGoaway() {}, onIdle() {}, onDown: (_: number, why: string) => assert.fail(why) }
    const shared = { settings: { ...HTTP2_DEFAULTS, connectionWindowBytes: 80_000 }, now: () => 0 }
    const onRequest = (stream: Http2Stream, { path }: DecodedHead, endsStream: boolean): void => {
      stream.listener = this.#listen(stream, `${path} up`)
      if (endsStream) this.ended.push(`${path} up`)
      const plan = this.#plans[Number(path.slice(1))]
      stream.beginHead().status(200).field('x-path', path)
      if (plan !== undefined) this.#send(stream, plan.down, plan.hasTrailers)
    }
    this.#client = new Http2Session({ ...shared, role: 'client', port: this.#ofClient, owner })
    const taker = { ...owner, onRequest, onMalformed: () => assert.fail('malformed') }
    this.#server = new Http2Session({ ...shared, role: 'server', port: this.#ofServer, owner: taker })
  }

  #listen(stream: Http2Stream, key: string): StreamListener {
    this.bytes[key] = 0
    return {
      onHead: (_, endsStream) => endsStream && this.ended.push(key),
      onData: (chunk) => {
        this.bytes[key] = (this.bytes[key] ?? 0) + chunk.length
        this.#owed.push({ stream, bytes: chunk.length })
      },
      onEnd: (trailers) => this.ended.push(trailers === undefined ? key : `${key} ${trailers.get('x-sum')}`),
      onWritable() {},
      onReset: ({ reason }) => assert.fail(reason),
    }
  }

  #send(stream: Http2Stream, pieces: readonly number[], hasTrailers: boolean): void {
    stream.sendHead({ endsStream: false })
    for (const bytes of pieces) stream.write(Buffer.alloc(bytes))
    stream.end(hasTrailers ? HeaderList.of([['x-sum', '7']]) : undefined)
  }

  /** Passes on what there is, in pieces; after each, one reader takes what came. Until nothing more comes. */
  run(pieceBytes: readonly number[]): void {
    for (const [n, plan] of this.#plans.entries()) {
      const stream: Http2Stream = this.#client.open({ onData() {}, onEnd() {}, onWritable() {}, onReset() {} })
      stream.listener = this.#listen(stream, `/${n} down`)
      stream.beginHead().request({ method: 'POST', scheme: 'http', authority: 'a', path: `/${n}` })
      this.#send(stream, plan.up, plan.hasTrailers)
    }
    let turn = 0
    for (let isQuiet = false; !isQuiet; ) {
      isQuiet = true
      for (const [from, port, to] of [
        [this.#client, this.#ofClient, this.#server],
        [this.#server, this.#ofServer, this.#client],
      ] as const) {
        from.output.onTurnEnd()
        const octets = port.take()
        for (let at = 0; at < octets.length; ) {
          const bytes = pieceBytes[turn++ % pieceBytes.length] ?? 1
          to.read(octets.subarray(at, at + bytes))
          at += bytes
          this.#takeOne()
        }
        isQuiet &&= octets.length === 0 && !this.#takeOne()
      }
    }
    assert.deepEqual([this.#client.size, this.#server.size], [0, 0])
  }

  #takeOne(): boolean {
    const owed = this.#owed.shift()
    owed?.stream.consumed(owed.bytes)
    return owed !== undefined
  }
}

describe('a client and a server of ours', () => {
  const lengths = fc.array(fc.oneof(fc.nat(100), fc.nat(100_000), fc.constantFrom(4096, 16_384, 65_535)), {
    maxLength: 5,
  })
  const plan = fc.record({ up: lengths, down: lengths, hasTrailers: fc.boolean() })

  it('bring each other all of every message, whatever the cuts and however slow the readers', () => {
    fc.assert(
      fc.property(
        fc.array(plan, { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 }),
        (plans, pieceBytes) => {
          const pair = new Pair(plans)
          // A cut of one octet only would take minutes.
          pair.run([...pieceBytes, 50_000])
          const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0)
          const expected = plans.flatMap(({ up, down }, n) => [
            [`/${n} down`, sum(down)],
            [`/${n} up`, sum(up)],
          ])
          assert.deepEqual(pair.bytes, Object.fromEntries(expected))
          const ends = plans.flatMap(({ hasTrailers }, n) =>
            [`/${n} down`, `/${n} up`].map((key) => (hasTrailers ? `${key} 7` : key)),
          )
          assert.deepEqual(pair.ended.sort(), ends.sort())
        },
      ),
      { numRuns: 150 },
    )
  })
})
