/** Owns the list of the admin API's routes. */
import { ACCOUNT_ROUTES } from './account/account-routes.ts'
import { FACTOR_ROUTES } from './account/factor-routes.ts'
import { LOGIN_ROUTES } from './account/login-routes.ts'
import { AUDIT_ROUTES } from './audit/audit-routes.ts'
import { ASKED_CHANGE_ROUTES } from './changes/asked-change-routes.ts'
import { CHANGE_ROUTES } from './changes/change-routes.ts'
import { API_STATE_ROUTES } from './deployments/api-state-routes.ts'
import { DEPLOYMENT_ROUTES } from './deployments/deployment-routes.ts'
import { LIFECYCLE_ROUTES } from './deployments/lifecycle-routes.ts'
import { LIVE_ROUTES } from './deployments/live-routes.ts'
import { PREVIEW_ROUTES } from './deployments/preview-routes.ts'
import { DOCUMENT_ROUTES } from './documents/document-routes.ts'
import { FEDERATION_ROUTES } from './federations/federation-routes.ts'
import type { Route } from './http/route.ts'
import { PROVIDER_ROUTES } from './identity-providers/provider-routes.ts'
import { IMPORT_ROUTES } from './keys/import/import-routes.ts'
import { KEY_ROUTES } from './keys/key-routes.ts'
import { KINDS } from './kinds.ts'
import { NODE_ROUTES } from './nodes/node-routes.ts'
import { NODE_TOKEN_ROUTES } from './nodes/node-token-routes.ts'
import { toResourceRoutes } from './resources/resource-routes.ts'
import { DIFF_ROUTES } from './revisions/diff-routes.ts'
import { REVISION_ROUTES } from './revisions/revision-routes.ts'
import { SECRET_ROUTES } from './secrets/secret-routes.ts'
import { SESSION_ROUTES } from './sessions/session-routes.ts'
import { SUBSCRIPTION_ROUTES } from './subscriptions/subscription-routes.ts'
import { MEMBER_ROUTES } from './teams/member-routes.ts'
import { TOKEN_ROUTES } from './tokens/token-routes.ts'
import { USER_ROUTES } from './users/user-routes.ts'
import { WEBHOOK_ROUTES } from './webhooks/webhook-routes.ts'

export const ADMIN_ROUTES: readonly Route[] = [
  ...ACCOUNT_ROUTES,
  ...LOGIN_ROUTES,
  ...FACTOR_ROUTES,
  ...SESSION_ROUTES,
  ...USER_ROUTES,
  ...TOKEN_ROUTES,
  ...MEMBER_ROUTES,
  ...FEDERATION_ROUTES,
  ...PROVIDER_ROUTES,
  ...KINDS.flatMap(toResourceRoutes),
  ...DOCUMENT_ROUTES,
  ...REVISION_ROUTES,
  ...DIFF_ROUTES,
  ...DEPLOYMENT_ROUTES,
  ...KEY_ROUTES,
  ...IMPORT_ROUTES,
  ...SUBSCRIPTION_ROUTES,
  ...SECRET_ROUTES,
  ...AUDIT_ROUTES,
  ...PREVIEW_ROUTES,
  ...LIFECYCLE_ROUTES,
  ...LIVE_ROUTES,
  ...API_STATE_ROUTES,
  ...CHANGE_ROUTES,
  ...NODE_ROUTES,
  ...ASKED_CHANGE_ROUTES,
  ...NODE_TOKEN_ROUTES,
  ...WEBHOOK_ROUTES,
]
