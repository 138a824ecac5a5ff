/** Owns the list of built-in policies: one line each, in the order in which they usually stand. Each is loaded when it is first used (docs/adr/0026-policies-load-when-used.md). */
import { createRequire } from 'node:module'
import { later } from './later.ts'
import type { PolicyDefinition } from './policy.ts'

const require = createRequire(import.meta.url)

export const BUILT_IN_POLICIES: readonly PolicyDefinition[] = [
  later('ip-filter', 'protect', () => require('./ip-filter/ip-filter.ts')),
  later('geo', 'protect', () => require('./geo/geo.ts')),
  later('cors', 'protect', () => require('./cors/cors.ts')),
  later('csrf', 'protect', () => require('./csrf/csrf.ts')),
  later('security-headers', 'protect', () => require('./security-headers/security-headers.ts')),
  later('any-of', 'authenticate', () => require('./any-of/any-of.ts')),
  later('key-auth', 'authenticate', () => require('./key-auth/key-auth.ts')),
  later('jwt', 'authenticate', () => require('./jwt/jwt.ts')),
  later('aws-sigv4', 'authenticate', () => require('./aws-sigv4/aws-sigv4.ts')),
  later('hmac-auth', 'authenticate', () => require('./hmac-auth/hmac-auth.ts')),
  later('webhook-signature', 'authenticate', () => require('./webhook-signature/webhook-signature.ts')),
  later('external-auth', 'authenticate', () => require('./external-auth/external-auth.ts')),
  later('oauth2-introspection', 'authenticate', () => require('./oauth2-introspection/oauth2-introspection.ts')),
  later('basic-auth', 'authenticate', () => require('./basic-auth/basic-auth.ts')),
  later('ldap-auth', 'authenticate', () => require('./ldap-auth/ldap-auth.ts')),
  later('oidc-login', 'authenticate', () => require('./oidc-login/oidc-login.ts')),
  later('mtls-auth', 'authenticate', () => require('./mtls-auth/mtls-auth.ts')),
  later('access', 'authorize', () => require('./access/access.ts')),
  later('opa', 'authorize', () => require('./opa/opa.ts')),
  later('rate-limit', 'limit', () => require('./rate-limit/rate-limit.ts')),
  later('set-headers', 'transform', () => require('./set-headers/set-headers.ts')),
  later('forward-client-certificate', 'transform', () =>
    require('./forward-client-certificate/forward-client-certificate.ts'),
  ),
  later('identity-token', 'transform', () => require('./identity-token/identity-token.ts')),
  later('grpc-web', 'transform', () => require('./grpc-web/grpc-web.ts')),
  later('rewrite-path', 'transform', () => require('./rewrite-path/rewrite-path.ts')),
  later('timeout', 'upstream', () => require('./timeout/timeout.ts')),
  later('retry', 'upstream', () => require('./retry/retry.ts')),
  later('upstream-auth', 'upstream', () => require('./upstream-auth/upstream-auth.ts')),
  later('jwks', 'upstream', () => require('./jwks/jwks.ts')),
  later('respond', 'upstream', () => require('./respond/respond.ts')),
]
