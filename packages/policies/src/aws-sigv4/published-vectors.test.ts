import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  S3_CHUNKED_EXAMPLES,
  S3_CHUNKED_TARGET,
  S3_EXAMPLE,
  S3_EXAMPLES,
} from '../aws-signature/s3-examples.fixture.ts'
import type { Field } from '../aws-signature/sign-aws-request.ts'
import { toWireFields, toWireText } from '../aws-signature/suite-request.fixture.ts'
import { SUITE, SUITE_VECTORS, type SuiteVector } from '../aws-signature/test-suite.fixture.ts'
import { FakeClock, type PolicyRun, run, withApps } from '../testing/index.ts'
import { awsSigv4 } from './aws-sigv4.ts'

const { accessKeyId, secretAccessKey, region, service } = SUITE
const toScope = (day: string, of = service as string) => `${day}/${region}/${of}/aws4_request`

function verifierOf({ token, isNormal }: SuiteVector): PolicyRun {
  const credentials = [{ accessKeyId, secretAccessKey, app: 'suite', ...(token && { sessionToken: token }) }]
  const pathForm = isNormal === false ? 'received' : 'normal'
  const options = { region, service, credentials, pathForm, presigned: 'allow' } as const
  return run(awsSigv4, options, { clock: new FakeClock(SUITE.now), credentials: withApps('suite') })
}

/** As the suite's own files of signed requests have it. */
function toSigned(vector: SuiteVector, signature: string) {
  const added: Field[] = [['X-Amz-Date', SUITE.amzDate]]
  if (vector.tellsPayloadHash === true) {
    added.push(['x-amz-content-sha256', '9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e'])
  }
  if (vector.token !== undefined) added.push(['X-Amz-Security-Token', vector.token])
  const fields = [...toWireFields(vector), ...added]
  const names = fields.map(([name]) => name.toLowerCase())
  const signed = [...new Set(names)].filter((name) => name !== 'x-amz-security-token' || vector.addsTokenLater !== true)
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${toScope('20150830')}, SignedHeaders=${signed.toSorted().join(';')}, Signature=${signature}`
  return {
    ...{ method: vector.method, target: toWireText(vector.target), host: 'example.amazonaws.com' },
    headers: [...fields, ['Authorization', authorization] as const],
    ...(vector.body !== undefined && { body: vector.body }),
  }
}

function toPresigned(vector: SuiteVector, signature: string) {
  const headers = toWireFields(vector)
  const signed = [...new Set(headers.map(([name]) => name.toLowerCase()))].toSorted().join(';')
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${toScope('20150830')}`,
    'X-Amz-Date': SUITE.amzDate,
    'X-Amz-SignedHeaders': signed,
    'X-Amz-Expires': `${SUITE.expiresSeconds}`,
    ...(vector.token !== undefined && { 'X-Amz-Security-Token': vector.token }),
    'X-Amz-Signature': signature,
  })
  const target = toWireText(vector.target)
  return {
    ...{ method: vector.method, target: `${target}${target.includes('?') ? '&' : '?'}${query}`, headers },
    host: 'example.amazonaws.com',
    ...(vector.body !== undefined && { body: vector.body }),
  }
}

/** One digit is another. */
const toOther = (signature: string) => signature.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))

describe('the test suite of AWS, verified', () => {
  for (const vector of SUITE_VECTORS) {
    for (const [form, toRequest, signature] of [
      ['in fields', toSigned, vector.signature],
      ['in the query', toPresigned, vector.presignedSignature],
    ] as const) {
      it(`${vector.name}, ${form}`, async () => {
        const right = await verifierOf(vector).with(toRequest(vector, signature))
        assert.deepEqual([right.problem?.reason, right.exchange.caller?.id], [undefined, 'suite'])
        const wrong = await verifierOf(vector).with(toRequest(vector, toOther(signature)))
        assert.equal(wrong.problem?.reason, 'signature-mismatch')
      })
    }
  }
})

const s3 = (options = {}) =>
  run(
    awsSigv4,
    {
      ...{ region: S3_EXAMPLE.region, service: 's3', presigned: 'allow', ...options },
      credentials: [
        { accessKeyId: S3_EXAMPLE.accessKeyId, secretAccessKey: S3_EXAMPLE.secretAccessKey, app: 'examples' },
      ],
    },
    { clock: new FakeClock(S3_EXAMPLE.now), credentials: withApps('examples') },
  )
const toS3Authorization = (fields: readonly Field[], signature: string): Field => [
  'Authorization',
  // Without spaces behind commas, as the reference writes it.
  `AWS4-HMAC-SHA256 Credential=${S3_EXAMPLE.accessKeyId}/${toScope('20130524', 's3')},SignedHeaders=${fields
    .map(([name]) => name.toLowerCase())
    .toSorted()
    .join(';')},Signature=${signature}`,
]

describe('the examples of the S3 documentation, verified', () => {
  for (const { name, method, target, fields, body, signature, expiresSeconds } of S3_EXAMPLES) {
    const presigned = `${target}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${S3_EXAMPLE.accessKeyId}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=${S3_EXAMPLE.amzDate}&X-Amz-Expires=${expiresSeconds}&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`
    it(name, async () => {
      const { problem, exchange } = await s3().with({
        ...{ method, host: fields[0]![1], ...(body !== undefined && { body }) },
        target: expiresSeconds === undefined ? target : presigned,
        headers: expiresSeconds === undefined ? [...fields, toS3Authorization(fields, signature)] : fields,
      })
      assert.deepEqual([problem?.reason, exchange.caller?.id], [undefined, 'examples'])
    })
  }

  for (const { name, fields, signature, chunks, trailer } of S3_CHUNKED_EXAMPLES) {
    const body = chunks
      .map(
        ([octets, of]) =>
          `${octets.toString(16)};chunk-signature=${of}\r\n${octets > 0 ? `${'a'.repeat(octets)}\r\n` : ''}`,
      )
      .join('')
    const request = {
      ...{ method: 'PUT', target: S3_CHUNKED_TARGET, host: 's3.amazonaws.com', body: `${body}${trailer}\r\n` },
      headers: [...fields, toS3Authorization(fields, signature)],
    }
    it(name, async () => {
      const { problem, upstream } = await s3().with(request)
      assert.equal(problem?.reason, undefined)
      const sent = Buffer.from(await upstream[0]!.body.bytes({ limitBytes: 1 << 20 }))
      assert.ok(sent.equals(Buffer.alloc(66_560, 'a')))
    })

    it(`${name}, as it came where it is sent on so`, async () => {
      const { upstream } = await s3({ forward: true }).with(request)
      const sent = Buffer.from(await upstream[0]!.body.bytes({ limitBytes: 1 << 20 }))
      assert.ok(sent.equals(Buffer.from(request.body)))
      assert.equal(upstream[0]!.headers.get('content-encoding'), 'aws-chunked')
    })
  }
})
