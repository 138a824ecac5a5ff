import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { UNSIGNED_PAYLOAD } from '../aws-signature/sign-aws-request.ts'
import { BytesBody, StreamBody } from '../messages/body.ts'
import { HeaderList } from '../messages/header-list.ts'
import { MemoryCredentials } from '../testing/index.ts'
import { awsSigv4 } from './aws-sigv4.ts'
import { ACME, type CallToSign, guarded, presigned, SECRET, signed } from './signed-call.fixture.ts'

const TYPED = { headers: [['Content-Type', 'application/json']] } as const

/** A body that comes in pieces, with trailers behind it. */
function streamOf(pieces: readonly string[], { sizeBytes, isBroken }: { sizeBytes?: number; isBroken?: boolean } = {}) {
  return new StreamBody({
    sizeBytes,
    start(sink) {
      for (const piece of pieces) sink.write(Buffer.from(piece))
      if (isBroken === true) sink.abort(new Error('gone'))
      else sink.end(HeaderList.of([['X-Amz-Acl', 'public-read']]))
      return { resume() {}, cancel() {} }
    },
    discard() {},
  })
}

describe('aws-sigv4', () => {
  it('recognises the caller, and names the key by its id', async () => {
    const { status, exchange } = await guarded().with(signed())
    assert.equal(status, 200)
    assert.deepEqual(exchange.caller, {
      ...{ id: 'acme', app: 'acme', plan: 'gold' },
      credential: { kind: 'aws-sigv4', id: 'AKIDACME' },
    })
  })

  it('refuses a request that is not signed: 401, and what to sign for (RFC 9110 §11.6.1)', async () => {
    const { status, problem, headers, upstream } = await guarded().with()
    assert.deepEqual([status, problem?.code], [401, 'credential-missing'])
    assert.equal(headers.get('www-authenticate'), 'AWS4-HMAC-SHA256 region="eu-central-1", service="execute-api"')
    assert.match(problem?.detail ?? '', /service execute-api in the region eu-central-1/)
    assert.equal(upstream.length, 0)
  })

  it('leaves other schemes to others', async () => {
    const basic = { headers: { Authorization: 'Basic YTpi' } }
    assert.equal((await guarded().with(basic)).problem?.code, 'credential-missing')
    for (const authorization of ['Basic YTpi', 'Awsome YTpi']) {
      const headers = { Authorization: authorization }
      const { status, upstream } = await guarded({ anonymous: true }).with({ headers })
      assert.deepEqual([status, upstream[0]?.headers.get('authorization')], [200, authorization])
    }
  })

  it('lets requests that are not signed pass where that is allowed, but not those signed wrongly', async () => {
    const subject = guarded({ anonymous: true })
    const nobody = await subject.with({ target: '/?a=1' })
    assert.deepEqual([nobody.status, nobody.exchange.caller], [200, undefined])
    assert.equal((await subject.with(signed({ secret: 'guess' }))).status, 401)
    assert.equal((await subject.with({ target: '/?x-amz-signature=1' })).status, 401)
    assert.equal((await subject.with({ headers: { Authorization: 'AWS4-HMAC-SHA256' } })).status, 401)
  })

  it('says the same of an unknown key and of a wrong secret; the record tells them apart', async () => {
    const unknown = await guarded().with(signed({ accessKeyId: 'AKIDNOBODY' }))
    const wrong = await guarded().with(signed({ secret: 'guess' }))
    assert.deepEqual([unknown.problem?.reason, wrong.problem?.reason], ['unknown', 'signature-mismatch'])
    assert.equal(unknown.problem?.detail, wrong.problem?.detail)
    assert.deepEqual([unknown.status, [...unknown.headers]], [wrong.status, [...wrong.headers]])
  })

  for (const id of ['__proto__', 'constructor', 'toString', 'AKIDacme', 'akidacme']) {
    it(`knows no key ${id}`, async () => {
      const { problem } = await guarded().with(signed({ accessKeyId: id }))
      assert.equal(problem?.reason, 'unknown')
    })
  }

  it('tells whoever signs the hash of the canonical request, and no secret', async () => {
    const { problem } = await guarded().with(signed({ secret: 'guess', target: '/a?b' }))
    assert.match(`${problem?.extensions?.canonical_request_sha256}`, /^[0-9a-f]{64}$/)
    assert.ok(!JSON.stringify(problem).includes(SECRET))
    const request = signed({ target: '/a?b' })
    const canonical = `GET\n/a\nb=\nhost:api.example.com\nx-amz-date:20260131T120000Z\n\nhost;x-amz-date\n${hash('sha256', '')}`
    const other = await guarded({ credentials: [{ ...ACME, secretAccessKey: 'other' }] }).with(request)
    assert.equal(other.problem?.extensions?.canonical_request_sha256, hash('sha256', canonical))
  })

  it('takes the signature out of the request, and leaves the rest', async () => {
    const { upstream } = await guarded().with(signed({ headers: [['Accept', '*/*']] }))
    const names = [...upstream[0]!.headers].map(([name]) => name)
    assert.deepEqual(names, ['Host', 'Accept', 'X-Amz-Date'])
  })

  it('takes a presigned signature out of the query, and leaves the rest byte for byte', async () => {
    const subject = guarded({ presigned: 'allow' })
    const { upstream } = await subject.with(presigned({ target: '/?b=%7e&&a=+%2B' }))
    assert.equal(upstream[0]?.search, '?b=%7e&&a=+%2B')
    assert.equal((await subject.with(presigned())).upstream[0]?.search, '')
  })

  it('sends the signature on where that is asked for', async () => {
    const { upstream } = await guarded({ forward: true }).with(signed())
    assert.match(upstream[0]?.headers.get('authorization') ?? '', /^AWS4-HMAC-SHA256 /)
    const subject = guarded({ forward: true, presigned: 'allow' })
    assert.match((await subject.with(presigned())).upstream[0]?.search ?? '', /&X-Amz-Signature=/)
  })

  it('tells the upstream who calls, whatever the client said', async () => {
    const subject = guarded({ toUpstream: { app: 'X-App-Id', plan: 'X-Plan' } })
    const { upstream } = await subject.with(signed({ headers: [['x-app-id', 'root']] }))
    assert.deepEqual([upstream[0]?.headers.get('x-app-id'), upstream[0]?.headers.get('x-plan')], ['acme', 'gold'])
  })

  it('takes the plan of the app where the key has none, and refuses an app that is disabled or not there', async () => {
    const credentials = new MemoryCredentials()
    credentials.setApp('acme', { plan: 'silver' })
    const { plan: _, ...key } = ACME
    const subject = guarded({ credentials: [key] }, { credentials })
    assert.equal((await subject.with(signed())).exchange.caller?.plan, 'silver')
    assert.equal((await guarded({}, { credentials }).with(signed())).exchange.caller?.plan, 'gold')
    const stranger = { credentials: [{ ...key, app: 'nobody' }] }
    assert.equal((await guarded(stranger, { credentials }).with(signed())).problem?.reason, 'unknown-app')
    credentials.setApp('acme', { isEnabled: false })
    const { status, problem } = await subject.with(signed())
    assert.deepEqual([status, problem?.reason], [401, 'disabled-app'])
  })

  it('answers without a promise where no body has to be read', () => {
    const subject = guarded({ presigned: 'allow' })
    assert.ok(subject.start(subject.open(signed())).isSync)
    assert.ok(subject.start(subject.open(presigned())).isSync)
    assert.ok(subject.start(subject.open(signed({ secret: 'guess' }))).isSync)
    assert.ok(subject.start(subject.open()).isSync)
  })

  it('looks at so many wrong signatures of an address, and never locks out a key by its name', async () => {
    const subject = guarded({ attempts: { perAddress: 2 } })
    for (let at = 0; at < 2; at++) assert.equal((await subject.with(signed({ secret: 'guess' }))).status, 401)
    const refused = await subject.with(signed())
    assert.deepEqual([refused.status, refused.problem?.code], [429, 'too-many-attempts'])
    assert.equal((await subject.with(signed(), { address: '198.51.100.7' })).status, 200)
    assert.equal((await subject.with({})).problem?.code, 'credential-missing')
  })
})

