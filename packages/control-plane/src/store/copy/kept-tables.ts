/** Owns which tables a copy of a store has, in the order in which they can be filled, and by what their rows are told apart. */
import type { Tables } from '../tables.ts'

type Keys = { readonly [Name in keyof Tables]: readonly (keyof Tables[Name] & string)[] }

// Resources stand before their tags, which refer to them.
const KEYS = {
  store: ['id'],
  resources: ['uid'],
  resource_tags: ['resource', 'tag'],
  resource_versions: ['resource', 'version'],
  sources: ['resource'],
  documents: ['hash'],
  revisions: ['api', 'number'],
  deployments: ['api', 'environment', 'version'],
  changes: ['api', 'environment', 'number'],
  keys: ['uid'],
  subscriptions: ['uid'],
  subscription_steps: ['subscription', 'number'],
  node_tokens: ['uid'],
  users: ['uid'],
  sessions: ['uid'],
  tokens: ['uid'],
  login_attempts: ['key'],
  challenges: ['hash'],
  set_up: ['hash'],
  data_keys: ['uid'],
  secrets: ['environment', 'name'],
  webhooks: ['webhook'],
  webhook_deliveries: ['webhook', 'number'],
  kept_answers: ['actor', 'key'],
  audit: ['number'],
} as const satisfies Keys

export type TableName = keyof Tables

export const TABLE_KEYS: ReadonlyMap<TableName, readonly string[]> = new Map(
  Object.entries(KEYS) as [TableName, readonly string[]][],
)

export function isTableName(name: unknown): name is TableName {
  return TABLE_KEYS.has(name as TableName)
}
