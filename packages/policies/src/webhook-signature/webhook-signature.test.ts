import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Body, BodySink } from '../messages/body.ts'
import { BytesBody, StreamBody } from '../messages/body.ts'
import { GatewayResponse } from '../messages/response.ts'
import {
  FakeClock,
  MemoryCredentials,
  MemoryReplays,
  type PolicyRun,
  run,
  runAll,
  type TestAnswer,
} from '../testing/index.ts'
import { GITHUB, NOW, OLD_STRIPE_SECRET, STRIPE_SECRET, toStripe } from './deliveries.fixture.ts'
import { webhookSignature } from './webhook-signature.ts'

type Options = Parameters<typeof run<typeof webhookSignature.options>>[1]
type Setup = Parameters<typeof run>[2]

const of = (options: Options, setup: Setup = {}): PolicyRun => run(webhookSignature, options, setup)
const github = (more: Partial<Options> = {}, setup: Setup = {}) =>
  of({ provider: 'github', secrets: [GITHUB.secret], ...more }, setup)
const stripe = (more: Partial<Options> = {}, setup: Setup = {}) =>
  of({ provider: 'stripe', secrets: [STRIPE_SECRET], ...more }, setup)

function assertRefused({ status, problem, headers, upstream }: TestAnswer, reason: string): void {
  assert.deepEqual([status, problem?.code, problem?.reason], [401, 'credential-invalid', reason], problem?.detail ?? '')
  assert.ok(headers.has('www-authenticate'))
  assert.equal(upstream.length, 0)
}

describe('webhook-signature', () => {
  it('recognises the sender, and says by which secret', async () => {
    const { status, exchange } = await github({ secrets: ['the secret that is next', GITHUB.secret] }).with(
      GITHUB.request,
    )
    assert.equal(status, 200)
    const { id, app, credential } = exchange.caller ?? assert.fail('nobody was recognised')
    assert.deepEqual([id, app, credential], ['github', 'github', { kind: 'webhook', id: 'github/2' }])
  })

  it('recognises the app and the plan that the options name, or the plan of that app', async () => {
    const credentials = new MemoryCredentials()
    credentials.setApp('ci', { plan: 'silver' })
    const ofApp = await github({ app: 'ci' }, { credentials }).with(GITHUB.request)
    assert.deepEqual([ofApp.exchange.caller?.app, ofApp.exchange.caller?.plan], ['ci', 'silver'])
    const own = await github({ app: 'ci', plan: 'gold' }, { credentials }).with(GITHUB.request)
    assert.equal(own.exchange.caller?.plan, 'gold')
    assertRefused(await github({ app: 'CI' }, { credentials }).with(GITHUB.request), 'unknown-app')
    credentials.setApp('ci', { isEnabled: false })
    assertRefused(await github({ app: 'ci' }, { credentials }).with(GITHUB.request), 'disabled-app')
  })

  it('refuses a request without a signature: 401, and where one goes (RFC 9110 §11.6.1)', async () => {
    const { status, problem, headers, upstream } = await github().with({ method: 'POST', body: 'x' })
    assert.deepEqual([status, problem?.code, upstream.length], [401, 'credential-missing', 0])
    assert.equal(headers.get('www-authenticate'), 'Webhook header="X-Hub-Signature-256"')
  })

  it('lets requests without one pass where that is allowed, but not those with a bad one', async () => {
    const subject = github({ anonymous: true })
    const nobody = await subject.with({ method: 'POST', body: 'x' })
    assert.deepEqual([nobody.status, nobody.exchange.caller], [200, undefined])
    assertRefused(await subject.with({ ...GITHUB.request, body: 'x' }), 'wrong-signature')
  })

  it('takes the signature out of the request, unless it is to be sent on, and leaves the rest', async () => {
    const headers = { ...GITHUB.request.headers, 'X-Hub-Signature': 'sha1=00', 'X-GitHub-Event': 'push' }
    const without = await github().with({ ...GITHUB.request, headers })
    assert.deepEqual([...(without.upstream[0]?.headers ?? [])], [['X-GitHub-Event', 'push']])
    const forwarded = await github({ forward: true }).with({ ...GITHUB.request, headers })
    assert.deepEqual([...(forwarded.upstream[0]?.headers ?? [])], Object.entries(headers))
  })

  it('tells the upstream who sent it, whatever the request said', async () => {
    const headers = { ...GITHUB.request.headers, 'X-App-Id': 'root' }
    const { upstream } = await github({ toUpstream: { app: 'X-App-Id' } }).with({ ...GITHUB.request, headers })
    assert.equal(upstream[0]?.headers.get('x-app-id'), 'github')
    const parsed = webhookSignature.options.parse({
      provider: 'github',
      secrets: ['a secret of many bytes'],
      toUpstream: { app: 'X-App-Id' },
    })
    assert.deepEqual(webhookSignature.identityFields?.(parsed), ['X-App-Id'])
  })

  it('answers without a promise where the body is at hand', () => {
    const subject = github()
    assert.ok(subject.start(subject.open(GITHUB.request)).isSync)
  })

  it('slows those who send wrong ones', async () => {
    const subject = github({ attempts: { perAddress: 2 } })
    for (let at = 0; at < 2; at++) {
      assertRefused(
        await subject.with({ ...GITHUB.request, body: `${at}` }, { address: '192.0.2.7' }),
        'wrong-signature',
      )
    }
    const slowed = await subject.with(GITHUB.request, { address: '192.0.2.7' })
    assert.equal(slowed.problem?.code, 'too-many-attempts')
    assert.equal((await subject.with(GITHUB.request, { address: '192.0.2.8' })).status, 200)
  })

  it('shows nothing of the secret in problems and logs', async () => {
    const subject = github()
    const { problem } = await subject.with({ ...GITHUB.request, body: 'x' })
    assert.ok(!`${JSON.stringify(problem)}${JSON.stringify(subject.log.entries)}`.includes(GITHUB.secret))
  })
})

