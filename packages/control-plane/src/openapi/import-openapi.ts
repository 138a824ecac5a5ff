/** Owns the way of an OpenAPI document into an API: a new one, or one that has an older document. Pure, and never throws. */
import {
  type Finding,
  hasFaults,
  type OpenApiDefinition,
  parseSource,
  readOpenApi,
  toPathText,
  toTextHash,
} from '@gatewright/model'
import { type ApiBody, apiBodySchema } from '../apis/api-body.ts'
import type { PublishedForm } from '../apis/published-form.ts'
import { describeChanges } from '../revisions/describe-changes.ts'
import type { DescribedChange } from '../revisions/described-change.ts'
import { API_KEY, cutExtensions, type Extensions, readExtensions } from './extensions.ts'
import { mergeBody } from './merge-body.ts'
import { type Suggestion, suggestBody, suggestId } from './suggest-body.ts'

export interface OpenapiImport {
  readonly text: string
  /** The API that it is for; absent for a new one. */
  readonly existing?: PublishedForm
}

export interface ImportedApi {
  /** What a new API might be called. */
  readonly id: string
  /** Names the document by its hash. */
  readonly body: ApiBody
  /** As it came, without what it said to Gatewright; absent where it was made of a body. */
  readonly document: string | undefined
}

export interface ImportResult {
  /** Absent where there is a fault. */
  readonly api?: ImportedApi
  /** Against what was there; none for a new API. */
  readonly changes: readonly DescribedChange[]
  readonly findings: readonly Finding[]
}

const NAME = 'openapi'

export function importOpenapi({ text, existing }: OpenapiImport): ImportResult {
  const { definition, findings } = read(text)
  if (definition === undefined || hasFaults(findings)) return { changes: [], findings }
  const extensions = readExtensions(parse(text).value)
  const suggested = suggest({ definition, extensions, existing })
  const faults = checkBody(suggested.body, text)
  if (faults.length > 0) return { changes: [], findings: [...findings, ...suggested.findings, ...faults] }
  const cut = cutChecked(text, extensions)
  const document = extensions.isGenerated ? undefined : cut.text
  const body = withDocument(suggested.body, document)
  return {
    api: { id: suggestId(definition), body, document },
    changes: existing === undefined ? [] : describeChanges(existing, toForm(body, document)),
    findings: [...findings, ...suggested.findings, ...cut.findings],
  }
}

function withDocument(body: ApiBody, document: string | undefined): ApiBody {
  if (document !== undefined) return { ...body, document: toTextHash(document) }
  const { document: _, ...rest } = body
  return rest
}

function toForm(body: ApiBody, document: string | undefined): PublishedForm {
  return { body, ...(document !== undefined && { document }) }
}

function read(text: string) {
  return readOpenApi(NAME, (path) => (path === NAME ? text : undefined))
}

function parse(text: string) {
  return parseSource({ path: NAME, text }, { tags: 'ignore' })
}

interface SuggestInput {
  readonly definition: OpenApiDefinition
  readonly extensions: Extensions
  readonly existing: PublishedForm | undefined
}

function suggest({ definition, extensions, existing }: SuggestInput): Suggestion {
  const { api, routes } = extensions
  if (api !== undefined) return { body: withRoutes(api as ApiBody, routes), findings: [] }
  if (existing === undefined) {
    const { body, findings } = suggestBody(definition)
    return { body: withRoutes(body, routes), findings }
  }
  const before = existing.document === undefined ? undefined : read(existing.document).definition
  return mergeBody({ body: existing.body, before, now: definition, said: routes })
}

function withRoutes(body: ApiBody, said: Extensions['routes']): ApiBody {
  if (said.length === 0 || typeof body !== 'object' || body === null) return body
  const own = Array.isArray(body.routes) ? body.routes : []
  const others = said.filter((route) => !own.some(({ operation }) => operation === route?.operation))
  return { ...body, routes: [...own, ...others] }
}

/** What people wrote into a document is as good as what they wrote. */
function checkBody(body: ApiBody, text: string): Finding[] {
  const result = apiBodySchema.safeParse(body)
  if (result.success) return []
  const { value, origins } = parse(text)
  return result.error.issues.map(({ path, message }) => {
    const inside = path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))
    const place = origins.placeAt(value as object, [API_KEY, ...inside], 'key')
    const at = { ...place, file: NAME, path: toPathText([API_KEY, ...inside]) }
    return {
      severity: 'fault',
      code: 'extension-invalid',
      message: `What the document says of the API is wrong: ${message}`,
      at,
    }
  })
}

/** Without extensions it is the text as it came. What an alias leads to cannot be taken out, and then nothing is. */
function cutChecked(
  text: string,
  extensions: Extensions,
): { readonly text: string; readonly findings: readonly Finding[] } {
  if (extensions.paths.length === 0) return { text, findings: [] }
  const cut = cutExtensions(text, extensions)
  const again = read(cut)
  if (
    again.definition !== undefined &&
    !hasFaults(again.findings) &&
    readExtensions(parse(cut).value).paths.length === 0
  )
    return { text: cut, findings: [] }
  const finding: Finding = {
    severity: 'warning',
    code: 'extension-kept',
    message: 'What the document says to Gatewright stays in it: it cannot be taken out of this text.',
    suggestion: 'Write it without anchors and aliases.',
    at: { file: NAME, line: 0, column: 0, path: '' },
  }
  return { text, findings: [finding] }
}
