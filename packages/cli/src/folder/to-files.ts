/** Owns writing what a control plane has as files: the same bytes for the same state. */
import type { Client } from '@gatewright/client'
import { toDocumentPath } from './documents.ts'
import {
  LIVE_FILE,
  type Live,
  type LiveFile,
  toApiPlace,
  toBodyHash,
  toLiveText,
  toRevisionPath,
  toYaml,
} from './live-file.ts'
import {
  hasDocument,
  listRevisionHashes,
  readDocument,
  readRevision,
  type ServerDeployment,
  type ServerState,
} from './server-state.ts'

/** Path → text, sorted. */
export async function toFiles(
  client: Client,
  { resources, documents, live }: ServerState,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map([...[...resources].map(([path, { text }]): [string, string] => [path, text]), ...documents])
  const said: LiveFile = {}
  for (const environment of [...live.keys()].toSorted()) {
    const apis: Record<string, Live> = {}
    for (const [api, deployment] of [...(live.get(environment) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const draft = resources.get(`apis/${api}.yaml`)
      const hashes = await listRevisionHashes(client, api)
      const isDraft = (number: number): boolean => draft !== undefined && hashes.get(number) === toBodyHash(draft.body)
      const releases = toShort(deployment, isDraft)
      apis[api] = { releases, ...(deployment.lifecycle !== undefined && { lifecycle: deployment.lifecycle }) }
      if (releases === 'draft') continue
      for (const { revision } of deployment.releases) {
        for (const [path, text] of await toRevisionFiles(client, api, revision)) files.set(path, text)
      }
    }
    said[environment] = apis
  }
  files.set(LIVE_FILE, toLiveText(said))
  return new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

async function toRevisionFiles(client: Client, api: string, revision: number): Promise<[string, string][]> {
  const path = toRevisionPath(api, revision)
  const body = await readRevision(client, api, revision)
  const document = hasDocument(body) ? await readDocument(client, toApiPlace(api), revision) : undefined
  return [
    [path, toYaml(body)],
    ...(document === undefined ? [] : [[toDocumentPath(path), document] as [string, string]]),
  ]
}

/** One that gets everything is said in a word. */
function toShort({ releases }: ServerDeployment, isDraft: (revision: number) => boolean): Live['releases'] {
  const [only, ...others] = releases
  if (only === undefined || others.length > 0 || only.when !== undefined || only.apps !== undefined)
    return releases.map((release) => ({ ...release }))
  return isDraft(only.revision) ? 'draft' : only.revision
}
