/** Owns the checks of what runs for a route in its order: what never runs, and orders that are unsafe or unusual. */
import type { Path } from '../finding.ts'
import type { PolicyUse } from '../gateway-model.ts'
import { PLAN_SLOT, POLICY_PHASES, type PolicyPhase } from './catalogue.ts'
import type { Validation } from './validation.ts'

/** A use, and where it stands in the model. */
export interface PlacedUse {
  readonly use: PolicyUse
  readonly path: Path
}

/** Uses with their places, those that are switched off left out. */
export function placeUses(uses: readonly PolicyUse[], path: Path): PlacedUse[] {
  return uses.flatMap((use, index) => (use.enabled === false ? [] : [{ use, path: [...path, index] }]))
}

/** -1: nothing is known of it. A plan's policies may be of any phase, and whoever says their place has a reason. */
function phaseOf(validation: Validation, { use }: PlacedUse): number {
  if (use.policy === PLAN_SLOT.name) return -1
  const phase = validation.entries.get(use.policy)?.phase
  return phase === undefined ? -1 : POLICY_PHASES.indexOf(phase)
}

const AUTHENTICATE = POLICY_PHASES.indexOf('authenticate')
const LIMIT = POLICY_PHASES.indexOf('limit')
const CACHE = POLICY_PHASES.indexOf('cache')

/** Somebody believes that routes with these are guarded: that they never run is no matter of taste. */
const GUARDS: readonly (PolicyPhase | undefined)[] = ['protect', 'authenticate', 'authorize', 'limit', 'validate']

/** Does it answer every request by itself, so that nothing behind it runs? */
export function answersAlways(validation: Validation, { policy, when }: PolicyUse): boolean {
  return when === undefined && validation.entries.get(policy)?.answers === true
}

/** What stands behind a policy that always answers. `uses` is the whole list of one route, from the global one to its own. */
export function reportNeverRunning(validation: Validation, uses: readonly PlacedUse[]): void {
  const first = uses.findIndex(({ use }) => answersAlways(validation, use))
  const answering = uses[first]
  if (answering === undefined) return
  for (const { use, path } of uses.slice(first + 1)) {
    const entry = validation.entries.get(use.policy)
    if (entry === undefined) continue
    const report = {
      code: 'never-runs',
      message: `"${use.policy}" never runs: "${answering.use.policy}" (${validation.placeText(answering.path)}) answers first.`,
      suggestion: `Move it before "${answering.use.policy}", or give that one a \`when\`.`,
    }
    if (GUARDS.includes(entry.phase)) validation.fault(path, report)
    else validation.warn(path, report)
  }
}

interface Ranked {
  readonly placed: PlacedUse
  readonly phase: number
}

/** Within one list only: an API's `retry` before a route's `set-headers` is how levels are meant. */
export function warnOfDisorder(validation: Validation, uses: readonly PlacedUse[]): void {
  const answering = uses.findIndex(({ use }) => answersAlways(validation, use))
  // What stands behind an answer never runs, which is said of it already.
  const ranked = uses
    .slice(0, answering < 0 ? undefined : answering + 1)
    .filter(({ use }) => !isForAnswers(use))
    .map((placed): Ranked => ({ placed, phase: phaseOf(validation, placed) }))
    .filter(({ phase }) => phase !== -1)
  const kept = findLongestOrder(ranked)
  for (const [index, displaced] of ranked.entries()) {
    if (kept.has(displaced)) continue
    const others = ranked.filter(
      (other, at) =>
        kept.has(other) &&
        (at < index ? other.phase > displaced.phase : other.phase < displaced.phase) &&
        !isJudgedElsewhere(displaced.phase, other.phase),
    )
    if (others.length > 0) warnOfDisplaced(validation, displaced, { others, ranked })
  }
}

interface Around {
  readonly others: readonly Ranked[]
  readonly ranked: readonly Ranked[]
}

function warnOfDisplaced(validation: Validation, displaced: Ranked, { others, ranked }: Around): void {
  const isLate = others.some((other) => ranked.indexOf(other) < ranked.indexOf(displaced))
  const nearest = isLate ? others[0] : others.at(-1)
  if (nearest === undefined) return
  const names = new Set(others.map(({ placed, phase }) => `"${placed.use.policy}" (${POLICY_PHASES[phase]})`))
  const side = isLate ? 'after' : 'before'
  validation.warn(displaced.placed.path, {
    code: 'unusual-order',
    message: `"${displaced.placed.use.policy}" (${POLICY_PHASES[displaced.phase]}) runs ${side} ${[...names].join(', ')}.`,
    suggestion: `Move it ${isLate ? 'before' : 'behind'} "${nearest.placed.use.policy}", unless this order is meant.`,
  })
}

/** A policy that changes answers acts on the way back: where it stands among those that act on the way in says nothing. */
function isForAnswers({ options }: PolicyUse): boolean {
  return typeof options === 'object' && options !== null && (options as { on?: unknown }).on === 'response'
}

/** Authentication behind caches and limits is judged over all levels, with words of its own. */
function isJudgedElsewhere(one: number, other: number): boolean {
  const [first, second] = one < other ? [one, other] : [other, one]
  return first === AUTHENTICATE && (second === CACHE || second === LIMIT)
}

/** The most uses that stand in the usual order among themselves; of equally many, the earliest. The others are displaced. */
function findLongestOrder(ranked: readonly Ranked[]): ReadonlySet<Ranked> {
  const chains: (readonly Ranked[])[] = []
  let longest: readonly Ranked[] = []
  for (const [index, each] of ranked.entries()) {
    let best: readonly Ranked[] = []
    for (const [at, chain] of chains.slice(0, index).entries()) {
      const end = ranked[at]
      if (end !== undefined && end.phase <= each.phase && chain.length > best.length) best = chain
    }
    const chain = [...best, each]
    chains.push(chain)
    if (chain.length > longest.length) longest = chain
  }
  return new Set(longest)
}

/** Checks what runs for one route, from the global list to its own: orders that are unsafe across levels. */
export function validateOrder(validation: Validation, uses: readonly PlacedUse[]): void {
  for (const [index, placed] of uses.entries()) {
    const phase = phaseOf(validation, placed)
    if (phase !== CACHE && phase !== LIMIT) continue
    const behind = uses.slice(index + 1).find((other) => phaseOf(validation, other) === AUTHENTICATE)
    if (behind === undefined) continue
    const where = `"${behind.use.policy}" (${validation.placeText(behind.path)})`
    if (phase === CACHE) {
      validation.fault(placed.path, {
        code: 'cache-before-authenticate',
        message: `"${placed.use.policy}" runs before ${where}: whoever is not known yet would get answers that were made for others.`,
        suggestion: `Move it behind "${behind.use.policy}".`,
      })
    } else if (countsCallers(placed.use)) {
      validation.warn(placed.path, {
        code: 'limit-before-authenticate',
        message: `"${placed.use.policy}" runs before ${where}: it does not know callers yet and counts by address.`,
        suggestion: `Move it behind "${behind.use.policy}", or give it a \`key\` that is no caller.`,
      })
    }
  }
}

/** A limit counts callers unless its key says otherwise. */
function countsCallers({ options }: PolicyUse): boolean {
  const key = typeof options === 'object' && options !== null ? (options as Record<string, unknown>).key : undefined
  return typeof key !== 'string' || key.includes('caller')
}