describe('the session token of temporary credentials', () => {
  const subject = guarded({ credentials: [{ ...ACME, sessionToken: 'T0ken/+=' }], presigned: 'allow' })

  it('belongs to its key', async () => {
    const { status, upstream } = await subject.with(signed({ sessionToken: 'T0ken/+=' }))
    assert.deepEqual([status, upstream[0]?.headers.has('x-amz-security-token')], [200, false])
    assert.equal((await subject.with(presigned({ sessionToken: 'T0ken/+=' }))).status, 200)
  })

  for (const [why, call] of [
    ['is another', { sessionToken: 'other' }],
    ['is missing', {}],
  ] as const) {
    it(`is refused where it ${why}`, async () => {
      assert.equal((await subject.with(signed(call))).problem?.reason, 'session-token')
      assert.equal((await subject.with(presigned(call))).problem?.reason, 'session-token')
    })
  }

  it('is refused of a key that has none', async () => {
    const { problem } = await guarded().with(signed({ sessionToken: 'T0ken/+=' }))
    assert.equal(problem?.reason, 'session-token')
  })

  it('tells nothing to whoever has only the token', async () => {
    const { problem } = await subject.with(signed({ sessionToken: 'T0ken/+=', secret: 'guess' }))
    assert.equal(problem?.reason, 'signature-mismatch')
  })
})

