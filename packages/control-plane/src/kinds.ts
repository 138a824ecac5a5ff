/** Owns the list of everything that people name, describe and edit. */

import { type RoleBody, roleBodySchema, toRole } from './access/role.ts'
import { apiBodySchema } from './apis/api-body.ts'
import { appBodySchema } from './apps/app-body.ts'
import { assertMayPutApp, assertOwnApp, hasSameOverrides } from './apps/assert-own-app.ts'
import { endApp } from './apps/end-app.ts'
import { certificateBodySchema } from './certificates/certificate-body.ts'
import { CERTIFICATE_FACTS } from './certificates/certificate-facts.ts'
import { assertCertificate, assertNoCertificates } from './certificates/check-certificate.ts'
import { assertUnprotected } from './environments/assert-unprotected.ts'
import { environmentBodySchema } from './environments/environment-body.ts'
import { federationBodySchema } from './federations/federation-body.ts'
import { listGivenGrants, providerBodySchema } from './identity-providers/provider-body.ts'
import { nodeGroupBodySchema } from './nodes/node-group-body.ts'
import { planBodySchema } from './plans/plan-body.ts'
import { policyListBodySchema } from './policy-lists/policy-list-body.ts'
import { assertListUsable } from './policy-lists/read-policy-lists.ts'
import { productBodySchema } from './products/product-body.ts'
import { checkReferences, checkUnnamed } from './references/check-references.ts'
import { defineKind, type Kind } from './resources/kind.ts'
import { assertRule } from './rules/ask-rules.ts'
import { ruleBodySchema } from './rules/rule.ts'
import { removeSecretsOf } from './secrets/secret-store.ts'
import { assertEmptyTeam } from './teams/assert-empty-team.ts'
import { teamBodySchema } from './teams/team-body.ts'
import { upstreamBodySchema } from './upstreams/upstream-body.ts'
import { assertMayAllow, assertMayGive } from './users/assert-may-give.ts'
import { webhookBodySchema } from './webhooks/webhook-body.ts'
import { forgetWebhook } from './webhooks/webhook-store.ts'

/** Of what names others, and is named by others. */
const NAMED: Required<Pick<Kind, 'check' | 'checkRemoval'>> = {
  check: (_, { db }, { ref, body }) => checkReferences(db, ref, body),
  checkRemoval: (_, { db }, resource) => checkUnnamed(db, resource),
}

/** Of what is live as soon as it is kept. */
const LIVE: Required<Pick<Kind, 'confirm'>> = {
  async confirm({ services }, { db }) {
    await services.liveCheck.assertRuns(db)
  },
}

export const API = defineKind({
  kind: 'api',
  plural: 'apis',
  title: 'API',
  scope: 'team',
  body: apiBodySchema,
  read: 'api:read',
  edit: 'api:edit',
  ...NAMED,
})

export const ENVIRONMENT = defineKind({
  kind: 'environment',
  plural: 'environments',
  title: 'environment',
  scope: 'everywhere',
  body: environmentBodySchema,
  read: 'environment:read',
  edit: 'environment:edit',
  check: NAMED.check,
  ...LIVE,
  async checkRemoval(_, doing, resource) {
    await assertUnprotected(resource)
    await checkUnnamed(doing.db, resource)
    await assertNoCertificates(doing.db, resource)
    await removeSecretsOf(doing, resource)
  },
})

export const UPSTREAM = defineKind({
  kind: 'upstream',
  plural: 'upstreams',
  title: 'upstream',
  scope: 'team',
  body: upstreamBodySchema,
  read: 'upstream:read',
  edit: 'upstream:edit',
  ...NAMED,
  ...LIVE,
})

/** What gateways show to clients. Its key is a secret of its environment. */
const CERTIFICATE = defineKind({
  kind: 'certificate',
  plural: 'certificates',
  title: 'certificate',
  scope: 'everywhere',
  body: certificateBodySchema,
  facts: CERTIFICATE_FACTS,
  read: 'certificate:read',
  edit: 'certificate:edit',
  ...LIVE,
  check: (_, { db, nowMs }, { body }) => assertCertificate(db, certificateBodySchema.parse(body), nowMs),
})

/** What stands in a list is live wherever it is named, in revisions that were published before it changed too. */
const POLICY_LIST = defineKind({
  kind: 'policy-list',
  plural: 'policy-lists',
  title: 'policy list',
  scope: 'team',
  body: policyListBodySchema,
  read: 'policy-list:read',
  edit: 'policy-list:edit',
  ...NAMED,
  async check(asking, doing, putting) {
    await NAMED.check(asking, doing, putting)
    await assertListUsable(doing.db, putting)
  },
  ...LIVE,
})

