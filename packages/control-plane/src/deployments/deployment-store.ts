/** Owns changing what is live: every change is a version, and the one before can come back. */
import type { Selectable } from 'kysely'
import type { TeamPart } from '../access/decide-access.ts'
import { selectReadable } from '../apis/select-readable.ts'
import { findRevision } from '../revisions/revision-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { DeploymentTable } from '../store/tables.ts'
import {
  type DeployedRelease,
  type Deployment,
  DeploymentFault,
  type DeployReason,
  type Lifecycle,
  listLiveReleases,
} from './deployment.ts'

/** Uids. */
export interface DeploymentRef {
  readonly api: string
  readonly environment: string
}

export interface DeployOptions {
  readonly releases: readonly DeployedRelease[]
  /** Undefined: as it was; null: none is said. */
  readonly lifecycle?: Lifecycle | null | undefined
  readonly why: DeployReason
  readonly message?: string
  /** The version that the change was made of, 0 for none; any if undefined. */
  readonly version?: number | undefined
}

/** @rejects DeploymentFault */
export async function deploy(
  doing: Doing,
  ref: DeploymentRef,
  { releases, lifecycle: said, why, message = '', version }: DeployOptions,
): Promise<Deployment> {
  const { db, sequence, by, nowMs } = doing
  const current = await findDeployment(db, ref)
  const before = current?.version ?? 0
  if (version !== undefined && version !== before) {
    throw new DeploymentFault(
      'changed',
      `What is live has been changed meanwhile: it is at version ${before}.`,
      current,
    )
  }
  assertShares(releases, current)
  for (const { revision } of releases) {
    if ((await findRevision(db, ref.api, revision)) !== undefined) continue
    throw new DeploymentFault('unknown-revision', `There is no revision ${revision} of this API.`, current)
  }
  const { api, environment } = ref
  const lifecycle = releases.length === 0 ? null : said === undefined ? current?.lifecycle : said
  const made: Deployment = {
    api,
    environment,
    version: before + 1,
    releases,
    ...(lifecycle && { lifecycle }),
    why,
    message,
    sequence,
    atMs: nowMs,
    by,
  }
  await db.insertInto('deployments').values(toRow(made)).execute()
  return made
}

/** What was live at that version; before something else was if none is said, so that a second one goes forth again. Previews were not. @rejects DeploymentFault */
export async function getFormer(
  db: Moment,
  ref: DeploymentRef,
  to?: number,
): Promise<Pick<Deployment, 'releases' | 'version' | 'lifecycle'>> {
  const current = await findDeployment(db, ref)
  const former = to === undefined ? await findOther(db, ref, current) : await findDeploymentVersion(db, ref, to)
  if (former !== undefined) return { ...former, releases: listLiveReleases(former) }
  const said = to === undefined ? 'Nothing was live before.' : `There was no version ${to}.`
  throw new DeploymentFault('nothing-before', said, current)
}

/** Older ones are named by their version. */
const MOST_LOOKED_AT = 100

async function findOther(db: Moment, ref: DeploymentRef, current: Deployment | undefined) {
  const toLive = (one: Deployment | undefined) => JSON.stringify([listLiveReleases(one), one?.lifecycle])
  const live = toLive(current)
  const versions = await listDeploymentVersions(db, ref, { limit: MOST_LOOKED_AT })
  return versions.find((version) => toLive(version) !== live)
}

/** Within the change that made it. */
export async function undoDeploy({ db }: Doing, { api, environment, version }: Deployment): Promise<void> {
  await db
    .deleteFrom('deployments')
    .where('api', '=', api)
    .where('environment', '=', environment)
    .where('version', '=', version)
    .execute()
}

/** All of the traffic. */
export function toWhole(revision: number): readonly DeployedRelease[] {
  return [{ revision, share: 100 }]
}

function assertShares(releases: readonly DeployedRelease[], current: Deployment | undefined): void {
  const live = listLiveReleases({ releases })
  const sum = live.reduce((total, { share = 0, when }) => (when === undefined ? total + share : total), 0)
  if (live.length > 0 && sum !== 100) {
    throw new DeploymentFault('shares', `The shares of the releases are ${sum} together, not 100.`, current)
  }
  const revisions = new Set(releases.map(({ revision }) => revision))
  if (revisions.size === releases.length) return
  throw new DeploymentFault('shares', 'A revision has one release in an environment.', current)
}

