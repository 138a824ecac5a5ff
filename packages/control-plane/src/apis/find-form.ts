/** Owns finding what an API says, or said, with the text of its document. */
import { findDocuments } from '../documents/document-store.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { readPolicyLists } from '../policy-lists/read-policy-lists.ts'
import type { Resource } from '../resources/resource.ts'
import { findRevision } from '../revisions/revision-store.ts'
import type { Moment } from '../store/store.ts'
import type { ApiBody } from './api-body.ts'
import type { PublishedForm } from './published-form.ts'

export async function findForm(db: Moment, body: ApiBody): Promise<PublishedForm> {
  if (body.document === undefined) return { body }
  const document = (await findDocuments(db, [body.document])).get(body.document)
  return { body, ...(document !== undefined && { document }) }
}

/** As it was in a revision, or as it is now. @rejects AdminProblem */
export async function getForm(db: Moment, api: Resource, revision?: number): Promise<PublishedForm> {
  if (revision === undefined) return await findForm(db, api.body as ApiBody)
  const found = await findRevision(db, api.uid, revision)
  if (found === undefined) throw new AdminProblem('not-found', `There is no revision ${revision} of "${api.id}".`)
  return await findForm(db, found.body as ApiBody)
}

/** The same, with every policy that stands in it: those of policy lists as they are now. @rejects AdminProblem */
export async function getWholeForm(db: Moment, api: Resource, revision?: number): Promise<PublishedForm> {
  const form = await getForm(db, api, revision)
  const lists = await readPolicyLists(db)
  return { ...form, body: lists.expandApi(form.body, api.team) }
}
