/** Owns that what must not be done alone waits: what was asked is kept as it was asked, and done again when others have approved it. */
import { askOnce } from '../changes/ask-once.ts'
import type { AskedRequest } from '../changes/asked-change.ts'
import { type AskedChange, type AskedInput, openInput, sealInput, toAbout } from '../changes/asked-input.ts'
import { presentAsked } from '../changes/change-schema.ts'
import { NO_API } from '../changes/change-store.ts'
import { findAsker } from '../changes/find-asker.ts'
import { assertNoMore } from '../environments/assert-no-more.ts'
import { needsApproval } from '../environments/environment-body.ts'
import { assertThawed } from '../environments/guard-environment.ts'
import { findTouched, type Touched, type Watched } from '../environments/watch-protected.ts'
import { NO_TEAM } from '../resources/kind.ts'
import type { Resource } from '../resources/resource.ts'
import { findResource } from '../resources/resource-store.ts'
import type { Doing } from '../store/doing.ts'
import { findPerson } from '../tokens/token-store.ts'
import { AdminProblem } from './admin-problem.ts'
import { assertAdmitted } from './assert-allowed.ts'
import { listFingerprints } from './fingerprints.ts'
import { type Asked, parseAgain } from './read-request.ts'
import type { Asking, ChangingRoute, Done } from './route.ts'

/** What is to be undone, because others have to approve it. */
export class MustWait extends Error {
  readonly done: Done<unknown>
  readonly touched: readonly Touched[]

  constructor(done: Done<unknown>, touched: readonly Touched[]) {
    super('a change that others have to approve is undone')
    this.done = done
    this.touched = touched
  }
}

/** Those whose protection wants others to approve it. @rejects AdminProblem in a freeze */
export async function listApproving(
  asking: Asking,
  doing: Doing,
  { watched, override }: { readonly watched: Watched; readonly override: string | undefined },
): Promise<readonly Touched[]> {
  const touched = await findTouched(asking.services.liveCheck, doing.db, watched)
  for (const environment of touched) {
    const isOnlyProtection = environment.stampStays
    if (!isOnlyProtection) await assertThawed(asking, doing, { environment, override })
  }
  return touched.filter(({ body }) => needsApproval(body))
}

/** Lines that say whom it waits for. */
export function toWaitingLines(touched: readonly Touched[]): readonly string[] {
  return touched.map(({ id, body }) => {
    const approvals = body.protection?.approvals ?? 0
    return `waits for ${approvals} ${approvals === 1 ? 'approval' : 'approvals'}: it changes what ${id} runs`
  })
}

/** As it was asked: with what it was made of, so that nothing else is changed by it. */
export async function keepAsked(
  asking: Asking,
  doing: Doing,
  { route, asked, waiting }: { readonly route: ChangingRoute; readonly asked: Asked; readonly waiting: MustWait },
): Promise<Done<unknown>> {
  const { principal, services } = asking
  if (principal === undefined) throw new AdminProblem('not-signed-in', 'A change is asked for by somebody.')
  const { done, touched } = waiting
  const environments = await findEnvironments(doing, touched)
  const [first] = environments
  if (first === undefined) throw new AdminProblem('changed-meanwhile', 'The environment is gone: look again.')
  const person = await findPerson(doing.db, principal)
  const [fingerprint, ...former] = listFingerprints(services, asked)
  const about = toAbout(done.notes)
  const made = {
    route: route.name,
    fingerprint,
    about,
    environments: touched.map(({ id }) => id),
    outcomes: touched.map(({ outcome }) => outcome),
    lines: done.changes ?? [],
    ...(asked.override !== undefined && { override: asked.override }),
  }
  const input = { ...pickInput(asked), ...toCondition(asked, done.base) }
  const wish: AskedChange = {
    ...made,
    ...(route.isBodySecret === true ? await sealInput(services, doing, input) : { input }),
  }
  const ref = { api: NO_API, environment: first.uid }
  const isSame = (other: AskedChange) => [fingerprint, ...former].includes(other.fingerprint)
  const { asked: change, isNew } = await askOnce(doing, ref, { asking: { wish, person, team: about.team }, isSame })
  const details = { id: about.id, environments: made.environments, change: change.number, action: route.name }
  const { kind, target, team } = about
  return {
    status: 202,
    body: presentAsked(change, environments),
    headers: { location: `/api/v1/environments/${first.id}/changes/${change.number}` },
    notes: isNew ? [{ action: 'ask-for-change', kind, target, team, details }] : [],
  }
}

/** @rejects AdminProblem where it comes to more than was approved, and whatever the route refuses */
export async function redo(
  asking: Asking,
  doing: Doing,
  {
    routes,
    change,
  }: { readonly routes: readonly ChangingRoute[]; readonly change: Pick<AskedRequest, 'wish' | 'askedBy'> },
): Promise<Done<unknown>> {
  const { wish, askedBy } = change
  const route = routes.find(({ name }) => name === wish.route)
  if (route === undefined) throw new AdminProblem('conflict', 'What was asked is not done by this version: refuse it.')
  const { liveCheck } = asking.services
  const watched = await liveCheck.watch(doing.db)
  const kept = await openInput(asking.services, doing, wish)
  const input = { ifMatch: undefined, source: undefined, wantsYaml: false, ...kept, ...parseKept(route, kept) }
  const principal = await findAsker(asking, doing, askedBy)
  const { params } = input
  const asker = await assertAdmitted({ ...asking, principal }, doing.db, { access: route.access as never, params })
  const prepared = await route.prepare?.(asker, input as never)
  const done = await route.change(asker, { ...doing, by: askedBy }, { ...input, prepared } as never)
  if ('problem' in done) throw done.problem
  const touched = await listApproving(asking, doing, { watched, override: wish.override })
  const more = touched.map(({ id }) => id).filter((id) => !wish.environments.includes(id))
  if (more.length === 0) {
    for (const { id, outcome } of touched) assertNoMore(id, outcome, wish.outcomes?.[wish.environments.indexOf(id)])
    return done
  }
  throw new AdminProblem(
    'changed-meanwhile',
    `By now it would change what ${more.join(', ')} runs as well, which nobody has approved: refuse it, and ask again.`,
  )
}

/** @throws AdminProblem */
function parseKept(route: ChangingRoute, kept: AskedInput) {
  try {
    return parseAgain(route, kept)
  } catch (fault) {
    if (!(fault instanceof AdminProblem)) throw fault
    throw new AdminProblem(
      'conflict',
      `What was asked is not taken so by this version of Gatewright: ${fault.message} Refuse it, and let it be asked for again.`,
      { extensions: fault.extensions },
    )
  }
}

function pickInput({ input: { params, query, body, source } }: Asked) {
  return { params, query, ...(body !== undefined && { body }), ...(source !== undefined && { source }) }
}

function toCondition({ input: { ifMatch, ifNone } }: Asked, base: number | undefined) {
  const version = ifMatch ?? base
  if (version === undefined || version === 0) return { ifNone: ifNone || version === 0 }
  return { ifMatch: version, ifNone }
}

async function findEnvironments(doing: Doing, touched: readonly Touched[]): Promise<Resource[]> {
  const found = await Promise.all(
    touched.map(({ id }) => findResource(doing.db, { kind: 'environment', team: NO_TEAM, id })),
  )
  return found.filter((each) => each !== undefined)
}