/** What is live now; undefined: it never was. */
export async function findDeployment(db: Moment, { api, environment }: DeploymentRef): Promise<Deployment | undefined> {
  return (await listDeploymentVersions(db, { api, environment }, { limit: 1 }))[0]
}

async function findDeploymentVersion(
  db: Moment,
  { api, environment }: DeploymentRef,
  version: number,
): Promise<Deployment | undefined> {
  const row = await db
    .selectFrom('deployments')
    .selectAll()
    .where('api', '=', api)
    .where('environment', '=', environment)
    .where('version', '=', version)
    .executeTakeFirst()
  return row === undefined ? undefined : toDeployment(row)
}

/** The newest first. */
export async function listDeploymentVersions(
  db: Moment,
  { api, environment }: DeploymentRef,
  { limit }: { readonly limit: number },
): Promise<Deployment[]> {
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('api', '=', api)
    .where('environment', '=', environment)
    .orderBy('version', 'desc')
    .limit(limit)
    .execute()
  return rows.map(toDeployment)
}

/** All that is live in an environment, by the API's uid. */
export async function listLive(db: Moment, environment: string): Promise<Deployment[]> {
  const rows = await selectNewest(db).where('one.environment', '=', environment).orderBy('one.api').execute()
  return rows.map(toDeployment).filter(({ releases }) => releases.length > 0)
}

export interface LiveQuery {
  /** Ids. */
  readonly teams: readonly string[] | 'all'
  /** Single APIs of others, beside them. */
  readonly parts?: readonly TeamPart[]
  /** Uid of the last API of the page before. */
  readonly after?: string
  readonly limit: number
}

/** By the API's uid. */
export async function listLivePage(
  db: Moment,
  environment: string,
  { teams, parts = [], after, limit }: LiveQuery,
): Promise<Deployment[]> {
  let found = selectNewest(db).where('one.environment', '=', environment)
  if (teams !== 'all') found = found.where('one.api', 'in', selectReadable(db, { teams, parts }))
  if (after !== undefined) found = found.where('one.api', '>', after)
  const rows = await found.where('one.releases', '!=', NO_RELEASES).orderBy('one.api').limit(limit).execute()
  return rows.map(toDeployment)
}

/** Where an API is live. */
export async function listLiveOf(db: Moment, api: string): Promise<Deployment[]> {
  const found = selectNewest(db).where('one.api', '=', api).where('one.releases', '!=', NO_RELEASES)
  return (await found.orderBy('one.environment').execute()).map(toDeployment)
}

/** As JSON. */
const NO_RELEASES = '[]'

function selectNewest(db: Moment) {
  return db
    .selectFrom('deployments as one')
    .selectAll('one')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('deployments as newer')
            .select('newer.version')
            .whereRef('newer.api', '=', 'one.api')
            .whereRef('newer.environment', '=', 'one.environment')
            .whereRef('newer.version', '>', 'one.version'),
        ),
      ),
    )
}

/** What was put live since, in whatever environment: the newest last. */
export async function listChangedDeployments(db: Moment, since: number): Promise<Deployment[]> {
  const found = db.selectFrom('deployments').selectAll().where('sequence', '>', since)
  return (await found.orderBy('sequence').orderBy('version').execute()).map(toDeployment)
}

function toRow({ atMs, releases, lifecycle, ...rest }: Deployment): Selectable<DeploymentTable> {
  return {
    ...rest,
    releases: JSON.stringify(releases),
    lifecycle: lifecycle === undefined ? null : JSON.stringify(lifecycle),
    at: atMs,
  }
}

function toDeployment({ at: atMs, releases, lifecycle, why, ...rest }: Selectable<DeploymentTable>): Deployment {
  return {
    ...rest,
    why: why as DeployReason,
    releases: JSON.parse(releases),
    ...(lifecycle !== null && { lifecycle: JSON.parse(lifecycle) }),
    atMs,
  }
}
