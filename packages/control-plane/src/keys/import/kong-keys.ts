/**
 * Owns reading keys out of a declarative file of Kong, as decK writes it and as Kong reads it without a database: `keyauth_credentials`
 * below `consumers`, or beside them with the name of one.
 * https://developer.konghq.com/deck/file/format/ and https://developer.konghq.com/plugins/key-auth/
 */
import type { Path, SourceFile } from '@gatewright/model'
import { ImportedKeys, type KeyImport } from './imported-keys.ts'
import { type DataMap, type ReadData, readData, toList, toMap, toText } from './read-data.ts'

/** What else a consumer may be known by. */
const OTHERS = [
  'basicauth_credentials',
  'jwt_secrets',
  'hmacauth_credentials',
  'oauth2_credentials',
  'mtls_auth_credentials',
]

export function readKongKeys(file: SourceFile, takesWeak = false): KeyImport {
  const imported = new ImportedKeys(file.path, takesWeak)
  const data = readData(file, imported)
  const root = toMap(data.value) ?? {}
  const names = new Map<string, string>()
  for (const [at, item] of toList(root.consumers).entries()) {
    const consumer = toMap(item) ?? {}
    const name = toText(consumer.username) ?? toText(consumer.custom_id) ?? toText(consumer.id) ?? ''
    for (const other of [consumer.username, consumer.id]) names.set(toText(other) ?? '', name)
    const path = ['consumers', at]
    takeAll(imported, data, {
      list: consumer.keyauth_credentials,
      path: [...path, 'keyauth_credentials'],
      toName: () => name,
    })
    for (const kind of OTHERS) {
      if (toList(consumer[kind]).length === 0) continue
      const message = `What stands in "${kind}" is no key, and is not taken.`
      imported.report({ severity: 'warning', code: 'other-credentials', message }, data.placeOf([...path, kind]))
    }
  }
  const toName = ({ consumer }: DataMap): string => {
    const named = toText(consumer) ?? toText(toMap(consumer)?.username) ?? toText(toMap(consumer)?.id) ?? ''
    return names.get(named) ?? named
  }
  takeAll(imported, data, { list: root.keyauth_credentials, path: ['keyauth_credentials'], toName })
  return imported.end()
}

interface Credentials {
  readonly list: unknown
  readonly path: Path
  toName(credential: DataMap): string
}

function takeAll(imported: ImportedKeys, data: ReadData, { list, path, toName }: Credentials): void {
  for (const [at, item] of toList(list).entries()) {
    const credential = toMap(item) ?? {}
    const place = data.placeOf([...path, at])
    const value = toText(credential.key) ?? ''
    if (/^\{vault:|\$\{\{/.test(value)) {
      const message = 'The key itself does not stand here, but where it is kept.'
      const suggestion = 'Put the keys in first, as `deck file render --populate-env-vars` does.'
      imported.report({ code: 'key-elsewhere', message, suggestion }, place)
      continue
    }
    const expiresAtMs = toExpiry(credential)
    if (expiresAtMs === 'unknown') {
      const message = 'This key lives for a time from when it was made, and that is not said here: it is not taken.'
      imported.report({ code: 'unknown-expiry', message }, place)
      continue
    }
    imported.take(
      { app: toName(credential), key: { value }, terms: expiresAtMs === undefined ? {} : { expiresAtMs } },
      place,
    )
  }
}

/** `ttl` is seconds from `created_at`, which is seconds since the epoch. */
function toExpiry({ ttl, created_at: created }: DataMap): number | 'unknown' | undefined {
  if (typeof ttl !== 'number' || ttl <= 0) return undefined
  return typeof created === 'number' ? Math.round((created + ttl) * 1000) : 'unknown'
}
