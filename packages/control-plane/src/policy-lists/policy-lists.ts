/** Owns what `{ use: … }` stands for in what is kept: the policies of a list of the same team, as they are now. Pure. */
import { isListUse, MOST_LISTS_DEEP, MOST_POLICIES, type WrittenUse } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { MAIN_TEAM } from '../teams/main-team.ts'
import type { PolicyListBody } from './policy-list-body.ts'

export interface PolicyList {
  readonly team: string
  readonly id: string
  readonly body: PolicyListBody
}

const TOO_MANY = `there would be more than ${MOST_POLICIES} policies: use fewer lists, or each of them once.`

type Use = Exclude<WrittenUse, { readonly use: string }>

/** An API in which every policy stands by itself. */
export interface WholeApiBody extends Omit<ApiBody, 'policies' | 'routes'> {
  readonly policies?: Use[]
  readonly routes?: (Omit<NonNullable<ApiBody['routes']>[number], 'policies'> & { policies?: Use[] })[]
}

export class PolicyLists {
  readonly #bodies: ReadonlyMap<string, PolicyListBody>
  /** By the same names: all that stands in each. */
  readonly #whole = new Map<string, readonly Use[]>()
  readonly #stamps = new Map<string, string>()

  constructor(lists: readonly PolicyList[]) {
    this.#bodies = new Map(lists.map(({ team, id, body }) => [toKey(team, id), body]))
  }

  /** What is not there stays as it is written: it is a fault of what names it. `named`: where the keys are put of what stands there. */
  expand(uses: readonly WrittenUse[], team: string, named?: Set<string>): Use[] {
    const made: Use[] = []
    for (const use of uses) {
      if (!isListUse(use)) {
        made.push(use)
        continue
      }
      const key = toKey(team, use.use)
      named?.add(key)
      if (use.enabled === false) continue
      made.push(...(this.#bodies.has(key) ? this.#toWhole(use.use, team, []) : [use as unknown as Use]))
      if (made.length > MOST_POLICIES)
        throw new AdminProblem('cannot-be-live', `With the policy list "${use.use}" ${TOO_MANY}`)
    }
    return made
  }

  expandApi({ policies, routes, ...others }: ApiBody, team: string, named?: Set<string>): WholeApiBody {
    return {
      ...others,
      ...(policies !== undefined && { policies: this.expand(policies, team, named) }),
      ...(routes !== undefined && {
        routes: routes.map(({ policies: own, ...route }) => ({
          ...route,
          ...(own !== undefined && { policies: this.expand(own, team, named) }),
        })),
      }),
    }
  }

  /** What stands in an environment is of the team `main`. */
  expandEnvironment({ policies, ...others }: EnvironmentBody, named?: Set<string>): EnvironmentBody {
    return { ...others, ...(policies !== undefined && { policies: this.expand(policies, MAIN_TEAM, named) }) }
  }

  /** The same as long as the same policies stand in it. */
  stampOf(key: string): string {
    const known = this.#stamps.get(key)
    if (known !== undefined) return known
    const [team = '', id = ''] = key.split('/')
    const stamp = this.#bodies.has(key) ? JSON.stringify(this.#toWhole(id, team, [])) : ''
    this.#stamps.set(key, stamp)
    return stamp
  }

  /** What keeps a list from standing for policies: the way from it back to itself, or that there are too many. Undefined: nothing. */
  findFault(team: string, id: string): string | undefined {
    const known = new Map<string, Measure>()
    const measure = (next: string, within: readonly string[]): Measure => {
      if (within.includes(next)) throw new Unusable(toCycleText([...within.slice(within.indexOf(next)), next]))
      const found = known.get(next)
      if (found !== undefined) return found
      let [length, depth] = [0, 1]
      for (const use of this.#bodies.get(toKey(team, next))?.policies ?? []) {
        const inner =
          isListUse(use) && within.length < MOST_LISTS_DEEP
            ? measure(use.use, [...within, next])
            : { length: 1, depth: isListUse(use) ? MOST_LISTS_DEEP : 0 }
        length += inner.length
        depth = Math.max(depth, inner.depth + 1)
      }
      if (length > MOST_POLICIES) throw new Unusable(`makes "${next}" too long: ${TOO_MANY}`)
      if (depth > MOST_LISTS_DEEP)
        throw new Unusable(
          `makes "${next}" too deep: lists would stand in each other more than ${MOST_LISTS_DEEP} times.`,
        )
      known.set(next, { length, depth })
      return { length, depth }
    }
    try {
      // Also of those that it stands in, which it makes longer.
      for (const next of [id, ...this.#listOf(team)]) measure(next, [])
    } catch (fault) {
      if (fault instanceof Unusable) return fault.message
      throw fault
    }
    return undefined
  }

  #listOf(team: string): readonly string[] {
    return [...this.#bodies.keys()].filter((key) => key.startsWith(`${team}/`)).map((key) => key.slice(team.length + 1))
  }

  /** Nobody keeps a list that stands in itself; should there be one, it ends where it would begin again. */
  #toWhole(id: string, team: string, within: readonly string[]): readonly Use[] {
    const key = toKey(team, id)
    const known = this.#whole.get(key)
    if (known !== undefined) return known
    const whole = (this.#bodies.get(key)?.policies ?? []).flatMap((use): readonly Use[] => {
      if (!isListUse(use)) return [use]
      if (use.enabled === false || within.includes(use.use)) return []
      return this.#toWhole(use.use, team, [...within, id])
    })
    this.#whole.set(key, whole)
    return whole
  }
}

class Unusable extends Error {}

interface Measure {
  readonly length: number
  readonly depth: number
}

function toCycleText(way: readonly string[]): string {
  return `would stand in itself: ${way.join(' → ')}. Take one of these uses out.`
}

function toKey(team: string, id: string): string {
  return `${team}/${id}`
}
