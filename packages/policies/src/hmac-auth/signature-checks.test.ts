import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock, MemoryReplays, runAll, type TestRequest, withApps } from '../testing/index.ts'
import { hmacAuth } from './hmac-auth.ts'
import {
  assertRefused,
  by,
  GET,
  guarded,
  keys,
  NOW,
  pair,
  SECRET,
  SIGNING,
  type Signing,
  signed,
  signedPost,
  TARGET,
  toSigned,
} from './signed-requests.fixture.ts'

describe('the life of a signature', () => {
  for (const [what, parameters, reason] of [
    ['that does not say when it was created', ';keyid="partner"', 'created-missing'],
    ['created in the future', by('partner', '', NOW + 31), 'created-later'],
    ['that is too old', by('partner', '', NOW - 330), 'signature-expired'],
    ['that says it has expired', by('partner', `;expires=${NOW - 30}`, NOW - 60), 'signature-expired'],
    ['that expires before it was created', by('partner', `;expires=${NOW - 1}`), 'malformed-signature'],
    ['created on a date', by('partner', '', `@${NOW}`), 'malformed-signature'],
    ['created in milliseconds', by('partner', '', NOW * 1000), 'created-later'],
    ['created before time', by('partner', '', -1), 'malformed-signature'],
  ] as const) {
    it(`is over for one ${what}`, async () => {
      assertRefused(await guarded().with(signed({ parameters })), reason)
    })
  }

  it('allows for clocks that are a little off, and no more', async () => {
    for (const created of [NOW + 30, NOW - 329]) {
      assert.equal((await guarded().with(signed({ parameters: by('partner', '', created) }))).status, 200)
    }
    const exact = guarded({ clockSkewSeconds: 0, maxAgeSeconds: 10 })
    assert.equal((await exact.with(signed({ parameters: by('partner', '', NOW - 9) }))).status, 200)
    assertRefused(await exact.with(signed({ parameters: by('partner', '', NOW + 1) })), 'created-later')
    assertRefused(await exact.with(signed({ parameters: by('partner', '', NOW - 10) })), 'signature-expired')
  })

  it('ends with `expires` where that comes first', async () => {
    const subject = guarded({ clockSkewSeconds: 0 })
    const request = () => signed({ parameters: by('partner', `;expires=${NOW + 5}`) })
    assert.equal((await subject.with(request())).status, 200)
    await subject.clock.advance(5000)
    assertRefused(await subject.with(request()), 'signature-expired')
  })
})

