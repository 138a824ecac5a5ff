import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { Secret } from '@gatewright/model/runtime'
import { EMPTY_PAYLOAD_HASH, type Field } from '../aws-signature/sign-aws-request.ts'
import { getSigningKey, signText, toScopeText } from '../aws-signature/signing-scope.ts'
import { type Body, BytesBody, StreamBody } from '../messages/body.ts'
import { HeaderList } from '../messages/header-list.ts'
import { Problem } from '../problem.ts'
import { guarded, presigned, SECRET, type SignedCall, signed } from './signed-call.fixture.ts'

const AMZ_DATE = '20260131T120000Z'
const SCOPE = { day: '20260131', region: 'us-east-1', service: 's3' }
const S3 = { region: SCOPE.region, service: SCOPE.service }
const key = getSigningKey(new Secret(SECRET), SCOPE)
const PIECES = ['the first of three ', 'the second, ', 'the third']
const WHOLE = PIECES.join('')

interface Upload {
  readonly call: SignedCall
  readonly body: string
}

const sign = (kind: string, before: string, ...hashes: string[]) =>
  signText(key, `AWS4-HMAC-SHA256-${kind}\n${AMZ_DATE}\n${toScopeText(SCOPE)}\n${before}\n${hashes.join('\n')}`)

/** Written down here once more, from the reference: what encodes is not what decodes. */
function toUpload({ trailer = '', word = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', bytes = WHOLE.length } = {}): Upload {
  const headers: Field[] = [
    ['Content-Encoding', 'aws-chunked, gzip'],
    ['X-Amz-Decoded-Content-Length', `${bytes}`],
  ]
  if (trailer !== '') headers.push(['X-Amz-Trailer', trailer.slice(0, trailer.indexOf(':'))])
  const call = signed({ ...S3, method: 'PUT', target: '/a', headers, payloadHash: word })
  const isSigned = word.includes('HMAC')
  let before = /Signature=(.*)$/.exec(call.headers.find(([name]) => name === 'Authorization')![1])![1]!
  let body = ''
  for (const piece of [...PIECES, '']) {
    before = sign('PAYLOAD', before, EMPTY_PAYLOAD_HASH, hash('sha256', piece))
    body += `${piece.length.toString(16)}${isSigned ? `;chunk-signature=${before}` : ''}\r\n`
    if (piece !== '') body += `${piece}\r\n`
  }
  if (trailer !== '') {
    body += `${trailer}\r\n`
    if (isSigned) body += `x-amz-trailer-signature:${sign('TRAILER', before, hash('sha256', `${trailer}\n`))}\r\n`
  }
  return { call, body: `${body}\r\n` }
}

/** Pieces of so many octets, with backpressure after each and trailers behind. */
function toStream(body: string, pieceBytes: number): StreamBody {
  const octets = Buffer.from(body, 'latin1')
  return new StreamBody({
    sizeBytes: octets.length,
    start(sink) {
      let at = 0
      let isCancelled = false
      const flow = {
        resume() {
          while (!isCancelled && at < octets.length) {
            const isReady = sink.write(Buffer.from(octets.subarray(at, at + pieceBytes)))
            at += pieceBytes
            if (!isReady && at < octets.length) return
          }
          if (!isCancelled) sink.end(HeaderList.of([['X-Amz-Acl', 'public-read']]))
        },
        cancel() {
          isCancelled = true
        },
      }
      flow.resume()
      return flow
    },
    discard() {},
  })
}

interface Received {
  readonly text: string
  readonly writes: number
  readonly trailers: HeaderList | undefined
  readonly broken: unknown
}

/** Takes a piece at a time. */
function receive(body: Body): Received {
  let text = ''
  let writes = 0
  let trailers: HeaderList | undefined
  let broken: unknown
  let isOver = false
  const flow = body.pipe({
    write(chunk) {
      assert.ok(!isOver)
      text += Buffer.from(chunk).toString('latin1')
      writes += 1
      return false
    },
    end(given) {
      assert.ok(!isOver)
      isOver = true
      trailers = given
    },
    abort(reason) {
      assert.ok(!isOver)
      isOver = true
      broken = reason
    },
  })
  for (let turns = 0; !isOver && turns < 10_000; turns++) flow.resume()
  assert.ok(isOver)
  return { text, writes, trailers, broken }
}

async function send({ call, body }: Upload, { pieceBytes = 0, options = {} } = {}) {
  const given = pieceBytes === 0 ? BytesBody.ofText(body) : toStream(body, pieceBytes)
  const answer = await guarded({ ...S3, ...options }).with({ ...call, body: given })
  return { ...answer, received: answer.upstream[0] && receive(answer.upstream[0].body) }
}

const UNSIGNED = { trailer: 'x-amz-checksum-crc32:AAAAAA==', word: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }
const SIGNED_TRAILER = { ...UNSIGNED, word: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER' }

describe('a body in signed chunks', () => {
  for (const pieceBytes of [0, 1, 7, 100, 10_000]) {
    it(`flows on without signatures, ${pieceBytes === 0 ? 'at hand' : `in pieces of ${pieceBytes}`}`, async () => {
      for (const upload of [toUpload(), toUpload(SIGNED_TRAILER)]) {
        const { status, received, upstream } = await send(upload, { pieceBytes })
        assert.deepEqual([status, received?.text, received?.broken], [200, WHOLE, undefined])
        assert.equal(upstream[0]!.body.sizeBytes, WHOLE.length)
        assert.equal(received?.trailers, undefined)
      }
    })

    it(`flows on as it came where that is asked for, ${pieceBytes === 0 ? 'at hand' : `in pieces of ${pieceBytes}`}`, async () => {
      for (const upload of [toUpload(), toUpload(SIGNED_TRAILER), toUpload(UNSIGNED)]) {
        const options = { forward: true, unsignedPayload: 'allow' }
        const { received, upstream } = await send(upload, { pieceBytes, options })
        assert.equal(received?.text, upload.body)
        assert.equal(upstream[0]!.body.sizeBytes, upload.body.length)
        assert.equal(upstream[0]!.headers.get('content-encoding'), 'aws-chunked, gzip')
      }
    })
  }

  it('is not said to be in chunks any more', async () => {
    const { upstream } = await send(toUpload(SIGNED_TRAILER), { pieceBytes: 10 })
    const names = [...upstream[0]!.headers].map(([name, value]) => `${name}: ${value}`)
    assert.deepEqual(names, ['Host: api.example.com', 'Content-Encoding: gzip', `X-Amz-Date: ${AMZ_DATE}`])
  })

  it('is taken with a trailer that ends in a line feed of its own, as the S3 reference writes one', async () => {
    const upload = toUpload(SIGNED_TRAILER)
    const body = upload.body.replace('AAAAAA==\r\n', 'AAAAAA==\n\r\n')
    assert.equal((await send({ ...upload, body }, { pieceBytes: 1 })).received?.text, WHOLE)
  })

  it('lets nothing of a chunk pass before it is proved', async () => {
    const upload = toUpload()
    const body = upload.body.replace('the second', 'the SECOND')
    for (const pieceBytes of [1, 7, 10_000]) {
      const { received } = await send({ ...upload, body }, { pieceBytes })
      assert.ok(PIECES[0]!.startsWith(received!.text))
      assert.ok(received?.broken instanceof Problem)
      assert.deepEqual([received.broken.code, received.broken.reason], ['credential-invalid', 'chunk-signature'])
    }
  })

  it('is not begun upstream where it is at hand and wrong', async () => {
    const upload = toUpload()
    const { status, problem, upstream } = await send({ ...upload, body: upload.body.replace('third', 'THIRD') })
    assert.deepEqual([status, problem?.reason, upstream.length], [401, 'chunk-signature', 0])
  })

  it('is refused with more in a chunk than is kept until it is proved', async () => {
    const { problem } = await send(toUpload(), { options: { bodyLimitBytes: 18 } })
    assert.equal(problem?.code, 'body-too-large')
    assert.equal((await send(toUpload(), { options: { bodyLimitBytes: 19 } })).status, 200)
  })

  const chunkOf = (body: string, at: number) =>
    [...body.matchAll(/[0-9a-f]+;chunk-signature=[0-9a-f]{64}\r\n[^\r]*\r\n/g)][at]![0]!
  for (const [what, change, reason] of [
    ['octets changed', (body: string) => body.replace('first', 'FIRST'), 'chunk-signature'],
    [
      'a signature changed',
      (body: string) =>
        body.replace(/[0-9a-f]\r\nthe third/, (text) => (text[0] === '0' ? `1${text.slice(1)}` : `0${text.slice(1)}`)),
      'chunk-signature',
    ],
    [
      'two chunks swapped',
      (body: string) =>
        chunkOf(body, 1) + chunkOf(body, 0) + body.slice(chunkOf(body, 0).length + chunkOf(body, 1).length),
      'chunk-signature',
    ],
    ['a chunk left out', (body: string) => body.replace(chunkOf(body, 1), ''), 'chunk-signature'],
    ['a chunk twice', (body: string) => body.replace(chunkOf(body, 0), (chunk) => chunk + chunk), 'chunk-signature'],
    ['the last chunk left out', (body: string) => body.slice(0, body.lastIndexOf('0;chunk')), 'chunk-missing'],
    ['no end', (body: string) => body.slice(0, -2), 'chunk-missing'],
    ['its middle alone', (body: string) => body.slice(0, 120), 'chunk-missing'],
    ['nothing', () => '', 'chunk-missing'],
    ['more behind it', (body: string) => `${body}x`, 'chunk-excess'],
    ['another message behind it', (body: string) => body + body, 'chunk-excess'],
    ['no signature', (body: string) => body.replace(/;chunk-signature=[0-9a-f]+/, ''), 'chunk-malformed'],
    [
      'a signature too short',
      (body: string) => body.replace(/(;chunk-signature=[0-9a-f]{63})./, '$1'),
      'chunk-malformed',
    ],
    ['a signature in upper case', (body: string) => body.replace(/[0-9a-f]{64}/, 'A'.repeat(64)), 'chunk-malformed'],
    ['another extension', (body: string) => body.replace(';chunk', ';a=b;chunk'), 'chunk-malformed'],
    ['a bare line feed', (body: string) => body.replace('\r\n', '\n'), 'chunk-malformed'],
    ['a size that is none', (body: string) => body.replace(/^13/, '0x13'), 'chunk-malformed'],
    ['a negative size', (body: string) => `-${body}`, 'chunk-malformed'],
    ['a size beyond all', (body: string) => body.replace(/^13/, 'ffffffffff'), 'chunk-malformed'],
    ['a size larger than said', (body: string) => body.replace(/^13/, 'ffffff'), 'decoded-length'],
    ['a size too small', (body: string) => body.replace(/^13/, '12'), 'chunk-signature'],
    ['a line without end', (body: string) => 'a'.repeat(5000) + body, 'chunk-malformed'],
    ['a trailer nobody announced', (body: string) => body.replace(/\r\n$/, 'a:b\r\n\r\n'), 'chunk-malformed'],
  ] as const) {
    it(`is refused with ${what}`, async () => {
      const upload = toUpload()
      const body = change(upload.body)
      assert.equal((await send({ ...upload, body })).problem?.reason, reason)
      const { received } = await send({ ...upload, body }, { pieceBytes: 3 })
      assert.equal((received?.broken as Problem | undefined)?.reason, reason)
      assert.ok(WHOLE.startsWith(received!.text))
    })
  }

  for (const bytes of [WHOLE.length - 1, WHOLE.length + 1, 0]) {
    it(`is refused with another length than is said: ${bytes}`, async () => {
      assert.equal((await send(toUpload({ bytes }))).problem?.reason, 'decoded-length')
    })
  }

  for (const [what, change, reason] of [
    ['changed', (body: string) => body.replace('AAAAAA==', 'BBBBBB=='), 'chunk-signature'],
    ['renamed', (body: string) => body.replace('-crc32:', '-crc64:'), 'chunk-signature'],
    ['without a signature', (body: string) => body.replace(/x-amz-trailer-signature.*\r\n/, ''), 'chunk-signature'],
    ['left out, its signature too', (body: string) => body.replace(/x-amz-(?:.|\s)*$/, '\r\n'), 'chunk-signature'],
    [
      'with more behind its signature',
      (body: string) => body.replace(/\r\n$/, 'x-amz-acl:public-read\r\n\r\n'),
      'chunk-malformed',
    ],
    ['with a line feed in it', (body: string) => body.replace('AAAAAA==', 'AAAAAA==\nx-amz-acl:a'), 'chunk-malformed'],
    [
      'of many lines',
      (body: string) => body.replace('x-amz-checksum', `${'a:b\r\n'.repeat(20)}x-amz-checksum`),
      'chunk-malformed',
    ],
    ['of a line without end', (body: string) => body.replace('AAAAAA==', 'A'.repeat(2000)), 'chunk-malformed'],
  ] as const) {
    it(`is refused with a trailer ${what}`, async () => {
      const upload = toUpload(SIGNED_TRAILER)
      assert.equal((await send({ ...upload, body: change(upload.body) })).problem?.reason, reason)
    })
  }

  for (const length of ['', 'a', '-1', '1e3', '9'.repeat(20)]) {
    it(`says how long it is, and not ${length || 'nothing'}`, async () => {
      const headers: Field[] = [['X-Amz-Decoded-Content-Length', length]]
      const call = signed({ ...S3, method: 'PUT', headers, payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' })
      assert.equal((await send({ call, body: toUpload().body })).problem?.reason, 'decoded-length')
    })
  }

  it('is none of a presigned request', async () => {
    const word = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
    const target = `/a?X-Amz-Content-Sha256=${word}`
    const headers: Field[] = [['X-Amz-Decoded-Content-Length', '0']]
    const call = presigned({ ...S3, method: 'PUT', target, headers, payloadHash: word })
    const { problem } = await send({ call, body: toUpload().body }, { options: { presigned: 'allow' } })
    assert.equal(problem?.reason, 'payload-hash')
  })

  it('may hold nothing', async () => {
    const call = signed({
      ...{ ...S3, method: 'PUT', headers: [['X-Amz-Decoded-Content-Length', '0']] },
      payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    })
    const seed = /Signature=(.*)$/.exec(call.headers.find(([name]) => name === 'Authorization')![1])![1]!
    const last = sign('PAYLOAD', seed, EMPTY_PAYLOAD_HASH, EMPTY_PAYLOAD_HASH)
    const { status, received } = await send({ call, body: `0;chunk-signature=${last}\r\n\r\n` }, { pieceBytes: 5 })
    assert.deepEqual([status, received?.text], [200, ''])
  })
})

describe('a body in chunks that are not signed', () => {
  it('is refused unless that is allowed', async () => {
    assert.equal((await send(toUpload(UNSIGNED))).problem?.reason, 'unsigned-payload')
  })

  it('flows on as it comes, however large a chunk is', async () => {
    const options = { unsignedPayload: 'allow', bodyLimitBytes: 1 }
    for (const pieceBytes of [0, 1, 10_000]) {
      const { received } = await send(toUpload(UNSIGNED), { pieceBytes, options })
      assert.equal(received?.text, WHOLE)
    }
  })

  it('may not be the body of a request that says it is signed in chunks', async () => {
    const { call } = toUpload()
    const { body } = toUpload({ ...UNSIGNED, trailer: '' })
    const { problem } = await send({ call, body }, { options: { unsignedPayload: 'allow' } })
    assert.equal(problem?.reason, 'chunk-malformed')
  })

  it('may not be signed', async () => {
    const { call } = toUpload(UNSIGNED)
    const { problem } = await send({ call, body: toUpload().body }, { options: { unsignedPayload: 'allow' } })
    assert.equal(problem?.reason, 'chunk-malformed')
  })
})
