/**
 * Owns reading subscriptions of Azure API Management with their keys: what `Subscription - List` gives, each with what
 * `Subscription - List Secrets` says of it, since the list itself has no keys. Members may stand in `properties` or beside it, and begin
 * with a capital, as PowerShell writes them.
 * https://learn.microsoft.com/en-us/rest/api/apimanagement/subscription/list and …/list-secrets
 */
import type { Path, SourceFile } from '@gatewright/model'
import { ImportedKeys, type KeyImport } from './imported-keys.ts'
import { type DataMap, type ReadData, readData, toList, toMap, toText } from './read-data.ts'

export function readAzureKeys(file: SourceFile, takesWeak = false): KeyImport {
  const imported = new ImportedKeys(file.path, takesWeak)
  const data = readData(file, imported)
  const listed = toMap(data.value)
  if (listed !== undefined && Array.isArray(listed.value)) takeAll(imported, data, ['value'])
  else if (Array.isArray(data.value)) takeAll(imported, data, [])
  else {
    const message = 'A list of subscriptions is expected, or a map with the list as `value`.'
    imported.report({ code: 'no-subscriptions', message }, { line: 1 })
  }
  return imported.end()
}

function takeAll(imported: ImportedKeys, data: ReadData, above: Path): void {
  const list = above.length === 0 ? data.value : toMap(data.value)?.value
  for (const [at, item] of toList(list).entries())
    takeSubscription(imported, toMembers(item), data.placeOf([...above, at]))
}

function takeSubscription(imported: ImportedKeys, members: DataMap, place: { readonly line: number }): void {
  const id = toText(members.name) ?? toText(members.subscriptionid) ?? toText(members.sid)
  const title = toText(members.displayname) ?? id ?? ''
  const state = toText(members.state)?.toLowerCase()
  if (state !== undefined && state !== 'active') {
    const message = 'This subscription is not active, so its keys are not taken.'
    imported.report({ severity: 'warning', code: 'disabled-key', message }, place)
    return
  }
  const keys = [
    ['primary', toText(members.primarykey)],
    ['secondary', toText(members.secondarykey)],
  ] as const
  if (keys.every(([, value]) => value === undefined)) {
    const message = 'This subscription comes without its keys.'
    imported.report({ code: 'no-key', message, suggestion: 'Add what `listSecrets` gives for it.' }, place)
    return
  }
  // Two may be shown under one name, and are different apps.
  const app = { app: id ?? title, title, ...(id !== undefined && { appId: id }) }
  for (const [name, value] of keys) {
    if (value !== undefined) imported.take({ ...app, key: { value }, terms: { name } }, place)
  }
}

/** In lower case; those of `properties` first. */
function toMembers(item: unknown): DataMap {
  const outer = lowered(toMap(item) ?? {})
  return { ...outer, ...lowered(toMap(outer.properties) ?? {}) }
}

function lowered(map: DataMap): DataMap {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name.toLowerCase(), value]))
}