describe('the time of a signature', () => {
  for (const [laterMs, reason] of [
    [0, undefined],
    [300_000, undefined],
    [301_000, 'not-yet-valid'],
    [-300_000, undefined],
    [-301_000, 'expired'],
    [-86_400_000, 'expired'],
  ] as const) {
    it(`${laterMs / 1000} s from now: ${reason ?? 'is taken'}`, async () => {
      assert.equal((await guarded().with(signed({ laterMs }))).problem?.reason, reason)
    })
  }

  it('has as much room as is said', async () => {
    const subject = guarded({ clockSkewSeconds: 10 })
    assert.equal((await subject.with(signed({ laterMs: -10_000 }))).status, 200)
    assert.equal((await subject.with(signed({ laterMs: -11_000 }))).problem?.reason, 'expired')
  })

  it('ends for a presigned request when it says, without room', async () => {
    const subject = guarded({ presigned: 'allow' })
    const request = presigned({ expiresSeconds: 604_800 })
    await subject.clock.advance(604_800_000)
    assert.equal((await subject.with(request)).status, 200)
    await subject.clock.advance(1)
    assert.equal((await subject.with(request)).problem?.reason, 'expired')
  })

  it('does not begin early for a presigned request', async () => {
    const { problem } = await guarded({ presigned: 'allow' }).with(presigned({ laterMs: 301_000 }))
    assert.equal(problem?.reason, 'not-yet-valid')
  })
})

