/** Owns the proof that secrets are compared in constant time: by what is called and how often, and not by a clock. */
import assert from 'node:assert/strict'
import crypto, { createHmac } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, before, beforeEach, describe, it, mock } from 'node:test'
import { Secret } from '@gatewright/model/runtime'
import { guarded as guardedByAws, signed as signedForAws } from './aws-sigv4/signed-call.fixture.ts'
import { basicAuth } from './basic-auth/basic-auth.ts'
import { AntiForgeryTokens } from './csrf/anti-forgery-token.ts'
import { csrf } from './csrf/csrf.ts'
import { guarded as guardedBySignature, signed } from './hmac-auth/signed-requests.fixture.ts'
import { jwt } from './jwt/jwt.ts'
import { CookieSeal } from './oidc-login/cookie-seal.ts'
import { createLoginAttempt, openLoginAttempt } from './oidc-login/login-attempt.ts'
import { loadArgon2, loadBcrypt } from './passwords/password-library.ts'
import { FakeClock, MemoryCredentials, run, signWithSecret, type TestRequest } from './testing/index.ts'
import { GITHUB, SLACK, STANDARD } from './webhook-signature/deliveries.fixture.ts'
import { webhookSignature } from './webhook-signature/webhook-signature.ts'

/** What costs time that a secret has a part in. They run as they are. */
const COUNTED = ['timingSafeEqual', 'createHmac', 'hash', 'createHash'] as const
type Counts = Readonly<Record<(typeof COUNTED)[number], number>>

let calls: Readonly<Record<(typeof COUNTED)[number], { readonly mock: { callCount(): number } }>>
/** Both sides of each comparison. */
const listCompared = () =>
  (crypto.timingSafeEqual as unknown as { mock: { calls: { arguments: [Uint8Array, Uint8Array] }[] } }).mock.calls.map(
    ({ arguments: sides }) => sides.map((side) => Buffer.from(side).toString('base64')),
  )

beforeEach(() => {
  const entries = COUNTED.map((name) => [name, mock.method(crypto, name)] as const)
  calls = Object.fromEntries(entries) as unknown as typeof calls
  // What imports them by name sees it too.
  syncBuiltinESMExports()
})
afterEach(() => {
  mock.restoreAll()
  syncBuiltinESMExports()
})

async function countDuring(act: () => unknown): Promise<Counts> {
  const count = () => COUNTED.map((name) => calls[name].mock.callCount())
  const before = count()
  await act()
  const after = count()
  return Object.fromEntries(COUNTED.map((name, at) => [name, (after[at] ?? 0) - (before[at] ?? 0)])) as Counts
}

/** The same, but for its first octet, its last one, and all of them. */
function toWrong(octets: Buffer): Buffer[] {
  const flip = (...at: readonly number[]) => {
    const other = Buffer.from(octets)
    for (const each of at) other.writeUInt8((other.at(each) ?? 0) ^ 0xff, each)
    return other
  }
  return [flip(0), flip(octets.length - 1), flip(...octets.keys())]
}

interface Row {
  readonly subject: ReturnType<typeof run>
  readonly right: Buffer
  bring(octets: Buffer): TestRequest
  /** How often the secret is compared. */
  readonly times?: number
}

const SECRET = '0123456789abcdef0123456789abcdef'
const CLOCK = new FakeClock()
const CLAIMS = { iss: 'i', aud: 'a', sub: 'ann', exp: CLOCK.now() / 1000 + 60 }

const last = (text: string, separator: string) => text.slice(text.lastIndexOf(separator) + 1)

