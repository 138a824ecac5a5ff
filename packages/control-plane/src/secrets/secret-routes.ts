/** Owns the routes of an environment's secrets: values go in, and come out where they run alone. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import type { Demand } from '../access/decide-access.ts'
import { partIdSchema } from '../apis/api-body.ts'
import type { AuditNote } from '../audit/audit-log.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { defineChange, defineReading, type Route } from '../http/route.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { ENVIRONMENT } from '../kinds.ts'
import { NO_TEAM, toRef } from '../resources/kind.ts'
import type { Resource } from '../resources/resource.ts'
import { getResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import { getSecretKey } from './get-secret-key.ts'
import {
  listSecretNames,
  putSecret,
  removeSecret,
  rotateSecretKey,
  type SecretHolder,
  type SecretName,
} from './secret-store.ts'

/** Of those that name a secret. */
const MOST_SAID = 5

const PATH = '/environments/{environment}/secrets'
const params = z.strictObject({ environment: partIdSchema })
const nameParams = params.extend({ name: z.string().max(128) })

const demandOf = (permission: 'secret:read' | 'secret:edit') => ({
  kind: 'demand' as const,
  toDemand: ({ environment }: z.output<typeof params>): Demand => ({ permission, team: NO_TEAM, environment }),
})

const secretSchema = z.strictObject({
  name: z.string(),
  version: z.int().meta({ description: 'Counts its values.' }),
  updatedAt: timeSchema,
  updatedBy: actorSchema,
})

function present({ name, version, updatedAtMs, updatedBy }: SecretName) {
  return { name, version, updatedAt: toTime(updatedAtMs), updatedBy }
}

/** Never with the value, nor with anything that is made of it. */
function toSecretNote(action: string, { uid, id }: Resource, name: string): AuditNote {
  return { action, kind: 'secret', target: uid, team: NO_TEAM, details: { environment: id, name } }
}

/** What could not be live without it names it: that is said, and where. */
function toInUse(fault: unknown, environment: string, name: string): unknown {
  if (!(fault instanceof AdminProblem) || fault.code !== 'cannot-be-live') return fault
  const { findings = [] } = fault.extensions as { readonly findings?: readonly Record<'at' | 'message', string>[] }
  const naming = findings.filter(({ message }) => message.includes(`"${environment}/${name}"`))
  if (naming.length === 0) return fault
  const said = [...new Set(naming.map(({ at }) => at))].slice(0, MOST_SAID).join('; ')
  return new AdminProblem(
    'in-use',
    `The secret "${environment}/${name}" is named by what is live: ${said}. Take it out there first, and publish that.`,
    { extensions: { findings } },
  )
}

/** 0: there is none. */
async function findVersion(db: Moment, holder: SecretHolder, name: string): Promise<number> {
  return (await listSecretNames(db, holder)).find((secret) => secret.name === name)?.version ?? 0
}

/** @throws AdminProblem */
function assertSame(version: number, wanted: number | undefined): void {
  if (wanted === undefined || wanted === version) return
  throw new AdminProblem('changed-meanwhile', `The secret has been changed meanwhile: it is at version ${version}.`)
}

export const SECRET_ROUTES: readonly Route[] = [
  defineReading({
    name: 'listSecrets',
    path: PATH,
    summary: 'Names of the secrets of an environment. Their values are shown to nobody.',
    tag: 'secrets',
    access: demandOf('secret:read'),
    params,
    answer: z.strictObject({ items: z.array(secretSchema) }),
    async read(_, db, { params: { environment } }) {
      const where = await getResource(db, toRef(ENVIRONMENT, { id: environment }))
      return { body: { items: (await listSecretNames(db, where)).map(present) } }
    },
  }),
  defineChange({
    name: 'putSecret',
    method: 'PUT',
    path: `${PATH}/{name}`,
    summary: 'Makes a secret, or gives it another value. It is never shown again.',
    tag: 'secrets',
    access: demandOf('secret:edit') as never,
    params: nameParams,
    body: z.strictObject({ value: z.string() }),
    answer: secretSchema,
    isBodySecret: true,
    async change({ services }, doing, { params: { environment, name }, body: { value }, ifMatch, ifNone }) {
      const where = await getResource(doing.db, toRef(ENVIRONMENT, { id: environment }))
      const base = await findVersion(doing.db, where, name)
      assertSame(base, ifNone ? 0 : ifMatch)
      const made = await putSecret(doing, getSecretKey(services), { ...where, name, value })
      // It may stand where not every text may.
      await services.liveCheck.assertRuns(doing.db)
      return {
        body: present(made),
        base,
        status: made.version === 1 ? 201 : 200,
        notes: [toSecretNote(made.version === 1 ? 'create' : 'replace', where, name)],
        changes: [`${name}: another value`],
      }
    },
  }),
  defineChange({
    name: 'removeSecret',
    method: 'DELETE',
    path: `${PATH}/{name}`,
    summary: 'Removes a secret, where nothing that is live names it.',
    tag: 'secrets',
    access: demandOf('secret:edit') as never,
    params: nameParams,
    async change({ services }, doing, { params: { environment, name }, ifMatch }) {
      const where = await getResource(doing.db, toRef(ENVIRONMENT, { id: environment }))
      const base = await findVersion(doing.db, where, name)
      assertSame(base, ifMatch)
      await removeSecret(doing, { ...where, name })
      try {
        await services.liveCheck.assertRuns(doing.db)
      } catch (fault) {
        throw toInUse(fault, where.id, name)
      }
      return {
        body: undefined,
        base,
        notes: [toSecretNote('remove', where, name)],
        changes: [`${name}: removed`],
      }
    },
  }),
  defineChange({
    name: 'rotateSecrets',
    method: 'POST',
    path: '/secrets/rotate',
    summary:
      'Seals everything that is secret anew, with another key of the data, and that with the key which stands first in GATEWRIGHT_SECRET_KEY or in its file: who had a copy of an old one opens nothing that comes after.',
    tag: 'secrets',
    access: { kind: 'demand', toDemand: () => ({ permission: 'setting:edit', team: NO_TEAM }) },
    answer: z.strictObject({
      key: z.string().meta({ description: 'Tells the key from others, and says nothing of it.' }),
    }),
    async change({ services }, doing) {
      const key = getSecretKey(services)
      await rotateSecretKey(doing, key, key)
      const note = { action: 'rotate', kind: 'secret', target: NO_TEAM, team: NO_TEAM, details: { key: key.id } }
      return { body: { key: key.id }, notes: [note] }
    },
  }),
]
