/** Owns what all changes of what is live have in common: they are judged, checked, told, and waited for. */
import { z } from 'zod'
import { type Asking, type Done, defineChange, type Input, type Route } from '../http/route.ts'
import { describeChanges } from '../resources/describe-changes.ts'
import type { Doing } from '../resources/resource-store.ts'
import type { Deployment } from './deployment.ts'
import { presentDeployment, rolloutSchema } from './deployment-answer.ts'
import { type DeploymentPlace, findPlace, PLACE_PATH, placeDemand, placeParams } from './deployment-place.ts'
import { deploy, findDeployment } from './deployment-store.ts'
import { type Judgement, judgeWish, presentRuleFinding, toMessage, type Wish } from './judge-wish.ts'

const NO_QUERY = z.strictObject({})

export const messageSchema = z.string().max(2000).default('').meta({ description: 'Why, for those who come later.' })

interface DeployingParts<B extends z.ZodType> {
  readonly name: string
  readonly verb: string
  readonly summary: string
  readonly body: B
  /** What is to be live; it is done by those who ask. */
  wish(doing: Doing, place: DeploymentPlace, input: Input<typeof placeParams, typeof NO_QUERY, B>): Promise<Wish>
}

export function defineDeploying<B extends z.ZodType>({ name, verb, summary, body, wish }: DeployingParts<B>): Route {
  return defineChange({
    name,
    method: 'POST',
    path: `${PLACE_PATH}/${verb}`,
    summary,
    tag: 'deployments',
    access: placeDemand('api:publish'),
    params: placeParams,
    query: NO_QUERY,
    body,
    answer: rolloutSchema,
    async change(asking, doing, input) {
      const place = await findPlace(doing.db, input.params)
      return await fulfil(asking, doing, { place, wish: await wish(doing, place, input) })
    },
  })
}

interface Wanted {
  readonly place: DeploymentPlace
  readonly wish: Wish
}

type RolloutAnswer = z.input<typeof rolloutSchema>

/** @rejects AdminProblem, DeploymentFault */
async function fulfil(asking: Asking, doing: Doing, { place, wish }: Wanted): Promise<Done<RolloutAnswer>> {
  const before = await findDeployment(doing.db, place.ref)
  const judgement = await judgeWish(doing.db, place, { wish, before })
  const made = await deploy(doing, place.ref, { ...wish, message: toMessage(wish, judgement) })
  await asking.services.liveCheck.assertRuns(doing.db)
  const answer = { ...presentDeployment(made), warnings: judgement.warnings.map(presentRuleFinding) }
  return {
    body: { ...answer, nodes: [] },
    version: made.version,
    notes: [toDeployNote(place, { before, made, judgement, wish })],
    changes: [...describeChanges(before?.releases ?? [], made.releases), ...(wish.changes ?? []), ...judgement.changes],
    async afterwards() {
      return { ...answer, nodes: [...(await asking.services.rollout.settle())] }
    },
  }
}

interface Deployed {
  readonly before: Deployment | undefined
  readonly made: Deployment
  readonly judgement: Judgement
  readonly wish: Wish
}

function toDeployNote(
  { api: { uid, kind, team, id }, environment }: DeploymentPlace,
  { before, made, judgement: { acknowledged }, wish }: Deployed,
) {
  const details = {
    id,
    environment: environment.id,
    before: before?.releases ?? [],
    after: made.releases,
    message: made.message,
    ...(acknowledged.length > 0 && { acknowledged, reason: wish.acknowledge?.reason }),
  }
  return { action: made.why, kind, target: uid, team, details }
}
