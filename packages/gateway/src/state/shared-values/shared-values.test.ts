/** Proves that a process loads a value once, by one thread, for all of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CallFault, type LoadedValue } from '@gatewright/policies'
import { SharedValueBroker } from './shared-value-broker.ts'
import type { SharedValueAnswer } from './shared-value-messages.ts'
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

  fail(reason: string, options?: { readonly isAnswered: boolean }): void {
    this.#waiting.shift()?.reject(new CallFault(reason, 'it failed', options))
  }
}

/** Node shows it to who asks by a flag, which also counts for contexts that are made afterwards. */
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

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

  it('is there at once for a thread that looks first while another loads it anew, and then the new one', async () => {
    const { all, clock } = openProcess(2)
    const loads = new Loads()
    const [one, other] = all.map((thread) => thread.open({ key: 'k', load: loads.load }))
    const first = one?.get()
    await settle()
    loads.succeed('old', clock.ms + 20_000, clock.ms + 60_000)
    await first
    clock.ms += 30_000
    one?.peek()
    await settle()
    assert.equal(loads.count, 2)
    assert.equal(await other?.get(), 'old')
    loads.succeed('new')
    await settle()
    assert.deepEqual([one?.peek(), other?.peek(), loads.count], ['new', 'new', 2])
  })

  it('is loaded for a thread that looks first when what another loaded counts no more', async () => {
    const { all, clock } = openProcess(2)
    const loads = new Loads()
    const [one, other] = all.map((thread) => thread.open({ key: 'k', load: loads.load }))
    const first = one?.get()
    await settle()
    loads.succeed('old', clock.ms + 20_000)
    await first
    clock.ms += 30_000
    const second = other?.get()
    await settle()
    loads.succeed('new')
    assert.deepEqual([await second, loads.count], ['new', 2])
  })

  it('that fails tells all whether there was an answer', async () => {
    const { all } = openProcess(2)
    const loads = new Loads()
    const values = all.map((thread) => thread.open({ key: 'k', load: loads.load }))
    const isAnswered = values.map(async (value) => {
      return await Promise.resolve(value.get()).catch((error: CallFault) => error.isAnswered)
    })
    await settle()
    loads.fail('no-json', { isAnswered: true })
    assert.deepEqual(await Promise.all(isAnswered), [true, true])
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

  it('is loaded again where the clock was set back since it last failed, or was doubted', async () => {
    const { all, clock } = openProcess(1)
    const loads = new Loads()
    const value = all[0]?.open({ key: 'k', load: loads.load, retryMs: 10_000 })
    const failing = Promise.resolve(value?.get()).catch(() => 'failed')
    await settle()
    loads.fail('ECONNREFUSED')
    assert.equal(await failing, 'failed')
    clock.ms -= 3_600_000
    const first = value?.get()
    await settle()
    loads.succeed('v')
    assert.equal(await first, 'v')
    clock.ms -= 3_600_000
    const doubt = value?.refresh()
    await settle()
    loads.succeed('w')
    assert.equal(await doubt, 'w')
  })

  it('is answered also where whoever asked holds nothing of it, and is held by nothing but the answer', async () => {
    const { all } = openProcess(2)
    const loads = new Loads()
    const answers: unknown[] = []
    const ask = async (thread: number): Promise<void> => {
      answers.push(await all[thread]?.open({ key: 'k', load: loads.load }).get())
    }
    void ask(0)
    void ask(1)
    for (let at = 0; at < 20; at++) {
      await turn()
      collectGarbage()
    }
    assert.equal(loads.count, 1)
    loads.succeed('v')
    for (let at = 0; at < 20; at++) {
      await turn()
      collectGarbage()
    }
    assert.deepEqual(answers, ['v', 'v'])
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

const wanted = (key: string, isOfOnePerson = false) => ({
  kind: 'value-wanted' as const,
  key,
  ...{ knownUntilMs: 0, retryMs: 10_000, isOfOnePerson },
})
const loaded = (key: string) => ({
  kind: 'value-loaded' as const,
  key,
  loaded: { value: key, freshUntilMs: 2_000_000, usableUntilMs: 2_000_000 },
})

/** What it tells, and whom. */
function openBroker() {
  const told: string[] = []
  const answers: SharedValueAnswer[] = []
  const clock = { ms: 1_000_000 }
  const broker = new SharedValueBroker({
    now: () => clock.ms,
    send(thread, answer) {
      told.push(`${thread} ${answer.kind} ${answer.key}`)
      answers.push(answer)
    },
  })
  return { broker, told, answers, clock }
}

describe('a thread that is to load what nobody wants there any more', () => {
  it('says so', () => {
    const said: unknown[] = []
    const thread = new ThreadSharedValues({ now: () => 0, say: (request) => said.push(request) })
    thread.onAnswer({ kind: 'value-load', key: 'k' })
    thread.onAnswer({ kind: 'value', key: 'k', loaded: undefined })
    assert.deepEqual(said, [{ kind: 'value-left', key: 'k' }])
  })

  it('has it loaded by one that waits, and keeps nobody who comes later', () => {
    const { broker, told } = openBroker()
    for (const thread of [0, 1, 2]) broker.onRequest(thread, wanted('k'))
    // Of one that does not load it: then it only waits no more.
    broker.onRequest(2, { kind: 'value-left', key: 'k' })
    broker.onRequest(0, { kind: 'value-left', key: 'k' })
    broker.onRequest(0, loaded('k'))
    broker.onRequest(1, { kind: 'value-left', key: 'k' })
    broker.onRequest(2, wanted('k'))
    broker.onRequest(2, loaded('k'))
    assert.deepEqual(told, ['0 value-load k', '1 value-load k', '2 value-load k', '2 value k'])
  })
})

describe('more values than a process loads at once', () => {
  it('are refused, and what is there of them told, until there is room', () => {
    const { broker, told, answers } = openBroker()
    broker.onRequest(0, wanted('old', true))
    broker.onRequest(0, loaded('old'))
    for (let at = 0; at < 1024; at++) broker.onRequest(0, wanted(`key ${at}`, true))
    told.length = 0
    broker.onRequest(0, wanted('one more', true))
    broker.onRequest(0, { ...wanted('old', true), knownUntilMs: 2_000_000, retryMs: 0 })
    assert.deepEqual(
      answers.slice(-2).map((answer) => answer.kind === 'value' && [answer.failure?.reason, answer.loaded?.value]),
      [
        ['too-many-calls', undefined],
        ['too-many-calls', 'old'],
      ],
    )
    broker.onRequest(0, wanted('jwks'))
    assert.equal(told.at(-1), '0 value-load jwks', 'the configuration waits for no crowd')
    broker.onRequest(0, loaded('jwks'))
    // Who waits for what is loaded already costs nothing.
    broker.onRequest(1, wanted('key 0', true))
    broker.onRequest(0, loaded('key 0'))
    broker.onRequest(0, wanted('one more', true))
    broker.onThreadGone(0)
    broker.onRequest(1, wanted('after', true))
    assert.deepEqual(told.slice(4), ['0 value key 0', '1 value key 0', '0 value-load one more', '1 value-load after'])
  })
})

describe('more values than a process keeps', () => {
  it('make room for each other, and for none that somebody waits for', () => {
    const { broker, told } = openBroker()
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

  it('of people push out none of the configuration, and those that count no more go first', () => {
    const { broker, told, clock } = openBroker()
    broker.onRequest(0, wanted('jwks'))
    broker.onRequest(0, loaded('jwks'))
    broker.onRequest(0, wanted('session 0', true))
    broker.onRequest(0, loaded('session 0'))
    for (let at = 1; at < 5000; at++) {
      broker.onRequest(0, wanted(`session ${at}`, true))
      broker.onRequest(0, loaded(`session ${at}`))
    }
    told.length = 0
    broker.onRequest(1, wanted('jwks'))
    broker.onRequest(1, wanted('session 0', true))
    assert.deepEqual(told, ['1 value jwks', '1 value session 0'])
    for (let at = 0; at < 70_000; at++) {
      broker.onRequest(0, wanted(`later ${at}`, true))
      broker.onRequest(0, loaded(`later ${at}`))
    }
    told.length = 0
    broker.onRequest(1, wanted('jwks'))
    broker.onRequest(1, wanted('later 0', true))
    broker.onRequest(1, wanted('later 69999', true))
    assert.deepEqual(told, ['1 value jwks', '1 value-load later 0', '1 value later 69999'])
    clock.ms = 2_000_000
    broker.onRequest(1, wanted('new', true))
    told.length = 0
    broker.onRequest(0, wanted('later 69998', true))
    assert.deepEqual(told, ['0 value-load later 69998'])
  })

  it('of people weigh no more than their room holds', () => {
    const { broker, told } = openBroker()
    const heavy = (key: string) => ({ ...loaded(key), loaded: { ...loaded(key).loaded, value: 'x'.repeat(1 << 20) } })
    for (let at = 0; at < 100; at++) {
      broker.onRequest(0, wanted(`session ${at}`, true))
      broker.onRequest(0, heavy(`session ${at}`))
    }
    told.length = 0
    broker.onRequest(1, wanted('session 99', true))
    broker.onRequest(1, wanted('session 40', true))
    broker.onRequest(1, wanted('session 36', true))
    assert.deepEqual(told, ['1 value session 99', '1 value session 40', '1 value-load session 36'])
  })
})
