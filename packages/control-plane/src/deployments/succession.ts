/** Owns what comes with one API superseding another in an environment: where callers find it, and what becomes of subscriptions to the old one. */
import { z } from 'zod'
import type { ApiBody } from '../apis/api-body.ts'
import { getForm } from '../apis/find-form.ts'
import type { AuditNote } from '../audit/audit-log.ts'
import { findTouched } from '../environments/watch-protected.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { assertAllowed } from '../http/assert-allowed.ts'
import type { Asking } from '../http/route.ts'
import { PRODUCT } from '../kinds.ts'
import type { ProductBody } from '../products/product-body.ts'
import { findResources } from '../resources/find-resources.ts'
import { listAllResources } from '../resources/list-resources.ts'
import { putResource } from '../resources/put-resource.ts'
import type { Described, Resource } from '../resources/resource.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { assertMayMove } from '../subscriptions/find-move.ts'
import { doMoves, type Move, opens, type PlannedMove, planMoves } from '../subscriptions/move-subscriptions.ts'
import { moveSchema, presentMove, toAppName, toMoveLines, toMoveNotes } from '../subscriptions/present-move.ts'
import { type DeploymentPlace, findMain } from './deployment-place.ts'
import { findDeployment } from './deployment-store.ts'

/** What is wanted, as plain data: it may wait for others. By uid. */
export interface Succession {
  readonly to: string
  /** What it is called. */
  readonly id: string
  /** Absent: subscriptions stay where they are. `products`: those that are to sell the next API too. */
  readonly subscriptions?: { readonly plan?: string; readonly products: readonly string[] }
}

export interface PlannedSuccession {
  readonly to: Resource
  readonly move: Move | undefined
  readonly moves: readonly PlannedMove[]
  readonly products: readonly Resource[]
  /** What is left to do for people. */
  readonly warnings: readonly string[]
}

export const successionSchema = z
  .strictObject({
    to: z.string().meta({ description: 'Id of the API that comes after it.' }),
    moves: z.array(moveSchema).meta({ description: 'What becomes of subscriptions to the old one.' }),
    products: z.array(z.string()).meta({ description: 'Ids of those that come to sell the next one beside it.' }),
    warnings: z.array(z.string()).meta({ description: 'Who does not get the next one, or loses the old one.' }),
  })
  .meta({ description: 'Where an API supersedes another one.' })

interface Planning {
  readonly place: DeploymentPlace
  readonly succession: Succession
}

/** At this moment, by what who asks may then. @rejects AdminProblem, SubscriptionFault `plan` */
export async function planSuccession(
  asking: Asking,
  db: Moment,
  { place, succession: { to: uid, subscriptions } }: Planning,
): Promise<PlannedSuccession> {
  const { plan: planUid = '', products: wanted = [] } = subscriptions ?? {}
  const found = await findResources(db, [uid, planUid, ...wanted])
  const to = found.get(uid)
  if (to === undefined) throw new AdminProblem('conflict', 'The API that was to come after it is gone.')
  await getSuccessor(db, place, to)
  if (subscriptions === undefined) return { to, move: undefined, moves: [], products: [], warnings: [] }
  const move: Move = { from: place.api, to, plan: found.get(planUid) }
  await assertMayMove(asking, db, { from: move.from, to: to.id })
  const moves = await planMoves(db, move)
  const products = wanted.flatMap((each) => found.get(each) ?? [])
  if (products.length > 0) await assertAllowed(asking, db, { permission: 'product:edit', team: place.api.team })
  const noted = moves.flatMap((each) =>
    each.note === undefined ? [] : [`Subscription ${each.before.uid} of "${toAppName(each)}": ${each.note}`],
  )
  const isNew = products.length > 0 && (await listSelling(db, to)).length === 0
  const sold = isNew
    ? [`"${to.id}" is for subscribers from now on: apps that could call it without a subscription are refused.`]
    : []
  return { to, move, moves, products, warnings: [...noted, ...sold, ...(await listClosed(db, move))] }
}

/** Of what is live of it there. @rejects AdminProblem where it cannot come after anything */
export async function getSuccessor(db: Moment, { environment, ref, api }: DeploymentPlace, to: Resource) {
  const live = await findDeployment(db, { ...ref, api: to.uid })
  const main = findMain(live)
  if (main === undefined)
    throw new AdminProblem(
      'conflict',
      `"${to.id}" is not live in "${environment.id}", so nobody could go there: publish it first.`,
    )
  const { body } = await getForm(db, to, main.revision)
  const { state } = live?.lifecycle ?? body.lifecycle ?? {}
  if (state === undefined) return body
  throw new AdminProblem(
    'conflict',
    `"${to.id}" is ${state} in "${environment.id}" itself: revive it there first, or let another one come after "${api.id}".`,
  )
}

