/** Owns what all changes of what is live have in common: they are judged, checked, told, and waited for; where others have to approve, they wait. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { AuditNote } from '../audit/audit-log.ts'
import { askOnce } from '../changes/ask-once.ts'
import type { DeploymentWish } from '../changes/change-request.ts'
import { assertNoMore } from '../environments/assert-no-more.ts'
import { mustWait } from '../environments/guard-environment.ts'
import { findTouched } from '../environments/watch-protected.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { type Asking, type Done, defineChange, type Input, type Route } from '../http/route.ts'
import type { Outcome } from '../publish/outcome.ts'
import { toSnapshotId } from '../publish/snapshot-id.ts'
import { toChangeLines } from '../resources/to-change-lines.ts'
import type { Doing } from '../store/doing.ts'
import { findPerson } from '../tokens/token-store.ts'
import { assertOwnNames, isAnyGuardedBeside } from './assert-own-names.ts'
import type { Deployment } from './deployment.ts'
import { presentDeployment, rolloutSchema } from './deployment-answer.ts'
import { type DeploymentPlace, findPlace, PLACE_PATH, placeDemand, placeParams } from './deployment-place.ts'
import { deploy, findDeployment, undoDeploy } from './deployment-store.ts'
import { type Judgement, judgeWish, presentRuleFinding, toMessage, type Wish } from './judge-wish.ts'
import {
  doSuccession,
  type PlannedSuccession,
  planSuccession,
  presentSuccession,
  toSuccessionLines,
} from './succession.ts'

/** With what is waited for. */
export const waitQuery = z.strictObject({
  wait: z.coerce.number().min(0).max(30).default(2).meta({
    description:
      'For so many seconds nodes are waited for that are heard from; who has not said by then that it serves the change, waits.',
  }),
})

/** What is said with each. */
export const DEPLOYING_SHAPE = {
  message: z.string().max(2000).default('').meta({ description: 'Why, for those who come later.' }),
  override: z.string().min(1).max(2000).optional().meta({
    description:
      'Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve.',
  }),
}

type DeployingBody = z.ZodType<{ readonly message: string; readonly override?: string | undefined }>

interface DeployingParts<B extends DeployingBody> {
  readonly name: string
  readonly verb: string
  readonly summary: string
  readonly body: B
  /** What it answers is shown once. */
  readonly isSecret?: boolean
  /** What is to be live; it is done by those who ask. */
  wish(
    doing: Doing,
    place: DeploymentPlace,
    input: Input<typeof placeParams, typeof waitQuery, B> & { readonly asking: Asking },
  ): Promise<Omit<Wish, 'message' | 'override' | 'version'>>
}

export function defineDeploying<B extends DeployingBody>(parts: DeployingParts<B>): Route {
  const { name, verb, summary, body, isSecret = false, wish } = parts
  return defineChange({
    name,
    method: 'POST',
    path: `${PLACE_PATH}/${verb}`,
    summary,
    tag: 'deployments',
    access: placeDemand('api:publish'),
    watches: 'itself',
    params: placeParams,
    query: waitQuery,
    body,
    answer: rolloutSchema,
    isSecret,
    async change(asking, doing, input) {
      const place = await findPlace(doing.db, input.params)
      const { message, override } = input.body as z.output<DeployingBody>
      const wanted = { ...(await wish(doing, place, { ...input, asking })), message, override, version: input.ifMatch }
      return await fulfil(asking, doing, { place, wish: wanted, wait: input.query.wait })
    },
  })
}

interface Wanted {
  readonly place: DeploymentPlace
  readonly wish: Wish
  /** Seconds. */
  readonly wait: number
  /** It is to be undone, and asked of others: subscriptions stay where they are until then. */
  readonly isWaiting?: boolean
}

type RolloutAnswer = z.input<typeof rolloutSchema>

/** @rejects AdminProblem, DeploymentFault */
async function fulfil(asking: Asking, doing: Doing, { place, wish, wait }: Wanted): Promise<Done<RolloutAnswer>> {
  const isWaiting = await mustWait(asking, doing, { place, wish })
  const deployed = await carryOut(asking, doing, { place, wish, isWaiting })
  if (!isWaiting) return toDone(asking, place, { deployed, wait })
  const { before, made } = deployed
  const { principal } = asking
  if (principal === undefined) throw new AdminProblem('not-signed-in', 'A change is asked for by somebody.')
  await undoDeploy(doing, made)
  // No version either: what others wait for is made of the one that is live.
  if (before !== undefined && changesNothing(deployed, doing.nowMs))
    return { ...toDone(asking, place, { deployed: { ...deployed, made: before }, wait }), notes: [] }
  const wanted: DeploymentWish = { ...toKept(wish), version: before?.version ?? 0, outcome: deployed.outcome }
  const { asked, isNew } = await askOnce(doing, place.ref, {
    asking: { wish: wanted, person: await findPerson(doing.db, principal) },
    isSame: (other: DeploymentWish) => isDeepStrictEqual(toSubject(other), toSubject(wanted)),
  })
  const details = {
    id: place.api.id,
    environment: place.environment.id,
    change: asked.number,
    why: wish.why,
    after: made.releases,
    message: made.message,
  }
  return {
    body: { ...toAnswer(deployed), nodes: [], change: asked.number },
    status: 202,
    notes: isNew
      ? [{ action: 'ask-for-change', kind: place.api.kind, target: place.api.uid, team: place.api.team, details }]
      : [],
    changes: listLines(deployed),
  }
}

