import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { Secret } from '@gatewright/model/runtime'
import fc from 'fast-check'
import { signAwsRequest } from '../../aws-signature/sign-aws-request.ts'
import { splitTarget, toWireFields, toWireText } from '../../aws-signature/suite-request.fixture.ts'
import { SUITE, SUITE_VECTORS } from '../../aws-signature/test-suite.fixture.ts'
import { awsSigv4 } from '../../aws-sigv4/aws-sigv4.ts'
import { type BodySource, StreamBody } from '../../messages/body.ts'
import { HeaderList } from '../../messages/header-list.ts'
import { FakeClock, run, runAll, withApps } from '../../testing/index.ts'
import { toSignedPlace } from '../signed/signed-place.ts'
import { upstreamAuth } from '../upstream-auth.ts'
import { AWS, findFault, ID, NOW, SECRET, SESSION, signing } from './aws-signing.fixture.ts'

const SIGNED = 'content-type;host;x-amz-date'

const fieldsOf = (headers: HeaderList): Record<string, string> =>
  Object.fromEntries([...headers].map(([name, value]) => [name.toLowerCase(), value]))

describe('the test suite of AWS, sent through the policy', () => {
  const covered = /^(?:host|content-type|x-amz-[a-z-]+):/i
  for (const vector of SUITE_VECTORS) {
    const { path, query } = splitTarget(toWireText(vector.target))
    const isWhole = vector.fields.every((field) => covered.test(field)) && vector.tellsPayloadHash !== true
    if (!isWhole || vector.isNormal === false || vector.addsTokenLater === true) continue

    it(vector.name, async () => {
      const { token } = vector
      const credentials = {
        static: {
          ...{ accessKeyId: SUITE.accessKeyId, secretAccessKey: SUITE.secretAccessKey },
          ...(token !== undefined && { sessionToken: token }),
        },
      }
      const { upstream } = await run(
        upstreamAuth,
        { aws: { url: 'https://example.amazonaws.com', region: SUITE.region, service: SUITE.service, credentials } },
        { clock: new FakeClock(SUITE.now) },
      ).with({
        ...{ method: vector.method, target: query === '' ? path : `${path}?${query}` },
        headers: toWireFields(vector).filter(([name]) => name.toLowerCase() !== 'host'),
        ...(vector.body !== undefined && { body: vector.body }),
      })
      const { authorization = '', 'x-amz-date': date } = fieldsOf(upstream[0]!.headers)
      assert.ok(authorization.endsWith(`Signature=${vector.signature}`), authorization)
      assert.equal(date, SUITE.amzDate)
    })
  }
})

