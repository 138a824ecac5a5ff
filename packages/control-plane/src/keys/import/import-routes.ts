/** Owns the route that takes the keys of another gateway, with apps that are made for them: all of them or none. */
import type { Finding } from '@gatewright/model'
import { z } from 'zod'
import { partIdSchema } from '../../apis/api-body.ts'
import type { AuditNote } from '../../audit/audit-log.ts'
import { AdminProblem } from '../../http/admin-problem.ts'
import { assertAllowed } from '../../http/assert-allowed.ts'
import { defineChange, type Route } from '../../http/route.ts'
import { APP } from '../../kinds.ts'
import { toRef } from '../../resources/kind.ts'
import { toNote } from '../../resources/put-resource.ts'
import type { Resource } from '../../resources/resource.ts'
import { createResource, findResource } from '../../resources/resource-store.ts'
import type { Doing } from '../../store/doing.ts'
import { KeyFault } from '../key.ts'
import { type HashedKey, hashKeys, keepKeys } from '../key-store.ts'
import type { WeakKeyHashes } from '../weak-key-hashes.ts'
import { readAwsKeys } from './aws-keys.ts'
import { readAzureKeys } from './azure-keys.ts'
import { MOST_FINDINGS } from './imported-keys.ts'
import { readKongKeys } from './kong-keys.ts'
import { readPlainKeys } from './plain-keys.ts'
import { readTykKeys } from './tyk-keys.ts'

const READERS = {
  'aws-csv': readAwsKeys,
  'kong-deck': readKongKeys,
  azure: readAzureKeys,
  tyk: readTykKeys,
  plain: readPlainKeys,
} as const

const findingSchema = z.strictObject({
  severity: z.enum(['fault', 'warning']),
  code: z.string(),
  message: z.string(),
  suggestion: z.string().exactOptional(),
  line: z.int(),
  at: z.string().meta({ description: 'Where in the data, where that is known.' }),
})

/** No finding says a key. */
function presentFinding({ severity, code, message, suggestion, at }: Finding) {
  return { severity, code, message, ...(suggestion !== undefined && { suggestion }), line: at.line, at: at.path }
}

interface ReadApp {
  readonly id: string
  readonly title: string
  readonly keys: readonly HashedKey[]
}

interface ReadKeys {
  readonly apps: readonly ReadApp[]
  readonly findings: ReturnType<typeof presentFinding>[]
}

interface Given {
  readonly format: keyof typeof READERS
  readonly text: string
  readonly leaveFaults: boolean
}

/** @rejects AdminProblem where a line is not taken, unless those are to be left out */
async function readAll({ format, text, leaveFaults }: Given, weakKeys: WeakKeyHashes | undefined): Promise<ReadKeys> {
  const { apps, findings } = READERS[format]({ path: 'keys', text }, weakKeys !== undefined)
  const presented = findings.map(presentFinding)
  const faults = presented.filter(({ severity }) => severity === 'fault')
  const [first] = faults
  if (first === undefined || leaveFaults) {
    const all = await hashKeys(
      apps.flatMap(({ keys }) => keys),
      weakKeys,
    )
    let taken = 0
    const hashed = apps.map(({ id, title, keys: { length } }) => {
      taken += length
      return { id, title, keys: all.slice(taken - length, taken) }
    })
    return { apps: hashed, findings: presented }
  }
  throw new AdminProblem(
    'request-invalid',
    `Nothing was taken: ${faults.length > MOST_FINDINGS ? `more than ${MOST_FINDINGS}` : faults.length} of the lines cannot be, the first of them line ${first.line}: ${first.message} Mend them, or say "leaveFaults".`,
    {
      extensions: { findings: presented, apps: apps.map(({ id, title, keys }) => ({ id, title, keys: keys.length })) },
    },
  )
}

interface Taken {
  readonly app: Resource
  readonly isNew: boolean
  readonly keys: number
}

/** Keys of an app that is there already become its own. @rejects AdminProblem */
async function take(doing: Doing, team: string, { id, title, keys }: ReadApp): Promise<Taken> {
  const ref = toRef(APP, { team, id })
  const known = await findResource(doing.db, ref)
  const app = known ?? (await createResource(doing, ref, { title }))
  try {
    await keepKeys(doing, app.uid, keys)
  } catch (fault) {
    if (!(fault instanceof KeyFault)) throw fault
    throw new AdminProblem(
      'already-there',
      `Nothing was taken: a key of "${id}" is kept already. Take it out of the text.`,
    )
  }
  return { app, isNew: known === undefined, keys: keys.length }
}

export const IMPORT_ROUTES: readonly Route[] = [
  defineChange({
    name: 'importKeys',
    method: 'POST',
    path: '/apps/{team}/import',
    summary:
      'Takes the keys of another gateway as it exports them, and makes the apps that they belong to: all or nothing. A dry run shows what it would be.',
    tag: 'keys',
    access: { kind: 'demand', toDemand: ({ team }) => ({ permission: 'app:manage', team }) },
    params: z.strictObject({ team: partIdSchema }),
    body: z.strictObject({
      format: z.enum(['aws-csv', 'kong-deck', 'azure', 'tyk', 'plain']),
      text: z.string().min(1),
      leaveFaults: z.boolean().default(false).meta({ description: 'True: what cannot be taken is left out.' }),
    }),
    answer: z.strictObject({
      apps: z.array(z.strictObject({ id: z.string(), title: z.string(), isNew: z.boolean(), keys: z.int() })),
      findings: z.array(findingSchema),
    }),
    status: 201,
    async prepare({ services }, { body }) {
      return await readAll(body, services.weakKeys)
    },
    async change(asking, doing, { params: { team }, body: { format }, prepared: { apps, findings } }) {
      await assertAllowed(asking, doing.db, { permission: 'app:edit', team })
      await assertAllowed(asking, doing.db, { permission: 'key:issue', team })
      const taken: Taken[] = []
      for (const app of apps) taken.push(await take(doing, team, app))
      const notes = taken.map(
        ({ app, isNew, keys }): AuditNote => toNote('import', app, { format, keys, ...(isNew && { after: app.body }) }),
      )
      const shown = taken.map(({ app, isNew, keys }) => ({ id: app.id, title: app.body.title ?? app.id, isNew, keys }))
      const changes = shown.map(({ id, isNew, keys }) => `${isNew ? 'new app' : 'app'} "${id}": ${keys} more keys`)
      return { body: { apps: shown, findings }, notes, changes }
    },
  }),
]
