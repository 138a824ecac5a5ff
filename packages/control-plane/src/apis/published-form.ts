/** Owns how an API that is kept becomes the one that gateways would run, with the document that it brings. Pure. */
import { type Api, type Finding, type GatewayModel, type GatewrightFileInput, resolve } from '@gatewright/model'
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
  const resolved = resolveAlone({ body, document })
  // A part that cannot be read is left out of a draft, which then is no form of the API at all.
  return apiBodySchema.safeParse(body).success ? resolved : { ...resolved, api: undefined }
}

function resolveAlone({
  body,
  document,
}: {
  readonly body: ApiBody
  readonly document: string | undefined
}): ResolvedForm {
  const { document: hash, ...said } = body
  const hasDocument = document !== undefined || hash !== undefined
  const api = { ...said, id: NAMELESS, ...(hasDocument && { openapi: DOCUMENT }) }
  return resolveFile({ gatewright: 1, apis: [api] }, document)
}

const DOCUMENT = 'document.openapi'

/** Whatever name the file has for a document, it is the one that came with the form. */
function resolveFile(file: GatewrightFileInput, document: string | undefined): ResolvedForm {
  const { draft, documents, findings } = resolve({
    files: [{ path: '/form.json', text: JSON.stringify(file), isForeign: true }],
    env: () => undefined,
    readFile: (path) => (path.endsWith('.openapi') ? document : undefined),
  })
  const [api] = draft.apis
  return { model: draft, api, content: api?.openapi === undefined ? undefined : documents.get(api.openapi), findings }
}
