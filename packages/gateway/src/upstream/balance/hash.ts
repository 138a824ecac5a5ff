/** Owns balancing by a key: the same key reaches the same target, and a target that leaves moves only its own keys. */
import { createHash } from 'node:crypto'
import type { Balance } from '@gatewright/model'
import type { Exchange } from '@gatewright/policies'
import type { TargetRuntime } from '../target.ts'
import type { ChooseTarget } from './choose-target.ts'

type HashBalance = Extract<Balance, { kind: 'hash' }>

/** Rendezvous hashing with weights: each target scores each key, the highest score wins. No ring to build, none to keep. */
export function compileHash(balance: HashBalance): ChooseTarget {
  const keyOf = compileKey(balance)
  const seeds = new WeakMap<TargetRuntime, number>()
  return function byHash(targets, exchange) {
    const key = hashText(keyOf(exchange))
    let best: TargetRuntime | undefined
    let bestScore = Number.NEGATIVE_INFINITY
    for (const target of targets) {
      if (target.isOut || target.weight === 0) continue
      let seed = seeds.get(target)
      if (seed === undefined) {
        seed = createHash('sha256').update(target.url).digest().readUInt32LE(0)
        seeds.set(target, seed)
      }
      // Weighted rendezvous: −weight / ln(u) with u in (0, 1) has the weights' shares exactly.
      const uniform = (mix(key ^ seed) + 0.5) / 4_294_967_296
      const score = -target.weight / Math.log(uniform)
      if (score > bestScore) {
        best = target
        bestScore = score
      }
    }
    return best
  }
}

/** A request without the header or cookie goes by its client's address. */
function compileKey({ on, name = '' }: HashBalance): (exchange: Exchange) => string {
  switch (on) {
    case 'header':
      return ({ request, client }) => request.headers.get(name) ?? client.address
    case 'cookie':
      return ({ request, client }) => request.cookies.get(name) ?? client.address
    case 'ip':
      return ({ client }) => client.address
    case 'path':
      return ({ request }) => request.path
  }
}

/** FNV-1a, 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** The finaliser of MurmurHash3: every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
