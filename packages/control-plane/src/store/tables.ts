/** Owns the tables of the store as types: what the migrations made, and nothing else. Times are milliseconds since the epoch, UTC. */
import type { Generated } from 'kysely'
import type { UserTables } from './user-tables.ts'
import type { WebhookTables } from './webhook-tables.ts'

export interface Tables extends UserTables, WebhookTables {
  readonly store: StoreTable
  readonly resources: ResourceTable
  readonly resource_tags: ResourceTagTable
  readonly resource_versions: ResourceVersionTable
  readonly documents: DocumentTable
  readonly revisions: RevisionTable
  readonly deployments: DeploymentTable
  readonly changes: ChangeTable
  readonly keys: KeyTable
  readonly audit: AuditTable
  readonly kept_answers: KeptAnswerTable
  readonly sources: SourceTable
  readonly subscriptions: SubscriptionTable
  readonly subscription_steps: SubscriptionStepTable
  readonly node_tokens: NodeTokenTable
}

/** One row. */
interface StoreTable {
  id: Generated<number>
  /** Of the newest change. */
  sequence: number
  /** Tells stores apart: nodes keep it beside what they got. */
  uid: string
  created_at: number
}

/** What people name, describe and edit: APIs, environments, plans, apps… */
export interface ResourceTable {
  /** Never given twice, and not changed by a new name. */
  uid: string
  kind: string
  /** Whose names it stands among. */
  team: string
  id: string
  title: string | null
  description: string | null
  owner: string | null
  /** Of an API that has one. */
  family: string | null
  /** Of a certificate that says when. */
  ends: number | null
  /** What a search looks in: lower case. */
  search_text: string
  /** JSON, as the kind's schema has it. */
  body: string
  /** Counts its changes; 1 when it was made. */
  version: number
  /** The change that made it what it is. */
  sequence: number
  created_at: number
  created_by: string
  updated_at: number
  updated_by: string
}

/** With what nodes come for what they are to run. */
export interface NodeTokenTable {
  uid: string
  /** Uid of the group. */
  node_group: string
  name: string
  /** SHA-256 of the token. */
  hash: string
  hint: string
  expires: number | null
  ended_at: number | null
  sequence: number
  created_at: number
  created_by: string
}

interface ResourceTagTable {
  resource: string
  tag: string
}

/** Only added to. */
interface ResourceVersionTable {
  resource: string
  version: number
  sequence: number
  at: number
  by: string
  /** Null where it was removed. */
  body: string | null
}

/** OpenAPI documents, each once, as they were written. */
interface DocumentTable {
  /** SHA-256 of the content. */
  hash: string
  content: string
  /** Since then nothing was found that names it; null: something does, or nobody has looked. */
  unnamed_at: number | null
}

/** Only added to. */
export interface RevisionTable {
  /** Uid of the API. */
  api: string
  /** From 1, within the API. */
  number: number
  /** Of the body. */
  hash: string
  /** JSON: the API as it was published. */
  body: string
  message: string
  sequence: number
  at: number
  by: string
}

/** Only added to: the newest version of an API in an environment is what is live there. */
export interface DeploymentTable {
  /** Uids. */
  api: string
  environment: string
  /** From 1. */
  version: number
  /** JSON: a list of releases; an empty one takes the API out of the environment. */
  releases: string
  /** JSON: that it is on its way out, or over. */
  lifecycle: string | null
  /** What was asked for: `publish`, `rollback`, `promote`… */
  why: string
  message: string
  sequence: number
  at: number
  by: string
}

/** Those that ended stay: their hashes are never anybody else's. */
export interface KeyTable {
  uid: string
  /** Uid. */
  app: string
  hash: string
  hint: string
  name: string | null
  plan: string | null
  not_before: number | null
  expires: number | null
  ended_at: number | null
  sequence: number
  created_at: number
  created_by: string
}

/** Only added to; of what is personal there may be less. */
export interface AuditTable {
  number: number
  sequence: number
  at: number
  by: string
  action: string
  kind: string
  /** Uid. */
  target: string
  team: string
  /** JSON. */
  details: string
  /** Whose the personal facts are. */
  person: string | null
  /** JSON. */
  personal: string | null
  salt: string | null
  personal_hash: string | null
  hash: string
}

/** What was answered to requests with an `Idempotency-Key`, for a day. */
interface KeptAnswerTable {
  actor: string
  key: string
  /** SHA-256 of what was asked. */
  fingerprint: string
  /** JSON. */
  answer: string
  at: number
}

/** What people wrote, where it says more than the body: comments, order. */
interface SourceTable {
  /** Uid. */
  resource: string
  /** Of the resource, whose body it is the source of. */
  version: number
  text: string
}

/** Those that ended stay. */
export interface SubscriptionTable {
  uid: string
  /** Uids. Of `product` and `api` one is null. */
  app: string
  product: string | null
  api: string | null
  plan: string
  state: string
  /** JSON: uids of APIs; null where it was never moved. */
  former: string | null
  sequence: number
  created_at: number
  created_by: string
}

/** Only added to. */
export interface SubscriptionStepTable {
  subscription: string
  /** From 1. */
  number: number
  step: string
  /** After it. */
  state: string
  note: string
  sequence: number
  at: number
  by: string
}

/** What waits, or waited, to go live in a protected environment. */
export interface ChangeTable {
  /** Uids; `api` is empty where it is no change of what is live of one. */
  api: string
  environment: string
  /** From 1, within what is live of an API in an environment. */
  number: number
  state: string
  /** JSON. */
  wish: string
  /** Uid of who asked; of a service, its actor. */
  person: string
  asked_by: string
  asked_at: number
  expires_at: number
  /** JSON. */
  approvals: string
  /** JSON: who ended it, when and why. */
  end_json: string | null
  sequence: number
  /** Of what is to change, where that is not what is live of an API. */
  team: string | null
}
