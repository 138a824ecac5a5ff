/** Owns the choice of a target: weights, loads, and what is left out. */
import type { Balance } from '@gatewright/model'
import type { TargetRuntime } from '../target.ts'
import type { ChooseTarget } from './choose-target.ts'
import { compileHash } from './hash.ts'

export function compileBalance(balance: Balance): ChooseTarget {
  const choose = compileKind(balance)
  return (targets, exchange) => {
    const only = targets[0]
    // One target is the usual case, and there is nothing to choose.
    if (targets.length === 1 && only !== undefined) return isAvailable(only) ? only : undefined
    return choose(targets, exchange)
  }
}

export function isAvailable(target: TargetRuntime): boolean {
  return !target.isOut && target.weight > 0
}

function compileKind(balance: Balance): ChooseTarget {
  switch (balance.kind) {
    case 'round-robin':
      return compileRoundRobin()
    case 'least-requests':
      return leastRequests
    case 'random-two':
      return randomTwo
    case 'hash':
      return compileHash(balance)
  }
}

/** Smooth weighted round robin: a target's turn comes when its credit is highest, so heavy targets are spread and not bunched. */
function compileRoundRobin(): ChooseTarget {
  const credits = new WeakMap<TargetRuntime, number>()
  return function roundRobin(targets) {
    let best: TargetRuntime | undefined
    let bestCredit = Number.NEGATIVE_INFINITY
    let total = 0
    for (const target of targets) {
      if (!isAvailable(target)) continue
      total += target.weight
      const credit = (credits.get(target) ?? 0) + target.weight
      credits.set(target, credit)
      if (credit > bestCredit) {
        best = target
        bestCredit = credit
      }
    }
    if (best !== undefined) credits.set(best, bestCredit - total)
    return best
  }
}

/** Fewest in flight for its weight; among equals, one at random, or every thread would pick the same. */
function leastRequests(targets: readonly TargetRuntime[]): TargetRuntime | undefined {
  let best: TargetRuntime | undefined
  let bestLoad = Number.POSITIVE_INFINITY
  let equals = 0
  for (const target of targets) {
    if (!isAvailable(target)) continue
    const load = (target.inFlight + 1) / target.weight
    if (load < bestLoad) {
      best = target
      bestLoad = load
      equals = 1
    } else if (load === bestLoad && Math.random() * ++equals < 1) {
      best = target
    }
  }
  return best
}

/** Of two drawn by weight, the less loaded: nearly as good as looking at all, whatever their number. */
function randomTwo(targets: readonly TargetRuntime[]): TargetRuntime | undefined {
  const first = drawByWeight(targets, undefined)
  const second = drawByWeight(targets, first)
  if (first === undefined || second === undefined) return first
  return (second.inFlight + 1) / second.weight < (first.inFlight + 1) / first.weight ? second : first
}

function drawByWeight(targets: readonly TargetRuntime[], except: TargetRuntime | undefined): TargetRuntime | undefined {
  let drawn: TargetRuntime | undefined
  let total = 0
  for (const target of targets) {
    if (target === except || !isAvailable(target)) continue
    total += target.weight
    if (Math.random() * total < target.weight) drawn = target
  }
  return drawn
}
