/** The door of the model: the words that everything else is said in. */
export { findClosest, suggestName } from './closest.ts'
export { ConfigurationMemory } from './configuration-memory.ts'
export type { Diffable } from './diff/diff.ts'
export { diff, toDiffText } from './diff/diff.ts'
export type { Change } from './diff/diff-values.ts'
export { EXPRESSION_LANGUAGES } from './expression-languages.ts'
export {
  type ConfigurationAnswer,
  type FeedItem,
  isFeedFile,
  isFeedSecrets,
  parseConfigurationAnswer,
  toSecretsName,
  toStateHash,
} from './feed/configuration-feed.ts'
export { type CredentialsChange, type CredentialsLine, parseCredentialsLine } from './feed/credentials-feed.ts'
export { FEED_FORMATS, pickFeedFormat } from './feed/feed-format.ts'
export { type Heartbeat, heartbeatSchema, nodeNameSchema, parseHeartbeat } from './feed/heartbeat.ts'
export { MOST_USED_APIS, type Usage, usageSchema } from './feed/usage.ts'
export { apiSchema } from './file/api.ts'
export { acmeSchema } from './file/certificate.ts'
export { describeIssues, type IssueContext } from './file/describe-issues.ts'
export { describedShape, idSchema } from './file/described.ts'
export { egressSchema } from './file/egress.ts'
export { planSchema } from './file/plan.ts'
export { policyListSchema } from './file/policy-list.ts'
export {
  isListUse,
  MOST_LISTS_DEEP,
  MOST_POLICIES,
  type WrittenUse,
  writtenUsesSchema,
} from './file/policy-use.ts'
export { previewSchema } from './file/release.ts'
export { routeSchema } from './file/route.ts'
export { upstreamSchema } from './file/upstream.ts'
export { variablesSchema } from './file/variables.ts'
export { findKnownKeys } from './file/walk-schema.ts'
export type { At, Finding, Path, Place } from './finding.ts'
export { hasFaults, sortFindings, toFindingText, toPathText } from './finding.ts'
export type * from './gateway-model.ts'
export { GatewrightFile, type GatewrightFileInput } from './gatewright-file.ts'
export { toCanonicalJson, toContentHash, toTextHash } from './hash.ts'
export { toHostKey } from './host-key.ts'
export { toJsonSchema } from './json-schema.ts'
export type { OpenApiDefinition, OpenApiFormat, OpenApiReading } from './openapi/read-openapi.ts'
export { readOpenApi } from './openapi/read-openapi.ts'
export type { OpenApiOperation } from './openapi/read-operations.ts'
export { parsePathTemplate, type TemplateSegment, toTemplateShape } from './path-template.ts'
export { PROBLEMS, type ProblemCode, type ProblemOwner, toProblemType } from './problems.ts'
export type { Resolution, ResolveInput } from './resolve/resolve.ts'
export { resolve } from './resolve/resolve.ts'
export type { Sources } from './resolve/sources.ts'
export { Secret } from './secret.ts'
export type { ParsedSource, ParseSourceOptions } from './source/parse-source.ts'
export { parseSource } from './source/parse-source.ts'
export type { SourceFile } from './source/source-text.ts'
export type { Surroundings } from './source/substitute.ts'
export { scopeSecrets } from './source/substitution-text.ts'
export type { Catalogue, CatalogueEntry, PolicyNeed, PolicyPhase } from './validate/catalogue.ts'
export { findPlanPlace, POLICY_PHASES } from './validate/catalogue.ts'
export { validate } from './validate/validate.ts'
export type { ValidateOptions } from './validate/validation.ts'
