import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import type { z } from 'zod'
import { FakeClock, run, type TestRequest } from '../testing/index.ts'
import {
  GITHUB,
  hmac,
  NOW,
  OLD_STRIPE_SECRET,
  SHOP_SECRET,
  SLACK,
  STANDARD,
  STRIPE,
  STRIPE_SECRET,
  toStripe,
} from './deliveries.fixture.ts'
import { webhookSignature } from './webhook-signature.ts'

type Options = z.input<typeof webhookSignature.options>
type Headers = NonNullable<TestRequest['headers']>

/** What becomes of a delivery: the sender's credential, or why it is refused. */
async function send(options: Options, request: TestRequest, atSeconds = NOW): Promise<string | undefined> {
  const subject = run(webhookSignature, options, { clock: new FakeClock(atSeconds * 1000) })
  const { exchange, problem } = await subject.with({ method: 'POST', ...request })
  assert.equal(exchange.caller === undefined || problem === undefined, true)
  return exchange.caller?.credential.id ?? problem?.reason ?? problem?.code
}

const pairs = (headers: Readonly<Record<string, string>>) => Object.entries(headers)

describe('what providers publish as examples', () => {
  it('of GitHub is recognised', async () => {
    assert.equal(await send({ provider: 'github', secrets: [GITHUB.secret] }, GITHUB.request), 'github/1')
  })
  it('of Slack is recognised', async () => {
    assert.equal(await send({ provider: 'slack', secrets: [SLACK.secret] }, SLACK.request, SLACK.atSeconds), 'slack/1')
  })
  it('of Stripe, as its own library signs, is recognised', async () => {
    assert.equal(
      await send({ provider: 'stripe', secrets: [STRIPE.secret] }, STRIPE.request, STRIPE.atSeconds),
      'stripe/1',
    )
  })
  it('of Standard Webhooks is recognised', async () => {
    const options = { provider: 'standard-webhooks', secrets: [STANDARD.secret] } satisfies Options
    assert.equal(await send(options, STANDARD.request, STANDARD.atSeconds), 'standard-webhooks/1')
  })
})

describe('deliveries of GitHub', () => {
  const github = (headers: Headers) =>
    send({ provider: 'github', secrets: [GITHUB.secret] }, { ...GITHUB.request, headers })
  const good = GITHUB.request.headers['X-Hub-Signature-256']

  for (const [what, value, reason] of [
    ['in capitals', good.toUpperCase().replace('SHA256', 'sha256'), 'github/1'],
    ['without its prefix', good.slice(7), 'malformed-signature'],
    ['with a prefix in capitals', good.replace('sha256', 'SHA256'), 'malformed-signature'],
    ['empty', '', 'malformed-signature'],
    ['of nothing', 'sha256=', 'malformed-signature'],
    ['cut off in the middle of an octet', good.slice(0, -1), 'malformed-signature'],
    ['cut off', good.slice(0, -2), 'wrong-signature'],
    ['of one octet', 'sha256=75', 'wrong-signature'],
    ['longer', `${good}00`, 'wrong-signature'],
    ['with something behind it', `${good},sha256=00`, 'malformed-signature'],
    ['huge', `sha256=${'a'.repeat(60_000)}`, 'wrong-signature'],
    ['in no digits', `sha256=${'z'.repeat(64)}`, 'malformed-signature'],
  ] as const) {
    it(`with a signature ${what}: ${reason}`, async () => {
      assert.equal(await github({ 'X-Hub-Signature-256': value }), reason)
    })
  }

  it('by SHA-1 alone are refused: nobody downgrades what is checked', async () => {
    assert.equal(
      await github({ 'X-Hub-Signature': `sha1=${hmac(GITHUB.secret, GITHUB.request.body, { hash: 'sha1' })}` }),
      'weak-algorithm',
    )
    assert.equal(
      await github({ 'X-Hub-Signature-256': `sha1=${hmac(GITHUB.secret, GITHUB.request.body, { hash: 'sha1' })}` }),
      'malformed-signature',
    )
  })

  it('with two signatures are refused, also where one is right', async () => {
    const twice = [...pairs(GITHUB.request.headers), ['x-hub-signature-256', good]] as const
    assert.equal(await github(twice), 'field-twice')
  })
})