describe('a request that is signed', () => {
  it('covers host, prefix, path, query, type and body', async () => {
    const { upstream, status } = await signing().with({
      ...{ method: 'POST', target: '/orders?b=2&a=1', host: 'shop.example.com', body: '{"a":1}' },
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'x', Authorization: 'Bearer of-the-client' },
    })
    const [request] = upstream
    assert.equal(status, 200)
    const { authorization = '' } = fieldsOf(request!.headers)
    assert.ok(authorization.startsWith(`AWS4-HMAC-SHA256 Credential=${ID}/20260131/eu-central-1/execute-api/`))
    assert.ok(authorization.includes(`SignedHeaders=${SIGNED},`), authorization)
    assert.equal(await findFault(request!), undefined)
    assert.equal(await findFault(request!, { url: AWS.url.replace('prod', 'test') }), 'signature-mismatch')
    assert.equal(await findFault(request!, { url: AWS.url.replace('abc', 'abd') }), 'signature-mismatch')
    request!.search = '?b=2&a=2'
    assert.equal(await findFault(request!), 'signature-mismatch')
  })

  for (const [url, authority, pathPrefix] of [
    ['https://ABC.Example.com:443/Prod/', 'abc.example.com', '/Prod'],
    ['https://abc.example.com:8443', 'abc.example.com:8443', ''],
    ['http://abc.example.com:80/a b/é', 'abc.example.com', '/a%20b/%C3%A9'],
    ['http://[::1]:9000/x', '[::1]:9000', '/x'],
    ['https://bücher.example/', 'xn--bcher-kva.example', ''],
  ] as const) {
    it(`is signed for ${url} as it goes over the wire`, async () => {
      assert.deepEqual(toSignedPlace(url), { authority, pathPrefix })
      const { upstream } = await signing({ url }).with({ target: '/orders' })
      assert.equal(await findFault(upstream[0]!, { url }), undefined)
    })
  }

  it('carries the token of temporary keys, which no table of HTTP/2 keeps', async () => {
    const credentials = { static: { accessKeyId: ID, secretAccessKey: SECRET, sessionToken: SESSION } }
    const { upstream } = await signing({ credentials }).with()
    assert.equal(upstream[0]!.headers.get('x-amz-security-token'), SESSION)
    assert.deepEqual(upstream[0]!.headers.neverIndexed?.toSorted(), ['authorization', 'x-amz-security-token'])
    assert.equal(await findFault(upstream[0]!, { sessionToken: SESSION }), undefined)
  })

  it('says its hash to S3, whose paths are escaped once', async () => {
    const given = { service: 's3', url: 'https://bucket.s3.eu-central-1.amazonaws.com' }
    const { upstream } = await signing(given).with({ method: 'PUT', target: '/a%20b//c+d', body: 'x' })
    assert.match(upstream[0]!.headers.get('x-amz-content-sha256') ?? '', /^[0-9a-f]{64}$/)
    assert.equal(await findFault(upstream[0]!, given), undefined)
  })

  it('is signed with the key of the gateway where its client signed with another one', async () => {
    const key = { accessKeyId: 'AKIDCLIENT', secretAccessKey: 'of-the-client', sessionToken: 'session', app: 'acme' }
    const guard = { region: AWS.region, service: 's3', credentials: [key] }
    const host = 'shop.example.com'
    const added = signAwsRequest({
      ...{ method: 'PUT', path: '/a', query: 'b=1', headers: [['Host', host]], region: AWS.region, service: 's3' },
      ...{ now: NOW, payloadHash: hash('sha256', 'body') },
      credentials: {
        accessKeyId: key.accessKeyId,
        secretAccessKey: new Secret(key.secretAccessKey),
        sessionToken: new Secret(key.sessionToken),
      },
    })
    const uses = [
      { policy: awsSigv4, options: guard },
      { policy: upstreamAuth, options: { aws: AWS } },
    ]
    const { upstream, problem } = await runAll(uses, { clock: new FakeClock(NOW), credentials: withApps('acme') }).with(
      {
        ...{ method: 'PUT', target: '/a?b=1', host, headers: added, body: 'body' },
      },
    )
    assert.equal(problem?.reason, undefined)
    assert.equal(await findFault(upstream[0]!), undefined)
  })

  it('is signed anew for each try', async () => {
    const clock = new FakeClock(NOW)
    const policy = signing({}, { clock })
    const exchange = policy.open({ headers: { 'X-Amz-Date': '20200101T000000Z' } })
    const dates: (string | undefined)[] = []
    for (let tries = 0; tries < 2; tries++) {
      const fork = exchange.fork()
      await policy.start(fork).answer
      dates.push(fork.request.headers.get('x-amz-date'))
      await clock.advance(1000)
    }
    assert.deepEqual(dates, ['20260131T120000Z', '20260131T120001Z'])
  })

  it('needs no promise where nothing has to be waited for', () => {
    const policy = signing()
    assert.equal(policy.start(policy.open()).isSync, true)
  })
})