describe('a nonce', () => {
  const withNonce = (nonce = 'n1', keyid = 'partner', secret = SECRET) =>
    signed({ parameters: by(keyid, `;nonce="${nonce}"`), secret })

  it('is good for once (RFC 9421 §7.2.2)', async () => {
    const subject = guarded()
    assert.equal((await subject.with(withNonce())).status, 200)
    assertRefused(await subject.with(withNonce()), 'nonce-used')
    assert.equal((await subject.with(withNonce('n2'))).status, 200)
  })

  it('is used up on all threads that share what was used', async () => {
    const clock = new FakeClock()
    const replays = new MemoryReplays(clock)
    const [one, two] = [guarded({}, { clock, replays }), guarded({}, { clock, replays })]
    assert.equal((await one.with(withNonce())).status, 200)
    assertRefused(await two.with(withNonce()), 'nonce-used')
  })

  it('is each key’s own', async () => {
    const subject = guarded()
    assert.equal((await subject.with(withNonce())).status, 200)
    assert.equal((await subject.with(withNonce('n1', 'partner-next', keys['partner-next'].secret))).status, 200)
  })

  it('is remembered for as long as its signature could come', async () => {
    const subject = guarded({ maxAgeSeconds: 100, clockSkewSeconds: 10 })
    const early = () => signed({ parameters: by('partner', ';nonce="n"', NOW + 10) })
    assert.equal((await subject.with(early())).status, 200)
    await subject.clock.advance(119_000)
    assertRefused(await subject.with(early()), 'nonce-used')
    await subject.clock.advance(1000)
    assertRefused(await subject.with(early()), 'signature-expired')
  })

  it('is not spent on a request that is wrong in anything else', async () => {
    const subject = guarded()
    const sign = (change: Partial<TestRequest>) => signedPost(change, { parameters: by('partner', ';nonce="n"') })
    assertRefused(await subject.with(sign({ body: 'changed' })), 'digest-mismatch')
    assertRefused(await subject.with(sign({ method: 'PUT' })), 'wrong-signature')
    assert.equal((await subject.with(sign({}))).status, 200)
  })

  it('can be asked for', async () => {
    const subject = guarded({ nonce: 'required' })
    assertRefused(await subject.with(signed()), 'nonce-missing')
    assert.equal((await subject.with(withNonce())).status, 200)
  })

  it('may be as long as a field, and differ in its last character', async () => {
    const subject = guarded()
    const long = 'n'.repeat(10_000)
    assert.equal((await subject.with(withNonce(`${long}a`))).status, 200)
    assert.equal((await subject.with(withNonce(`${long}b`))).status, 200)
    assertRefused(await subject.with(withNonce(`${long}a`)), 'nonce-used')
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
    const subject = guarded({}, { clock, replays: far })
    assert.equal((await subject.with(withNonce())).status, 200)
    assertRefused(await subject.with(withNonce()), 'nonce-used')
  })

  it('is good once where a request passes two uses, and not again in another request', async () => {
    const uses = [
      { policy: hmacAuth, options: { keys, forward: true } },
      { policy: hmacAuth, options: { keys } },
    ]
    const subject = runAll(uses, { credentials: withApps('acme') })
    assert.equal((await subject.with(withNonce())).status, 200)
    assertRefused(await subject.with(withNonce()), 'nonce-used')
  })

  it('stays used wherever the use of its key stands, and however the key is written', async () => {
    const clock = new FakeClock()
    const replays = new MemoryReplays(clock)
    const ofBank = () =>
      signed({ parameters: by('bank', ';nonce="n1"'), privateKey: pair.privateKey, label: 'x', covered: TARGET })
    for (const request of [withNonce, ofBank]) {
      assert.equal((await guarded({}, { clock, replays }).with(request())).status, 200)
    }
    const secret = Buffer.from(SECRET).toString('base64')
    const rewritten = {
      partner: { ...keys.partner, secret, secretEncoding: 'base64', app: 'other' },
      bank: { ...keys.bank, publicKey: pair.publicKey.export({ format: 'jwk' }) },
    }
    const before = { policy: hmacAuth, options: { keys, tag: 'other', anonymous: true } }
    const credentials = withApps('acme', 'other', 'bank')
    const uses = [before, { policy: hmacAuth, options: { keys: rewritten }, id: 'moved' }]
    const moved = runAll(uses, { clock, replays, credentials })
    for (const request of [withNonce, ofBank]) assertRefused(await moved.with(request()), 'nonce-used')
  })

  it('is not that of another key which is called the same', async () => {
    const clock = new FakeClock()
    const replays = new MemoryReplays(clock)
    const secret = 'the secret of somebody else, also long'
    const others = { partner: { ...keys.partner, secret } }
    assert.equal((await guarded({}, { clock, replays }).with(withNonce())).status, 200)
    const answer = await guarded({ keys: others }, { clock, replays }).with(withNonce('n1', 'partner', secret))
    assert.equal(answer.status, 200)
  })

  it('stays used where the options say another age', async () => {
    const clock = new FakeClock()
    const replays = new MemoryReplays(clock)
    assert.equal((await guarded({ maxAgeSeconds: 300 }, { clock, replays }).with(withNonce())).status, 200)
    assertRefused(await guarded({ maxAgeSeconds: 301 }, { clock, replays }).with(withNonce()), 'nonce-used')
  })
})

describe('several signatures', () => {
  const next: Signing = {
    covered: TARGET,
    label: 'next',
    parameters: by('partner-next'),
    secret: keys['partner-next'].secret,
  }
  const bank: Signing = { covered: TARGET, label: 'bank', parameters: by('bank'), privateKey: pair.privateKey }
  const stranger: Signing = { covered: {}, label: 'x', parameters: by('stranger'), secret: 'x' }

  it('by an old and a new key of one app are one caller', async () => {
    assert.equal((await guarded().with(toSigned(GET, SIGNING, next))).exchange.caller?.credential.id, 'partner')
  })

  it('must all hold: one that is wrong is not made good by another', async () => {
    assertRefused(await guarded().with(toSigned(GET, SIGNING, { ...next, secret: 'wrong' })), 'wrong-signature')
    assertRefused(await guarded().with(toSigned(GET, SIGNING, { ...next, covered: {} })), 'uncovered-component')
  })

  it('by two apps are refused: the second could be added by somebody else (RFC 9421 §7.2.6)', async () => {
    assertRefused(await guarded().with(toSigned(GET, SIGNING, bank)), 'several-callers')
  })

  it('by keys of others are for others', async () => {
    assert.equal((await guarded().with(toSigned(GET, stranger, SIGNING))).status, 200)
    assertRefused(await guarded().with(toSigned(GET, stranger)), 'unknown-key')
  })

  it('more than four of ours are not looked at', async () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((label) => ({ ...SIGNING, label }))
    assertRefused(await guarded().with(toSigned(GET, ...many)), 'several-callers')
  })

  it('are told apart by their tag', async () => {
    const tagged = { ...SIGNING, label: 'mine', parameters: by('partner', ';tag="gate"') }
    const other = { ...bank, parameters: by('bank', ';tag="other"') }
    const subject = guarded({ tag: 'gate' })
    assert.equal((await subject.with(toSigned(GET, other, tagged))).exchange.caller?.id, 'acme')
    assert.equal((await subject.with(toSigned(GET, other))).problem?.code, 'credential-missing')
    assert.equal((await subject.with(signed())).problem?.code, 'credential-missing')
    const open = await guarded({ tag: 'gate', anonymous: true }).with(toSigned(GET, other))
    assert.deepEqual([open.status, open.exchange.caller], [200, undefined])
  })
})
