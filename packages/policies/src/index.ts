/** The door of the policies: the contract, the messages, the ports, the built-ins. */

export { z } from 'zod'
/** The one schema library, for users' own policies: theirs must be the same copy. */
export { toEmbeddedAddresses } from './addresses/embedded-addresses.ts'
export { isLocalName } from './addresses/local-name.ts'
export { toNetwork } from './addresses/network.ts'
export { NEVER_CALLED } from './addresses/never-called.ts'
export { Bottleneck } from './callers/bottleneck.ts'
export type { UsedPlace } from './callers/credential-place.ts'
export { toFingerprint } from './callers/remembered.ts'
export { BUILT_IN_POLICIES } from './catalog.ts'
export type { ClientCertificate } from './client-certificate.ts'
export type {
  AbortListener,
  Caller,
  CallerCredential,
  Charge,
  Client,
  ExchangeParts,
  Outcome,
  RouteFacts,
} from './exchange.ts'
export { Exchange } from './exchange.ts'
export { createIssuedKey, ISSUED_KEY_PATTERN, judgeIssuedKey } from './keys/issued-key.ts'
export { isWeakKey } from './keys/key-strength.ts'
export { hashWeakKey, hashWeakKeySync, parsePepper, toPepperId, WeakKeys } from './keys/weak-keys.ts'
export type { MaybePromise } from './maybe-promise.ts'
export type { BodyFlow, BodySink, BodySource } from './messages/body.ts'
export { Body, BytesBody, EMPTY_BODY, PIECE_BYTES, StreamBody } from './messages/body.ts'
export { findFieldFault, HeaderList, MARKS_PER_FIELD } from './messages/header-list.ts'
export { isSameName, KNOWN_FIELDS, TWIN_FIELD, toKnownField } from './messages/known-fields.ts'
export { IDEMPOTENT_METHODS } from './messages/methods.ts'
export { PieceList } from './messages/piece-list.ts'
export type { RequestParts } from './messages/request.ts'
export { GatewayRequest } from './messages/request.ts'
export type { Tunnel } from './messages/response.ts'
export { GatewayResponse } from './messages/response.ts'
export { addDecoy, pickDecoy } from './passwords/decoys.ts'
export { hashPassword } from './passwords/hash-password.ts'
export { verifyPassword } from './passwords/verify-password.ts'
export type { Next, Phase, Policy, PolicyDefinition, PolicyExample, PolicyFile } from './policy.ts'
export { definePolicy, isPolicyDefinition, PHASES } from './policy.ts'
export { toPolicyIndex, toPolicyPage } from './policy-page.ts'
export { Problem } from './problem.ts'
export { CEL_NAMES, CEL_VOCABULARIES, type CelScopeParts, toCelScope } from './scopes/cel-scope.ts'
export {
  answerExpressionSchema,
  type CompiledText,
  celSchema,
  compileCel,
  compileText,
  type ExpressionOption,
  expressionSchema,
} from './scopes/expression-option.ts'
export type {
  AppFacts,
  CallAnswer,
  CallTls,
  Clock,
  Counters,
  Credentials,
  Decision,
  Directories,
  DirectoryEntry,
  DirectoryFind,
  DirectoryGroups,
  DirectorySettings,
  FileContent,
  Files,
  HttpCalls,
  KeyFacts,
  KeyLookup,
  Limiter,
  LimiterSpec,
  LoadedValue,
  Log,
  NestedUse,
  NestedUses,
  OpenFile,
  OutgoingCall,
  PolicyServices,
  ReplayList,
  Replays,
  RevocationList,
  Revocations,
  SharedValue,
  SharedValueSpec,
  SharedValues,
  UserFacts,
  UserLookup,
} from './services.ts'
export { CallFault } from './services.ts'