// What a target may hold on the wire: no control, no space, no `#`; any octet escaped.
const octet = fc.integer({ min: 0, max: 255 }).map((code) => `%${code.toString(16).padStart(2, '0')}`)
const text = (letters: string) => fc.array(fc.oneof(octet, fc.constantFrom(...letters)), { maxLength: 30 })
const request = fc.record({
  target: fc
    .tuple(text('aZ09-._~/;=+@:$&%'), text('abZ09-._~/?=&+%&='))
    .map(([path, query]) => `/${path.join('')}?${query.join('')}`),
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH'),
  body: fc.string({ unit: 'binary' }),
  service: fc.constantFrom('execute-api', 's3'),
  payload: fc.constantFrom('signed' as const, 'unsigned' as const),
  type: fc.constantFrom('application/json', 'text/plain;  charset="a  b"', '', 'é'),
})

describe('whatever a request is', () => {
  it('who gets it believes the signature', () =>
    fc.assert(
      fc.asyncProperty(request, async ({ target, method, body, type, ...given }) => {
        const sent = { target, method, body, headers: { 'Content-Type': type, 'X-Amz-Acl': 'public-read' } }
        const { upstream } = await signing(given).with(sent)
        assert.equal(await findFault(upstream[0]!, given), undefined)
      }),
      { seed: 20_260_131, numRuns: 300 },
    ))
})

function streamOf(pieces: readonly string[]): StreamBody {
  const source: BodySource = {
    sizeBytes: undefined,
    start(sink) {
      for (const piece of pieces) sink.write(Buffer.from(piece))
      sink.end(HeaderList.of([['X-Trailer', 'x']]))
      return { resume() {}, cancel() {} }
    },
    discard() {},
  }
  return new StreamBody(source)
}

describe('a body', () => {
  it('of unknown length is read, signed, and goes out with its length', async () => {
    const { upstream } = await signing().with({ method: 'POST', body: streamOf(['ab', 'cd']) })
    assert.equal(upstream[0]!.body.sizeBytes, 4)
    assert.equal(await findFault(upstream[0]!), undefined)
  })

  it('that is longer than the limit is refused, and nothing is sent', async () => {
    const { status, problem, upstream } = await signing({ bodyLimitBytes: 3 }).with({
      ...{ method: 'POST', body: streamOf(['ab', 'cd']) },
    })
    assert.deepEqual([status, problem?.code, upstream.length], [413, 'body-too-large', 0])
  })

  it('that is not signed streams through, and the signature says so', async () => {
    const body = streamOf(['ab', 'cd'])
    const { upstream } = await signing({ payload: 'unsigned', bodyLimitBytes: 0 }).with({ method: 'PUT', body })
    assert.equal(upstream[0]!.body, body)
    assert.equal(upstream[0]!.headers.get('x-amz-content-sha256'), 'UNSIGNED-PAYLOAD')
    assert.equal(await findFault(upstream[0]!), undefined)
  })
})

interface Attack {
  readonly by: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly search?: string
  readonly clientFields?: string[]
  /** What is left of it; nothing if absent. */
  readonly left?: readonly string[]
  readonly leftSearch?: string
}