describe('the body of a webhook', () => {
  const octets = Buffer.from([...Array(256).keys()])

  /** A body in pieces, that comes when the test likes. */
  function slowBody(sizeBytes: number | undefined) {
    let sink: BodySink | undefined
    let isStarted = false
    const body: Body = new StreamBody({
      sizeBytes,
      start(to) {
        isStarted = true
        sink = to
        return { resume() {}, cancel() {} }
      },
      discard() {},
    })
    return {
      body,
      wasRead: () => isStarted,
      arrive(...chunks: (string | Buffer)[]) {
        for (const chunk of chunks) sink?.write(Buffer.from(chunk))
        sink?.end()
      },
    }
  }

  it('reaches the upstream octet for octet, in pieces or at once', async () => {
    const signature = `sha256=${createHmac('sha256', GITHUB.secret).update(octets).digest('hex')}`
    const request = { method: 'POST', headers: { 'X-Hub-Signature-256': signature } }
    const subject = github()
    const slow = slowBody(undefined)
    const { answer } = subject.start(subject.open({ ...request, body: slow.body }))
    slow.arrive(octets.subarray(0, 100), octets.subarray(100))
    for (const { status, upstream } of [
      await answer,
      await subject.with({ ...request, body: new BytesBody(octets) }),
    ]) {
      assert.equal(status, 200)
      assert.deepEqual(Buffer.from((await upstream[0]?.body.bytes({ limitBytes: 256 })) ?? []), octets)
    }
  })

  it('is refused beyond its limit', async () => {
    const { length } = GITHUB.request.body
    assert.equal((await github({ bodyLimitBytes: length }).with(GITHUB.request)).status, 200)
    const { problem, upstream } = await github({ bodyLimitBytes: length - 1 }).with(GITHUB.request)
    assert.deepEqual([problem?.code, upstream.length], ['body-too-large', 0])
  })

  it('is refused where it is another: changed, cut off, longer, empty, or in another form', async () => {
    for (const body of ['Hello, World?', 'Hello, World', 'Hello, World!\n', '', 'hello, world!', 'Hello%2C World!']) {
      assertRefused(await github().with({ ...GITHUB.request, body }), 'wrong-signature')
    }
  })

  it('is not read for a delivery whose time is over', async () => {
    const slow = slowBody(2)
    const subject = stripe()
    const { answer } = subject.start(subject.open({ ...toStripe('{}', { at: NOW - 300 }), body: slow.body }))
    assert.equal(slow.wasRead(), false)
    assertRefused(await answer, 'too-old')
  })

  it('cannot be held back until the delivery is forgotten', async () => {
    const subject = stripe({ toleranceSeconds: 60 })
    const request = () => toStripe('{}', { at: NOW + 60 })
    assert.equal((await subject.with(request())).status, 200)
    await subject.clock.advance(119_000)
    const slow = slowBody(2)
    const { answer } = subject.start(subject.open({ ...request(), body: slow.body }))
    await subject.clock.advance(10_000)
    slow.arrive('{}')
    assertRefused(await answer, 'too-old')
  })
})

