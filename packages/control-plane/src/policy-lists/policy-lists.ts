/** Owns what `{ use: … }` stands for in what is kept: the policies of a list of the same team, as they are now. Pure. */
import { isListUse, type WrittenUse } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { MAIN_TEAM } from '../publish/snapshot-id.ts'
import type { PolicyListBody } from './policy-list-body.ts'

export interface PolicyList {
  readonly team: string
  readonly id: string
  readonly body: PolicyListBody
}

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
    return uses.flatMap((use) => {
      if (!isListUse(use)) return [use]
      const key = toKey(team, use.use)
      named?.add(key)
      if (use.enabled === false) return []
      return this.#bodies.has(key) ? this.#toWhole(use.use, team, []) : [use as unknown as Use]
    })
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

  /** The way from a list back to itself; undefined: there is none. */
  findCycle(team: string, id: string, within: readonly string[] = []): readonly string[] | undefined {
    if (within.includes(id)) return [...within.slice(within.indexOf(id)), id]
    const named = this.#bodies.get(toKey(team, id))?.policies.filter(isListUse) ?? []
    for (const { use } of named) {
      const cycle = this.findCycle(team, use, [...within, id])
      if (cycle !== undefined) return cycle
    }
    return undefined
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

function toKey(team: string, id: string): string {
  return `${team}/${id}`
}
