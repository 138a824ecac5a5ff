/** Owns the routes that every kind of resources has: list, look, put, remove, and what they were. */

import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import type { Demand, TeamPart } from '../access/decide-access.ts'
import { EVERY_TEAM } from '../access/grant.ts'
import type { Permission } from '../access/permission.ts'
import { partIdSchema } from '../apis/api-body.ts'
import { listApiParts } from '../apis/select-readable.ts'
import { assertShown, listShownEnvironments } from '../environments/assert-readable.ts'
import { PAGE_ANSWER, PAGE_QUERY, toLimit } from '../http/page-query.ts'
import { readYaml } from '../http/read-yaml.ts'
import { defineChange, defineReading, type Route, type RouteAccess, type Writing } from '../http/route.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { findBodyFaults } from './find-body-faults.ts'
import { type Kind, NO_TEAM, toKindName, toRef } from './kind.ts'
import { countResources, END_SORTS, listResources, type ResourceQuery, SORTS } from './list-resources.ts'
import { presentResource, toResourceSchema } from './present-resource.ts'
import { putResource, toNote } from './put-resource.ts'
import type { Described } from './resource.ts'
import { getResource, listVersions, removeResource } from './resource-store.ts'
import { dropSource, readSource } from './source-store.ts'
import { toChangeLines } from './to-change-lines.ts'

type At = { readonly team?: string; readonly id: string }

/** Where those of a kind stand, and who may. */
export function toPlace(kind: Kind) {
  const { scope, plural } = kind
  const params =
    scope === 'team' ? z.strictObject({ team: partIdSchema, id: partIdSchema }) : z.strictObject({ id: partIdSchema })
  const toDemand =
    (permission: Permission) =>
    (at: At): Demand => ({
      permission,
      team: scope === 'team' ? (at.team ?? NO_TEAM) : NO_TEAM,
      ...(kind.kind === 'api' && { api: at.id }),
      ...(kind.kind === 'environment' && { environment: at.id }),
    })
  const demand = (permission: Permission): RouteAccess<At> => ({ kind: 'demand', toDemand: toDemand(permission) })
  return {
    params: params as unknown as z.ZodType<At, At>,
    path: scope === 'team' ? `/${plural}/{team}/{id}` : `/${plural}/{id}`,
    read: scope === 'team' ? demand(kind.read) : ({ kind: 'some-team', permission: kind.read } as const),
    edit: demand(kind.edit),
  }
}

export function toResourceRoutes(kind: Kind): readonly Route[] {
  return [toList(kind), toLook(kind), toPut(kind), toRemoval(kind), toHistory(kind)]
}

const listQuery = z.strictObject({
  team: partIdSchema.optional().meta({ description: 'Only of this team.' }),
  owner: z.string().optional(),
  family: z.string().optional().meta({
    description:
      'Only versions of this one, which they name as their `family`; one that names none is called by its id.',
  }),
  tag: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .meta({ description: 'Only with this tag; several: only with all of them.' }),
  search: z.string().optional().meta({ description: 'A text in id, title, description, owner or tags, in any case.' }),
  expiresBefore: z.iso.datetime().optional().meta({ description: 'Only those whose `notAfter` is before this time.' }),
  sort: z
    .enum([...SORTS, ...END_SORTS])
    .optional()
    .meta({
      description: '`id` if absent; `-` turns it round. What has no `notAfter` stands behind all that has one.',
    }),
  ...PAGE_QUERY,
})

/** Without what no other kind has. */
function toListQuery({ kind, facts }: Kind): typeof listQuery {
  const query = kind === 'api' ? listQuery : listQuery.omit({ family: true })
  if (facts?.findEnd !== undefined) return query as typeof listQuery
  const sort = z.enum(SORTS).optional().meta({ description: '`id` if absent; `-` turns it round.' })
  return query.omit({ expiresBefore: true }).extend({ sort }) as unknown as typeof listQuery
}

function toList(kind: Kind): Route {
  return defineReading({
    name: `list${toKindName(kind.plural)}`,
    path: `/${kind.plural}`,
    summary: `Those of the kind ${kind.title} that you may see, in pages.`,
    tag: kind.plural,
    access: { kind: 'some-team', permission: kind.read },
    query: toListQuery(kind),
    answer: z.strictObject({
      items: z.array(toResourceSchema(kind)),
      total: z.int(),
      ...PAGE_ANSWER,
    }),
    async read(asking, db, { query: given }) {
      const { team, tag, owner, family, expiresBefore, search, sort, limit, after } = given
      const { teams, parts, services } = asking
      const shown = toShownTeams(kind, teams, team)
      const ids = kind.kind === 'environment' ? await listShownEnvironments(asking, db) : 'all'
      const query: ResourceQuery = {
        kind: kind.kind,
        limit,
        ...(shown !== undefined && { teams: shown, parts: toShownParts(kind, parts, team) }),
        ...(ids !== 'all' && { ids }),
        ...(owner !== undefined && { owner }),
        ...(family !== undefined && { family }),
        ...(expiresBefore !== undefined && { endsBeforeMs: Date.parse(expiresBefore) }),
        ...(tag !== undefined && { tags: [tag].flat() }),
        ...(search !== undefined && { search }),
        ...(sort !== undefined && { sort }),
        ...(after !== undefined && { after }),
      }
      const { items, ...page } = await listResources(db, query)
      const total = await countResources(db, query)
      const shownItems = items.map((each) => presentResource(kind, each, services.nowMs()))
      return { body: { items: shownItems, total, ...page } }
    },
  })
}

