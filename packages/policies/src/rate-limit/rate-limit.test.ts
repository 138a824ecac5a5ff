import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Caller } from '../exchange.ts'
import type { Counters, Limiter } from '../services.ts'
import { FakeClock, MemoryCounters, run, runAll } from '../testing/index.ts'
import { rateLimit } from './rate-limit.ts'

const caller = (id: string): Caller => ({ id, app: id, credential: { kind: 'key', id: `hash of ${id}` } })

describe('rate-limit', () => {
  it('allows so many requests and refuses the next, charging nothing for it', async () => {
    const subject = run(rateLimit, { limit: 2, windowSeconds: 60 })
    assert.equal((await subject.with()).status, 200)
    await subject.clock.advance(30_000)
    assert.equal((await subject.with()).status, 200)
    const refused = await subject.with()
    assert.deepEqual([refused.status, refused.problem?.code, refused.upstream.length], [429, 'rate-limited', 0])
    await subject.clock.advance(30_001)
    assert.equal((await subject.with()).status, 200, 'refused requests did not push the window on')
  })

  it('tells callers where they stand in structured fields', async () => {
    const subject = run(rateLimit, { limit: 100, windowSeconds: 60, name: 'default' })
    const { headers } = await subject.with()
    assert.equal(headers.get('ratelimit-policy'), '"default";q=100;w=60')
    assert.equal(headers.get('ratelimit'), '"default";r=99;t=60')
  })

  it('tells refused callers when to come back, in whole seconds rounded up (RFC 9110 §10.2.3)', async () => {
    const subject = run(rateLimit, { limit: 1, windowSeconds: 60 })
    await subject.with()
    await subject.clock.advance(10_500)
    const { headers, problem } = await subject.with()
    assert.equal(headers.get('retry-after'), '50')
    assert.equal(headers.get('ratelimit'), '"1-in-60s";r=0;t=50')
    assert.deepEqual(problem?.extensions, { limit: 1, window_seconds: 60, retry_after_seconds: 50, policy: '1-in-60s' })
    assert.equal(problem?.reason, '1-in-60s')
  })

  it('says as t when a caller may go on: with Retry-After where nothing is left, never more than a window else', async () => {
    // As a sliding window answers that counts by the windows on the clock: two of them until everything is back.
    const decisions = [
      { allowed: true, remaining: 5, retryAfterMs: 0, resetAfterMs: 106_000 },
      { allowed: true, remaining: 0, retryAfterMs: 20_100, resetAfterMs: 106_000 },
      { allowed: false, remaining: 0, retryAfterMs: 20_000, resetAfterMs: 105_900 },
      { allowed: false, remaining: 0, retryAfterMs: 0, resetAfterMs: 105_900 },
    ]
    const counters: Counters = {
      limiter: () => ({ take: () => decisions.shift() ?? assert.fail(), giveBack() {} }),
    }
    const subject = run(rateLimit, { limit: 6, windowSeconds: 60 }, { counters })
    const seen = []
    for (let i = 0; i < 4; i++) {
      const { headers } = await subject.with()
      seen.push([headers.get('ratelimit')?.replace(/^.*;t=/, ''), headers.get('retry-after')])
    }
    assert.deepEqual(seen, [
      ['60', undefined],
      ['21', undefined],
      ['20', '20'],
      ['1', '1'],
    ])
  })

  it('says nothing of it where that is asked for, but always when to come back', async () => {
    const subject = run(rateLimit, { limit: 1, windowSeconds: 60, announce: false })
    assert.equal((await subject.with()).headers.has('ratelimit'), false)
    const { headers } = await subject.with()
    assert.equal(headers.has('ratelimit'), false)
    assert.equal(headers.get('retry-after'), '60')
  })

  it('counts the addresses of one IPv6 network together, and IPv4 addresses apart', async () => {
    const subject = run(rateLimit, { limit: 1, windowSeconds: 60 })
    const from = async (address: string) => (await subject.with({}, { address })).status
    assert.equal(await from('2001:db8:1:1::1'), 200)
    assert.equal(await from('2001:db8:1:1::2'), 429)
    assert.equal(await from('2001:DB8:0001:1:ffff::'), 429)
    assert.equal(await from('2001:db8:1:2::1'), 200)
    assert.equal(await from('192.0.2.1'), 200)
    assert.equal(await from('192.0.2.2'), 200)
    assert.equal(await from('192.0.2.1'), 429)
    assert.equal(await from('::ffff:192.0.2.7'), 200)
    assert.equal(await from('::ffff:192.0.2.8'), 200)
  })

  for (const [ipv6PrefixBits, same, other] of [
    [56, '2001:db8:1:1ff::', '2001:db8:1:200::'],
    [48, '2001:db8:1:f000::', '2001:db8:2::'],
    [128, '2001:db8:1:100::', '2001:db8:1:100::1'],
    [1, '7fff::', '8000::'],
  ] as const) {
    it(`takes the first ${ipv6PrefixBits} bits of an IPv6 address for the network where that is asked for`, async () => {
      const subject = run(rateLimit, { limit: 1, windowSeconds: 60, ipv6PrefixBits })
      const from = async (address: string) => (await subject.with({}, { address })).status
      assert.equal(await from('2001:db8:1:100::'), 200)
      assert.equal(await from(same), 429)
      assert.equal(await from(other), 200)
    })
  }

  it('counts callers apart, wherever they call from', async () => {
    const subject = run(rateLimit, { limit: 1, windowSeconds: 60 })
    assert.equal((await subject.with({}, { caller: caller('acme'), address: '192.0.2.1' })).status, 200)
    assert.equal((await subject.with({}, { caller: caller('other'), address: '192.0.2.1' })).status, 200)
    assert.equal((await subject.with({}, { caller: caller('acme'), address: '192.0.2.2' })).status, 429)
  })

  it('counts what an app sends with any of its credentials, and nobody who is only called like it', async () => {
    const subject = run(rateLimit, { limit: 2, windowSeconds: 60 })
    const acme = (kind: string): Caller => ({ id: 'acme', app: 'acme', credential: { kind, id: kind } })
    const person: Caller = { id: 'acme', credential: { kind: 'token', id: 't' } }
    const ask = async (who: Caller) => (await subject.with({}, { caller: who })).status
    assert.deepEqual([await ask(person), await ask(person), await ask(person)], [200, 200, 429])
    assert.deepEqual([await ask(acme('key')), await ask(acme('signature')), await ask(acme('key'))], [200, 200, 429])
  })

  it('counts people of two issuers apart, though both call them the same', async () => {
    const subject = run(rateLimit, { limit: 1, windowSeconds: 60 })
    const ask = async (iss: string) => {
      const who: Caller = { id: 'ann', credential: { kind: 'token', id: 't' }, claims: { iss } }
      return (await subject.with({}, { caller: who })).status
    }
    assert.deepEqual([await ask('https://a'), await ask('https://b'), await ask('https://a')], [200, 200, 429])
  })

  for (const kind of ['token', 'directory', 'password', 'external', 'of an extension']) {
    it(`counts apart from an app who is called like it and calls through it, by a credential that is theirs: ${kind}`, async () => {
      const subject = run(rateLimit, { limit: 1, windowSeconds: 60 })
      const acme = caller('acme')
      const person: Caller = { ...acme, credential: { kind, id: 'x' }, otherCredentials: [acme.credential] }
      const ask = async (who: Caller) => (await subject.with({}, { caller: who })).status
      assert.deepEqual([await ask(person), await ask(person), await ask(acme), await ask(acme)], [200, 429, 200, 429])
    })
  }

  it('counts an app once that calls with a key, a signature, a certificate or a webhook', async () => {
    const subject = run(rateLimit, { limit: 5, windowSeconds: 60 })
    const kinds = ['key', 'signature', 'aws-sigv4', 'certificate', 'webhook', 'key']
    const statuses: number[] = []
    for (const kind of kinds) {
      const who: Caller = { id: 'acme', app: 'acme', credential: { kind, id: kind } }
      statuses.push((await subject.with({}, { caller: who })).status)
    }
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429])
  })

  it('counts an anonymous caller by address, even if a caller is named like it', async () => {
    const subject = run(rateLimit, { limit: 1, windowSeconds: 60 })
    assert.equal((await subject.with({}, { address: '192.0.2.1' })).status, 200)
    assert.equal((await subject.with({}, { address: '192.0.2.2' })).status, 200)
    assert.equal((await subject.with({}, { address: '192.0.2.1' })).status, 429)
    assert.equal((await subject.with({}, { caller: caller('192.0.2.1') })).status, 200)
  })

  it('counts by a key of its own, and by one common bucket where that fails or is empty', async () => {
    const subject = run(rateLimit, { limit: 1, windowSeconds: 60, key: "request.headers['x-tenant']" })
    assert.equal((await subject.with({ headers: { 'X-Tenant': 'a' } })).status, 200)
    assert.equal((await subject.with({ headers: { 'X-Tenant': 'b' } })).status, 200)
    assert.equal((await subject.with({ headers: { 'X-Tenant': 'a' } })).status, 429)
    assert.equal((await subject.with({}, { address: '192.0.2.1' })).status, 200)
    assert.equal((await subject.with({ headers: { 'X-Tenant': '' } }, { address: '192.0.2.2' })).status, 429)
  })

  it('charges what a request costs', async () => {
    const subject = run(rateLimit, { limit: 5, windowSeconds: 60, cost: 2 })
    assert.equal((await subject.with()).headers.get('ratelimit'), '"5-in-60s";r=3;t=60')
    assert.equal((await subject.with()).status, 200)
    assert.equal((await subject.with()).status, 429)
  })

  it('spends a burst at once and then goes on at the rate', async () => {
    const subject = run(rateLimit, { limit: 1, windowSeconds: 1, algorithm: 'token-bucket', burst: 3 })
    for (const expected of [200, 200, 200, 429]) assert.equal((await subject.with()).status, expected)
    await subject.clock.advance(1000)
    for (const expected of [200, 429]) assert.equal((await subject.with()).status, expected)
  })

  it('combines the fields of several limits into lists', async () => {
    const { headers } = await runAll([
      { policy: rateLimit, options: { limit: 10, windowSeconds: 1 } },
      { policy: rateLimit, options: { limit: 100, windowSeconds: 60 } },
    ]).with()
    assert.equal(headers.get('ratelimit-policy'), '"10-in-1s";q=10;w=1, "100-in-60s";q=100;w=60')
    assert.equal(headers.get('ratelimit'), '"10-in-1s";r=9;t=1, "100-in-60s";r=99;t=60')
  })

  it('gives its charge back when a later limit refuses', async () => {
    const subject = runAll([
      { policy: rateLimit, options: { limit: 4, windowSeconds: 60 } },
      { policy: rateLimit, options: { limit: 1, windowSeconds: 1 } },
    ])
    for (let second = 0; second < 3; second++) {
      assert.equal((await subject.with()).status, 200)
      assert.equal((await subject.with()).problem?.extensions?.policy, '1-in-1s')
      await subject.clock.advance(1000)
    }
    assert.equal((await subject.with()).status, 200, 'three were let through, none of the refused counted')
    assert.equal((await subject.with()).problem?.extensions?.policy, '4-in-60s')
  })

  it('keeps its state where its use has the same id', async () => {
    const subject = runAll([
      { policy: rateLimit, options: { limit: 2, windowSeconds: 60, name: 'a' }, id: 'shared' },
      { policy: rateLimit, options: { limit: 2, windowSeconds: 60, name: 'b' }, id: 'shared' },
    ])
    assert.equal((await subject.with()).headers.get('ratelimit'), '"a";r=1;t=60, "b";r=0;t=60')
  })

  it('answers without a promise, also when it refuses', () => {
    const subject = run(rateLimit, { limit: 1, windowSeconds: 60 })
    assert.ok(subject.start(subject.open()).isSync)
    assert.ok(subject.start(subject.open()).isSync)
  })

  it('waits for counters that are elsewhere', async () => {
    const exact = new MemoryCounters(new FakeClock())
    const remote: Counters = {
      limiter(spec): Limiter {
        const limiter = exact.limiter(spec)
        return {
          take: async (key, cost) => limiter.take(key, cost),
          giveBack: (key, cost) => limiter.giveBack(key, cost),
        }
      },
    }
    const subject = run(rateLimit, { limit: 1, windowSeconds: 60 }, { counters: remote })
    assert.equal((await subject.with()).status, 200)
    assert.equal((await subject.with()).status, 429)
  })

  for (const [options, path, words] of [
    [{ limit: 0, windowSeconds: 1 }, 'limit', />=1/],
    [{ limit: 2 ** 24, windowSeconds: 1 }, 'limit', /16777215/],
    [{ limit: 1, windowSeconds: 1, burst: 5 }, 'burst', /token-bucket/],
    [{ limit: 1, windowSeconds: 1, cost: 2 }, 'cost', /more than can ever be allowed/],
    [{ limit: 1, windowSeconds: 1, name: 'a "b"' }, 'name', /letters/],
    [{ limit: 1, windowSeconds: 1, key: 'requst.path' }, 'key', /requst/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}, and says where`, () => {
      const [issue, ...more] = rateLimit.options.safeParse(options).error?.issues ?? []
      assert.deepEqual(more, [])
      assert.equal(issue?.path[0], path)
      assert.match(issue?.message ?? '', words)
    })
  }
})
