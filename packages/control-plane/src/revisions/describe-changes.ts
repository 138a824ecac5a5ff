/** Owns the readable difference between two revisions of an API: of what it says, and of its document. Pure, and never throws. */
import { type Api, type Change, diff } from '@gatewright/model'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import { type PublishedForm, type ResolvedForm, resolveForm } from '../apis/published-form.ts'
import { toOneLine } from '../resources/to-one-line.ts'
import { describeDocumentChanges } from './describe-document-changes.ts'
import type { DescribedChange } from './described-change.ts'

/** The API first, then its routes, then its document. Routes are compared by id, policies by id or by name and place among their like. */
export function describeChanges(before: PublishedForm, after: PublishedForm): DescribedChange[] {
  const [was, is] = [resolveForm(before), resolveForm(after)]
  if (was.api === undefined || is.api === undefined) {
    const when = is.api === undefined ? 'as it is now' : 'as it was'
    return [{ kind: 'changed', what: 'API', path: '', text: `API: cannot be read ${when}, and is not compared` }]
  }
  const told = diff(
    { model: was.model, catalogue: BUILT_IN_POLICIES },
    { model: is.model, catalogue: BUILT_IN_POLICIES },
  ).filter((change) => isOfApi(change) && !isOfDocument(change, [before, after]))
  return [
    ...told.map((change) => toDescribed(change, was.api, is.api)),
    ...describeDocuments([before, was], [after, is]),
  ].map((change) => ({ ...change, text: toOneLine(change.text) }))
}

/** URLs that the API names are upstreams of their own in a model: they are told where they are named. */
function isOfApi({ subject, path }: Change): boolean {
  return /^(?:api|route) /.test(subject) && path !== 'openapi'
}

const FROM_DOCUMENT = new Set(['title', 'description', 'version', 'tags', 'operation'])

/** What only the document says is told with the document. */
function isOfDocument({ subject, path = '', policy }: Change, forms: readonly PublishedForm[]): boolean {
  if (!FROM_DOCUMENT.has(path) || policy !== undefined) return false
  const said = forms.some(({ body }) => {
    if (subject.startsWith('api ')) return Object.hasOwn(body, path)
    const id = toRouteId(subject)
    const own = body.routes?.find((route) => route.id === id || route.operation === id)
    return own === undefined ? !hasDocument(forms) : Object.hasOwn(own, path)
  })
  return !said
}

function hasDocument(forms: readonly PublishedForm[]): boolean {
  return forms.some(({ body, document }) => (document ?? body.document) !== undefined)
}

/** `route api/getOrder` → `getOrder`. */
function toRouteId(subject: string): string {
  return subject.slice(subject.indexOf('/') + 1)
}

function toDescribed(change: Change, was: Api | undefined, is: Api | undefined): DescribedChange {
  const { kind, subject, policy, path = '' } = change
  const isRoute = subject.startsWith('route ')
  const about = isRoute ? `route ${toRouteId(subject)}` : 'API'
  const { before, after } =
    isRoute && policy === undefined && path === '' ? toRoutes(toRouteId(subject), was, is) : change
  return {
    kind,
    what: policy === undefined ? about : `${about}, policy ${policy}`,
    path,
    text: `${about}: ${change.text}`,
    ...(before !== undefined && { before: toData(before) }),
    ...(after !== undefined && { after: toData(after) }),
  }
}

/** Of a route as a whole, what it answers: its policies are told by their names, and may hold secrets. */
function toRoutes(
  id: string,
  was: Api | undefined,
  is: Api | undefined,
): { readonly before?: unknown; readonly after?: unknown } {
  const [before, after] = [was, is].map((api) => {
    const route = api?.releases[0]?.routes.find((candidate) => candidate.id === id)
    if (route === undefined) return undefined
    const { methods, path, policies } = route
    return { ...(methods !== undefined && { methods }), path, policies: policies.map(({ policy }) => policy) }
  })
  return { before, after }
}

/** Secrets are marks from here on. */
function toData(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

function describeDocuments(
  [before, was]: readonly [PublishedForm, ResolvedForm],
  [after, is]: readonly [PublishedForm, ResolvedForm],
): DescribedChange[] {
  const [had, has] = [before, after].map((form) => hasDocument([form]))
  if (!had && !has) return []
  if (had !== has) {
    const kind = has ? 'added' : 'removed'
    return [{ kind, what: 'document', path: '', text: `document: ${kind}` }]
  }
  if (was.content !== undefined && is.content !== undefined) return describeDocumentChanges(was.content, is.content)
  if (before.document === after.document && before.body.document === after.body.document) return []
  return [{ kind: 'changed', what: 'document', path: '', text: 'document: changed, and cannot be read on both sides' }]
}
