/** Owns making, changing and removing resources within one change of the store; every version of them is kept. */
import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Actor } from '../access/actor.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { ResourceTable } from '../store/tables.ts'
import { type Described, type Resource, ResourceFault, type ResourceRef, type ResourceVersion } from './resource.ts'

/** @rejects ResourceFault `taken` */
export async function createResource<Body extends Described>(
  doing: Doing,
  ref: ResourceRef,
  body: Body,
): Promise<Resource<Body>> {
  const current = await findResource(doing.db, ref)
  if (current !== undefined) throw new ResourceFault('taken', ref, current)
  const { db, sequence, by, nowMs } = doing
  const made: Resource<Body> = {
    ...pickRef(ref),
    uid: randomUUID(),
    version: 1,
    sequence,
    createdAtMs: nowMs,
    createdBy: by,
    updatedAtMs: nowMs,
    updatedBy: by,
    body,
  }
  await db.insertInto('resources').values(toRow(made)).execute()
  await keepVersion(doing, made, body)
  await insertTags(db, made)
  return made
}

/** `version`: the one that the change was made of; any if undefined. @rejects ResourceFault `not-found`, `changed` */
export async function replaceResource<Body extends Described>(
  doing: Doing,
  ref: ResourceRef,
  { version, body }: { readonly version: number | undefined; readonly body: Body },
): Promise<Resource<Body>> {
  const current = await getResource(doing.db, ref, version)
  // Nothing has changed: then nothing did, and nobody has to look at it again.
  if (JSON.stringify(current.body) === JSON.stringify(body)) return current as Resource<Body>
  const { db, sequence, by, nowMs } = doing
  const made = { ...current, version: current.version + 1, sequence, updatedAtMs: nowMs, updatedBy: by, body }
  const { uid, ...row } = toRow(made)
  await db.updateTable('resources').set(row).where('uid', '=', uid).execute()
  await keepVersion(doing, made, body)
  await db.deleteFrom('resource_tags').where('resource', '=', uid).execute()
  await insertTags(db, made)
  return made
}

/** What a list of its kind is sorted by, milliseconds since the epoch; undefined: it has no end. */
export async function keepEnd(db: Moment, uid: string, endsMs: number | undefined): Promise<void> {
  await db
    .updateTable('resources')
    .set({ ends: endsMs ?? null })
    .where('uid', '=', uid)
    .execute()
}

/** Its versions stay. @rejects ResourceFault `not-found`, `changed` */
export async function removeResource(doing: Doing, ref: ResourceRef, version: number | undefined): Promise<Resource> {
  const current = await getResource(doing.db, ref, version)
  await doing.db.deleteFrom('resources').where('uid', '=', current.uid).execute()
  await keepVersion(doing, { uid: current.uid, version: current.version + 1 }, undefined)
  return current
}

export async function findResource(db: Moment, { kind, team, id }: ResourceRef): Promise<Resource | undefined> {
  const row = await db
    .selectFrom('resources')
    .selectAll()
    .where('kind', '=', kind)
    .where('team', '=', team)
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : toResource(row)
}

/** @rejects ResourceFault */
export async function getResource(db: Moment, ref: ResourceRef, version?: number): Promise<Resource> {
  const current = await findResource(db, ref)
  if (current === undefined) throw new ResourceFault('not-found', ref)
  if (version !== undefined && version !== current.version) throw new ResourceFault('changed', ref, current)
  return current
}

/** The newest first. */
export async function listVersions(db: Moment, uid: string, limit: number): Promise<ResourceVersion[]> {
  const rows = await db
    .selectFrom('resource_versions')
    .selectAll()
    .where('resource', '=', uid)
    .orderBy('version', 'desc')
    .limit(limit)
    .execute()
  return rows.map(toVersion)
}

export async function findVersion(db: Moment, uid: string, version: number): Promise<ResourceVersion | undefined> {
  const row = await db
    .selectFrom('resource_versions')
    .selectAll()
    .where('resource', '=', uid)
    .where('version', '=', version)
    .executeTakeFirst()
  return row === undefined ? undefined : toVersion(row)
}

export function toResource(row: Selectable<ResourceTable>): Resource {
  return {
    uid: row.uid,
    kind: row.kind,
    team: row.team,
    id: row.id,
    version: row.version,
    sequence: row.sequence,
    createdAtMs: row.created_at,
    createdBy: row.created_by,
    updatedAtMs: row.updated_at,
    updatedBy: row.updated_by,
    body: JSON.parse(row.body),
  }
}

function toVersion(row: {
  readonly resource: string
  readonly version: number
  readonly sequence: number
  readonly at: number
  readonly by: Actor
  readonly body: string | null
}): ResourceVersion {
  const { resource: uid, version, sequence, at: atMs, by, body } = row
  return { uid, version, sequence, atMs, by, body: body === null ? undefined : JSON.parse(body) }
}

/** What APIs say beside what everything does. */
interface InFamily {
  readonly family?: string
}

function toRow(resource: Resource): Omit<Selectable<ResourceTable>, 'ends'> {
  const { uid, kind, team, id, version, sequence, body } = resource
  const { title = null, description = null, owner = null, tags = [], family = null } = body as Described & InFamily
  return {
    uid,
    kind,
    team,
    id,
    title,
    description,
    owner,
    family,
    search_text: [id, title, description, owner, ...tags]
      .filter((part) => part !== null)
      .join('\n')
      .toLowerCase(),
    body: JSON.stringify(body),
    version,
    sequence,
    created_at: resource.createdAtMs,
    created_by: resource.createdBy,
    updated_at: resource.updatedAtMs,
    updated_by: resource.updatedBy,
  }
}

function pickRef({ kind, team, id }: ResourceRef): ResourceRef {
  return { kind, team, id }
}

async function keepVersion(
  { db, sequence, by, nowMs }: Doing,
  { uid, version }: Pick<Resource, 'uid' | 'version'>,
  body: Described | undefined,
): Promise<void> {
  await db
    .insertInto('resource_versions')
    .values({ resource: uid, version, sequence, at: nowMs, by, body: body === undefined ? null : JSON.stringify(body) })
    .execute()
}

async function insertTags(db: Moment, { uid, body }: Resource): Promise<void> {
  const tags = [...new Set(body.tags ?? [])]
  if (tags.length === 0) return
  await db
    .insertInto('resource_tags')
    .values(tags.map((tag) => ({ resource: uid, tag })))
    .execute()
}