describe('deliveries of Stripe', () => {
  const options = { provider: 'stripe' as const, secrets: [STRIPE_SECRET] } satisfies Options
  const v1 = (secret: string = STRIPE_SECRET) => `v1=${hmac(secret, `${NOW}.{}`)}`
  const zeros = `v1=${'0'.repeat(64)}`

  it('are signed over their time and body', async () => assert.equal(await send(options, toStripe('{}')), 'stripe/1'))

  for (const [what, header, result] of [
    [
      'several signatures, of which the last is right',
      `t=${NOW},${zeros},${v1(OLD_STRIPE_SECRET)},${v1()}`,
      'stripe/1',
    ],
    ['several signatures, of which none is', `t=${NOW},${zeros},${v1(OLD_STRIPE_SECRET)}`, 'wrong-signature'],
    [
      'a v0 beside it, which is of tests',
      `t=${NOW},${v1()},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39`,
      'stripe/1',
    ],
    ['a right one that is called v0', `t=${NOW},${v1().replace('v1', 'v0')}`, 'malformed-signature'],
    ['no time', v1(), 'malformed-signature'],
    ['two times', `t=${NOW},t=1,${v1()}`, 'malformed-signature'],
    ['no signature', `t=${NOW}`, 'malformed-signature'],
    ['an empty signature', `t=${NOW},v1=`, 'malformed-signature'],
    ['a signature cut off', `t=${NOW},${v1().slice(0, -2)}`, 'wrong-signature'],
    ['a time with a sign', `t=+${NOW},${v1()}`, 'malformed-timestamp'],
    ['a time with a zero before it', `t=0${NOW},${v1()}`, 'malformed-timestamp'],
    ['a time with an exponent', `t=1e9,${v1()}`, 'malformed-timestamp'],
    ['a time in hexadecimal', `t=0x6955b900,${v1()}`, 'malformed-timestamp'],
    ['no digits for a time', `t=NaN,${v1()}`, 'malformed-timestamp'],
    ['a time of thirty digits', `t=${'9'.repeat(30)},${v1()}`, 'malformed-timestamp'],
    ['more signatures than anybody sends', `t=${NOW},${Array(20).fill(zeros).join()},${v1()}`, 'malformed-signature'],
    ['garbage', ',,==;\xff', 'malformed-signature'],
  ] as const) {
    it(`with ${what}: ${result}`, async () => assert.equal(await send(options, toStripe('{}', { header })), result))
  }

  it('are good by any of the secrets that the gateway has', async () => {
    const both = { ...options, secrets: [STRIPE_SECRET, OLD_STRIPE_SECRET] }
    assert.equal(await send(both, toStripe('{}', { secret: OLD_STRIPE_SECRET })), 'stripe/2')
    assert.equal(await send(options, toStripe('{}', { secret: OLD_STRIPE_SECRET })), 'wrong-signature')
  })
})

describe('deliveries of Slack', () => {
  const slack = (headers: Headers, atSeconds: number = SLACK.atSeconds) =>
    send({ provider: 'slack', secrets: [SLACK.secret] }, { ...SLACK.request, headers }, atSeconds)
  const { headers } = SLACK.request

  it('are refused without a time, with another, and with two', async () => {
    const { 'X-Slack-Request-Timestamp': _, ...timeless } = headers
    assert.equal(await slack(timeless), 'field-missing')
    assert.equal(await slack({ ...headers, 'X-Slack-Request-Timestamp': '1531420619' }), 'wrong-signature')
    for (const name of ['X-Slack-Request-Timestamp', 'X_Slack-Request-Timestamp']) {
      assert.equal(await slack([...pairs(headers), [name, '1531420618']]), 'field-twice')
    }
  })

  it('are refused after five minutes', async () => {
    assert.equal(await slack(headers, SLACK.atSeconds + 299), 'slack/1')
    assert.equal(await slack(headers, SLACK.atSeconds + 300), 'too-old')
  })

  it('are refused in another version', async () => {
    const value = headers['X-Slack-Signature'].replace('v0=', 'v1=')
    assert.equal(await slack({ ...headers, 'X-Slack-Signature': value }), 'malformed-signature')
  })
})

describe('deliveries of Shopify', () => {
  const options = { provider: 'shopify' as const, secrets: [SHOP_SECRET] } satisfies Options
  // By `printf %s '{"id":820982911946154508}' | openssl dgst -sha256 -hmac shpss_0123456789abcdef -binary | base64`.
  const body = '{"id":820982911946154508}'
  const good = 'WgzR7rq62vUNCmcicvvYrYZJZaD2hIzKWpcvIVtnpEg='
  const shopify = (value: string) => send(options, { body, headers: { 'X-Shopify-Hmac-SHA256': value } })

  it('are signed over their body, in base64', async () => assert.equal(await shopify(good), 'shopify/1'))

  it('are refused in another form', async () => {
    const hex = Buffer.from(good, 'base64').toString('hex')
    for (const value of [hex, good.slice(0, -4), good.toLowerCase(), '=', '', ` ${good}=`]) {
      assert.match((await shopify(value)) ?? '', /^(?:malformed|wrong)-signature$/, value)
    }
  })
})