export const PLAN = defineKind({
  kind: 'plan',
  plural: 'plans',
  title: 'plan',
  scope: 'team',
  body: planBodySchema,
  read: 'plan:read',
  edit: 'plan:edit',
  ...NAMED,
  ...LIVE,
})

export const PRODUCT = defineKind({
  kind: 'product',
  plural: 'products',
  title: 'product',
  scope: 'team',
  body: productBodySchema,
  read: 'product:read',
  edit: 'product:edit',
  ...NAMED,
})

export const APP = defineKind({
  kind: 'app',
  plural: 'apps',
  title: 'app',
  scope: 'team',
  body: appBodySchema,
  read: 'app:read',
  edit: 'app:edit',
  async check(asking, doing, putting) {
    await assertMayPutApp(asking, doing, putting)
    await checkReferences(doing.db, putting.ref, putting.body)
  },
  /** Of apps, gateways are told on their own; of a file they run, what apps have different of plans is a part. */
  async confirm({ services }, { db }, { before, body }) {
    if (hasSameOverrides(before?.body, body)) return
    await services.liveCheck.assertRuns(db)
  },
  /** Its keys and subscriptions end with it. */
  async checkRemoval(asking, doing, app) {
    await assertOwnApp(asking, doing.db, app)
    await endApp(doing, app.uid, 'The app was removed.')
  },
})

export const WEBHOOK = defineKind({
  kind: 'webhook',
  plural: 'webhooks',
  title: 'webhook',
  scope: 'team',
  body: webhookBodySchema,
  read: 'webhook:read',
  edit: 'webhook:edit',
  checkRemoval: (_, doing, { uid }) => forgetWebhook(doing, uid),
})

const TEAM = defineKind({
  kind: 'team',
  plural: 'teams',
  title: 'team',
  scope: 'everywhere',
  body: teamBodySchema,
  read: 'team:read',
  edit: 'team:edit',
  checkRemoval: (_, { db }, team) => assertEmptyTeam(db, team),
})

const ROLE = defineKind({
  kind: 'role',
  plural: 'roles',
  title: 'role',
  scope: 'everywhere',
  body: roleBodySchema,
  read: 'role:read',
  edit: 'role:edit',
  async check(asking, { db }, { ref: { id }, before, body }) {
    const known = before === undefined ? [] : toRole(id, before.body as RoleBody).permissions
    const { permissions } = toRole(id, body as RoleBody)
    await assertMayAllow(
      asking,
      db,
      permissions.filter((permission) => !known.includes(permission)),
    )
  },
})

export const FEDERATION = defineKind({
  kind: 'federation',
  plural: 'federations',
  title: 'federation',
  scope: 'team',
  body: federationBodySchema,
  read: 'token:read',
  edit: 'token:edit',
  async check(asking, { db }, { body }) {
    await assertMayGive(asking, db, federationBodySchema.parse(body).grants)
  },
})

/** Of every API, wherever `where` does not say less. */
const RULE = defineKind({
  kind: 'rule',
  plural: 'rules',
  title: 'rule',
  scope: 'everywhere',
  body: ruleBodySchema,
  read: 'rule:read',
  edit: 'rule:edit',
  check: (_, __, { ref, body }) => assertRule(ref, body),
})

/** Of the APIs of its team. */
const TEAM_RULE = defineKind({
  kind: 'team-rule',
  plural: 'team-rules',
  title: 'rule of a team',
  scope: 'team',
  body: ruleBodySchema,
  read: 'rule:read',
  edit: 'rule:edit',
  check: (_, __, { ref, body }) => assertRule(ref, body),
})

export const NODE_GROUP = defineKind({
  kind: 'node-group',
  plural: 'node-groups',
  title: 'node group',
  scope: 'everywhere',
  body: nodeGroupBodySchema,
  read: 'node:read',
  edit: 'node:edit',
  check: NAMED.check,
})

export const IDENTITY_PROVIDER = defineKind({
  kind: 'identity-provider',
  plural: 'identity-providers',
  title: 'identity provider',
  scope: 'everywhere',
  body: providerBodySchema,
  read: 'identity-provider:read',
  edit: 'identity-provider:edit',
  async check(asking, { db }, { body }) {
    await assertMayGive(asking, db, listGivenGrants(providerBodySchema.parse(body)))
  },
  checkRemoval: (_, doing, provider) => removeSecretsOf(doing, provider),
})

export const KINDS: readonly Kind[] = [
  API,
  ENVIRONMENT,
  UPSTREAM,
  CERTIFICATE,
  POLICY_LIST,
  PLAN,
  PRODUCT,
  APP,
  TEAM,
  ROLE,
  RULE,
  TEAM_RULE,
  FEDERATION,
  NODE_GROUP,
  WEBHOOK,
  IDENTITY_PROVIDER,
]
