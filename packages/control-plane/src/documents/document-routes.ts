/** Owns the routes of OpenAPI documents: the one that an API has, an API made of one, and one made of an API. */
import { type Finding, hasFaults, readOpenApi, toTextHash } from '@gatewright/model'
import { z } from 'zod'
import type { Demand } from '../access/decide-access.ts'
import { type ApiBody, partIdSchema } from '../apis/api-body.ts'
import { findForm, getForm } from '../apis/find-form.ts'
import { assertShown } from '../environments/assert-readable.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { type Asking, defineChange, defineReading, type Route, type Writing } from '../http/route.ts'
import { API, ENVIRONMENT } from '../kinds.ts'
import { exportOpenapi } from '../openapi/export-openapi.ts'
import { type ImportResult, importOpenapi } from '../openapi/import-openapi.ts'
import { toRef } from '../resources/kind.ts'
import { putResource } from '../resources/put-resource.ts'
import type { Described, Resource } from '../resources/resource.ts'
import { findResource, getResource } from '../resources/resource-store.ts'
import { toChangeLines } from '../resources/to-change-lines.ts'
import { describedChangeSchema } from '../revisions/described-change-schema.ts'
import type { Moment } from '../store/store.ts'
import { isJson, isTooMuchYaml, MOST_YAML } from '../yaml-bound.ts'
import { findDocuments, keepDocument } from './document-store.ts'
import { findingSchema, presentFinding } from './finding-schema.ts'

const params = z.strictObject({ team: partIdSchema, id: partIdSchema })
type At = z.output<typeof params>
const textBody = z.strictObject({
  text: z
    .string()
    .min(1)
    .refine((text) => !isTooMuchYaml(text) || (text.startsWith('{') && isJson(text)), {
      error: `A document of YAML may have ${MOST_YAML}: write it as JSON.`,
    })
    .meta({ description: 'YAML or JSON, as it was written.' }),
})

/** JSON is YAML, too. */
const AS_IT_IS: Writing = { schema: z.string(), toBody: (text) => ({ text }) }

const demandOf = (permission: 'api:read' | 'api:edit') => ({
  kind: 'demand' as const,
  toDemand: ({ team, id }: At): Demand => ({ permission, team, api: id }),
})

const importAnswer = z.strictObject({
  version: z.int().meta({ description: 'Of the API.' }),
  isNew: z.boolean(),
  changes: z.array(describedChangeSchema).meta({ description: 'Against what was there; none for a new API.' }),
  findings: z.array(findingSchema).meta({ description: 'What could not be taken over, or was guessed.' }),
})

/** @throws AdminProblem */
function assertReadable(findings: readonly Finding[]): void {
  if (!hasFaults(findings)) return
  const [first] = findings.filter(({ severity }) => severity === 'fault')
  throw new AdminProblem('document-invalid', first?.message ?? '', {
    extensions: { findings: findings.map(presentFinding) },
  })
}

function readDocument(text: string): readonly Finding[] {
  return readOpenApi('document', (path) => (path === 'document' ? text : undefined)).findings
}

interface Imported {
  /** Of the API that it was made for; undefined where there was none. */
  readonly version: number | undefined
  readonly result: ImportResult
}

async function importInto(db: Moment, at: At, text: string): Promise<Imported> {
  const existing = await findResource(db, toRef(API, at))
  if (existing === undefined) return { version: undefined, result: importOpenapi({ text }) }
  const form = await findForm(db, existing.body as ApiBody)
  return { version: existing.version, result: importOpenapi({ text, existing: form }) }
}

/** Made outside of the change, which holds up all others: again, should somebody have changed the API meanwhile. */
async function importAgain(db: Moment, at: At, made: Imported & { readonly text: string }): Promise<Imported> {
  const current = await findResource(db, toRef(API, at))
  return current?.version === made.version ? made : await importInto(db, at, made.text)
}

/** With what stands before its base path there; a path alone where it answers to every host. */
async function listServers(db: Moment, body: ApiBody, environment: string | undefined): Promise<string[]> {
  const found = environment === undefined ? undefined : await getResource(db, toRef(ENVIRONMENT, { id: environment }))
  const place = (found as Resource<EnvironmentBody> | undefined)?.body ?? {}
  const path = `${place.pathPrefix ?? ''}${body.basePath ?? '/'}`.replace(/(?<=.)\/$/, '')
  const hosts = body.hosts ?? place.hosts ?? []
  return hosts.length === 0 ? [path] : hosts.map((host) => `https://${host}${path === '/' ? '' : path}`)
}

/** In the audit log: it was no edit of the body. */
const BY = { by: 'document' }

const GET_DOCUMENT = defineReading({
  name: 'getDocument',
  path: '/apis/{team}/{id}/document',
  summary: 'The OpenAPI document of an API, as it was written.',
  tag: 'documents',
  written: AS_IT_IS,
  access: demandOf('api:read'),
  params,
  query: z.strictObject({
    revision: z.coerce.number().int().min(1).optional().meta({ description: 'That of the draft if absent.' }),
  }),
  answer: z.strictObject({
    hash: z.string().meta({ description: 'SHA-256 of the text: what `document` of the API says.' }),
    text: z.string(),
  }),
  async read(_, db, { params: at, query: { revision }, wantsYaml }) {
    const api = await getResource(db, toRef(API, at))
    const { body, document } = await getForm(db, api, revision)
    if (body.document === undefined || document === undefined)
      throw new AdminProblem('not-found', `"${at.id}" has no document.`)
    const answer = { body: { hash: body.document, text: document }, version: api.version }
    return { ...answer, ...(wantsYaml && { text: document }) }
  },
})