describe('deliveries by Standard Webhooks', () => {
  const { request, secret, atSeconds } = STANDARD
  const standard = (headers: Headers, more: Partial<Options> = {}) =>
    send({ provider: 'standard-webhooks', secrets: [secret], ...more }, { ...request, headers }, atSeconds)
  const signed = (value: string) => ({ ...request.headers, 'webhook-signature': value })
  const good = request.headers['webhook-signature']
  const other = 'v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc='

  for (const [what, value, result] of [
    // `webhook.test.ts` of the specification's own library: “multi sig payload is valid”.
    [
      'several signatures, of which one is right',
      `${other} ${other.replace('v1', 'v2')} ${good} ${other}`,
      'standard-webhooks/1',
    ],
    ['several signatures, of which none is', `${other} ${other}`, 'wrong-signature'],
    ['a right one of another version', good.replace('v1', 'v2'), 'malformed-signature'],
    ['a right one as if it were of Ed25519', good.replace('v1', 'v1a'), 'wrong-signature'],
    ['no version', good.slice(3), 'malformed-signature'],
    ['commas between', `${other},${good}`, 'malformed-signature'],
    ['an empty one', 'v1,', 'malformed-signature'],
    ['more than anybody sends', `${`${other} `.repeat(20)}${good}`, 'malformed-signature'],
  ] as const) {
    it(`with ${what}: ${result}`, async () => assert.equal(await standard(signed(value)), result))
  }

  it('are good by a secret without its prefix', async () => {
    assert.equal(await standard(request.headers, { secrets: [secret.slice('whsec_'.length)] }), 'standard-webhooks/1')
  })

  it('are refused with another id or time, and without', async () => {
    assert.equal(await standard({ ...request.headers, 'webhook-id': 'msg_2' }), 'wrong-signature')
    assert.equal(await standard({ ...request.headers, 'webhook-timestamp': '1614265331' }), 'wrong-signature')
    assert.equal(await standard({ ...request.headers, 'webhook-id': '' }), 'malformed-id')
    for (const name of ['webhook-id', 'webhook-timestamp']) {
      assert.equal(await standard(pairs(request.headers).filter(([other]) => other !== name)), 'field-missing')
    }
  })

  it('have no full stop in their id: where it ends must be clear', async () => {
    // What is signed is id.time.body. Here the id takes in the time, and the time begins the body.
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330'
    const forged = { ...request.headers, 'webhook-id': id, 'webhook-timestamp': '1614265330' }
    assert.equal(await standard(forged), 'malformed-id')
  })

  it('are good by the public key of Ed25519 that the sender publishes', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')
    const content = `msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.${request.body}`
    const value = `v1a,${sign(null, Buffer.from(content), privateKey).toString('base64')}`
    const secrets = [`whpk_${raw}`]
    assert.equal(await standard(signed(`${other} ${value}`), { secrets }), 'standard-webhooks/1')
    assert.equal(await standard(signed(good), { secrets }), 'wrong-signature')
    assert.equal(await standard(signed(value.replace('v1a', 'v1')), { secrets }), 'wrong-signature')
    assert.equal(await standard({ ...signed(value), 'webhook-id': 'msg_2' }, { secrets }), 'wrong-signature')
    // The public key is no secret: an HMAC with it is anybody's.
    const forged = `v1,${hmac(raw, content, { encoding: 'base64' })}`
    assert.equal(await standard(signed(forged), { secrets }), 'wrong-signature')
  })

  it('may have fields with the older name, where that is said', async () => {
    const svix = pairs(request.headers).map(([name, value]) => [name.replace('webhook', 'svix'), value] as const)
    assert.equal(await standard(svix, { headerPrefix: 'svix' }), 'standard-webhooks/1')
    assert.equal(await standard(svix), 'credential-missing')
  })
})