/** Where callers of the old one find it: a path where it answers to the same names, else a URL. */
export function toSuccessorUrl({ environment }: DeploymentPlace, old: ApiBody, next: ApiBody): string {
  const { pathPrefix = '', hosts } = environment.body
  const path = pathPrefix + (next.basePath ?? '/')
  const names = next.hosts ?? hosts
  const [host] = names ?? []
  const isSame = host === undefined || JSON.stringify(names) === JSON.stringify(old.hosts ?? hosts)
  return isSame || host.startsWith('*') ? path : `https://${host}${path}`
}

/** Those of its team that sell the old one and not the next. */
export async function listProductsBehind(db: Moment, { from, to }: Pick<Move, 'from' | 'to'>): Promise<Resource[]> {
  return (await listSelling(db, from)).filter(({ body }) => !(body as ProductBody).apis.includes(to.id))
}

/** Plans of products that open the old one alone: who has subscribed on them does not get the next one. */
async function listClosed(db: Moment, { from, to }: Move): Promise<string[]> {
  const plans = new Map((await listAllResources(db, 'plan')).map((plan) => [`${plan.team}/${plan.id}`, plan]))
  return (await listSelling(db, from)).flatMap(({ id, team, body }) =>
    (body as ProductBody).plans
      .map((name) => plans.get(`${team}/${name}`))
      .filter((plan) => opens(plan, from) && !opens(plan, to))
      .map(
        (plan) =>
          `The plan "${plan?.id}" of the product "${id}" does not open "${to.id}": its subscribers do not get it. Add it to the plan's \`apis\`.`,
      ),
  )
}

async function listSelling(db: Moment, api: Resource): Promise<Resource[]> {
  const products = await listAllResources(db, 'product')
  return products.filter(({ team, body }) => team === api.team && (body as ProductBody).apis.includes(api.id))
}

/** Gives what is to be told of products. @rejects AdminProblem */
export async function doSuccession(
  asking: Asking,
  doing: Doing,
  { planned, place }: { readonly planned: PlannedSuccession; readonly place: DeploymentPlace },
): Promise<AuditNote[]> {
  const { move, moves, products, to } = planned
  if (move === undefined) return []
  const { liveCheck } = asking.services
  const watched = products.length === 0 ? new Map() : await liveCheck.watch(doing.db)
  await doMoves(doing, moves, move)
  const notes: AuditNote[] = []
  for (const { team, id, body } of products) {
    const apis = (body as ProductBody).apis.flatMap((api) => (api === move.from.id ? [api, to.id] : [api]))
    const extended: Described & ProductBody = { ...(body as ProductBody), apis }
    const made = await putResource(asking, doing, { kind: PRODUCT, at: { team, id }, body: extended })
    notes.push(...made.notes)
  }
  const touched = await findTouched(liveCheck, doing.db, watched)
  assertHereAlone(
    place,
    products,
    touched.map(({ id }) => id),
  )
  return [...toMoveNotes(moves, move), ...notes]
}

/** Products are sold everywhere: what that changes elsewhere, those have to approve who approve what is live there. @throws AdminProblem */
function assertHereAlone({ environment }: DeploymentPlace, products: readonly Resource[], touched: readonly string[]) {
  const others = touched.filter((id) => id !== environment.id)
  if (others.length === 0) return
  const named = products.map(({ id }) => `"${id}"`).join(', ')
  throw new AdminProblem(
    'environment-protected',
    `That ${named} would sell the next API too changes what ${others.join(', ')} runs, which is protected: put it into \`apis\` of the product first, which waits for others, and then supersede.`,
  )
}

export function presentSuccession({ to, moves, products, warnings }: PlannedSuccession) {
  return { to: to.id, moves: moves.map(presentMove), products: products.map(({ id }) => id), warnings: [...warnings] }
}

export function toSuccessionLines({ to, move, moves, products }: PlannedSuccession): string[] {
  if (move === undefined) return []
  return [...toMoveLines(moves, move), ...products.map(({ id }) => `the product "${id}" sells "${to.id}" too`)]
}
