import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { Secret } from '@gatewright/model/runtime'
import {
  hashCanonical,
  parseQuery,
  toCanonicalPath,
  toCanonicalQuery,
  toCanonicalRequest,
} from './canonical-request.ts'
import { S3_EXAMPLE, S3_EXAMPLES } from './s3-examples.fixture.ts'
import {
  type AwsRequestToSign,
  EMPTY_PAYLOAD_HASH,
  type Field,
  presignAwsRequest,
  signAwsRequest,
  UNSIGNED_PAYLOAD,
} from './sign-aws-request.ts'
import { getSigningKey } from './signing-scope.ts'
import { splitTarget, toWireFields, toWireText } from './suite-request.fixture.ts'
import { SUITE, SUITE_VECTORS } from './test-suite.fixture.ts'

const secretAccessKey = new Secret(SUITE.secretAccessKey)
const REQUEST: AwsRequestToSign = {
  ...{ method: 'GET', path: '/', query: '', headers: [['Host', 'example.amazonaws.com']] },
  credentials: { accessKeyId: SUITE.accessKeyId, secretAccessKey },
  ...{ region: SUITE.region, service: SUITE.service, now: SUITE.now, payloadHash: EMPTY_PAYLOAD_HASH },
}
const sign = (changed: Partial<AwsRequestToSign> = {}) => new Map(signAwsRequest({ ...REQUEST, ...changed }))
const signatureOf = (fields: Map<string, string>) => /Signature=([0-9a-f]{64})$/.exec(fields.get('Authorization')!)![1]

describe('the test suite of AWS, signed', () => {
  for (const vector of SUITE_VECTORS) {
    const headers = toWireFields(vector)
    const { path, query } = splitTarget(toWireText(vector.target))
    const isAdded = vector.token !== undefined && vector.addsTokenLater !== true
    const credentials = {
      ...{ accessKeyId: SUITE.accessKeyId, secretAccessKey },
      ...(isAdded && { sessionToken: new Secret(vector.token!) }),
    }
    const request = {
      ...{ ...REQUEST, method: vector.method, path, query, headers, credentials },
      payloadHash: hash('sha256', vector.body ?? ''),
      pathForm: vector.isNormal === false ? 'received' : 'normal',
    } as const

    it(`${vector.name}, in fields`, () => {
      const fields = sign({ ...request, tellsPayloadHash: vector.tellsPayloadHash === true })
      assert.equal(fields.get('X-Amz-Date'), SUITE.amzDate)
      assert.equal(signatureOf(fields), vector.signature)
      assert.equal(fields.get('X-Amz-Security-Token'), isAdded ? vector.token : undefined)
    })

    it(`${vector.name}, in the query`, () => {
      const presigned = presignAwsRequest({ ...request, expiresSeconds: SUITE.expiresSeconds })
      assert.ok(presigned.endsWith(`&X-Amz-Signature=${vector.presignedSignature}`), presigned)
      assert.ok(presigned.startsWith(query))
    })

    it(`${vector.name}, as canonical request`, () => {
      const signed = sign({ ...request, tellsPayloadHash: vector.tellsPayloadHash === true })
      const names = /SignedHeaders=([^,]+)/.exec(signed.get('Authorization')!)![1]!.split(';')
      const sent = [...headers, ...signed]
      const canonical = toCanonicalRequest({
        method: vector.method,
        path: toCanonicalPath(path, request.pathForm),
        query: toCanonicalQuery(parseQuery(query)),
        fields: names.map((name) => ({
          name,
          values: sent.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value),
        })),
        payloadHash: request.payloadHash,
      })
      assert.equal(hashCanonical(canonical), vector.canonicalHash)
    })
  }
})