describe('deliveries of others', () => {
  const secret = 'a secret of many bytes'
  const generic = (ways: NonNullable<Options['generic']>, request: TestRequest) =>
    send({ provider: 'generic', secrets: [secret], generic: ways }, { target: '/hook?x=%2f', ...request })

  for (const [what, ways, headers, body] of [
    ['in hexadecimal', { header: 'X-Sig' }, { 'x-sig': hmac(secret, 'abc') }, 'abc'],
    ['of an empty body', { header: 'X-Sig' }, { 'x-sig': hmac(secret, '') }, ''],
    [
      'in base64, behind a prefix',
      { header: 'X-Sig', encoding: 'base64', prefix: 'sig ' },
      { 'X-Sig': `sig ${hmac(secret, 'abc', { encoding: 'base64' })}` },
      'abc',
    ],
    [
      'in base64url',
      { header: 'X-Sig', encoding: 'base64url' },
      { 'X-Sig': hmac(secret, 'abc', { encoding: 'base64url' }) },
      'abc',
    ],
    [
      'by SHA-512',
      { header: 'X-Sig', algorithm: 'sha512' },
      { 'X-Sig': hmac(secret, 'abc', { hash: 'sha512' }) },
      'abc',
    ],
    [
      'by SHA-1, where that is said',
      { header: 'X-Sig', algorithm: 'sha1' },
      { 'X-Sig': hmac(secret, 'abc', { hash: 'sha1' }) },
      'abc',
    ],
    [
      'over method, target, a field and the body',
      { header: 'X-Sig', signed: '{method}\n{target}\n{header.x-id}\n{body}!' },
      { 'X-Sig': hmac(secret, 'POST\n/hook?x=%2f\n7\nabc!'), 'X-Id': '7' },
      'abc',
    ],
    [
      'over a time in milliseconds',
      { header: 'X-Sig', signed: 'v1.{timestamp}.{body}', timestampHeader: 'X-At', timestampUnit: 'milliseconds' },
      { 'X-Sig': hmac(secret, `v1.${NOW * 1000 + 999}.abc`), 'X-At': `${NOW * 1000 + 999}` },
      'abc',
    ],
  ] as const) {
    it(`are signed ${what}`, async () => assert.equal(await generic(ways, { headers, body }), 'generic/1'))
    it(`are refused with another body: signed ${what}`, async () => {
      assert.equal(await generic(ways, { headers, body: `${body}.` }), 'wrong-signature')
    })
  }

  it('take the secret in base64 and in hexadecimal', async () => {
    const bytes = Buffer.from(secret)
    for (const encoding of ['base64', 'hex'] as const) {
      const options: Options = {
        provider: 'generic',
        secrets: [bytes.toString(encoding)],
        generic: { header: 'X-Sig', secretEncoding: encoding },
      }
      assert.equal(await send(options, { headers: { 'X-Sig': hmac(secret, 'abc') }, body: 'abc' }), 'generic/1')
    }
  })

  it('by SHA-1 are refused unless that is said', async () => {
    const headers = { 'X-Sig': hmac(secret, 'abc', { hash: 'sha1' }) }
    assert.equal(await generic({ header: 'X-Sig' }, { headers, body: 'abc' }), 'wrong-signature')
  })

  it('are of the request as it came: another target, method or field is another delivery', async () => {
    const ways = { header: 'X-Sig', signed: '{method} {target} {header.x-id} {body}' }
    const headers = { 'X-Sig': hmac(secret, 'POST /hook?x=%2f 7 abc'), 'X-Id': '7' }
    assert.equal(await generic(ways, { headers, body: 'abc' }), 'generic/1')
    assert.equal(await generic(ways, { headers, body: 'abc', target: '/hook?x=%2F' }), 'wrong-signature')
    assert.equal(await generic(ways, { headers, body: 'abc', method: 'PUT' }), 'wrong-signature')
    assert.equal(await generic(ways, { headers: { ...headers, 'X-Id': '8' }, body: 'abc' }), 'wrong-signature')
    assert.equal(await generic(ways, { headers: { 'X-Sig': headers['X-Sig'] }, body: 'abc' }), 'field-missing')
    for (const name of ['X-Id', 'X_Id']) {
      assert.equal(await generic(ways, { headers: [...pairs(headers), [name, '7']], body: 'abc' }), 'field-twice')
    }
  })

  it('have a time that is near', async () => {
    const ways = { header: 'X-Sig', signed: '{timestamp}.{body}', timestampHeader: 'X-At' } as const
    const at = (seconds: number) => ({
      headers: { 'X-Sig': hmac(secret, `${seconds}.abc`), 'X-At': `${seconds}` },
      body: 'abc',
    })
    assert.equal(await generic(ways, at(NOW)), 'generic/1')
    assert.equal(await generic(ways, at(NOW - 300)), 'too-old')
    assert.equal(await generic(ways, at(NOW * 1000)), 'sent-later')
  })
})