describe('a delivery with a time', () => {
  it('is good within the tolerance, and not outside', async () => {
    for (const at of [NOW - 299, NOW, NOW + 300])
      assert.equal((await stripe().with(toStripe('{}', { at }))).status, 200)
    assertRefused(await stripe().with(toStripe('{}', { at: NOW - 300 })), 'too-old')
    assertRefused(await stripe().with(toStripe('{}', { at: NOW + 301 })), 'sent-later')
    assert.equal((await stripe({ toleranceSeconds: 600 }).with(toStripe('{}', { at: NOW - 599 }))).status, 200)
  })

  it('is good once', async () => {
    const subject = stripe()
    assert.equal((await subject.with(toStripe('{}'))).status, 200)
    assertRefused(await subject.with(toStripe('{}')), 'replayed')
    assert.equal((await subject.with(toStripe('{}', { at: NOW + 1 }))).status, 200)
    assert.equal((await subject.with(toStripe('{ }'))).status, 200)
  })

  it('is remembered for as long as it could come', async () => {
    const subject = stripe({ toleranceSeconds: 60 })
    const early = () => toStripe('{}', { at: NOW + 60 })
    assert.equal((await subject.with(early())).status, 200)
    await subject.clock.advance(119_000)
    assertRefused(await subject.with(early()), 'replayed')
    await subject.clock.advance(1000)
    assertRefused(await subject.with(early()), 'too-old')
  })

  it('is good once on all threads that share what came', async () => {
    const clock = new FakeClock()
    const replays = new MemoryReplays(clock)
    assert.equal((await stripe({}, { clock, replays }).with(toStripe('{}'))).status, 200)
    assertRefused(await stripe({}, { clock, replays }).with(toStripe('{}')), 'replayed')
  })

  it('is good once, whichever of two secrets its signature is by', async () => {
    const subject = stripe({ secrets: [STRIPE_SECRET, OLD_STRIPE_SECRET] })
    assert.equal((await subject.with(toStripe('{}'))).status, 200)
    assertRefused(await subject.with(toStripe('{}', { secret: OLD_STRIPE_SECRET })), 'replayed')
  })

  it('is good once where it passes two uses, and not again in another request', async () => {
    const secrets = [STRIPE_SECRET]
    const uses = [
      { policy: webhookSignature, options: { provider: 'stripe', secrets, forward: true } },
      { policy: webhookSignature, options: { provider: 'stripe', secrets } },
    ]
    const subject = runAll(uses)
    assert.equal((await subject.with(toStripe('{}'))).status, 200)
    assertRefused(await subject.with(toStripe('{}')), 'replayed')
  })

  it('stays used while its secret is changed for another, and wherever the use of its secret stands', async () => {
    const clock = new FakeClock()
    const replays = new MemoryReplays(clock)
    const old = () => toStripe('{}', { secret: OLD_STRIPE_SECRET })
    const taking = (...secrets: string[]) => stripe({ secrets }, { clock, replays })
    assert.equal((await taking(OLD_STRIPE_SECRET).with(old())).status, 200)
    assertRefused(await taking(STRIPE_SECRET, OLD_STRIPE_SECRET).with(old()), 'replayed')
    const [first, second] = [toStripe('{ }'), toStripe('{ }', { secret: OLD_STRIPE_SECRET })]
    assert.equal((await taking(STRIPE_SECRET, OLD_STRIPE_SECRET).with(first)).status, 200)
    assertRefused(await taking(OLD_STRIPE_SECRET).with(second), 'replayed')
    const options = { provider: 'stripe', secrets: [STRIPE_SECRET] }
    const moved = runAll([{ policy: webhookSignature, options, id: 'moved' }], { clock, replays })
    assertRefused(await moved.with(first), 'replayed')
  })

  it('of another sender is another, though it says the same', async () => {
    const clock = new FakeClock()
    const replays = new MemoryReplays(clock)
    assert.equal((await stripe({}, { clock, replays }).with(toStripe('{}'))).status, 200)
    const other = stripe({ secrets: [OLD_STRIPE_SECRET] }, { clock, replays })
    assert.equal((await other.with(toStripe('{}', { secret: OLD_STRIPE_SECRET }))).status, 200)
  })

  it('may come again as often as it likes where that is allowed', async () => {
    const subject = stripe({ replay: 'allowed' })
    for (let at = 0; at < 2; at++) assert.equal((await subject.with(toStripe('{}'))).status, 200)
  })

  it('may come again where it was not carried out, and nowhere else', async () => {
    for (const [outcome, status] of [
      [{ status: 502, ended: 'answered' }, 200],
      [{ status: 200, ended: 'upstream-broke' }, 401],
      [{ status: 499, ended: 'client-left' }, 401],
      [{ status: 204, ended: 'answered' }, 401],
      [{ status: 404, ended: 'answered' }, 401],
    ] as const) {
      const subject = stripe({}, { upstream: () => GatewayResponse.ofText(outcome.status, '') })
      const { exchange, response } = await subject.with(toStripe('{}'))
      exchange.finish({ ...outcome, problem: response.problem, durationMs: 1 }, (error) => assert.fail(String(error)))
      const again = await stripe({}, { replays: subject.replays, clock: subject.clock }).with(toStripe('{}'))
      assert.equal(again.status, status, JSON.stringify(outcome))
    }
  })

  it('is not spent by one that is not signed well', async () => {
    const subject = stripe()
    assertRefused(await subject.with(toStripe('{}', { secret: 'some other secret' })), 'wrong-signature')
    assert.equal((await subject.with(toStripe('{}'))).status, 200)
  })

  it('can be kept elsewhere, where the answer comes later', async () => {
    const clock = new FakeClock()
    const near = new MemoryReplays(clock)
    const far = {
      list: (id: string) => ({
        ...near.list(id),
        use: async (key: string, untilMs: number) => near.list(id).use(key, untilMs),
      }),
    }
    const subject = stripe({}, { clock, replays: far })
    assert.equal((await subject.with(toStripe('{}'))).status, 200)
    assertRefused(await subject.with(toStripe('{}')), 'replayed')
  })

  it('is refused with its time changed, and the signature left', async () => {
    const { headers } = toStripe('{}')
    const header = Object.values(headers ?? {})[0]?.replace(`t=${NOW}`, `t=${NOW + 1}`) ?? ''
    assertRefused(await stripe().with(toStripe('{}', { header })), 'wrong-signature')
  })
})

