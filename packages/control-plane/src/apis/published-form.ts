/** Owns how an API that is kept becomes the one that gateways would run, with the document that it brings. Pure. */
import {
  type Api,
  type Finding,
  type GatewayModel,
  type GatewrightFileInput,
  resolve,
  toTextHash,
} from '@gatewright/model'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { PolicyLists } from '../policy-lists/policy-lists.ts'
import { composeFile } from '../publish/compose-file.ts'
import { type LiveUpstream, NO_TERMS } from '../publish/live-terms.ts'
import { type ApiBody, apiBodySchema } from './api-body.ts'

/** What one revision, or a draft, says. */
export interface PublishedForm {
  readonly body: ApiBody
  /** Text of its OpenAPI document, where it has one. */
  readonly document?: string
}

export interface ResolvedForm {
  readonly model: GatewayModel
  /** Absent where the body is none. */
  readonly api: Api | undefined
  /** Its document as JSON, with nothing left outside; absent where it has none, or one that cannot be read. */
  readonly content: string | undefined
  readonly findings: readonly Finding[]
}

/** What an API is called where it has no name yet, or none that matters. */
const NAMELESS = 'api'

/** Never throws on what it is given: what cannot be read is a finding. */
export function resolveForm({ body, document }: PublishedForm): ResolvedForm {
  const { document: hash, ...said } = new PolicyLists([]).expandApi(body, '')
  const hasDocument = document !== undefined || hash !== undefined
  const api = { ...said, id: NAMELESS, ...(hasDocument && { openapi: DOCUMENT }) }
  return check(body, resolveFile({ gatewright: 1, apis: [api] }, document))
}

export interface FormPlace {
  readonly team: string
  readonly id: string
  readonly environment: { readonly id: string; readonly body: EnvironmentBody }
  /** Those of the team, which it may name. */
  readonly upstreams?: readonly LiveUpstream[]
}

/** With what the environment brings: prefix, hosts, variables, upstreams, and policies before those of the API. */
export function resolveFormIn(
  { body, document }: PublishedForm,
  { environment, upstreams = [], ...api }: FormPlace,
): ResolvedForm {
  const hash = document === undefined ? body.document : toTextHash(document)
  const said: ApiBody = { ...body, ...(hash !== undefined && { document: hash }) }
  const releases = [{ revision: 1, share: 100, body: said }]
  return check(
    body,
    resolveFile(composeFile([{ ...environment, apis: [{ ...api, releases }] }], { ...NO_TERMS, upstreams }), document),
  )
}

/** A part that cannot be read is left out of a draft, which then is no form of the API at all. */
function check(body: ApiBody, resolved: ResolvedForm): ResolvedForm {
  return apiBodySchema.safeParse(body).success ? resolved : { ...resolved, api: undefined }
}

const DOCUMENT = 'document.openapi'

/** Whatever name the file has for a document, it is the one that came with the form. */
function resolveFile(file: GatewrightFileInput, document: string | undefined): ResolvedForm {
  const { draft, documents, findings } = resolve({
    files: [{ path: '/form.json', text: JSON.stringify(file), isForeign: true }],
    env: () => undefined,
    // What is asked of a form does not depend on what is secret.
    secret: (name) => name,
    readFile: (path) => (path.endsWith('.openapi') ? document : undefined),
  })
  const [api] = draft.apis
  return { model: draft, api, content: api?.openapi === undefined ? undefined : documents.get(api.openapi), findings }
}
