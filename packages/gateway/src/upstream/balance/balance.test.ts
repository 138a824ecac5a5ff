import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Balance } from '@gatewright/model'
import { TestExchange } from '../loopback.fixture.ts'
import { TargetRuntime } from '../target.ts'
import { compileBalance } from './balance.ts'

function toTargets(...weights: readonly number[]): TargetRuntime[] {
  return weights.map((weight, i) => new TargetRuntime({ url: `http://10.0.0.${i}:9001`, weight }))
}

/** How often each target is chosen. */
function count(
  balance: Balance,
  targets: readonly TargetRuntime[],
  times: number,
  toExchange = () => EXCHANGE,
): number[] {
  const choose = compileBalance(balance)
  const counts = targets.map(() => 0)
  for (let i = 0; i < times; i++) {
    const chosen = choose(targets, toExchange())
    if (chosen !== undefined) counts[targets.indexOf(chosen)]!++
  }
  return counts
}

const EXCHANGE = new TestExchange()
const KINDS: readonly Balance[] = [
  { kind: 'round-robin' },
  { kind: 'least-requests' },
  { kind: 'random-two' },
  { kind: 'hash', on: 'ip' },
]

describe('balance', () => {
  for (const balance of KINDS) {
    it(`${balance.kind} sends nothing to what is out or weighs nothing`, () => {
      const targets = toTargets(1, 0, 1, 1)
      targets[2]!.isEjected = true
      const [first, second, third, fourth] = count(balance, targets, 400)
      assert.deepEqual([second, third], [0, 0])
      assert.equal((first ?? 0) + (fourth ?? 0), 400)
    })

    it(`${balance.kind} has nobody to send to when all are out, one or many`, () => {
      for (const weights of [[1], [1, 1, 1], [0, 0], [0]]) {
        const targets = toTargets(...weights)
        for (const target of targets) target.isEjected = true
        assert.equal(compileBalance(balance)(targets, EXCHANGE), undefined)
      }
    })

    it(`${balance.kind} takes the only one that is left`, () => {
      const targets = toTargets(1, 1, 1)
      targets[0]!.isEjected = true
      targets[2]!.isEjected = true
      assert.deepEqual(count(balance, targets, 50), [0, 50, 0])
    })
  }

  it('round-robin has the shares of the weights exactly, in every round', () => {
    const targets = toTargets(5, 3, 2)
    const choose = compileBalance({ kind: 'round-robin' })
    for (let round = 0; round < 20; round++) {
      const counts = [0, 0, 0]
      for (let i = 0; i < 10; i++) counts[targets.indexOf(choose(targets, EXCHANGE)!)]!++
      assert.deepEqual(counts, [5, 3, 2])
    }
  })

  it('round-robin spreads a heavy target over the round', () => {
    const targets = toTargets(5, 1, 1)
    const choose = compileBalance({ kind: 'round-robin' })
    const order = Array.from({ length: 7 }, () => targets.indexOf(choose(targets, EXCHANGE)!)).join('')
    assert.equal(order, '0010200')
  })

  it('round-robin gives the shares of one that is out to the others by weight', () => {
    const targets = toTargets(2, 1, 1)
    targets[1]!.isEjected = true
    assert.deepEqual(count({ kind: 'round-robin' }, targets, 300), [200, 0, 100])
  })

  it('least-requests takes the one with the least in flight for its weight', () => {
    const targets = toTargets(1, 1, 4)
    targets[0]!.inFlight = 2
    targets[1]!.inFlight = 1
    targets[2]!.inFlight = 6
    assert.deepEqual(count({ kind: 'least-requests' }, targets, 20), [0, 0, 20])
    targets[2]!.inFlight = 8
    assert.deepEqual(count({ kind: 'least-requests' }, targets, 20), [0, 20, 0])
  })

  it('least-requests draws among equals, so that threads do not all pick the same', () => {
    // 3000 draws among three: 1000 each, with a standard deviation of 26; six of those are never met by chance.
    for (const times of count({ kind: 'least-requests' }, toTargets(1, 1, 1), 3000)) {
      assert.ok(Math.abs(times - 1000) < 156, `${times}`)
    }
  })

  it('random-two never takes the more loaded of two', () => {
    const targets = toTargets(1, 1)
    targets[0]!.inFlight = 1
    assert.deepEqual(count({ kind: 'random-two' }, targets, 200), [0, 200])
  })

  it('random-two takes the most loaded of many never, and all others', () => {
    const targets = toTargets(1, 1, 1, 1)
    targets[3]!.inFlight = 10
    const counts = count({ kind: 'random-two' }, targets, 2000)
    assert.equal(counts[3], 0)
    assert.ok(
      counts.slice(0, 3).every((times) => times > 400),
      counts.join(' '),
    )
  })
})

