import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { awsSigv4 } from '../aws-sigv4/aws-sigv4.ts'
import { hmacAuth } from '../hmac-auth/hmac-auth.ts'
import { keyAuth } from '../key-auth/key-auth.ts'
import { MemoryCredentials, run, type TestAnswer, toRequest } from '../testing/index.ts'
import { webhookSignature } from '../webhook-signature/webhook-signature.ts'
import { anyOf } from './any-of.ts'
import { createUncheckedRemoval } from './unchecked-credentials.ts'

const SECRET = 'a shared secret of many bytes'
const credentials = new MemoryCredentials({ s3cret: { app: 'acme' } })
const keys = { policy: 'key-auth' }
const signatures = (options: object = {}) => ({
  policy: 'hmac-auth',
  options: { keys: { partner: { algorithm: 'hmac-sha256', secret: SECRET, app: 'partner' } }, ...options },
})
const webhooks = (options: object) => ({
  policy: 'webhook-signature',
  options: { secrets: [`whsec_${'0123456789abcdef'.repeat(2)}`], ...options },
})
const aws = {
  policy: 'aws-sigv4',
  options: {
    ...{ region: 'eu-central-1', service: 'execute-api' },
    credentials: [
      { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', app: 'a' },
    ],
  },
}

const choosing = (policies: readonly object[], options: object = {}) =>
  run(
    anyOf,
    { policies: policies as [], ...options },
    { credentials, policies: [keyAuth, hmacAuth, webhookSignature, awsSigv4, anyOf] },
  )

const toSeen = ({ status, upstream }: TestAnswer) => {
  assert.equal(status, 200)
  return [upstream[0]?.search, ...(upstream[0]?.headers ?? [])]
}

const FORGED = 'sig1=("@method");created=1;keyid="partner"'

describe('a signature that nobody checked, beside a key that was', () => {
  const bring = async (others: object, headers: Readonly<Record<string, string>>, target = '/') => {
    const request = { target, headers: { 'X-Api-Key': 's3cret', ...headers } }
    const seen = toSeen(await choosing([keys, others]).with(request))
    const inner = { policy: 'any-of', options: { policies: [others] } }
    assert.deepEqual(toSeen(await choosing([keys, inner]).with(request)), seen)
    return seen
  }

  it('is taken out where it is one of RFC 9421', async () => {
    assert.deepEqual(
      await bring(signatures(), { 'Signature-Input': FORGED, Accept: '*/*', signature: 'sig1=:AAAA:' }),
      ['', ['Accept', '*/*']],
    )
  })

  it('is taken out in spellings that CGI cannot tell from it, also alone', async () => {
    assert.deepEqual(await bring(signatures(), { Signature_Input: FORGED }), [''])
  })

  it('is taken out where it is one of the draft before', async () => {
    assert.deepEqual(await bring(signatures(), { Authorization: 'Signature keyId="partner",signature="AAAA"' }), [''])
    assert.deepEqual(await bring(signatures(), { Authorization: 'Digest a' }), ['', ['Authorization', 'Digest a']])
  })

  it('stays where its tag says that it is for somebody else', async () => {
    const input = `${FORGED};tag="pay", other=("@method");created=1;keyid="partner";tag="bot"`
    const seen = await bring(signatures({ tag: 'pay' }), {
      'Signature-Input': input,
      Signature: 'sig1=:AAAA:, other=:BBBB:',
    })
    assert.deepEqual(seen, [
      '',
      ['Signature-Input', 'other=("@method");created=1;keyid="partner";tag="bot"'],
      ['Signature', 'other=:BBBB:'],
    ])
    assert.deepEqual(await bring(signatures({ tag: 'pay' }), { Accept: '*/*' }), ['', ['Accept', '*/*']])
  })

  it('is taken out as a whole where nobody can read for whom it is', async () => {
    for (const input of [`${FORGED};tag="pay`, `${FORGED};tag="pay", sig1=()`, '(((', '']) {
      const seen = await bring(signatures({ tag: 'pay' }), { 'Signature-Input': input, Signature: 'sig1=:AAAA:' })
      assert.deepEqual(seen, [''], input)
    }
  })

  for (const [words, options, headers] of [
    ['GitHub', { provider: 'github' }, { 'X-Hub-Signature-256': 'sha256=00', 'X-Hub-Signature': 'sha1=00' }],
    ['Stripe', { provider: 'stripe' }, { 'Stripe-Signature': 't=1,v1=00' }],
    ['Slack', { provider: 'slack' }, { 'X-Slack-Signature': 'v0=00' }],
    ['Shopify', { provider: 'shopify' }, { 'X-Shopify-Hmac-Sha256': 'AAAA' }],
    ['Standard Webhooks', { provider: 'standard-webhooks' }, { 'webhook-signature': 'v1,AAAA' }],
    ['Svix', { provider: 'standard-webhooks', headerPrefix: 'svix' }, { 'svix-signature': 'v1,AAAA' }],
    ['somebody else', { provider: 'generic', generic: { header: 'X-Signed' } }, { 'X-Signed': '00', X_Signed: '00' }],
  ] as const) {
    it(`is taken out where it is one of a webhook of ${words}`, async () => {
      assert.deepEqual(await bring(webhooks(options), { ...headers, Accept: '*/*' }), ['', ['Accept', '*/*']])
    })
  }

  it('is taken out where it is one of AWS, with the name and the session that it claims', async () => {
    const headers = {
      Authorization: 'AWS4-HMAC-SHA256 Credential=forged',
      'X-Amz-Security-Token': 'forged',
      'X-Amz-Date': '20260101T000000Z',
    }
    assert.deepEqual(await bring(aws, headers), ['', ['X-Amz-Date', '20260101T000000Z']])
    const target =
      '/?a=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=forged&X-Amz-Security-Token=a&X-Amz-Signature=00'
    assert.deepEqual(await bring(aws, {}, target), ['?a=1'])
  })
})

describe('a credential that nobody checked', () => {
  it('is taken out in spellings that CGI cannot tell from it, also where everybody may pass', async () => {
    const subject = choosing([keys, signatures()], { anonymous: true })
    assert.deepEqual(toSeen(await subject.with({ headers: { X_Api_Key: 's3cret', Accept: '*/*' } })), [
      '',
      ['Accept', '*/*'],
    ])
  })

  it('stays where the one that decided looked at it too', () => {
    const request = toRequest({ headers: { 'Signature-Input': FORGED, Signature: 'sig1=:AAAA:' } })
    const places = hmacAuth.credentialPlaces?.(hmacAuth.options.parse(signatures({ tag: 'a' }).options)) ?? []
    createUncheckedRemoval(places, places)(request)
    assert.equal(request.headers.size, 2)
  })
})
