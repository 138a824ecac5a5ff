/** Owns the routes of an app's keys: issued and shown once, brought along, rotated, ended. */
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'
import { getOwnApp } from '../apps/get-own-app.ts'
import type { AuditNote } from '../audit/audit-log.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { assertAllowed } from '../http/assert-allowed.ts'
import { PAGE_ANSWER, PAGE_QUERY } from '../http/page-query.ts'
import { type Asking, type Done, defineChange, defineReading, type Route } from '../http/route.ts'
import { toTime } from '../http/time.ts'
import { APP, PLAN } from '../kinds.ts'
import { toRef } from '../resources/kind.ts'
import { toNote } from '../resources/put-resource.ts'
import type { Resource } from '../resources/resource.ts'
import { findResource, getResource } from '../resources/resource-store.ts'
import type { Doing } from '../store/doing.ts'
import { toPage } from '../store/pages.ts'
import type { Moment } from '../store/store.ts'
import type { Key } from './key.ts'
import { changeKey, endKey, findKey, hashKeys, issueKey, keepKeys, listKeys, rotateKey } from './key-store.ts'
import { keyChangeSchema, keySchema, keyShape, keyTermsShape, presentKey, toKeyTerms } from './present-key.ts'

const PATH = '/apps/{team}/{id}/keys'
const params = z.strictObject({ team: partIdSchema, id: partIdSchema })
const keyParams = params.extend({ uid: z.string().max(64) })
type At = z.output<typeof params>
const MOST_BROUGHT = 10_000
const DAY_MS = 24 * 60 * 60 * 1000

const demandOf = (permission: 'key:read' | 'key:issue') => ({
  kind: 'demand' as const,
  toDemand: ({ team }: At) => ({ permission, team }),
})

const issuedSchema = z.strictObject({ ...keyShape, value: z.string().meta({ description: 'The key itself.' }) })

/** A key's own plan counts before what its app has subscribed to. @rejects AdminProblem */
async function assertMayPlan(asking: Asking, db: Moment, { team, plans }: { team: string; plans: readonly unknown[] }) {
  const named = [...new Set(plans.filter((plan) => typeof plan === 'string'))]
  if (named.length === 0) return
  await assertAllowed(asking, db, { permission: 'plan:edit', team })
  for (const id of named) {
    if ((await findResource(db, toRef(PLAN, { team, id }))) !== undefined) continue
    throw new AdminProblem('request-invalid', `There is no plan "${id}" in the team "${team}".`)
  }
}

/** @rejects AdminProblem */
async function getKeyOf(db: Moment, app: Resource, uid: string): Promise<Key> {
  const key = await findKey(db, uid)
  if (key?.app === app.uid) return key
  throw new AdminProblem('not-found', `The app "${app.id}" has no such key.`)
}

/** Who gets the answer may use the key, or count on its end: the gateway of this process knows of it by then. */
function whenKnown<A>({ services }: Asking, body: A): Pick<Done<A>, 'body' | 'afterwards'> {
  return {
    body,
    async afterwards() {
      await services.rollout.settle()
      return body
    },
  }
}

function toKeyNote(action: string, app: Resource, { uid, hint, name, plan }: Key): AuditNote {
  return { action, kind: 'key', target: uid, team: app.team, details: { app: app.id, hint, name, plan } }
}

const READINGS: readonly Route[] = [
  defineReading({
    name: 'listKeys',
    path: PATH,
    summary: 'Keys of an app, also those that ended, in pages. No key is shown.',
    tag: 'keys',
    access: demandOf('key:read'),
    params,
    query: z.strictObject(PAGE_QUERY),
    answer: z.strictObject({ items: z.array(keySchema), ...PAGE_ANSWER }),
    async read(_, db, { params: at, query: { limit, after } }) {
      const app = await getResource(db, toRef(APP, at))
      const keys = await listKeys(db, app.uid, { limit: limit + 1, ...(after !== undefined && { after }) })
      const { items, ...page } = toPage(keys, limit, ({ uid }) => uid)
      return { body: { items: items.map(presentKey), ...page } }
    },
  }),
]