describe('the examples of the S3 documentation, signed', () => {
  for (const { name, method, target, fields, payloadHash, signature, expiresSeconds } of S3_EXAMPLES) {
    const { path, query } = splitTarget(target)
    const credentials = {
      accessKeyId: S3_EXAMPLE.accessKeyId,
      secretAccessKey: new Secret(S3_EXAMPLE.secretAccessKey),
    }
    const request = {
      ...{ method, path, query, credentials, payloadHash },
      ...{ headers: fields.filter(([field]) => !/^x-amz-(?:date|content-sha256)$/i.test(field)) },
      ...{ region: S3_EXAMPLE.region, service: 's3', now: S3_EXAMPLE.now },
    }
    it(name, () => {
      if (expiresSeconds === undefined) return assert.equal(signatureOf(sign(request)), signature)
      assert.ok(presignAwsRequest({ ...request, expiresSeconds }).endsWith(`&X-Amz-Signature=${signature}`))
    })
  }
})

describe('signAwsRequest', () => {
  it('says when, who and which fields, and not the secret', () => {
    const [date, authorization] = signAwsRequest(REQUEST)
    assert.deepEqual(date, ['X-Amz-Date', '20150830T123600Z'])
    assert.match(
      authorization![1],
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20150830\/us-east-1\/service\/aws4_request, SignedHeaders=host;x-amz-date, Signature=[0-9a-f]{64}$/,
    )
    assert.ok(!JSON.stringify(signAwsRequest(REQUEST)).includes(SUITE.secretAccessKey))
  })

  it('tells the hash of the body where a service wants it: S3, and for a body that is not signed', () => {
    assert.equal(sign({ service: 's3' }).get('X-Amz-Content-Sha256'), EMPTY_PAYLOAD_HASH)
    assert.equal(sign({ payloadHash: UNSIGNED_PAYLOAD }).get('X-Amz-Content-Sha256'), UNSIGNED_PAYLOAD)
    assert.equal(sign().has('X-Amz-Content-Sha256'), false)
    assert.equal(sign({ service: 's3', tellsPayloadHash: false }).has('X-Amz-Content-Sha256'), false)
  })

  it('replaces an earlier signature, whatever it said', () => {
    const headers: Field[] = [
      ['Host', 'example.amazonaws.com'],
      ['authorization', 'AWS4-HMAC-SHA256 old'],
      ['x-amz-date', '20000101T000000Z'],
      ['x-amz-security-token', 'old'],
      ['x-amz-content-sha256', 'old'],
    ]
    assert.deepEqual(sign({ headers }), sign())
  })

  it('signs another day, region, service or secret differently', () => {
    const signatures = [
      sign(),
      sign({ now: SUITE.now + 86_400_000 }),
      sign({ region: 'eu-central-1' }),
      sign({ service: 'other' }),
      sign({ credentials: { accessKeyId: SUITE.accessKeyId, secretAccessKey: new Secret('other') } }),
    ].map(signatureOf)
    assert.equal(new Set(signatures).size, signatures.length)
  })

  it('derives the key of a scope once, and keeps those of the newest scopes', () => {
    const secret = new Secret('s3cret')
    const keyOf = (day: number) => getSigningKey(secret, { day: `${20_260_100 + day}`, region: 'a', service: 'b' })
    const first = keyOf(0)
    assert.equal(keyOf(0), first)
    for (let day = 1; day <= 32; day++) keyOf(day)
    assert.notEqual(keyOf(0), first)
    assert.deepEqual(keyOf(0), first)
  })

  it('signs a cookie in pieces as one (RFC 9113 §8.2.3)', () => {
    const withCookies = (...cookies: string[]) =>
      signatureOf(sign({ headers: [...REQUEST.headers, ...cookies.map((cookie): Field => ['Cookie', cookie])] }))
    assert.equal(withCookies('a=1', 'b=2'), withCookies('a=1; b=2'))
  })

  it('refuses what cannot be sent', () => {
    assert.throws(() => sign({ headers: [['Accept', '*/*']] }), /without Host/)
    assert.throws(() => sign({ headers: [...REQUEST.headers, ['X-A', 'a\r\nX-B: b']] }), TypeError)
    assert.throws(() => sign({ path: '/\u1234' }), RangeError)
    assert.throws(() => sign({ query: 'a=\u1234' }), RangeError)
  })

  it('presigns what says the hash of its body in a field, as any other field', () => {
    const headers: Field[] = [...REQUEST.headers, ['X-Amz-Content-Sha256', EMPTY_PAYLOAD_HASH]]
    const query = presignAwsRequest({ ...REQUEST, service: 's3', headers, expiresSeconds: 60 })
    assert.match(query, /SignedHeaders=host%3Bx-amz-content-sha256&/)
  })

  it('presigns for a second to a week', () => {
    for (const expiresSeconds of [0, -1, 1.5, Number.NaN, 604_801]) {
      assert.throws(() => presignAwsRequest({ ...REQUEST, expiresSeconds }), RangeError)
    }
    assert.match(presignAwsRequest({ ...REQUEST, expiresSeconds: 604_800 }), /X-Amz-Expires=604800&/)
  })
})