describe('the body of a signed request', () => {
  const post = (call: CallToSign = {}) => signed({ method: 'POST', body: '{"a":1}', ...TYPED, ...call })

  for (const tellsPayloadHash of [false, true]) {
    it(`is proved, ${tellsPayloadHash ? 'by the hash that is said' : 'where no hash is said'}`, async () => {
      const request = post({ tellsPayloadHash })
      const { status, upstream } = await guarded().with(request)
      assert.equal(status, 200)
      assert.equal(Buffer.from(upstream[0]!.body.held()!).toString(), '{"a":1}')
      const other = await guarded().with({ ...request, body: '{"a":2}' })
      assert.equal(other.problem?.reason, tellsPayloadHash ? 'payload-mismatch' : 'signature-mismatch')
      assert.equal(other.upstream.length, 0)
      const none = await guarded().with({ ...request, body: '' })
      assert.equal(none.problem?.reason, tellsPayloadHash ? 'payload-mismatch' : 'signature-mismatch')
    })
  }

  it('is refused where a request was signed without one', async () => {
    assert.equal((await guarded().with({ ...signed(), body: 'x' })).problem?.reason, 'signature-mismatch')
    const said = { ...signed({ tellsPayloadHash: true }), body: 'x' }
    assert.equal((await guarded().with(said)).problem?.reason, 'payload-mismatch')
  })

  it('is proved as it arrives, and its trailers, which nobody signed, end here (RFC 9110 §6.5.1)', async () => {
    const { status, upstream } = await guarded().with({ ...post(), body: streamOf(['{"a"', ':1}']) })
    assert.equal(status, 200)
    let trailers: unknown = 'nothing came'
    upstream[0]!.body.pipe({ write: () => true, end: (given) => (trailers = given), abort: assert.fail })
    assert.equal(trailers, undefined)
  })

  it('is refused when it breaks off', async () => {
    const { problem } = await guarded().with({ ...post(), body: streamOf(['{"a"'], { isBroken: true }) })
    assert.deepEqual([problem?.code, problem?.reason], ['malformed-request', 'body-broke-off'])
  })

  it('is read up to a limit', async () => {
    const subject = guarded({ bodyLimitBytes: 7 })
    assert.equal((await subject.with(post())).status, 200)
    const longer = post({ body: '{"a":10}' })
    assert.equal((await subject.with(longer)).problem?.code, 'body-too-large')
    const unknown = { ...longer, body: streamOf(['{"a"', ':10}']) }
    assert.equal((await subject.with(unknown)).problem?.code, 'body-too-large')
  })

  it('is not read for a signature that does not hold', async () => {
    let reads = 0
    const body = new StreamBody({
      sizeBytes: 7,
      start: () => assert.fail(`read ${++reads} times`),
      discard() {},
    })
    const { problem } = await guarded().with({ ...post({ secret: 'guess', tellsPayloadHash: true }), body })
    assert.deepEqual([problem?.reason, reads], ['signature-mismatch', 0])
  })

  it('may be unsigned only where that is allowed', async () => {
    const request = post({ payloadHash: UNSIGNED_PAYLOAD })
    assert.equal((await guarded().with(request)).problem?.reason, 'unsigned-payload')
    const subject = guarded({ unsignedPayload: 'allow' })
    assert.equal((await subject.with({ ...request, body: 'anything' })).status, 200)
  })

  it('of a GET that has none is not missed: S3 presigns so', async () => {
    const s3 = { region: 'us-east-1', service: 's3' }
    const subject = guarded({ presigned: 'allow', ...s3 })
    assert.equal((await subject.with(presigned(s3))).status, 200)
    assert.equal((await subject.with({ ...presigned(s3), body: 'x' })).problem?.reason, 'unsigned-payload')
    const put = presigned({ ...s3, method: 'PUT' })
    assert.equal((await subject.with({ ...put, body: 'x' })).problem?.reason, 'unsigned-payload')
    // Whoever takes the body away would make another request of it.
    assert.equal((await subject.with(put)).problem?.reason, 'unsigned-payload')
  })

  for (const word of [
    'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-EVENTS',
    'unsigned-payload',
    '',
    'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855',
  ]) {
    it(`is refused as ${word === '' ? 'nothing' : word}`, async () => {
      const { problem } = await guarded().with(post({ payloadHash: word, tellsPayloadHash: true }))
      assert.equal(problem?.reason, 'payload-hash')
    })
  }

  it('of a presigned request counts as well, where it was signed', async () => {
    const subject = guarded({ presigned: 'allow' })
    const request = presigned({ method: 'POST', body: '{"a":1}', ...TYPED })
    assert.equal((await subject.with(request)).status, 200)
    assert.equal((await subject.with({ ...request, body: new BytesBody(Buffer.from('x')) })).status, 401)
  })
})

describe('the options of aws-sigv4', () => {
  const valid = { region: 'eu-central-1', service: 'execute-api', credentials: [ACME] }
  const faultOf = (changed: object) => awsSigv4.options.safeParse({ ...valid, ...changed }).error?.issues[0]

  it('refuse a key that two apps have', () => {
    const fault = faultOf({ credentials: [ACME, { ...ACME, app: 'other' }] })
    assert.deepEqual(fault?.path, ['credentials', 1, 'accessKeyId'])
  })

  for (const field of ['Authorization', 'x-amz-date', 'X-Amz-Meta-App', 'Date']) {
    it(`refuse to tell the upstream in ${field}, which is signed`, () => {
      assert.match(faultOf({ toUpstream: { app: field } })?.message ?? '', /part of signatures|credentials stand there/)
    })
  }

  for (const changed of [
    { credentials: [] },
    { region: '' },
    { region: 'a/b' },
    { service: 'a\nb' },
    { clockSkewSeconds: 0 },
    { clockSkewSeconds: 901 },
    { credentials: [{ ...ACME, accessKeyId: 'a/b' }] },
    { credentials: [{ ...ACME, secretAccessKey: '' }] },
    { requiredSignedHeaders: ['a b'] },
    { attempts: { perName: 3 } },
  ]) {
    it(`refuse ${JSON.stringify(changed)}`, () => assert.ok(faultOf(changed) !== undefined))
  }

  it('print no secret', () => {
    const options = awsSigv4.options.parse({ ...valid, credentials: [{ ...ACME, sessionToken: 'T0ken' }] })
    assert.ok(!/wJalr|T0ken/.test(JSON.stringify(options)))
  })

  it('name the fields that a client may not send', () => {
    const options = awsSigv4.options.parse({ ...valid, toUpstream: { app: 'X-App-Id' } })
    assert.deepEqual(awsSigv4.identityFields?.(options), ['X-App-Id'])
  })
})
