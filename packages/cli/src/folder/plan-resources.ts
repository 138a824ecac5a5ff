/** Owns which resources of a folder have to be made, changed or removed. */
import type { Client } from '@gatewright/client'
import { nameDocument, toDocumentPath, toKeepStep } from './documents.ts'
import { FOLDER_KINDS, type ResourcePlace, toFilePath, toLoose, toParams } from './folder-kinds.ts'
import type { Folder, FolderResource } from './read-folder.ts'
import type { ServerResource, ServerState } from './server-state.ts'
import { assertDone, type Step } from './step.ts'

export interface ResourcePlanning {
  readonly client: Client
  readonly folder: Folder
  readonly state: ServerState
  /** Path → version, of what was made or changed: what comes after counts on just that. */
  readonly versions: Map<string, number>
}

/** In the order in which they name each other. */
export function planResources({ client, folder, state, versions }: ResourcePlanning): readonly Step[] {
  return [...folder.resources]
    .toSorted(([, a], [, b]) => toRank(a.place) - toRank(b.place) || toDepth(a, folder) - toDepth(b, folder))
    .flatMap(([path, resource]) => {
      const there = state.resources.get(path)
      const former = state.documents.get(toDocumentPath(path))
      const pair = { resource, there, versions, former }
      const steps = there?.text === resource.text ? [] : [toStep(client, path, pair)]
      const document = folder.documents.get(toDocumentPath(path))
      if (document === undefined || document === former) return steps
      return [toKeepStep(client, path, { api: toParams(resource.place), document }), ...steps]
    })
}

function toRank({ kind }: ResourcePlace): number {
  return FOLDER_KINDS.indexOf(kind)
}

/** How many policy lists stand within each other there: the innermost is made first. */
function toDepth({ place, body }: FolderResource, { resources }: Folder, within: readonly unknown[] = []): number {
  if (place.kind.plural !== 'policy-lists' || within.includes(body)) return 0
  const { policies } = (body ?? {}) as { readonly policies?: unknown }
  const inner = (Array.isArray(policies) ? policies : []).map((use: { readonly use?: unknown } | null) =>
    resources.get(toFilePath({ ...place, id: String(use?.use) })),
  )
  return Math.max(
    0,
    ...inner.map((list) => (list === undefined ? 0 : 1 + toDepth(list, { resources } as Folder, [...within, body]))),
  )
}

interface Pair extends Pick<ResourcePlanning, 'versions'> {
  readonly resource: FolderResource
  readonly there: ServerResource | undefined
  /** The document that it has there. */
  readonly former: string | undefined
}

function toStep(client: Client, subject: string, { resource, there, versions, former }: Pair): Step {
  const condition = there === undefined ? { ifNone: true } : { ifMatch: there.version }
  return {
    action: there === undefined ? 'make' : 'change',
    subject,
    changes: [],
    needs: [toDocumentPath(subject)],
    file: resource.file,
    tryOut: async () => {
      const { changes } = await tryPut(client, { resource, former }, condition)
      return there === undefined ? [] : changes
    },
    async run() {
      const answer = await put(client, resource, condition)
      assertDone(answer)
      const { version } = answer
      if (version !== undefined) versions.set(subject, version)
      return []
    },
  }
}

/** What no gateway could run is refused: a draft may be wrong, and a folder that is applied is meant. */
function put(client: Client, { place, text }: Pick<FolderResource, 'place' | 'text'>, options: object) {
  return toLoose(client).write(`put${place.kind.noun}`, text, {
    params: toParams(place),
    query: { runnable: 'true' },
    ...options,
  })
}

/** Says what would change, and keeps nothing. @rejects ClientProblem */
export async function tryPut(
  client: Client,
  { resource, former }: Pick<Pair, 'resource' | 'former'>,
  condition: object = {},
) {
  // One that is not kept yet could not be named in a trial.
  const text = former === undefined ? resource.text : nameDocument(resource, former)
  return await put(client, { ...resource, text }, { ...condition, isDryRun: true })
}

/** What the folder does not have, of the kinds and teams that it names; what names others goes first. */
export function planRemovals({ client, folder, state }: ResourcePlanning): readonly Step[] {
  const named = new Set([...folder.resources.values()].map(({ place }) => toScope(place)))
  return [...state.resources]
    .filter(([path, { place }]) => !folder.resources.has(path) && named.has(toScope(place)))
    .toSorted(([, a], [, b]) => toRank(b.place) - toRank(a.place))
    .map(([path, resource]) => toRemoval(client, path, resource))
}

function toScope({ kind, team = '' }: ResourcePlace): string {
  return `${kind.plural}/${team}`
}

function toRemoval(client: Client, subject: string, { place, version }: ServerResource): Step {
  return {
    action: 'remove',
    subject,
    changes: [],
    async run() {
      assertDone(await toLoose(client).ask(`remove${place.kind.noun}`, { params: toParams(place), ifMatch: version }))
      return []
    },
  }
}
