import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { GatewayResponse } from '../messages/response.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { FakeClock, MemoryCounters, MemoryCredentials, run, runAll } from './index.ts'

const KINDS = ['sliding-window', 'token-bucket'] as const

describe('the clock of tests', () => {
  it('stands still until it is moved, and then calls what falls due in order', async () => {
    const clock = new FakeClock(1000)
    const called: string[] = []
    clock.after(20, () => called.push(`b at ${clock.now()}`))
    clock.after(10, () => {
      called.push(`a at ${clock.now()}`)
      clock.after(5, () => called.push(`c at ${clock.now()}`))
    })
    clock.after(15, () => called.push('never'))()
    await clock.advance(9)
    assert.deepEqual(called, [])
    await clock.advance(91)
    assert.deepEqual(called, ['a at 1010', 'c at 1015', 'b at 1020'])
    assert.deepEqual([clock.monotonicMs(), clock.pending], [100, 0])
  })

  it('lets promises settle between two calls', async () => {
    const clock = new FakeClock()
    const called: string[] = []
    clock.after(1, () => void Promise.resolve().then(() => called.push('promise')))
    clock.after(2, () => called.push('timer'))
    await clock.advance(2)
    assert.deepEqual(called, ['promise', 'timer'])
  })
})

for (const algorithm of KINDS) {
  describe(`counters of tests, ${algorithm}`, () => {
    const open = () => {
      const clock = new FakeClock()
      const counters = new MemoryCounters(clock)
      return { clock, counters, limiter: counters.limiter({ id: 'a', algorithm, limit: 3, windowMs: 3000 }) }
    }

    it('charge all of a cost or nothing', async () => {
      const { limiter } = open()
      assert.equal((await limiter.take('k', 2)).allowed, true)
      assert.deepEqual(
        [
          (await limiter.take('k', 2)).allowed,
          (await limiter.take('k', 1)).allowed,
          (await limiter.take('k', 1)).allowed,
        ],
        [false, true, false],
      )
    })

    it('say truly when to come back', async () => {
      const { limiter, clock } = open()
      await limiter.take('k', 3)
      const { retryAfterMs, remaining } = await limiter.take('k', 1)
      assert.equal(remaining, 0)
      await clock.advance(retryAfterMs - 1)
      assert.equal((await limiter.take('k', 1)).allowed, false)
      await clock.advance(1)
      assert.equal((await limiter.take('k', 1)).allowed, true)
    })

    it('say truly when all is there again', async () => {
      const { limiter, clock } = open()
      await limiter.take('k', 1)
      await clock.advance(500)
      const { resetAfterMs } = await limiter.take('k', 1)
      await clock.advance(resetAfterMs)
      assert.equal((await limiter.take('k', 3)).allowed, true)
    })

    it('take charges back', async () => {
      const { limiter } = open()
      await limiter.take('k', 3)
      limiter.giveBack('k', 2)
      assert.deepEqual([(await limiter.take('k', 2)).allowed, (await limiter.take('k', 1)).allowed], [true, false])
    })

    it('keep keys apart, and share state by id', async () => {
      const { limiter, counters } = open()
      await limiter.take('k', 3)
      assert.equal((await limiter.take('other', 3)).allowed, true)
      const same = counters.limiter({ id: 'a', algorithm, limit: 3, windowMs: 3000 })
      assert.equal((await same.take('k', 1)).allowed, false)
      const another = counters.limiter({ id: 'b', algorithm, limit: 3, windowMs: 3000 })
      assert.equal((await another.take('k', 1)).allowed, true)
    })
  })
}

describe('the harness', () => {
  const marks = definePolicy({
    name: 'marks',
    phase: 'transform',
    summary: 'Leaves a mark.',
    options: z.strictObject({ mark: z.string().default('x') }),
    create: ({ mark }, { log }) =>
      function marks(exchange, next) {
        log.info('marked', { mark })
        exchange.request.headers.append('X-Mark', mark)
        return next(exchange)
      },
  })

  it('runs the first use outermost, with options as users write them', async () => {
    const subject = runAll([{ policy: marks, options: { mark: 'a' } }, { policy: marks }])
    const { upstream } = await subject.with()
    assert.equal(upstream[0]?.headers.get('x-mark'), 'a, x')
    assert.deepEqual(
      subject.log.entries.map(({ facts }) => facts.mark),
      ['a', 'x'],
    )
  })

  it('refuses options that the schema refuses', () => {
    assert.throws(() => runAll([{ policy: marks, options: { marc: 'a' } }]), z.ZodError)
  })

  it('turns what is thrown into a response that carries it, as the gateway does', async () => {
    for (const upstream of [
      () => {
        throw new Problem('upstream-closed')
      },
      () => Promise.reject(new Problem('upstream-closed')),
    ]) {
      const { status, problem } = await run(marks, {}, { upstream }).with()
      assert.deepEqual([status, problem?.code], [502, 'upstream-closed'])
    }
  })

  it('keeps exchanges apart that are under way at once', async () => {
    const waiting: ((response: GatewayResponse) => void)[] = []
    const upstream = () => new Promise<GatewayResponse>((resolve) => waiting.push(resolve))
    const subject = run(marks, {}, { upstream })
    const answers = ['/a', '/b'].map((target) => subject.start(subject.open({ target })).answer)
    for (const resolve of waiting) resolve(GatewayResponse.ofText(200, ''))
    const paths = (await Promise.all(answers)).map(({ upstream }) => upstream.map(({ path }) => path))
    assert.deepEqual(paths, [['/a'], ['/b']])
  })

  it('knows keys by their SHA-256', () => {
    const credentials = new MemoryCredentials()
    credentials.set('abc', { app: 'acme' })
    const lookup = credentials.lookUp('abc', 'any')
    assert.equal(lookup.found && lookup.key.hash, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    assert.deepEqual(credentials.lookUp('abd', 'any'), { found: false, why: 'unknown' })
  })
})