describe('a canonical path', () => {
  for (const [sent, normal, received, s3] of [
    ['/', '/', '/', '/'],
    ['/a/../b', '/b', '/a/../b', '/a/../b'],
    ['/a/b/..', '/a/', '/a/b/..', '/a/b/..'],
    ['/../..', '/', '/../..', '/../..'],
    ['/a/%2E%2E/b', '/a/%252E%252E/b', '/a/%252E%252E/b', '/a/../b'],
    ['/a%20b', '/a%2520b', '/a%2520b', '/a%20b'],
    ['/a%2fb', '/a%252fb', '/a%252fb', '/a%2Fb'],
    ['/%ff%E4', '/%25ff%25E4', '/%25ff%25E4', '/%FF%E4'],
    ['/a+b', '/a%2Bb', '/a%2Bb', '/a%2Bb'],
    ['/%zz', '/%25zz', '/%25zz', '/%25zz'],
    ['/%25', '/%2525', '/%2525', '/%25'],
    ['/a;b=c,d@e:f', '/a%3Bb%3Dc%2Cd%40e%3Af', '/a%3Bb%3Dc%2Cd%40e%3Af', '/a%3Bb%3Dc%2Cd%40e%3Af'],
    ['//a//', '/a/', '//a//', '//a//'],
    ['/.a/..b/c.', '/.a/..b/c.', '/.a/..b/c.', '/.a/..b/c.'],
  ] as const) {
    it(sent, () => {
      assert.deepEqual(
        [toCanonicalPath(sent, 'normal'), toCanonicalPath(sent, 'received'), toCanonicalPath(sent, 's3')],
        [normal, received, s3],
      )
    })
  }
})

describe('a canonical query', () => {
  for (const [sent, canonical] of [
    ['', ''],
    ['a', 'a='],
    ['a=', 'a='],
    ['&&a=1&', 'a=1'],
    ['b=2&a=1', 'a=1&b=2'],
    ['a=2&a=1', 'a=1&a=2'],
    ['a=1&a=1', 'a=1&a=1'],
    ['a=10&a=2', 'a=10&a=2'],
    ['a=b=c', 'a=b%3Dc'],
    ['a=b+c', 'a=b%20c'],
    ['a=b%20c', 'a=b%20c'],
    ['a=b%2Bc', 'a=b%2Bc'],
    ['a=%2b%2F%7e', 'a=%2B%2F~'],
    ['a=%ff', 'a=%FF'],
    ['a=%', 'a=%25'],
    ['a=%25', 'a=%25'],
    ['%61=1', 'a=1'],
    ['B=1&a=1', 'B=1&a=1'],
    ['a-b=1&a=2', 'a=2&a-b=1'],
    ['=1', '=1'],
    ['__proto__=1&constructor=2', '__proto__=1&constructor=2'],
  ] as const) {
    it(sent === '' ? 'of nothing' : sent, () => assert.equal(toCanonicalQuery(parseQuery(sent)), canonical))
  }
})