// biome-ignore format: a table, one row an attack
const ATTACKS: readonly Attack[] = [
  { by: 'copying what it may not read', headers: [['X-Amz-Copy-Source', '/other/secret']] },
  { by: 'giving away what it writes', headers: [['x-amz-acl', 'public-read-write']] },
  { by: 'a grant', headers: [['X-Amz-Grant-Full-Control', 'uri=http://acs.amazonaws.com/groups/global/AllUsers']] },
  { by: 'calling another operation', headers: [['X-Amz-Target', 'DynamoDB_20120810.DeleteTable']] },
  { by: 'names of other stores that take this signature', headers: [['X-Goog-Copy-Source', '/a'], ['x-oss-object-acl', 'public-read']] },
  { by: 'a name that CGI reads as another', headers: [['X_Amz_Acl', 'public-read'], ['x-amz_copy-source', '/a']] },
  { by: 'a twin of what is allowed', headers: [['X-Amz-Acl', 'private'], ['X-Amz_Acl', 'public-read']], clientFields: ['X-Amz-Acl'], left: ['X-Amz-Acl'] },
  { by: 'a field twice', headers: [['X-Amz-Acl', 'private'], ['X-Amz-Acl', 'public-read']] },
  { by: 'a date of its own', headers: [['X-Amz-Date', '20200101T000000Z']] },
  { by: 'a session of its own', headers: [['X-Amz-Security-Token', 'stolen']] },
  { by: 'a session of its own where all is allowed', headers: [['X-Amz-Security-Token', 'stolen']], clientFields: ['X-Amz-*'] },
  { by: 'a twin of a session of its own where all is allowed', headers: [['X-Amz-Security_Token', 'stolen']], clientFields: ['X-Amz-*'] },
  { by: 'saying that the body is not signed', headers: [['X-Amz-Content-Sha256', 'UNSIGNED-PAYLOAD']], clientFields: ['x-amz-*'] },
  { by: 'a signature of its own', headers: [['Authorization', 'AWS4-HMAC-SHA256 Credential=x']] },
  { by: 'a presigned query', search: '?X-Amz-Algorithm=AWS4-HMAC-SHA256&a=1&X-Amz-Signature=0', leftSearch: '?a=1' },
  { by: 'a presigned query where all is allowed', search: '?X-Amz-Credential=x&X-Amz-Security-Token=y', clientFields: ['X-Amz-*'] },
  { by: 'the query instead of a field', search: '?x-amz-acl=public-read&a=%2f', leftSearch: '?a=%2f' },
  { by: 'an escaped name in the query', search: '?X%2DAm%7A-Acl=public-read&b', leftSearch: '?b' },
  { by: 'an escaped name that is no UTF-8', search: '?X%2DAmz-Acl%ff=public-read', leftSearch: '' },
  { by: 'a longer name than the allowed one', headers: [['X-Amz-Meta', 'a'], ['X-Amz-Metadata', 'b']], clientFields: ['X-Amz-Meta'], left: ['X-Amz-Meta'] },
  { by: 'what is beside an allowed beginning', headers: [['X-Amz-Meta-A', 'a'], ['X-Amz-Acl', 'b']], clientFields: ['X-Amz-Meta-*'], left: ['X-Amz-Meta-A'] },
]

describe('a client has nothing signed', () => {
  for (const { by, headers = [], search = '', clientFields = [], left = [], leftSearch = '' } of ATTACKS) {
    it(`by ${by}`, async () => {
      const { upstream } = await signing({ clientFields }).with({ target: `/orders${search}`, headers })
      const [sent] = upstream
      assert.equal(sent!.search, leftSearch)
      const names = [...sent!.headers].map(([name]) => name)
      assert.deepEqual(names.toSorted(), ['Authorization', 'X-Amz-Date', ...left].toSorted())
      assert.equal(await findFault(sent!), undefined)
    })
  }
})

describe('options of signing for AWS', () => {
  for (const [what, options, message] of [
    ['a query in the URL', { url: 'https://a.example/?b' }, /no query/],
    ['a password in the URL', { url: 'https://a:b@a.example/' }, /no place for a password/],
    ['no way to have keys', { credentials: {} }, /one of static, container, instance, webIdentity/],
    ['two ways', { credentials: { ...AWS.credentials, instance: {} } }, /here are 2/],
    [
      'a secret with a line end',
      { credentials: { static: { accessKeyId: ID, secretAccessKey: `${SECRET}\n` } } },
      /line end behind it/,
    ],
    ['keys in the clear', { credentials: { container: { url: 'http://keys.example/' } } }, /use https/],
    ['a field of others', { clientFields: ['X-Orders'] }, /begin with X-Amz-/],
    ['a field of the signature', { clientFields: ['X-Amz-Date'] }, /the gateway writes it/],
    ['a pattern in the middle', { clientFields: ['X-Amz-*-A'] }, /beginning of names/],
  ] as const) {
    it(`refuse ${what}, and quote no secret`, () => {
      const { error } = upstreamAuth.options.safeParse({ aws: { ...AWS, ...options } })
      assert.match(error?.message ?? '', message)
      assert.ok(!error!.message.includes(SECRET))
    })
  }
})
