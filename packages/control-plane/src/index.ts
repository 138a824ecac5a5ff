/** Owns the door of the control plane. */

export {
  type AccessDecision,
  type Demand,
  decideAccess,
  listReadableTeams,
  mayGive,
  type Principal,
} from './access/decide-access.ts'
export { EVERY_TEAM, type Grant, grantSchema } from './access/grant.ts'
export { PERMISSIONS, type Permission } from './access/permission.ts'
export {
  BUILT_IN_ROLES,
  createRoles,
  OWNER_ROLE,
  type Role,
  type RoleBody,
  type Roles,
  roleBodySchema,
  toRole,
} from './access/role.ts'
export { ADMIN_ROUTES } from './admin-routes.ts'
export { type ApiBody, apiBodySchema, partIdSchema } from './apis/api-body.ts'
export type { PublishedForm } from './apis/published-form.ts'
export { type AppBody, appBodySchema } from './apps/app-body.ts'
export { endApp } from './apps/end-app.ts'
export {
  type AuditEntry,
  type AuditNote,
  type AuditQuery,
  type AuditVerdict,
  appendToAudit,
  eraseFromAudit,
  listAudit,
  verifyAudit,
} from './audit/audit-log.ts'
export type { BreakingChange, BreakingChangeCode, ChangePlace } from './breaking/breaking-change.ts'
export { findBreakingChanges } from './breaking/find-breaking-changes.ts'
export { type Challenge, findChallenge, startChallenge, takeChallenge } from './challenges/challenge-store.ts'
export { ControlPlane, type ControlPlaneParts, type ControlPlaneSettings } from './control-plane.ts'
export { CredentialsReader, type CredentialsReading } from './credentials/credentials-reader.ts'
export { type DeployedRelease, type Deployment, DeploymentFault } from './deployments/deployment.ts'
export { deploy, findDeployment, listDeploymentVersions, listLive, rollBack } from './deployments/deployment-store.ts'
export { type EnvironmentBody, environmentBodySchema } from './environments/environment-body.ts'
export { toOpenApi } from './http/openapi-document.ts'
export { readAwsKeys } from './keys/import/aws-keys.ts'
export { readAzureKeys } from './keys/import/azure-keys.ts'
export type { ImportedApp, KeyImport } from './keys/import/imported-keys.ts'
export { readKongKeys } from './keys/import/kong-keys.ts'
export { readPlainKeys } from './keys/import/plain-keys.ts'
export { readTykKeys } from './keys/import/tyk-keys.ts'
export { type Key, KeyFault, type KeyTerms } from './keys/key.ts'
export { type BroughtKey, bringKeys, endKey, issueKey, listChangedKeys, listKeys, rotateKey } from './keys/key-store.ts'
export { admitCode, admitLogin, findLoginWait, type LoginTry, noteCode, noteLogin } from './logins/login-guard.ts'
export { type ExportOptions, exportOpenapi, type OpenapiExport } from './openapi/export-openapi.ts'
export { type ImportedApi, type ImportResult, importOpenapi, type OpenapiImport } from './openapi/import-openapi.ts'
export type { Passkey } from './passkeys/passkey.ts'
export {
  addPasskey,
  askForPasskey,
  checkPasskey,
  offerPasskey,
  type PasskeySite,
  type PasskeyVerdict,
  removePasskey,
} from './passkeys/passkey-store.ts'
export { type PlanBody, planBodySchema } from './plans/plan-body.ts'
export { type ProductBody, productBodySchema } from './products/product-body.ts'
export { composeFile, toDocumentName } from './publish/compose-file.ts'
export { SUSPENDED_PLAN, UNSUBSCRIBED_PLAN } from './publish/compose-plans.ts'
export type { LiveApi, LiveEnvironment } from './publish/live-api.ts'
export { type LiveTerms, NO_TERMS } from './publish/live-terms.ts'
export { type Piece, PieceComposer } from './publish/piece-composer.ts'
export { type Publication, Publisher, type PublisherOptions } from './publish/publisher.ts'
export type { Taken } from './publish/rollout.ts'
export { checkReferences, checkUnnamed } from './references/check-references.ts'
export type { Reference } from './references/reference.ts'
export { type Namer, ReferenceFault } from './references/reference-fault.ts'
export { describeChanges } from './revisions/describe-changes.ts'
export type { DescribedChange } from './revisions/described-change.ts'
export { checkRules, compileRule, type RuleBudget, type RuleFinding } from './rules/check-rules.ts'
export { type Rule, type RuleBody, ruleBodySchema } from './rules/rule.ts'
export { type RuleFacts, type RuleSubject, toRuleFacts } from './rules/rule-facts.ts'
export { RULE_TEMPLATES } from './rules/rule-templates.ts'
export { SecretFault, type SecretFaultReason } from './secrets/secret-fault.ts'
export { SecretKey, type SecretKeyPlace } from './secrets/secret-key.ts'
export {
  listSecretNames,
  openSecrets,
  putSecret,
  removeSecret,
  removeSecretsOf,
  rotateSecretKey,
  type SecretHolder,
  type SecretName,
  type SecretRef,
} from './secrets/secret-store.ts'
export {
  endSession,
  endSessionsOf,
  type FoundSession,
  findSession,
  isAntiForgeryToken,
  listSessions,
  type Session,
  startSession,
  toAntiForgeryToken,
  touchSession,
} from './sessions/session-store.ts'
export { CopyFault, type CopyFaultReason } from './store/copy/copy-fault.ts'
export { backUpStore, moveStore, type Restored, restoreStore } from './store/copy/copy-store.ts'
export type { Filled } from './store/copy/fill-store.ts'
export type { Written } from './store/copy/portable-file.ts'
export { PostgresStore, type PostgresStoreOptions } from './store/postgres/postgres-store.ts'
export { SqliteStore, type SqliteStoreOptions } from './store/sqlite/sqlite-store.ts'
export {
  type Change,
  type Moment,
  type Store,
  StoreFault,
  type StoreFaultReason,
  type StoreKind,
  StoreRefusal,
} from './store/store.ts'
export {
  listSteps,
  type Subscription,
  SubscriptionFault,
  type SubscriptionRecord,
  type SubscriptionState,
  type SubscriptionStep,
  type SubscriptionTarget,
} from './subscriptions/subscription.ts'
export {
  findSubscription,
  listSubscriptionRecords,
  listSubscriptions,
  moveSubscriptions,
  requestSubscription,
  type SubscriptionQuery,
  type SubscriptionRequest,
  stepSubscription,
} from './subscriptions/subscription-store.ts'
export { type Token, TokenFault, type TokenFaultReason, type TokenRequest } from './tokens/token.ts'
export {
  endToken,
  type FoundToken,
  findToken,
  getToken,
  issueToken,
  listTokens,
  noteTokenUse,
  type TokenQuery,
} from './tokens/token-store.ts'
export { drawRecoveryCodes, useRecoveryCode } from './two-factor/recovery-codes.ts'
export { confirmTotp, offerTotp, removeTotp, type TotpOffer, useTotp } from './two-factor/totp.ts'
export { type UpstreamBody, upstreamBodySchema } from './upstreams/upstream-body.ts'
export { findPasswordRecord, hashNewPassword, isPasswordRight, type PasswordRecord } from './users/password.ts'
export { finishSetUp, openSetUp } from './users/set-up.ts'
export {
  type SsoSubject,
  toUserPrincipal,
  type User,
  type UserFacts,
  UserFault,
  type UserFaultReason,
  userFactsSchema,
} from './users/user.ts'
export {
  createUser,
  eraseUser,
  findUser,
  findUserByEmail,
  findUserBySubject,
  listUsers,
  replaceUser,
  resumeUser,
  setPassword,
  suspendUser,
  type UserQuery,
} from './users/user-store.ts'