/** Undefined: all. */
export function toShownTeams(
  { scope }: Kind,
  teams: readonly string[] | 'all',
  team: string | undefined,
): readonly string[] | undefined {
  if (scope === 'everywhere') return [NO_TEAM]
  if (teams === 'all') return team === undefined ? undefined : [team]
  return team === undefined ? teams : teams.filter((each) => each === team)
}

/** Of the teams that are shown, all is shown anyway. */
export function toShownParts(
  { kind }: Kind,
  parts: readonly TeamPart[],
  team: string | undefined,
): readonly TeamPart[] {
  if (kind !== 'api') return []
  const wanted = parts.filter((part) => team === undefined || part.team === team || part.team === EVERY_TEAM)
  return listApiParts(wanted).map((part) => ({ ...part, team: team ?? part.team }))
}

function toWriting({ body }: Kind): Writing {
  return { schema: body, toBody: readYaml }
}

function toLook(kind: Kind): Route {
  const { params, path, read } = toPlace(kind)
  return defineReading({
    name: `get${toKindName(kind.kind)}`,
    path,
    summary: `One ${kind.title}.`,
    tag: kind.plural,
    access: read,
    params,
    answer: toResourceSchema(kind),
    written: toWriting(kind),
    async read(asking, db, { params: at, wantsYaml }) {
      if (kind.kind === 'environment') await assertShown(asking, db, [at.id])
      const resource = await getResource(db, toRef(kind, at))
      const text = wantsYaml ? { text: await readSource(db, resource) } : {}
      return { body: presentResource(kind, resource, asking.services.nowMs()), version: resource.version, ...text }
    },
  })
}

const putQuery = z.strictObject({
  runnable: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'True: policies that no gateway could run are refused. Without it a draft may be wrong.' }),
})

function toPut(kind: Kind): Route {
  const { params, path, edit } = toPlace(kind)
  return defineChange({
    name: `put${toKindName(kind.kind)}`,
    method: 'PUT',
    path,
    summary: `Makes one ${kind.title}, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there.`,
    tag: kind.plural,
    access: edit,
    params,
    query: putQuery,
    body: kind.body as z.ZodType<Described, Described>,
    isAsWritten: true,
    findFaults: (body, { runnable }) => findBodyFaults(kind, body, runnable === 'true'),
    answer: toResourceSchema(kind),
    written: toWriting(kind),
    async change(asking, doing, { params: at, body, ifMatch, ifNone, source }) {
      const { before, made, notes, changes } = await putResource(asking, doing, {
        kind,
        at,
        body,
        ifMatch,
        ifNone,
        source,
      })
      const status = before === undefined ? 201 : 200
      return {
        body: presentResource(kind, made, doing.nowMs),
        version: made.version,
        base: before?.version ?? 0,
        status,
        notes,
        changes,
      }
    },
  })
}

function toRemoval(kind: Kind): Route {
  const { params, path, edit } = toPlace(kind)
  return defineChange({
    name: `remove${toKindName(kind.kind)}`,
    method: 'DELETE',
    path,
    summary: `Removes one ${kind.title}, where nobody needs it. What it was stays in its history.`,
    tag: kind.plural,
    access: edit,
    params,
    async change(asking, doing, { params: at, ifMatch }) {
      const ref = toRef(kind, at)
      const before = await getResource(doing.db, ref, ifMatch)
      await kind.checkRemoval?.(asking, doing, before)
      await removeResource(doing, ref, ifMatch)
      await dropSource(doing.db, before.uid)
      return {
        body: undefined,
        base: before.version,
        notes: [toNote('remove', before, { before: before.body })],
        changes: toChangeLines(before.body, undefined),
      }
    },
  })
}

function toHistory(kind: Kind): Route {
  const { params, path, read } = toPlace(kind)
  return defineReading({
    name: `list${toKindName(kind.kind)}Versions`,
    path: `${path}/versions`,
    summary: `What one ${kind.title} was, the newest first.`,
    tag: kind.plural,
    access: read,
    params,
    query: z.strictObject({ limit: toLimit() }),
    answer: z.strictObject({
      items: z.array(
        z.strictObject({
          version: z.int(),
          at: timeSchema,
          by: actorSchema,
          body: kind.body.optional().meta({ description: 'Absent where it was removed.' }),
        }),
      ),
    }),
    async read(asking, db, { params: at, query: { limit } }) {
      if (kind.kind === 'environment') await assertShown(asking, db, [at.id])
      const { uid } = await getResource(db, toRef(kind, at))
      const versions = await listVersions(db, uid, limit)
      const items = versions.map(({ version, atMs, by, body }) => ({
        version,
        at: toTime(atMs),
        by,
        ...(body !== undefined && { body }),
      }))
      return { body: { items } }
    },
  })
}
