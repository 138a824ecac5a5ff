/**
 * Owns reading keys of Tyk as its APIs list them: `keys`, each a text or a map with `key_id`, `key_hash` and the session as `data`; or a map
 * of keys and their sessions. Of a session `alias`, `expires` (seconds since the epoch) and `is_inactive` count.
 * https://tyk.io/docs/api-reference/keys/list-all-the-keys-info and https://tyk.io/docs/api-management/access-control/sessions-and-keys/key-hashing
 */
import type { Path, SourceFile } from '@gatewright/model'
import { type FoundKey, ImportedKeys, type ImportPlace, type KeyImport } from './imported-keys.ts'
import { type DataMap, readData, toList, toMap, toText } from './read-data.ts'

/** What its hashes look like: MurmurHash of 32, 64 and 128 bits, and SHA-256. */
const HASH = /^(?:[0-9a-f]{8}|[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{64})$/

export function readTykKeys(file: SourceFile, takesWeak = false): KeyImport {
  const imported = new ImportedKeys(file.path, takesWeak)
  const { value, placeOf } = readData(file, imported)
  const { list, path } = findList(value)
  if (list !== undefined) {
    for (const [at, item] of list.entries()) takeItem(imported, item, placeOf([...path, at]))
    return imported.end()
  }
  const sessions = toMap(value)
  if (sessions === undefined) {
    const message = 'A list of keys is expected, or a map with the list as `keys`, or a map of keys and their sessions.'
    imported.report({ code: 'no-keys', message }, { line: 1 })
  }
  for (const [key, session] of Object.entries(sessions ?? {})) {
    // Not by its path: that would say the key.
    const { line, column = 1 } = placeOf([key])
    takeKey(imported, { key: toKey(key), session: toMap(session) ?? {} }, { line, column })
  }
  return imported.end()
}

function findList(value: unknown): { readonly list?: readonly unknown[]; readonly path: Path } {
  if (Array.isArray(value)) return { list: value, path: [] }
  const root = toMap(value) ?? {}
  if (Array.isArray(root.keys)) return { list: root.keys, path: ['keys'] }
  const data = toMap(root.data)
  return Array.isArray(data?.keys) ? { list: toList(data.keys), path: ['data', 'keys'] } : { path: [] }
}

function takeItem(imported: ImportedKeys, item: unknown, place: ImportPlace): void {
  const entry = toMap(item) ?? {}
  const text = toText(item) ?? toText(entry.key_id) ?? toText(entry.key) ?? toText(entry.api_key) ?? ''
  const hash = toText(entry.key_hash)
  // Where only hashes are kept, the hash stands in the place of the key.
  const key = hash !== undefined && (text === '' || text === hash) ? { hash } : toKey(text)
  takeKey(imported, { key, session: toMap(entry.data) ?? toMap(entry.session) ?? entry }, place)
}

/** What looks like a hash is never taken as a key: whoever reads their store would have it. */
function toKey(text: string): FoundKey['key'] {
  return HASH.test(text) ? { hash: text } : { value: text }
}

interface Session {
  readonly key: FoundKey['key']
  readonly session: DataMap
}

function takeKey(imported: ImportedKeys, { key, session }: Session, place: ImportPlace): void {
  if (session.is_inactive === true) {
    const message = 'This key is switched off, so it is not taken.'
    imported.report({ severity: 'warning', code: 'disabled-key', message }, place)
    return
  }
  const { expires } = session
  // 0 and -1: never.
  const terms = typeof expires === 'number' && expires > 0 ? { expiresAtMs: Math.round(expires * 1000) } : {}
  imported.take({ app: toText(session.alias) ?? '', key, terms }, place)
  const policies = toList(session.apply_policies).length
  if (policies === 0 && toText(session.apply_policy_id) === undefined) return
  const message = 'What its policies allow is not taken along.'
  const suggestion = 'Subscribe the app to a product on a plan.'
  imported.report({ severity: 'warning', code: 'plan-left', message, suggestion }, place)
}