describe('a delivery without a time', () => {
  it('may come again: nothing tells it from the first', async () => {
    const subject = github()
    for (let at = 0; at < 2; at++) assert.equal((await subject.with(GITHUB.request)).status, 200)
  })
})

describe('the options of webhook-signature', () => {
  const generic = { header: 'X-Signature' }
  for (const [what, options, path] of [
    ['no secret', { provider: 'github', secrets: [] }, ['secrets']],
    ['nine secrets', { provider: 'github', secrets: Array(9).fill('x') }, ['secrets']],
    ['an unknown provider', { provider: 'constructor', secrets: ['x'] }, ['provider']],
    ['a generic sender without its ways', { provider: 'generic', secrets: ['x'] }, ['generic']],
    ['ways of its own for a known one', { provider: 'github', secrets: ['x'], generic }, ['generic']],
    [
      'the field of the signature for the upstream',
      { provider: 'stripe', secrets: ['x'], toUpstream: { app: 'stripe-signature' } },
      ['toUpstream'],
    ],
    [
      'the field of a generic signature for the upstream',
      { provider: 'generic', secrets: ['x'], generic, toUpstream: { id: 'x-signature' } },
      ['toUpstream'],
    ],
    [
      'a template without a body',
      { provider: 'generic', secrets: ['x'], generic: { ...generic, signed: 'hello' } },
      ['generic', 'signed'],
    ],
    [
      'a template with two',
      { provider: 'generic', secrets: ['x'], generic: { ...generic, signed: '{body}{body}' } },
      ['generic', 'signed'],
    ],
    [
      'a template with what there is not',
      { provider: 'generic', secrets: ['x'], generic: { ...generic, signed: '{body}{secret}' } },
      ['generic', 'signed'],
    ],
    [
      'a template with an open brace',
      { provider: 'generic', secrets: ['x'], generic: { ...generic, signed: '{body}{' } },
      ['generic', 'signed'],
    ],
    [
      'a time that is not signed',
      { provider: 'generic', secrets: ['x'], generic: { ...generic, timestampHeader: 'X-At' } },
      ['generic', 'signed'],
    ],
    [
      'a time that stands nowhere',
      { provider: 'generic', secrets: ['x'], generic: { ...generic, signed: '{timestamp}{body}' } },
      ['generic', 'signed'],
    ],
    [
      'a field that is none',
      { provider: 'generic', secrets: ['x'], generic: { header: 'X Y' } },
      ['generic', 'header'],
    ],
  ] as const) {
    it(`refuse ${what}`, () => {
      assert.deepEqual(webhookSignature.options.safeParse(options).error?.issues[0]?.path, path)
    })
  }

  for (const [what, options, message] of [
    ['is too short', { provider: 'github', secrets: [GITHUB.secret, 'hunter2'] }, /^secrets\.1 .* 7 bytes/],
    [
      'is no base64',
      { provider: 'standard-webhooks', secrets: ['whsec_not base64 at all!'] },
      /^secrets\.0 .*not base64/,
    ],
    ['is nothing but its prefix', { provider: 'standard-webhooks', secrets: ['whsec_'] }, /0 bytes/],
    ['is the private key of the sender', { provider: 'standard-webhooks', secrets: ['whsk_YWJj'] }, /private key/],
    ['is a public key that is none', { provider: 'standard-webhooks', secrets: ['whpk_YWJj'] }, /neither a public key/],
  ] as const) {
    it(`refuse a secret that ${what} where it stands, and show nothing of it`, () => {
      const { error } = webhookSignature.options.safeParse(options)
      const [issue] = error?.issues ?? []
      const said = `${issue?.path.join('.')} ${issue?.message}`
      assert.match(said, message)
      assert.doesNotMatch(said, /hunter2|YWJj|at all/)
    })
  }
})