function changesNothing({ before, made, wish }: Deployed, nowMs: number): boolean {
  const kept = before?.releases.filter(({ preview }) => preview === undefined || Date.parse(preview.expires) > nowMs)
  const isSame = isDeepStrictEqual([kept, before?.lifecycle], [made.releases, made.lifecycle])
  return isSame && wish.succession === undefined
}

function toKept({ changes: _, shown: __, ...kept }: Wish): DeploymentWish {
  return kept
}

/** But for what is said of it. */
function toSubject(wish: DeploymentWish): unknown {
  return JSON.parse(JSON.stringify({ ...wish, message: '' }))
}

export interface Deployed {
  readonly wish: Wish
  readonly before: Deployment | undefined
  readonly made: Deployment
  /** In a protected environment. */
  readonly outcome: Outcome | undefined
  readonly judgement: Judgement
  readonly succession: PlannedSuccession | undefined
  /** Of what was done beside it. */
  readonly notes: readonly AuditNote[]
}

/** Judged and checked at this moment. `doing.by`: whose change it is. @rejects AdminProblem, DeploymentFault */
export async function carryOut(asking: Asking, doing: Doing, wanted: Omit<Wanted, 'wait'>): Promise<Deployed> {
  const { place, wish, isWaiting = false } = wanted
  const before = await findDeployment(doing.db, place.ref)
  const judgement = await judgeWish(doing.db, place, { wish, before })
  const { lifecycle, why, version } = wish
  const { id, body } = place.environment
  const { liveCheck } = asking.services
  const watched = body.protection === undefined ? new Map() : await liveCheck.watch(doing.db, new Set([id]))
  const isBesideGuarded = await isAnyGuardedBeside(doing.db, place)
  const live = isBesideGuarded ? await liveCheck.listLive(doing.db) : []
  const releases = withPreviews(wish, before, doing.nowMs)
  const made = await deploy(doing, place.ref, {
    releases,
    lifecycle,
    why,
    version,
    message: toMessage(wish, judgement),
  })
  if (isBesideGuarded) assertOwnNames(place, { before: live, after: await liveCheck.listLive(doing.db) })
  const [touched] = await findTouched(liveCheck, doing.db, watched)
  if (touched !== undefined) assertNoMore(id, touched.outcome, wish.outcome)
  const succession = wish.succession && (await planSuccession(asking, doing.db, { place, succession: wish.succession }))
  const notes =
    succession === undefined || isWaiting ? [] : await doSuccession(asking, doing, { planned: succession, place })
  await liveCheck.assertRuns(doing.db)
  return { wish, before, made, outcome: touched?.outcome, judgement, succession, notes }
}

/** What it answers when it is done; `told`: what its note says beside what was there before and after. */
export function toDone(
  { services }: Asking,
  place: DeploymentPlace,
  { deployed, wait, told = {} }: { readonly deployed: Deployed; readonly wait: number; readonly told?: object },
): Done<RolloutAnswer> {
  const answer = toAnswer(deployed)
  return {
    body: { ...answer, nodes: [] },
    version: deployed.made.version,
    notes: [toDeployNote(place, deployed, told), ...deployed.notes],
    changes: listLines(deployed),
    async afterwards() {
      const api = toSnapshotId(place.environment.id, place.api)
      return { ...answer, nodes: [...(await services.rollout.settle({ waitMs: wait * 1000, api }))] }
    },
  }
}

/** Previews stay until they end, are live, or nothing is. */
function withPreviews({ releases, why }: Wish, before: Deployment | undefined, nowMs: number) {
  if (why === 'undeploy') return releases
  const named = new Set(releases.map(({ revision }) => revision))
  const previews = before?.releases.filter(
    ({ preview, revision }) => preview !== undefined && Date.parse(preview.expires) > nowMs && !named.has(revision),
  )
  return [...releases, ...(previews ?? [])]
}

function toAnswer({ made, judgement, succession, wish: { shown } }: Deployed) {
  return {
    ...presentDeployment(made),
    warnings: judgement.warnings.map(presentRuleFinding),
    ...(succession !== undefined && { succession: presentSuccession(succession) }),
    ...(shown !== undefined && { preview: shown }),
  }
}

function listLines({ before, made, wish, judgement, succession }: Deployed): readonly string[] {
  const toEnd = (one: Deployment | undefined) => (one?.lifecycle === undefined ? {} : { lifecycle: one.lifecycle })
  return [
    ...toChangeLines(before?.releases ?? [], made.releases),
    ...toChangeLines(toEnd(before), toEnd(made)),
    ...(wish.changes ?? []),
    ...(succession === undefined ? [] : toSuccessionLines(succession)),
    ...judgement.changes,
  ]
}

function toDeployNote(
  { api: { uid, kind, team, id }, environment }: DeploymentPlace,
  { before, made, judgement: { acknowledged }, wish, succession }: Deployed,
  told: object,
) {
  const details = {
    id,
    environment: environment.id,
    before: before?.releases ?? [],
    after: made.releases,
    message: made.message,
    ...(made.lifecycle !== undefined && { lifecycle: made.lifecycle }),
    ...(succession !== undefined && { supersededBy: succession.to.id }),
    ...(acknowledged.length > 0 && { acknowledged, reason: wish.acknowledge?.reason }),
    ...(wish.override !== undefined && { override: wish.override }),
    ...told,
  }
  return { action: made.why, kind, target: uid, team, details }
}
