/** Owns what a control plane has now, as far as one may see it: resources as they are written, and what is live. */

import { type Client, ClientProblem } from '@gatewright/client'
import { parseSource } from '@gatewright/model'
import { type LiveApi, listLive } from '../live/list-live.ts'
import { toDocumentPath } from './documents.ts'
import { FOLDER_KINDS, type FolderKind, type ResourcePlace, toFilePath, toLoose, toParams } from './folder-kinds.ts'
import { type ApiPlace, toApiPlace } from './live-file.ts'

export interface ServerResource {
  readonly place: ResourcePlace
  readonly version: number
  readonly body: unknown
  /** As somebody wrote it. */
  readonly text: string
}

export interface ServerRelease {
  readonly revision: number
  readonly share?: number
  readonly when?: string
  /** `team/id`. */
  readonly apps?: readonly string[]
  /** It is not live: only who has its token gets it. */
  readonly preview?: { readonly hash: string; readonly expires: string }
}

export interface ServerDeployment {
  readonly version: number
  /** Without previews that are over. */
  readonly releases: readonly ServerRelease[]
  /** It is on its way out there, or over. */
  readonly lifecycle?: NonNullable<LiveApi['lifecycle']>
}

export interface ServerState {
  /** By the path of its file, sorted. */
  readonly resources: ReadonlyMap<string, ServerResource>
  /** Path → text, of the OpenAPI documents of APIs as they are now. */
  readonly documents: ReadonlyMap<string, string>
  /** Environment → `team/id` → what is live. */
  readonly live: ReadonlyMap<string, ReadonlyMap<string, ServerDeployment>>
  /** Kinds that may not be seen. */
  readonly hidden: readonly FolderKind[]
}

const PAGE = 200
const AT_ONCE = 8
/** Ids become names of files: what could lead elsewhere is none. */
const SAFE = /^[A-Za-z0-9][\w-]{0,127}$/

/** @rejects ClientProblem */
export async function readServerState(client: Client): Promise<ServerState> {
  const resources = new Map<string, ServerResource>()
  const hidden: FolderKind[] = []
  for (const kind of FOLDER_KINDS) {
    const found = await listAll(client, kind)
    if (found === undefined) hidden.push(kind)
    else {
      const read = await inParallel(found, (item) => readText(client, item))
      for (const each of read) if (each !== undefined) resources.set(toFilePath(each.place), each)
    }
  }
  const environments = [...resources.values()].filter(({ place }) => place.kind.plural === 'environments')
  const live = new Map<string, ReadonlyMap<string, ServerDeployment>>()
  for (const { place } of environments) {
    const all = await readLive(client, place.id)
    live.set(place.id, new Map([...all].filter(([api]) => resources.has(`apis/${api}.yaml`))))
  }
  const documents = await readDocuments(client, resources)
  return { resources: new Map([...resources].toSorted(([a], [b]) => (a < b ? -1 : 1))), documents, live, hidden }
}

interface ListedItem {
  readonly team?: string
  readonly id: string
  readonly version: number
  readonly body: unknown
}

type Listed = Omit<ServerResource, 'text'>

/** Undefined: one may see none of them. */
async function listAll(client: Client, kind: FolderKind): Promise<readonly Listed[] | undefined> {
  const found: Listed[] = []
  let after: string | undefined
  do {
    try {
      const query = { limit: PAGE, ...(after !== undefined && { after }) }
      const { body } = await toLoose(client).ask(`list${toPlural(kind)}`, { query })
      const { items, next } = body as { readonly items: readonly ListedItem[]; readonly next?: string }
      for (const { team, id, version, body: said } of items) {
        if (!SAFE.test(id) || (team !== undefined && !SAFE.test(team))) continue
        found.push({ place: { kind, id, ...(team !== undefined && { team }) }, version, body: said })
      }
      after = next
    } catch (error) {
      if (error instanceof ClientProblem && error.status === 403) return undefined
      throw error
    }
  } while (after !== undefined)
  return found
}

function toPlural({ plural }: FolderKind): string {
  return plural.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** Undefined: the list shows it, and one may not look at it; or it is gone meanwhile. */
async function readText(client: Client, listed: Listed): Promise<ServerResource | undefined> {
  const { place } = listed
  try {
    const { body: text, version } = await toLoose(client).read(`get${place.kind.noun}`, { params: toParams(place) })
    // The list was of another moment: then the file is of this one, and what it says is read from it.
    const isSame = version === undefined || version === listed.version
    const body = isSame ? listed.body : parseSource({ path: 'listed.yaml', text }).value
    return { ...listed, text, body, version: version ?? listed.version }
  } catch (error) {
    if (error instanceof ClientProblem && (error.status === 403 || error.status === 404)) return undefined
    throw error
  }
}

async function readDocuments(
  client: Client,
  resources: ReadonlyMap<string, ServerResource>,
): Promise<ReadonlyMap<string, string>> {
  const having = [...resources].filter(([, { place, body }]) => place.kind.plural === 'apis' && hasDocument(body))
  const read = await inParallel(having, async ([path, { place }]): Promise<[string, string | undefined]> => {
    const { team = '', id } = place
    return [toDocumentPath(path), await readDocument(client, { team, id })]
  })
  return new Map(read.flatMap(([path, text]): [string, string][] => (text === undefined ? [] : [[path, text]])))
}

export function hasDocument(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'document' in body
}

/** Of the API as it is now, or of a revision; undefined: it names one that is not there, or is gone meanwhile. */
export async function readDocument(client: Client, api: ApiPlace, revision?: number): Promise<string | undefined> {
  try {
    const query = revision === undefined ? {} : { revision }
    return (await client.read('getDocument', { params: api, query })).body
  } catch (error) {
    if (error instanceof ClientProblem && (error.status === 403 || error.status === 404)) return undefined
    throw error
  }
}

async function readLive(client: Client, environment: string): Promise<ReadonlyMap<string, ServerDeployment>> {
  try {
    const items = await listLive(client, environment)
    return new Map(
      items.map(({ team, api, version, releases, lifecycle }) => [
        `${team}/${api}`,
        { version, releases: releases.filter((each) => !isOver(each)), ...(lifecycle !== undefined && { lifecycle }) },
      ]),
    )
  } catch (error) {
    if (error instanceof ClientProblem && error.status === 403) return new Map()
    throw error
  }
}

/** Nobody gets it any more. */
export function isOver({ preview }: Pick<ServerRelease, 'preview'>): boolean {
  return preview !== undefined && Date.parse(preview.expires) <= Date.now()
}

/** Number → hash, of an API's revisions. */
export async function listRevisionHashes(client: Client, api: string): Promise<ReadonlyMap<number, string>> {
  const hashes = new Map<number, string>()
  let below: number | undefined
  for (;;) {
    const query = { limit: 500, ...(below !== undefined && { below }) }
    const { items } = (await client.ask('listRevisions', { params: toApiPlace(api), query })).body
    for (const { number, hash } of items) hashes.set(number, hash)
    below = items.at(-1)?.number
    if (items.length < 500) return hashes
  }
}

export async function readRevision(client: Client, api: string, number: number): Promise<unknown> {
  const params: ApiPlace & { number: number } = { ...toApiPlace(api), number }
  return (await client.ask('getRevision', { params })).body.body
}

/** Not all at once: a control plane has others to answer. */
async function inParallel<I, O>(items: readonly I[], act: (item: I) => Promise<O>): Promise<O[]> {
  const results: O[] = []
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(act))))
  }
  return results
}