const MAKING: readonly Route[] = [
  defineChange({
    name: 'issueKey',
    method: 'POST',
    path: PATH,
    summary: 'Issues a key to an app. It is shown now, and never again.',
    tag: 'keys',
    access: demandOf('key:issue'),
    params,
    body: z.strictObject(keyTermsShape),
    answer: issuedSchema,
    status: 201,
    isSecret: true,
    async change(asking, doing, { params: at, body }) {
      const app = await getOwnApp(asking, doing.db, at)
      await assertMayPlan(asking, doing.db, { team: at.team, plans: [body.plan] })
      assertToCome(doing, body.expiresAt)
      const { key, value } = await issueKey(doing, app.uid, toKeyTerms(body))
      return { ...whenKnown(asking, { ...presentKey(key), value }), notes: [toKeyNote('issue', app, key)] }
    },
  }),
  defineChange({
    name: 'bringKeys',
    method: 'POST',
    path: `${PATH}/bring`,
    summary:
      'Takes keys that others have issued, or their hashes: all of them or none. Those that could be guessed are kept under a slow hash where there is a pepper, and refused elsewhere.',
    tag: 'keys',
    access: demandOf('key:issue'),
    params,
    body: z.strictObject({
      keys: z
        .array(
          z.union([
            z.strictObject({ ...keyTermsShape, value: z.string().min(1).max(4096) }),
            z.strictObject({
              ...keyTermsShape,
              hash: z
                .string()
                .max(200)
                .meta({ description: 'SHA-256 in lower-case hex; others begin with their name.' }),
            }),
          ]),
        )
        .min(1)
        .max(MOST_BROUGHT),
    }),
    answer: z.strictObject({ items: z.array(keySchema) }),
    status: 201,
    async prepare({ services }, { body }) {
      const brought = body.keys.map((said) => ({ ...toKeyTerms(toPlain(said)), ...pickKey(said) }))
      return await hashKeys(brought, services.weakKeys)
    },
    async change(asking, doing, { params: at, prepared }) {
      const app = await getOwnApp(asking, doing.db, at)
      await assertMayPlan(asking, doing.db, { team: at.team, plans: prepared.map(({ plan }) => plan) })
      const keys = await keepKeys(doing, app.uid, prepared)
      const notes = [toNote('bring-keys', app, { keys: keys.length })]
      return { ...whenKnown(asking, { items: keys.map(presentKey) }), notes }
    },
  }),
]

/** It would be shown, handed on, and refused at once. @throws AdminProblem */
function assertToCome({ nowMs }: Pick<Doing, 'nowMs'>, expiresAt: string | undefined): void {
  if (expiresAt === undefined || Date.parse(expiresAt) > nowMs) return
  throw new AdminProblem(
    'request-invalid',
    `body/expiresAt: ${expiresAt} is in the past (now it is ${toTime(nowMs)}): say a time to come, or none.`,
  )
}

type Said = z.output<z.ZodObject<typeof keyTermsShape>> & ({ readonly value: string } | { readonly hash: string })

function pickKey(said: Said) {
  return 'value' in said ? { value: said.value } : { hash: said.hash }
}

function toPlain({ name, plan, notBefore, expiresAt }: Said) {
  return {
    ...(name !== undefined && { name }),
    ...(plan !== undefined && { plan }),
    ...(notBefore !== undefined && { notBefore }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

const CHANGES: readonly Route[] = [
  defineChange({
    name: 'rotateKey',
    method: 'POST',
    path: `${PATH}/{uid}/rotate`,
    summary: 'Issues another key on the same terms, which is shown once. The old one goes on for the overlap.',
    tag: 'keys',
    access: demandOf('key:issue') as never,
    params: keyParams,
    body: z.strictObject({
      overlapMs: z
        .int()
        .min(0)
        .max(90 * DAY_MS)
        .default(DAY_MS)
        .meta({ description: 'For how long both are good; a day if absent.' }),
    }),
    answer: z.strictObject({ ...keyShape, value: z.string(), old: keySchema }),
    status: 201,
    isSecret: true,
    async change(asking, doing, { params: { uid, ...at }, body: { overlapMs } }) {
      const app = await getOwnApp(asking, doing.db, at)
      await getKeyOf(doing.db, app, uid)
      const { key, value, old } = await rotateKey(doing, uid, overlapMs)
      const notes = [toKeyNote('issue', app, key), toKeyNote('rotate', app, old)]
      return { ...whenKnown(asking, { ...presentKey(key), value, old: presentKey(old) }), notes }
    },
  }),
  defineChange({
    name: 'changeKey',
    method: 'PATCH',
    path: `${PATH}/{uid}`,
    summary: 'Says the name, the plan or the end of a key anew. What is absent stays; null takes it away.',
    tag: 'keys',
    access: demandOf('key:issue') as never,
    params: keyParams,
    body: keyChangeSchema,
    answer: keySchema,
    async change(asking, doing, { params: { uid, ...at }, body: { expiresAt, ...said } }) {
      const app = await getOwnApp(asking, doing.db, at)
      const before = await getKeyOf(doing.db, app, uid)
      // Taking a plan away gives the app's in its place, which may allow more.
      if (said.plan !== undefined && (said.plan ?? undefined) !== before.plan) {
        await assertMayPlan(asking, doing.db, { team: at.team, plans: [said.plan ?? before.plan] })
      }
      const key = await changeKey(doing, uid, {
        ...said,
        ...(expiresAt !== undefined && { expiresAtMs: expiresAt === null ? null : Date.parse(expiresAt) }),
      })
      const details = { app: app.id, before: presentKey(before), after: presentKey(key) }
      return { body: presentKey(key), notes: [{ ...toKeyNote('replace', app, key), details }] }
    },
  }),
  defineChange({
    name: 'endKey',
    method: 'DELETE',
    path: `${PATH}/{uid}`,
    summary: 'Ends a key: it is refused from now on, on every gateway as soon as it hears of it.',
    tag: 'keys',
    access: demandOf('key:issue') as never,
    params: keyParams,
    async change(asking, doing, { params: { uid, ...at } }) {
      const app = await getOwnApp(asking, doing.db, at)
      await getKeyOf(doing.db, app, uid)
      const notes = [toKeyNote('end', app, await endKey(doing, uid))]
      return { ...whenKnown(asking, undefined), notes }
    },
  }),
]

export const KEY_ROUTES: readonly Route[] = [...READINGS, ...MAKING, ...CHANGES]