describe('balance by hash', () => {
  const HEADER: Balance = { kind: 'hash', on: 'header', name: 'X-User' }
  const user = (name: string): TestExchange => new TestExchange({ headers: { 'X-User': name } })
  const users = Array.from({ length: 4000 }, (_, i) => user(`user-${i}`))

  it('sends the same key to the same target, on every thread', () => {
    const targets = toTargets(1, 1, 1)
    const [one, other] = [compileBalance(HEADER), compileBalance(HEADER)]
    const sameElsewhere = toTargets(1, 1, 1)
    for (const exchange of users.slice(0, 200)) {
      const chosen = one(targets, exchange)
      assert.equal(chosen, one(targets, exchange))
      assert.equal(targets.indexOf(chosen!), sameElsewhere.indexOf(other(sameElsewhere, exchange)!))
    }
  })

  it('has the shares of the weights', () => {
    let next = 0
    const counts = count(HEADER, toTargets(1, 2, 1), users.length, () => users[next++]!)
    for (const [at, expected] of [1000, 2000, 1000].entries()) {
      assert.ok(Math.abs(counts[at]! - expected) < expected * 0.15, counts.join(' '))
    }
  })

  it('moves only the keys of a target that leaves, and moves them back', () => {
    const targets = toTargets(1, 1, 1, 1)
    const choose = compileBalance(HEADER)
    const before = users.map((exchange) => choose(targets, exchange))
    targets[2]!.isEjected = true
    for (const [at, exchange] of users.entries()) {
      const after = choose(targets, exchange)
      if (before[at] === targets[2]) assert.notEqual(after, targets[2])
      else assert.equal(after, before[at])
    }
    targets[2]!.isEjected = false
    assert.deepEqual(
      users.map((exchange) => choose(targets, exchange)),
      before,
    )
  })

  it('moves to a new target only the keys that it gets', () => {
    const old = toTargets(1, 1, 1)
    const grown = [...old, ...toTargets(1, 1, 1, 1).slice(3)]
    const choose = compileBalance(HEADER)
    let moved = 0
    for (const exchange of users) {
      const [before, after] = [choose(old, exchange), choose(grown, exchange)]
      if (after === before) continue
      assert.equal(after, grown[3])
      moved++
    }
    assert.ok(moved > 800 && moved < 1200, `${moved} of 4000: a quarter`)
  })

  it('goes by cookie, by path and by address, and by address where there is no cookie', () => {
    const targets = toTargets(1, 1, 1, 1)
    const cookie = compileBalance({ kind: 'hash', on: 'cookie', name: 'session' })
    const path = compileBalance({ kind: 'hash', on: 'path' })
    const ip = compileBalance({ kind: 'hash', on: 'ip' })
    const chosenByCookie = new Set<unknown>()
    const chosenByPath = new Set<unknown>()
    for (let i = 0; i < 50; i++) {
      chosenByCookie.add(cookie(targets, new TestExchange({ headers: { Cookie: `a=b; session=${i}` } })))
      chosenByPath.add(path(targets, new TestExchange({ target: `/${i}` })))
    }
    assert.equal(chosenByCookie.size, 4)
    assert.equal(chosenByPath.size, 4)
    assert.equal(cookie(targets, EXCHANGE), ip(targets, EXCHANGE))
  })
})
