/** Proves that a process loads a value once, by one thread, for all of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { CallFault, type LoadedValue } from '@gatewright/policies'
import { SharedValueBroker } from './shared-value-broker.ts'
import { ThreadSharedValues } from './thread-shared-values.ts'

/** Messages take a turn, as between threads. */
function openProcess(threads: number) {
  const clock = { ms: 1_000_000 }
  const gone = new Set<number>()
  const broker = new SharedValueBroker({
    now: () => clock.ms,
    send: (thread, answer) =>
      void turn().then(() => gone.has(thread) || all[thread]?.onAnswer(structuredClone(answer))),
  })
  const all: ThreadSharedValues[] = Array.from(
    { length: threads },
    (_, thread) =>
      new ThreadSharedValues({
        now: () => clock.ms,
        say: (request) =>
          void turn().then(() => gone.has(thread) || broker.onRequest(thread, structuredClone(request))),
      }),
  )
  const end = (thread: number): void => {
    gone.add(thread)
    broker.onThreadGone(thread)
  }
  return { clock, all, end }
}

/** Loads that a test settles. */
class Loads {
  count = 0
  #waiting: PromiseWithResolvers<LoadedValue<string>>[] = []

  readonly load = (): Promise<LoadedValue<string>> => {
    this.count++
    const waiting = Promise.withResolvers<LoadedValue<string>>()
    this.#waiting.push(waiting)
    return waiting.promise
  }

  succeed(value: string, freshUntilMs = Number.POSITIVE_INFINITY, usableUntilMs = freshUntilMs): void {
    this.#waiting.shift()?.resolve({ value, freshUntilMs, usableUntilMs })
  }

  fail(reason: string): void {
    this.#waiting.shift()?.reject(new CallFault(reason, 'it failed'))
  }
}

const settle = async (): Promise<void> => {
  for (let at = 0; at < 20; at++) await turn()
}

describe('a value of a process', () => {
  it('is loaded once, however many wait for it on however many threads', async () => {
    const { all } = openProcess(3)
    const loads = new Loads()
    const values = all.map((thread) => thread.open({ key: 'k', load: loads.load }))
    const waiting = values.flatMap((value) => Array.from({ length: 200 }, () => value.get()))
    await settle()
    assert.equal(loads.count, 1)
    loads.succeed('v')
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['v']))
    assert.deepEqual(
      values.map((value) => value.peek()),
      ['v', 'v', 'v'],
    )
    assert.equal(loads.count, 1)
  })

  it('is answered stale while one thread loads it anew, and ends when it is not usable', async () => {
    const { all, clock } = openProcess(2)
    const loads = new Loads()
    const [one, other] = all.map((thread) => thread.open({ key: 'k', load: loads.load }))
    const first = Promise.all([one?.get(), other?.get()])
    await settle()
    loads.succeed('old', clock.ms + 20_000, clock.ms + 60_000)
    await first
    clock.ms += 30_000
    for (let at = 0; at < 50; at++) assert.deepEqual([one?.peek(), other?.get()], ['old', 'old'])
    await settle()
    assert.equal(loads.count, 2)
    loads.succeed('new', clock.ms + 20_000, clock.ms + 60_000)
    await settle()
    assert.deepEqual([one?.peek(), other?.peek()], ['new', 'new'])
    clock.ms += 60_000
    assert.equal(one?.peek(), undefined)
  })

  it('that fails is told to all who wait, and not tried again at once', async () => {
    const { all, clock } = openProcess(2)
    const loads = new Loads()
    const values = all.map((thread) => thread.open({ key: 'k', load: loads.load, retryMs: 5000 }))
    const get = () =>
      Promise.all(
        values.map(async (value) => await Promise.resolve(value.get()).catch((error: CallFault) => error.reason)),
      )
    const first = get()
    await settle()
    loads.fail('ECONNREFUSED')
    assert.deepEqual(await first, ['ECONNREFUSED', 'ECONNREFUSED'])
    for (let at = 0; at < 3; at++) assert.deepEqual(await get(), ['ECONNREFUSED', 'ECONNREFUSED'])
    assert.equal(loads.count, 1)
    clock.ms += 5000
    const second = get()
    await settle()
    loads.succeed('v')
    assert.deepEqual(await second, ['v', 'v'])
  })

  it('stays usable while its source is down', async () => {
    const { all, clock } = openProcess(1)
    const loads = new Loads()
    const value = all[0]?.open({ key: 'k', load: loads.load, retryMs: 1000 })
    const first = value?.get()
    await settle()
    loads.succeed('v', clock.ms + 1000, clock.ms + 100_000)
    await first
    for (let at = 0; at < 5; at++) {
      clock.ms += 10_000
      assert.equal(value?.peek(), 'v')
      await settle()
      loads.fail('ECONNREFUSED')
      await settle()
    }
    assert.equal(loads.count, 6)
    assert.equal(await value?.refresh(), 'v')
  })

  it('is not loaded for everybody who doubts it: a flood of made-up names costs one load', async () => {
    const { all, clock } = openProcess(2)
    const loads = new Loads()
    const values = all.map((thread) => thread.open({ key: 'k', load: loads.load, retryMs: 10_000 }))
    const first = Promise.all(values.map((value) => value.get()))
    await settle()
    loads.succeed('v')
    await first
    for (let at = 0; at < 100; at++) for (const value of values) assert.equal(await value.refresh(), 'v')
    assert.equal(loads.count, 1)
    clock.ms += 10_000
    const doubts = values.flatMap((value) => Array.from({ length: 100 }, () => value.refresh()))
    await settle()
    assert.equal(loads.count, 2)
    loads.succeed('w')
    assert.deepEqual(new Set(await Promise.all(doubts)), new Set(['w']))
  })

  it('is loaded by another thread where the one that loads it ends', async () => {
    const { all, end } = openProcess(2)
    const loads = new Loads()
    const [one, other] = all.map((thread) => thread.open({ key: 'k', load: loads.load }))
    void Promise.resolve(one?.get()).catch(() => {})
    await settle()
    const waiting = other?.get()
    await settle()
    assert.equal(loads.count, 1)
    end(0)
    await settle()
    assert.equal(loads.count, 2)
    loads.succeed('of nobody')
    loads.succeed('v')
    assert.equal(await waiting, 'v')
  })
})

describe('more values than a process keeps', () => {
  const wanted = (key: string) => ({ kind: 'value-wanted' as const, key, knownUntilMs: 0, retryMs: 10_000 })
  const loaded = (key: string) => ({
    kind: 'value-loaded' as const,
    key,
    loaded: { value: key, freshUntilMs: 2_000_000, usableUntilMs: 2_000_000 },
  })

  it('make room for each other, and for none that somebody waits for', () => {
    const told: string[] = []
    const broker = new SharedValueBroker({
      now: () => 1_000_000,
      send: (thread, { kind, key }) => told.push(`${thread} ${kind} ${key}`),
    })
    broker.onRequest(0, wanted('slow'))
    broker.onRequest(1, wanted('slow'))
    for (let at = 0; at < 10_000; at++) {
      broker.onRequest(0, wanted(`key ${at}`))
      broker.onRequest(0, loaded(`key ${at}`))
    }
    told.length = 0
    broker.onRequest(0, loaded('slow'))
    assert.deepEqual(told, ['0 value slow', '1 value slow'])
    broker.onRequest(1, wanted('key 9999'))
    broker.onRequest(1, wanted('key 0'))
    // The newest is there; the oldest was left, and is loaded anew.
    assert.deepEqual(told.slice(2), ['1 value key 9999', '1 value-load key 0'])
  })
})
