/** Owns the list of built-in policies: one line each, in the order in which they usually stand. Each is loaded when it is first used (docs/adr/0026-policies-load-when-used.md). */
import { createRequire } from 'node:module'
import { later } from './later.ts'
/** Owns the list of built-in policies: one line each, in the order in which they usually stand. */
import { anyOf } from './any-of/any-of.ts'
import { awsSigv4 } from './aws-sigv4/aws-sigv4.ts'
import { basicAuth } from './basic-auth/basic-auth.ts'
import { cors } from './cors/cors.ts'
import { externalAuth } from './external-auth/external-auth.ts'
import { forwardClientCertificate } from './forward-client-certificate/forward-client-certificate.ts'
import { geo } from './geo/geo.ts'
import { grpcWeb } from './grpc-web/grpc-web.ts'
import { hmacAuth } from './hmac-auth/hmac-auth.ts'
import { identityToken } from './identity-token/identity-token.ts'
import { ipFilter } from './ip-filter/ip-filter.ts'
import { jwks } from './jwks/jwks.ts'
import { jwt } from './jwt/jwt.ts'
import { keyAuth } from './key-auth/key-auth.ts'
import { ldapAuth } from './ldap-auth/ldap-auth.ts'
import { oauth2Introspection } from './oauth2-introspection/oauth2-introspection.ts'
import { oidcLogin } from './oidc-login/oidc-login.ts'
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
  later('grpc-web', 'transform', () => require('./grpc-web/grpc-web.ts')),
  later('rewrite-path', 'transform', () => require('./rewrite-path/rewrite-path.ts')),
  later('timeout', 'upstream', () => require('./timeout/timeout.ts')),
  later('retry', 'upstream', () => require('./retry/retry.ts')),
  later('respond', 'upstream', () => require('./respond/respond.ts')),
  ipFilter,
  geo,
  cors,
  securityHeaders,
  anyOf,
  keyAuth,
  jwt,
  awsSigv4,
  hmacAuth,
  webhookSignature,
  externalAuth,
  oauth2Introspection,
  basicAuth,
  ldapAuth,
  oidcLogin,
  rateLimit,
  setHeaders,
  forwardClientCertificate,
  identityToken,
  grpcWeb,
  rewritePath,
  timeout,
  retry,
  respond,
  jwks,
]