const ROWS: Readonly<Record<string, () => Row>> = {
  'a signature of hmac-auth': () => {
    const request = signed()
    const fields = request.headers as readonly (readonly [string, string])[]
    const [, text = ''] = fields.find(([name]) => name === 'Signature') ?? []
    return {
      subject: guardedBySignature(),
      right: Buffer.from(text.slice('sig1=:'.length, -1), 'base64'),
      bring: (octets) => ({
        ...request,
        headers: fields.map(([name, value]) => [
          name,
          name === 'Signature' ? `sig1=:${octets.toString('base64')}:` : value,
        ]),
      }),
    }
  },
  'a signature of GitHub, with two secrets': () => ({
    subject: run(webhookSignature, { provider: 'github', secrets: [SECRET, GITHUB.secret] }),
    right: Buffer.from(last(GITHUB.request.headers['X-Hub-Signature-256'], '='), 'hex'),
    bring: (octets) => ({
      ...GITHUB.request,
      headers: { 'X-Hub-Signature-256': `sha256=${octets.toString('hex')}` },
    }),
    times: 2,
  }),
  'a signature of Slack': () => ({
    subject: run(
      webhookSignature,
      { provider: 'slack', secrets: [SLACK.secret] },
      { clock: new FakeClock(SLACK.atSeconds * 1000) },
    ),
    right: Buffer.from(last(SLACK.request.headers['X-Slack-Signature'], '='), 'hex'),
    bring: (octets) => ({
      ...SLACK.request,
      headers: { ...SLACK.request.headers, 'X-Slack-Signature': `v0=${octets.toString('hex')}` },
    }),
  }),
  'a signature of Standard Webhooks': () => ({
    subject: run(
      webhookSignature,
      { provider: 'standard-webhooks', secrets: [STANDARD.secret] },
      { clock: new FakeClock(STANDARD.atSeconds * 1000) },
    ),
    right: Buffer.from(last(STANDARD.request.headers['webhook-signature'], ','), 'base64'),
    bring: (octets) => ({
      ...STANDARD.request,
      headers: { ...STANDARD.request.headers, 'webhook-signature': `v1,${octets.toString('base64')}` },
    }),
  }),
  'a signature of a token by a secret': () => {
    const token = signWithSecret(SECRET, CLAIMS, { kid: 'a' })
    return {
      subject: run(jwt, {
        issuers: [{ issuer: 'i', audiences: ['a'], keys: [{ kid: 'a', algorithm: 'HS256', secret: SECRET }] }],
      }),
      right: Buffer.from(last(token, '.'), 'base64url'),
      bring: (octets) => ({
        headers: {
          Authorization: `Bearer ${token.slice(0, token.lastIndexOf('.'))}.${octets.toString('base64url')}`,
        },
      }),
    }
  },
  'a signature of AWS': () => {
    const request = signedForAws()
    const [, text = ''] = request.headers.find(([name]) => name === 'Authorization') ?? []
    return {
      subject: guardedByAws(),
      // It is compared as it is written.
      right: Buffer.from(last(text, '='), 'hex'),
      bring: (octets) => ({
        ...request,
        headers: request.headers.map(([name, value]) =>
          name === 'Authorization' ? [name, value.replace(/[^=]*$/, octets.toString('hex'))] : [name, value],
        ),
      }),
    }
  },
  'a token against forgery': () => {
    const [nonce = '', signature = ''] = new AntiForgeryTokens(new Secret(SECRET)).create('session').split('.')
    return {
      subject: run(csrf, { token: { secret: SECRET, session: 'sid' } }),
      right: Buffer.from(signature, 'base64url'),
      bring: (octets) => {
        const token = `${nonce}.${octets.toString('base64url')}`
        const headers = {
          Origin: 'https://api.example.com',
          'X-CSRF-Token': token,
          Cookie: `sid=session; __Host-csrf-token=${token}`,
        }
        return { method: 'POST', scheme: 'https', headers }
      },
      times: 2,
    }
  },
}

