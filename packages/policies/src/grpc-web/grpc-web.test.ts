import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { type BodyFlow, type BodySink, type BodySource, BytesBody, StreamBody } from '../messages/body.ts'
import { HeaderList } from '../messages/header-list.ts'
import { GatewayResponse } from '../messages/response.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { run, runAll } from '../testing/index.ts'
import { grpcWeb } from './grpc-web.ts'
import { toGrpcRequest } from './web-bodies.ts'

/** Frames as gRPC has them. */
function frame(text: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(text.length, 1)
  return Buffer.concat([head, Buffer.from(text)])
}

/** A body in these pieces, and what it was told. */
class Pieces implements BodySource {
  readonly sizeBytes: number | undefined
  readonly #pieces: readonly Uint8Array[]
  readonly #end: (sink: BodySink) => void
  isCancelled = false

  constructor(
    pieces: readonly Uint8Array[],
    end: (sink: BodySink) => void = (sink) => sink.end(),
    sizeBytes: number | undefined = undefined,
  ) {
    this.sizeBytes = sizeBytes
    this.#pieces = pieces
    this.#end = end
  }

  start(sink: BodySink): BodyFlow {
    for (const piece of this.#pieces) sink.write(piece)
    this.#end(sink)
    return { resume() {}, cancel: () => this.discard() }
  }

  discard(): void {
    this.isCancelled = true
  }
}

const cut = (octets: Buffer, bytes: number): Buffer[] =>
  Array.from({ length: Math.ceil(octets.length / bytes) }, (_, at) => octets.subarray(at * bytes, (at + 1) * bytes))

const OK = HeaderList.of([
  ['Grpc-Status', '0'],
  ['grpc-message', ''],
])

/** The service answers with these pieces and trailers. */
function answering(pieces: readonly Buffer[], trailers: HeaderList | undefined = OK): () => GatewayResponse {
  return () =>
    new GatewayResponse({
      status: 200,
      headers: HeaderList.of([['Content-Type', 'application/grpc+proto']]),
      body: new StreamBody(new Pieces(pieces, (sink) => sink.end(trailers))),
    })
}

interface Call {
  readonly type: string
  readonly body?: string | BytesBody | StreamBody
  readonly accept?: string
}

async function call(
  { type, body = frame('ask').toString('latin1'), accept }: Call,
  upstream = answering([frame('answer')]),
) {
  const headers = { 'Content-Type': type, ...(accept !== undefined && { Accept: accept }) }
  let asked = ''
  let askedBytes: number | undefined
  let askedType = ''
  const answer = await run(
    grpcWeb,
    {},
    {
      upstream: async (request) => {
        askedType = `${request.headers.get('content-type')} ${request.headers.get('te')}`
        askedBytes = request.body.sizeBytes
        asked = Buffer.from(await request.body.bytes({ limitBytes: 1e7 })).toString('latin1')
        return upstream()
      },
    },
  ).with({ method: 'POST', headers, body })
  const { problem } = answer
  return {
    asked,
    askedBytes,
    askedType,
    problem: problem === undefined ? undefined : `${problem.code} ${problem.reason}`,
    type: answer.headers.get('content-type'),
    said: answer.exchange.request.headers.get('content-type'),
    text:
      problem === undefined
        ? Buffer.from(await answer.response.body.bytes({ limitBytes: 1e7 })).toString('latin1')
        : '',
  }
}

const TRAILERS = `\x80\x00\x00\x00\x20grpc-status: 0\r\ngrpc-message: \r\n`

describe('grpc-web', () => {
  it('asks for gRPC, and says its trailers as a last frame', async () => {
    const { asked, askedType, type, said, text } = await call({ type: 'application/grpc-web+proto' })
    assert.deepEqual([asked, askedType], [frame('ask').toString('latin1'), 'application/grpc+proto trailers'])
    assert.equal(type, 'application/grpc-web+proto')
    assert.equal(said, 'application/grpc-web+proto')
    assert.equal(text, frame('answer').toString('latin1') + TRAILERS)
  })

  for (const [type, accept, expected] of [
    ['application/grpc-web', undefined, 'application/grpc-web+proto'],
    ['application/grpc-web-text', undefined, 'application/grpc-web-text+proto'],
    ['application/grpc-web-text', 'application/grpc-web', 'application/grpc-web+proto'],
    ['application/grpc-web', 'application/grpc-web-text', 'application/grpc-web-text+proto'],
    ['APPLICATION/gRPC-web+JSON; charset=utf-8', '*/*', 'application/grpc-web+proto'],
  ] as const) {
    it(`answers ${type} that accepts ${accept ?? 'whatever comes'} with ${expected}`, async () => {
      const body = type.includes('text') ? frame('ask').toString('base64') : frame('ask').toString('latin1')
      const answer = await call({ type, body, ...(accept !== undefined && { accept }) })
      assert.equal(answer.type, expected)
      assert.equal(answer.asked, frame('ask').toString('latin1'))
    })
  }

  for (const bytes of [1, 2, 3, 4, 5, 7, 64]) {
    it(`reads text however it is cut: every ${bytes} octets`, async () => {
      // Several of them, each with its padding.
      const text = Buffer.from(['a', 'bc', 'def', 'ghij'].map((part) => frame(part).toString('base64')).join(''))
      const body = new StreamBody(new Pieces(cut(text, bytes)))
      const { asked } = await call({ type: 'application/grpc-web-text', body })
      assert.equal(asked, ['a', 'bc', 'def', 'ghij'].map((part) => frame(part).toString('latin1')).join(''))
    })

    it(`writes text that every piece is whole in: every ${bytes} octets`, async () => {
      const { text } = await call(
        { type: 'application/grpc-web-text', body: '' },
        answering(cut(Buffer.concat([frame('first'), frame('second')]), bytes)),
      )
      const parts = text.match(/[A-Za-z0-9+/]+=*/g) ?? []
      const octets = Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')))
      assert.equal(
        octets.toString('latin1'),
        frame('first').toString('latin1') + frame('second').toString('latin1') + TRAILERS,
      )
    })
  }

  it('reads text that is all at hand, however much of it there is', async () => {
    // A policy before it may have put it there.
    const message = frame('x'.repeat(9_000_000)).toString('latin1')
    const body = new BytesBody(Buffer.from(Buffer.from(message, 'latin1').toString('base64'), 'latin1'))
    const { asked, problem } = await call({ type: 'application/grpc-web-text', body })
    assert.equal(problem, undefined)
    assert.ok(asked === message)
  })

  it('reads every octet in every place of a group, and every length of a last one', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)).toString('latin1')
    for (const before of ['', 'a', 'bc']) {
      for (const behind of ['', 'd', 'ef']) {
        const head = Buffer.alloc(5)
        head.writeUInt32BE(before.length + every.length + behind.length, 1)
        const octets = head.toString('latin1') + before + every + behind
        const body = Buffer.from(octets, 'latin1').toString('base64')
        assert.equal((await call({ type: 'application/grpc-web-text', body })).asked, octets)
      }
    }
  })

  for (const body of ['AAA', 'AA=A', 'AAAA=', '====', 'A===', '=AAA', 'AAA\n', 'ÄAAA', 'AA-_', 'AAAA AAAA', 'AA==A']) {
    it(`refuses ${JSON.stringify(body)}, which is no base64, whole or in pieces`, async () => {
      const type = 'application/grpc-web-text'
      assert.equal((await call({ type, body })).problem, 'malformed-request grpc-web-text')
      const source = new Pieces(cut(Buffer.from(body, 'latin1'), 1))
      assert.equal((await call({ type, body: new StreamBody(source) })).problem, 'malformed-request grpc-web-text')
      assert.equal(source.isCancelled, true)
    })
  }

  for (const [what, octets] of [
    ["trailers, which are the server's", Buffer.concat([frame('ask'), Buffer.from([0x80, 0, 0, 0, 0])])],
    ['half a head', frame('').subarray(0, 4)],
    ['a head whose message is missing', frame('ask').subarray(0, 5)],
    ['half a message', Buffer.concat([frame('ask'), frame('more').subarray(0, 8)])],
    ['a length of which all bits count', Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3])],
    ['no frames at all', Buffer.from('{"ask":1}')],
  ] as const) {
    for (const type of ['application/grpc-web', 'application/grpc-web-text']) {
      it(`refuses ${what} from a client of ${type}, whole or in pieces`, async () => {
        const body = Buffer.from(octets.toString(type.includes('text') ? 'base64' : 'latin1'), 'latin1')
        const expected = 'malformed-request grpc-web-frame'
        assert.equal((await call({ type, body: new BytesBody(body) })).problem, expected)
        for (const bytes of [1, 3, 6, 100]) {
          const source = new Pieces(cut(body, bytes))
          assert.equal((await call({ type, body: new StreamBody(source) })).problem, expected)
          assert.equal(source.isCancelled, true)
        }
      })
    }
  }

  it('takes frames of every kind that a client may send, in whatever pieces, and keeps their length where it was said', async () => {
    const compressed = frame('c')
    compressed[0] = 1
    const octets = Buffer.concat([frame(''), compressed, frame(''), frame('x'.repeat(70_000)), frame('')])
    for (const bytes of [1, 2, 3, 4, 5, 6, 7, 65_536, octets.length]) {
      const body = new StreamBody(new Pieces(cut(octets, bytes), undefined, octets.length))
      const { asked, askedBytes } = await call({ type: 'application/grpc-web', body })
      assert.equal(asked, octets.toString('latin1'))
      assert.equal(askedBytes, octets.length)
    }
  })

  it('says once that a body made no sense, also where all of it was kept and has an end of its own', () => {
    const told: string[] = []
    const source = new Pieces([Buffer.from('!!!!')], (sink) => sink.abort(new Problem('client-left')))
    toGrpcRequest(new StreamBody(source), { isText: true }).pipe({
      write: () => true,
      end: () => told.push('end'),
      abort: (reason) => told.push(Problem.from(reason).code),
    })
    assert.deepEqual(told, ['malformed-request'])
  })

  it('writes nothing where a piece of text is less than a group', () => {
    const written: number[] = []
    toGrpcRequest(new StreamBody(new Pieces(cut(Buffer.from(frame('abc').toString('base64')), 1))), {
      isText: true,
    }).pipe({
      write: (chunk) => written.push(chunk.length) > 0,
      end() {},
      abort() {},
    })
    assert.deepEqual(written, [3, 3, 2])
  })

  it('answers as the client asked, whatever is said to the upstream', async () => {
    const accept = definePolicy({
      name: 'test-accept',
      phase: 'transform',
      summary: 'Says another Accept.',
      options: z.strictObject({}),
      create: () => (exchange, next) => {
        exchange.request.headers.set('Accept', 'application/grpc-web')
        return next(exchange)
      },
    })
    const { headers } = await runAll([{ policy: grpcWeb }, { policy: accept }], { upstream: answering([]) }).with({
      method: 'POST',
      headers: { 'Content-Type': 'application/grpc-web-text' },
    })
    assert.equal(headers.get('content-type'), 'application/grpc-web-text+proto')
  })

  it('says the trailers of an answer that says that it has no octets', async () => {
    const { text } = await call({ type: 'application/grpc-web' }, () => {
      const headers = HeaderList.of([['Content-Type', 'application/grpc']])
      const body = new StreamBody(new Pieces([], (sink) => sink.end(OK), 0))
      return new GatewayResponse({ status: 200, headers, body })
    })
    assert.equal(text, TRAILERS)
  })

  it('takes an empty text for an empty body', async () => {
    assert.equal((await call({ type: 'application/grpc-web-text', body: '' })).asked, '')
  })

  it('leaves an answer that is all head as it is', async () => {
    const headers = HeaderList.of([
      ['Content-Type', 'application/grpc'],
      ['grpc-status', '5'],
    ])
    const { type, text } = await call(
      { type: 'application/grpc-web' },
      () => new GatewayResponse({ status: 200, headers }),
    )
    assert.deepEqual([type, text], ['application/grpc-web', ''])
  })

  it('adds no frame where there are no trailers', async () => {
    const { text } = await call({ type: 'application/grpc-web' }, answering([frame('answer')], HeaderList.of([])))
    assert.equal(text, frame('answer').toString('latin1'))
  })

  it('leaves what is no gRPC as it is, in both directions', async () => {
    const page = () => GatewayResponse.ofText(503, 'busy')
    const answer = await call({ type: 'application/grpc-web' }, page)
    assert.deepEqual([answer.type, answer.text], ['text/plain; charset=utf-8', 'busy'])
    for (const type of [
      'application/json',
      'application/grpc',
      'application/grpc-webber',
      'text/application/grpc-web',
    ]) {
      const { askedType, text } = await call({ type, body: 'AAA' }, page)
      assert.deepEqual([askedType, text], [`${type} undefined`, 'busy'])
    }
  })

  it('leaves a problem to whoever says it, to the client that asked', async () => {
    const { problem, said } = await call({ type: 'application/grpc-web-text', body: '' }, () =>
      GatewayResponse.ofProblem(new Problem('upstream-timeout', { reason: 'first-byte' })),
    )
    assert.deepEqual([problem, said], ['upstream-timeout first-byte', 'application/grpc-web-text'])
  })

  it('breaks off with the answer, and says no status then', async () => {
    const told: string[] = []
    const broken = new StreamBody(new Pieces([frame('half')], (sink) => sink.abort(new Problem('upstream-closed'))))
    const headers = HeaderList.of([['Content-Type', 'application/grpc']])
    const { response } = await run(
      grpcWeb,
      {},
      {
        upstream: () => new GatewayResponse({ status: 200, headers, body: broken }),
      },
    ).with({ method: 'POST', headers: { 'Content-Type': 'application/grpc-web' } })
    response.body.pipe({
      write: (chunk) => told.push(`${chunk.length}`) > 0,
      end: () => told.push('end'),
      abort: (reason) => told.push(Problem.from(reason).code),
    })
    assert.deepEqual(told, ['9', 'upstream-closed'])
  })

  it('lets whoever reads slowly hold up the service, and gives up with it', async () => {
    const asked: string[] = []
    class Slow extends Pieces {
      override start(sink: BodySink): BodyFlow {
        asked.push(`${sink.write(frame('a'))}`)
        return { resume: () => asked.push('resumed'), cancel: () => asked.push('cancelled') }
      }
    }
    const headers = HeaderList.of([['Content-Type', 'application/grpc']])
    const { response } = await run(
      grpcWeb,
      {},
      {
        upstream: () => new GatewayResponse({ status: 200, headers, body: new StreamBody(new Slow([])) }),
      },
    ).with({ method: 'POST', headers: { 'Content-Type': 'application/grpc-web-text' } })
    const flow = response.body.pipe({ write: () => false, end() {}, abort() {} })
    flow.resume()
    flow.cancel()
    assert.deepEqual(asked, ['false', 'resumed', 'cancelled'])
  })
})
