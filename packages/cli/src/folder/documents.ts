/** Owns OpenAPI documents in a folder: where they stand, and that the file of an API names the one beside it. */
import type { Client } from '@gatewright/client'
import { toTextHash } from '@gatewright/model'
import { parseDocument } from 'yaml'
import type { Step } from './step.ts'

const DOCUMENT = /^(?:apis\/[^/]+|revisions\/[^/]+\/[^/]+)\/[^/.]+\.openapi\.yaml$/

export function isDocumentPath(path: string): boolean {
  return DOCUMENT.test(path)
}

/** Of the document that `apis/main/orders.yaml` has beside it, or the file of a revision. */
export function toDocumentPath(path: string): string {
  return path.replace(/\.ya?ml$/, '.openapi.yaml')
}

/** The API or the revision that has it. */
export function toDocumentOwner(path: string): string {
  return path.replace(/\.openapi\.yaml$/, '.yaml')
}

/** A document that somebody edits has another hash, and nobody should have to work it out: the file names whatever stands beside it. */
export function nameDocument({ text, body }: { text: string; body: unknown }, document: string): string {
  const hash = toTextHash(document)
  const named = typeof body === 'object' && body !== null && 'document' in body ? body.document : undefined
  if (named === hash) return text
  if (/^document:/m.test(text)) return text.replace(/^document:.*$/m, `document: ${hash}`)
  const file = parseDocument(text)
  file.set('document', hash)
  return file.toString({ lineWidth: 0 })
}

interface Keeping {
  /** `team` and `id`. */
  readonly api: Readonly<Record<string, string>>
  readonly document: string
}

/** Comes before whatever names it: the API, or a revision, of the file `owner`. */
export function toKeepStep(client: Client, owner: string, { api, document }: Keeping): Step {
  const { team = '', id = '' } = api
  const keep = (isDryRun: boolean) =>
    client.write('keepDocument', document, { params: { team, id, hash: toTextHash(document) }, isDryRun })
  return {
    action: 'keep',
    subject: toDocumentPath(owner),
    changes: [],
    async tryOut() {
      await keep(true)
      return []
    },
    async run() {
      await keep(false)
      return []
    },
  }
}
