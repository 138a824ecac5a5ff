/** Owns the list of migrations: forward only, each done once, in this order. */
import { m0001Resources } from './m0001-resources.ts'
import { m0002Revisions } from './m0002-revisions.ts'
import { m0003Keys } from './m0003-keys.ts'
import { m0004Audit } from './m0004-audit.ts'
import { m0005Users } from './m0005-users.ts'
import { m0006Secrets } from './m0006-secrets.ts'
import { m0007Subscriptions } from './m0007-subscriptions.ts'
import { m0008AdminApi } from './m0008-admin-api.ts'
import { m0009LiveChanges } from './m0009-live-changes.ts'
import { m0010Nodes } from './m0010-nodes.ts'
import { m0020Changes } from './m0020-changes.ts'
import { m0021Lifecycles } from './m0021-lifecycles.ts'
import { m0030Webhooks } from './m0030-webhooks.ts'
import { m0031Hands } from './m0031-hands.ts'
import { m0032Askers } from './m0032-askers.ts'
import { m0036MovedSubscriptions } from './m0036-moved-subscriptions.ts'
import { m0037Families } from './m0037-families.ts'
import { m0039AskedChanges } from './m0039-asked-changes.ts'
import { m0041OneIndexEach } from './m0041-one-index-each.ts'
import { m0042EndedChanges } from './m0042-ended-changes.ts'
import { m0044Ends } from './m0044-ends.ts'
import { m0045UnnamedDocuments } from './m0045-unnamed-documents.ts'
import { m0047SecretHolders } from './m0047-secret-holders.ts'
import type { Migration } from './migration.ts'

export type { Migration } from './migration.ts'

export const MIGRATIONS: readonly Migration[] = [
  m0001Resources,
  m0002Revisions,
  m0003Keys,
  m0004Audit,
  m0005Users,
  m0006Secrets,
  m0007Subscriptions,
  m0008AdminApi,
  m0009LiveChanges,
  m0010Nodes,
  m0020Changes,
  m0021Lifecycles,
  m0030Webhooks,
  m0031Hands,
  m0032Askers,
  m0036MovedSubscriptions,
  m0037Families,
  m0039AskedChanges,
  m0041OneIndexEach,
  m0044Ends,
  m0045UnnamedDocuments,
  m0047SecretHolders,
  m0042EndedChanges,
]