describe('a secret', () => {
  for (const [words, prepare] of Object.entries(ROWS)) {
    it(`is compared whole, wherever it differs: ${words}`, async () => {
      const { subject, right, bring, times = 1 } = prepare()
      const judge = async (octets: Buffer, status: (status: number) => boolean) => {
        const request = bring(octets)
        return await countDuring(async () => assert.ok(status((await subject.with(request)).status)))
      }
      const wrong: Counts[] = []
      // What is made of a secret once a day is made before it is counted.
      await subject.with(bring(Buffer.alloc(right.length)))
      for (const octets of toWrong(right)) {
        wrong.push(await judge(octets, (status) => status === 401 || status === 403))
        const both = [octets, right]
        // In octets, or in the digits that they are written with.
        const isCompared = listCompared().some((sides) =>
          [(each: Buffer) => each, (each: Buffer) => Buffer.from(each.toString('hex'))].some((write) =>
            both.every((each) => sides.includes(write(each).toString('base64'))),
          ),
        )
        assert.ok(isCompared, 'the right one with the one that came')
      }
      assert.equal(wrong[0]?.timingSafeEqual, times)
      for (const counts of wrong) assert.deepEqual(counts, wrong[0])
      const counts = await judge(right, (status) => status === 200)
      assert.equal(counts.timingSafeEqual, times)
    })
  }

  it('is asked for as often of a name that nobody has: a signature of AWS', async () => {
    const subject = guardedByAws()
    const count = (accessKeyId: string) => {
      const request = signedForAws({ accessKeyId, secret: 'another secret' })
      return countDuring(async () => assert.equal((await subject.with(request)).status, 401))
    }
    const known = await count('AKIDACME')
    assert.deepEqual(await count('AKIDNOBODY'), known)
    assert.equal(known.timingSafeEqual, 1)
  })

  it('is compared whole where a browser brings back a login', async () => {
    const seal = new CookieSeal([new Secret(SECRET)], ['test'])
    const nowMs = CLOCK.now()
    const attempt = createLoginAttempt({ redirectUri: 'https://a/back', returnTo: '/' }, nowMs, 60)
    const sealed = await seal.seal(attempt)
    const wrong = [`x${attempt.state.slice(1)}`, `${attempt.state.slice(0, -1)}!`, 'x'.repeat(attempt.state.length), '']
    const counts: Counts[] = []
    for (const state of wrong) {
      counts.push(
        await countDuring(async () => assert.equal(await openLoginAttempt(seal, sealed, { state, nowMs }), undefined)),
      )
    }
    assert.equal(counts[0]?.timingSafeEqual, 1)
    for (const each of counts) assert.deepEqual(each, counts[0])
    assert.notEqual(await openLoginAttempt(seal, sealed, { state: attempt.state, nowMs }), undefined)
  })

  it('of hmac-auth is no text that a shorter one begins', async () => {
    const { subject, right, bring } = (ROWS['a signature of hmac-auth'] ?? assert.fail)()
    for (const octets of [right.subarray(0, 16), Buffer.concat([right, right]), Buffer.alloc(0)])
      assert.equal((await subject.with(bring(octets))).status, 401)
    assert.ok(createHmac('sha256', 'a').update('b').digest().length === right.length)
  })
})

describe('a password', () => {
  const hashes = { argon2: '', bcrypt: '' }
  before(async () => {
    hashes.argon2 = await loadArgon2().hash('open sesame', { memoryCost: 8, timeCost: 1 })
    hashes.bcrypt = await loadBcrypt().hash('open sesame', 4)
  })

  for (const kind of ['argon2', 'bcrypt'] as const) {
    it(`costs the same slow hashes whoever is named, and wherever it differs: ${kind}`, async () => {
      const slow = [mock.method(loadArgon2(), 'verify'), mock.method(loadBcrypt(), 'verify')]
      const users = new MemoryCredentials()
      users.setUser('ann', { app: 'shop', passwordHash: hashes[kind] })
      users.setUser('off', { app: 'shop', passwordHash: hashes[kind], isRefusedAs: 'disabled' })
      users.setUser('old', { app: 'shop', passwordHash: hashes[kind], isRefusedAs: 'expired' })
      const subject = run(basicAuth, { attempts: { perAddress: 0, perName: 0 } }, { credentials: users })
      for (const pair of [
        'ann:0pen sesame',
        'ann:open sesamE',
        'ann:x',
        `ann:${'x'.repeat(200)}`,
        'nobody:open sesame',
        'nobody:x',
        'Ann:open sesame',
        'off:open sesame',
        'off:x',
        'old:open sesame',
        '__proto__:x',
      ]) {
        const counts = slow.map((verify) => verify.mock.callCount())
        const request = { headers: { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
        const { status, problem } = await subject.with(request)
        assert.deepEqual([status, problem?.code], [401, 'credential-invalid'], pair)
        const made = slow.map((verify, at) => verify.mock.callCount() - (counts[at] ?? 0))
        assert.deepEqual(made, kind === 'argon2' ? [1, 0] : [0, 1], pair)
      }
    })
  }
})