const PUT_DOCUMENT = defineChange({
  name: 'putDocument',
  method: 'PUT',
  path: '/apis/{team}/{id}/document',
  summary: 'Gives an API a document, and changes nothing else that it says. What the document adds are its operations.',
  tag: 'documents',
  written: AS_IT_IS,
  access: demandOf('api:edit'),
  params,
  body: textBody,
  answer: z.strictObject({ version: z.int(), hash: z.string(), findings: z.array(findingSchema) }),
  async prepare(_, { body: { text } }) {
    return readDocument(text)
  },
  async change(asking, doing, { params: at, body: { text }, ifMatch, prepared: findings }) {
    assertReadable(findings)
    const api = await getResource(doing.db, toRef(API, at), ifMatch)
    const hash = await keepDocument(doing.db, text)
    const { made, notes } = await putResource(asking, doing, {
      kind: API,
      at,
      body: { ...(api.body as ApiBody), document: hash } as Described,
      ifMatch,
      details: BY,
    })
    return {
      body: { version: made.version, hash, findings: findings.map(presentFinding) },
      version: made.version,
      notes,
      changes: toChangeLines(api.body, made.body),
    }
  },
})

const KEEP_DOCUMENT = defineChange({
  name: 'keepDocument',
  method: 'PUT',
  path: '/apis/{team}/{id}/documents/{hash}',
  summary:
    'Keeps a document under its hash, for the API, or a revision of it, to name next: neither need be there yet. Nothing else changes.',
  tag: 'documents',
  written: AS_IT_IS,
  access: demandOf('api:edit'),
  params: params.extend({ hash: z.string().max(64).meta({ description: 'SHA-256 of the text, in lower-case hex.' }) }),
  body: textBody,
  answer: z.strictObject({ hash: z.string(), findings: z.array(findingSchema) }),
  async prepare(_, { params: { hash }, body: { text } }) {
    if (toTextHash(text) !== hash)
      throw new AdminProblem('request-invalid', 'The document has another SHA-256 than the path says.')
    return readDocument(text)
  },
  async change(_, { db }, { params: { team, id, hash }, body: { text }, prepared: findings }) {
    assertReadable(findings)
    const isKept = (await findDocuments(db, [hash])).has(hash)
    await keepDocument(db, text)
    const note = { action: 'keep', kind: 'document', target: hash, team, details: { id } }
    return {
      body: { hash, findings: findings.map(presentFinding) },
      notes: isKept ? [] : [note],
      changes: isKept ? [] : ['a document that is named by nothing yet'],
    }
  },
})

const IMPORT = defineChange({
  name: 'importDocument',
  method: 'POST',
  path: '/apis/{team}/{id}/import',
  summary:
    'Makes an API of an OpenAPI document, or merges a newer document into the draft: what people wrote stays, and follows operations to their new names.',
  tag: 'documents',
  written: AS_IT_IS,
  access: demandOf('api:edit'),
  params,
  body: textBody,
  answer: importAnswer,
  async prepare({ services }: Asking, { params: at, body: { text } }) {
    return await services.store.read((db) => importInto(db, at, text))
  },
  async change(asking, doing, { params: at, body: { text }, ifMatch, prepared }) {
    const { api, changes, findings } = (await importAgain(doing.db, at, { ...prepared, text })).result
    assertReadable(findings)
    if (api === undefined) throw new TypeError('what has no faults is an API')
    if (api.document !== undefined) await keepDocument(doing.db, api.document)
    const { before, made, notes } = await putResource(asking, doing, {
      kind: API,
      at,
      body: api.body,
      ifMatch,
      details: BY,
    })
    return {
      body: {
        version: made.version,
        isNew: before === undefined,
        changes: changes.map((change) => ({ ...change })),
        findings: findings.map(presentFinding),
      },
      version: made.version,
      status: before === undefined ? 201 : 200,
      notes,
      changes: before === undefined ? toChangeLines(undefined, made.body) : changes.map((change) => change.text),
    }
  },
})

const EXPORT = defineReading({
  name: 'exportDocument',
  path: '/apis/{team}/{id}/export',
  summary: 'An API as an OpenAPI document: for callers, or with all that Gatewright knows of it, to be imported again.',
  tag: 'documents',
  written: AS_IT_IS,
  access: demandOf('api:read'),
  params,
  query: z.strictObject({
    extensions: z
      .enum(['true', 'false'])
      .default('false')
      .meta({ description: 'With everything. Else it is for callers, and names no server behind the gateway.' }),
    revision: z.coerce.number().int().min(1).optional().meta({ description: 'The draft if absent.' }),
    environment: partIdSchema.optional().meta({ description: 'Whose hosts and prefix the servers have.' }),
  }),
  answer: z.strictObject({ text: z.string() }),
  async read(asking, db, { params: at, query: { extensions, revision, environment }, wantsYaml }) {
    if (environment !== undefined) await assertShown(asking, db, [environment])
    const form = await getForm(db, await getResource(db, toRef(API, at)), revision)
    const servers = await listServers(db, form.body, environment)
    const text = exportOpenapi({ ...form, servers }, { withExtensions: extensions === 'true' })
    return { body: { text }, ...(wantsYaml && { text }) }
  },
})

export const DOCUMENT_ROUTES: readonly Route[] = [GET_DOCUMENT, PUT_DOCUMENT, KEEP_DOCUMENT, IMPORT, EXPORT]
