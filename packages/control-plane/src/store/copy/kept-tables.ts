/** Owns which tables a copy of a store has, in the order in which they can be filled. */
import type { Tables } from '../tables.ts'

export type TableName = keyof Tables

// A record, so that none is missing. Resources stand before their tags, which refer to them.
const KEPT = {
  store: true,
  resources: true,
  resource_tags: true,
  resource_versions: true,
  sources: true,
  documents: true,
  revisions: true,
  deployments: true,
  changes: true,
  keys: true,
  subscriptions: true,
  subscription_steps: true,
  node_tokens: true,
  users: true,
  sessions: true,
  tokens: true,
  login_attempts: true,
  challenges: true,
  set_up: true,
  data_keys: true,
  secrets: true,
  webhooks: true,
  webhook_deliveries: true,
  kept_answers: true,
  audit: true,
} satisfies Readonly<Record<TableName, true>>

export const KEPT_TABLES = Object.keys(KEPT) as readonly TableName[]

export function isTableName(name: unknown): name is TableName {
  return KEPT_TABLES.includes(name as TableName)
}
