/** Owns the routes of revisions: what an API was when somebody published it. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import { type Demand, decideAccess, type Principal } from '../access/decide-access.ts'
import { apiBodySchema, partIdSchema } from '../apis/api-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { readRoles } from '../http/assert-allowed.ts'
import { toLimit } from '../http/page-query.ts'
import { defineChange, defineReading, type Route } from '../http/route.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { API } from '../kinds.ts'
import { toRef } from '../resources/kind.ts'
import { toNote } from '../resources/put-resource.ts'
import type { Described } from '../resources/resource.ts'
import { getResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import type { Revision } from './revision.ts'
import { findRevision, listRevisions, makeRevision, restoreRevision } from './revision-store.ts'

const params = z.strictObject({ team: partIdSchema, id: partIdSchema })

const revisionShape = {
  number: z.int().meta({ description: 'From 1, within the API.' }),
  hash: z.string().meta({ description: 'SHA-256 of what it says: equal for equal revisions.' }),
  message: z.string(),
  at: timeSchema,
  by: actorSchema,
}
const revisionSchema = z.strictObject(revisionShape)
const wholeRevisionSchema = z.strictObject({ ...revisionShape, body: apiBodySchema })

function present({ number, hash, message, atMs, by }: Revision) {
  return { number, hash, message, at: toTime(atMs), by }
}

const demandOf = (permission: 'api:read' | 'api:publish') => ({
  kind: 'demand' as const,
  toDemand: ({ team, id }: z.output<typeof params>) => ({ permission, team, api: id }),
})

export const REVISION_ROUTES: readonly Route[] = [
  defineReading({
    name: 'listRevisions',
    path: '/apis/{team}/{id}/revisions',
    summary: 'Revisions of an API, the newest first.',
    tag: 'revisions',
    access: demandOf('api:read'),
    params,
    query: z.strictObject({
      limit: toLimit(),
      below: z.coerce.number().int().optional().meta({ description: 'Only those with a lower number.' }),
    }),
    answer: z.strictObject({ items: z.array(revisionSchema) }),
    async read(_, db, { params: at, query: { limit, below } }) {
      const { uid } = await getResource(db, toRef(API, at))
      const revisions = await listRevisions(db, uid, { limit, ...(below !== undefined && { below }) })
      return { body: { items: revisions.map(present) } }
    },
  }),
  defineReading({
    name: 'getRevision',
    path: '/apis/{team}/{id}/revisions/{number}',
    summary: 'An API as it was when this revision was made.',
    tag: 'revisions',
    access: demandOf('api:read'),
    params: params.extend({ number: z.coerce.number().int().min(1) }),
    answer: wholeRevisionSchema,
    async read(_, db, { params: { number, ...at } }) {
      const { uid } = await getResource(db, toRef(API, at))
      const revision = await findRevision(db, uid, number)
      if (revision === undefined) throw new AdminProblem('not-found', `There is no revision ${number} of "${at.id}".`)
      return { body: { ...present(revision), body: revision.body as never } }
    },
  }),
  defineChange({
    name: 'makeRevision',
    method: 'POST',
    path: '/apis/{team}/{id}/revisions',
    summary:
      'Makes a revision of what the API says now. Where nothing has changed since the newest one, that is answered.',
    tag: 'revisions',
    access: demandOf('api:publish'),
    params,
    body: z.strictObject({ message: z.string().max(2000).default('') }),
    answer: revisionSchema,
    async change(_, doing, { params: at, body: { message }, ifMatch }) {
      const api = await getResource(doing.db, toRef(API, at), ifMatch)
      const { revision, isNew } = await makeRevision(doing, api, message)
      const notes = isNew ? [toNote('revise', api, { revision: revision.number, message })] : []
      return { body: present(revision), status: isNew ? 201 : 200, notes }
    },
  }),
  defineChange({
    name: 'restoreRevision',
    method: 'PUT',
    path: '/apis/{team}/{id}/revisions/{number}',
    summary:
      'Makes a revision with this number, as it was elsewhere. One that is there already stays as it is, and has to say the same. Needs api:edit too.',
    tag: 'revisions',
    access: demandOf('api:publish'),
    params: params.extend({ number: z.coerce.number().int().min(1).max(1_000_000) }),
    body: z.strictObject({ body: apiBodySchema, message: z.string().max(2000).optional() }),
    isAsWritten: true,
    answer: revisionSchema,
    async change({ principal }, doing, { params: { number, ...at }, body: { body, message = '' } }) {
      await assertEditor(doing.db, principal, at)
      const api = await getResource(doing.db, toRef(API, at))
      const { revision, isNew } = await restoreRevision(doing, api, { number, body: body as Described, message })
      const notes = isNew ? [toNote('revise', api, { revision: number, message, after: body })] : []
      return { body: present(revision), status: isNew ? 201 : 200, notes }
    },
  }),
]

/** What a revision says, somebody has written: who only publishes brings in nothing of their own. @rejects AdminProblem */
async function assertEditor(db: Moment, principal: Principal | undefined, at: z.output<typeof params>): Promise<void> {
  const demand: Demand = { permission: 'api:edit', team: at.team, api: at.id }
  if (principal !== undefined && decideAccess(principal, demand, await readRoles(db)) === 'granted') return
  throw new AdminProblem('not-allowed', 'What it says is yours to say with the permission "api:edit" alone.', {
    extensions: { permission: demand.permission },
  })
}
