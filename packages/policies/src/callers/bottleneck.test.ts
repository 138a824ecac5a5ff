import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Problem } from '../problem.ts'
import { Bottleneck } from './bottleneck.ts'
import { SharedWork } from './shared-work.ts'

describe('a bottleneck', () => {
  const open = (mostAtOnce: number, mostWaiting: number) => {
    const bottleneck = new Bottleneck({ mostAtOnce, mostWaiting })
    const begun: string[] = []
    const ends = new Map<string, PromiseWithResolvers<string>>()
    const run = (name: string) =>
      bottleneck.run(() => {
        begun.push(name)
        const end = Promise.withResolvers<string>()
        ends.set(name, end)
        return end.promise
      })
    const end = async (name: string): Promise<void> => {
      ends.get(name)?.resolve(name)
      await setImmediate()
    }
    return { bottleneck, begun, run, end, ends }
  }

  it('lets so many through at once, and the others in the order in which they came', async () => {
    const { bottleneck, begun, run, end } = open(2, 9)
    const results = ['a', 'b', 'c', 'd'].map(run)
    assert.deepEqual(begun, ['a', 'b'])
    await end('b')
    assert.deepEqual(begun, ['a', 'b', 'c'])
    assert.equal(bottleneck.underWay, 2)
    await end('a')
    await end('c')
    await end('d')
    assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd'])
    assert.equal(bottleneck.underWay, 0)
  })

  it('takes nothing on beyond those who wait', async () => {
    const { run, end } = open(1, 1)
    const first = run('a')
    const second = run('b')
    await assert.rejects(
      run('c'),
      (problem) => problem instanceof Problem && problem.code === 'verifier-unavailable' && problem.status === 503,
    )
    await end('a')
    await end('b')
    assert.deepEqual([await first, await second], ['a', 'b'])
  })

  it('takes on by size', async () => {
    const bottleneck = new Bottleneck({ mostAtOnce: 1, mostWaiting: 10 })
    const held = Promise.withResolvers<void>()
    const work = () => held.promise
    const all = [1, 6, 5, 4, 1].map((size) => bottleneck.run(work, { size }))
    held.resolve()
    const outcomes = (await Promise.allSettled(all)).map(({ status }) => status)
    assert.deepEqual(outcomes, ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'rejected'])
    await Promise.all([10, 10].map((size) => bottleneck.run(async () => {}, { size })))
  })

  it('goes on where one fails, also before it has begun to wait', async () => {
    const { bottleneck, run, end, ends } = open(1, 2)
    const first = run('a')
    const second = run('b')
    ends.get('a')?.reject(new Error('broken'))
    await assert.rejects(first, /broken/)
    await setImmediate()
    await end('b')
    assert.equal(await second, 'b')
    await assert.rejects(
      bottleneck.run(() => {
        throw new Error('at once')
      }),
      /at once/,
    )
    assert.equal(bottleneck.underWay, 0)
  })
})

describe('shared work', () => {
  it('is done once for all who ask for it meanwhile, and anew for who asks later', async () => {
    const shared = new SharedWork<number>()
    let times = 0
    const work = async () => ++times
    assert.deepEqual(
      await Promise.all([shared.run('a', work), shared.run('a', work), shared.run('b', work)]),
      [1, 1, 2],
    )
    assert.equal(await shared.run('a', work), 3)
    assert.equal(shared.has('a'), false)
  })

  it('fails for all of them, and is tried anew', async () => {
    const shared = new SharedWork<number>()
    const fails = () => Promise.reject(new Error('no'))
    const all = await Promise.allSettled([shared.run('a', fails), shared.run('a', fails)])
    assert.ok(all.every(({ status }) => status === 'rejected'))
    assert.equal(await shared.run('a', async () => 1), 1)
  })
})
