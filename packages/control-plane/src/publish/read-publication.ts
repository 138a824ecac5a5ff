/** Owns what gateways are to run at one moment of the store: the file, and the documents that it names. */
import type { GatewrightFileInput } from '@gatewright/model'
import { findDocuments } from '../documents/document-store.ts'
import type { Moment } from '../store/store.ts'
import { composeFile, toDocumentName } from './compose-file.ts'
import type { LiveReader } from './live-reader.ts'

/** What gateways are to run. */
export interface Publication {
  /** Of the newest change that it holds. */
  readonly sequence: number
  readonly file: GatewrightFileInput
  /** Name, as `file` has it, → content. */
  readonly documents: ReadonlyMap<string, string>
}

export async function readPublication(db: Moment, reader: LiveReader): Promise<Publication> {
  const { sequence, environments, terms } = await reader.read(db)
  const file = composeFile(environments, terms)
  const found = await findDocuments(db, listDocuments(file))
  return { sequence, file, documents: new Map([...found].map(([hash, text]) => [toDocumentName(hash), text])) }
}

/** A document's name is its hash, so an equal file has equal documents. */
function listDocuments({ apis = [] }: GatewrightFileInput): string[] {
  const named = apis.flatMap(({ openapi, releases = [] }) => [openapi, ...releases.map((release) => release.openapi)])
  return [...new Set(named.filter((name) => name !== undefined))].map((name) => name.replace(/\..*$/, ''))
}
