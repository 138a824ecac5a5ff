/** Owns what a resource names: which others have to be there for it to mean something. Pure. */
import { isListUse, type WrittenUse } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'
import type { AppBody } from '../apps/app-body.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import type { NodeGroupBody } from '../nodes/node-group-body.ts'
import type { PlanBody } from '../plans/plan-body.ts'
import type { PolicyListBody } from '../policy-lists/policy-list-body.ts'
import type { ProductBody } from '../products/product-body.ts'
import { NO_TEAM } from '../resources/kind.ts'
import { MAIN_TEAM } from '../teams/main-team.ts'

export type NamedKind = 'api' | 'plan' | 'product' | 'upstream' | 'policy-list' | 'document' | 'environment'

/** One of the same team, where no other is said. */
export interface Reference<Kind extends NamedKind = NamedKind> {
  readonly team?: string
  readonly kind: Kind
  readonly id: string
  /** Where it stands in the body: `apis[0].api`. */
  readonly path: string
  /** Who may say this sees all of the kind: one that may be meant is told. */
  readonly isOpen?: boolean
}

interface Naming {
  /** Kinds that it names. */
  readonly named: readonly string[]
  list(body: unknown): Reference[]
}

/** Of each kind that names others. */
const NAMINGS: Readonly<Record<string, Naming>> = {
  api: defineNaming(['upstream', 'policy-list', 'product', 'document'], listOfApi),
  plan: defineNaming(['api', 'policy-list'], ({ apis = [], policies }: PlanBody) => [
    ...apis.map(({ api }, at) => ({ kind: 'api', id: api, path: `apis[${at}].api` }) as const),
    ...listUses(policies),
  ]),
  'policy-list': defineNaming(['policy-list'], ({ policies }: PolicyListBody) => listUses(policies)),
  environment: defineNaming(['policy-list'], ({ policies }: EnvironmentBody) =>
    listUses(policies).map((use) => ({ ...use, team: MAIN_TEAM })),
  ),
  product: defineNaming(['api', 'plan'], ({ apis, plans }: ProductBody) => [
    ...listIds('api', 'apis', apis),
    ...listIds('plan', 'plans', plans),
  ]),
  app: defineNaming(['plan'], ({ overrides = {} }: AppBody) =>
    Object.keys(overrides).map((id) => ({ kind: 'plan', id, path: `overrides.${id}` })),
  ),
  'node-group': defineNaming(['environment', 'api'], listOfNodeGroup),
}

/** What it lists is of the kinds that it says, or it does not compile. */
function defineNaming<Body, Kind extends NamedKind>(
  named: readonly Kind[],
  list: (body: Body) => Reference<NoInfer<Kind>>[],
): Naming {
  return { named, list: list as Naming['list'] }
}

/** Of a body as the schema of its kind has it; a kind that names nothing has none. */
export function listReferences(kind: string, body: unknown): Reference[] {
  return NAMINGS[kind]?.list(body) ?? []
}

/** Kinds whose bodies may name one of this kind. */
export function listNamingKinds(kind: string): string[] {
  return Object.keys(NAMINGS).filter((each) => NAMINGS[each]?.named.includes(kind))
}

/** Who may edit one may also have a node that is told everything. */
function listOfNodeGroup({ environments = [], apis = [] }: NodeGroupBody): Reference<'environment' | 'api'>[] {
  const isOpen = true
  return [
    ...listIds('environment', 'environments', environments).map((each) => ({ ...each, team: NO_TEAM, isOpen })),
    ...listIds('api', 'apis', apis).map((each) => ({ ...each, ...toApi(each.id), isOpen })),
  ]
}

/** `orders`; `shop.orders` of the team `shop`. */
function toApi(sharedId: string): { readonly team: string; readonly id: string } {
  const [team = '', ...id] = sharedId.split('.')
  return id.length === 0 ? { team: MAIN_TEAM, id: sharedId } : { team, id: id.join('.') }
}

function listOfApi({
  upstream,
  policies,
  routes = [],
  products = [],
  document,
}: ApiBody): Reference<'upstream' | 'policy-list' | 'product' | 'document'>[] {
  const upstreams = [
    { id: upstream, path: 'upstream' },
    ...routes.map((route, at) => ({ id: route.upstream, path: `routes[${at}].upstream` })),
  ]
  return [
    ...upstreams.flatMap(({ id, path }): Reference<'upstream'>[] =>
      id === undefined || isUrl(id) ? [] : [{ kind: 'upstream', id, path }],
    ),
    ...listUses(policies),
    ...routes.flatMap((route, at) => listUses(route.policies, `routes[${at}].`)),
    ...listIds('product', 'products', products),
    ...(document === undefined ? [] : [{ kind: 'document', id: document, path: 'document' } as const]),
  ]
}

function listUses(uses: readonly WrittenUse[] = [], around = ''): Reference<'policy-list'>[] {
  return uses.flatMap((use, at): Reference<'policy-list'>[] =>
    isListUse(use) ? [{ kind: 'policy-list', id: use.use, path: `${around}policies[${at}].use` }] : [],
  )
}

function listIds<Kind extends NamedKind>(kind: Kind, member: string, ids: readonly string[]): Reference<Kind>[] {
  return ids.map((id, at) => ({ kind, id, path: `${member}[${at}]` }))
}

/** An id has no colon. */
function isUrl(reference: string): boolean {
  return reference.includes('://')
}
