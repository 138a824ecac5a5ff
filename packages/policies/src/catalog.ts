/** Owns the list of built-in policies: one line each, in the order in which they usually stand. */
import { access } from './access/access.ts'
import { anyOf } from './any-of/any-of.ts'
import { awsSigv4 } from './aws-sigv4/aws-sigv4.ts'
import { basicAuth } from './basic-auth/basic-auth.ts'
import { cors } from './cors/cors.ts'
import { csrf } from './csrf/csrf.ts'
import { externalAuth } from './external-auth/external-auth.ts'
import { forwardClientCertificate } from './forward-client-certificate/forward-client-certificate.ts'
import { geo } from './geo/geo.ts'
import { grpcWeb } from './grpc-web/grpc-web.ts'
import { hmacAuth } from './hmac-auth/hmac-auth.ts'
import { ipFilter } from './ip-filter/ip-filter.ts'
import { jwt } from './jwt/jwt.ts'
import { keyAuth } from './key-auth/key-auth.ts'
import { ldapAuth } from './ldap-auth/ldap-auth.ts'
import { mtlsAuth } from './mtls-auth/mtls-auth.ts'
import { oauth2Introspection } from './oauth2-introspection/oauth2-introspection.ts'
import { oidcLogin } from './oidc-login/oidc-login.ts'
import { opa } from './opa/opa.ts'
import type { PolicyDefinition } from './policy.ts'
import { rateLimit } from './rate-limit/rate-limit.ts'
import { respond } from './respond/respond.ts'
import { retry } from './retry/retry.ts'
import { rewritePath } from './rewrite-path/rewrite-path.ts'
import { securityHeaders } from './security-headers/security-headers.ts'
import { setHeaders } from './set-headers/set-headers.ts'
import { timeout } from './timeout/timeout.ts'
import { webhookSignature } from './webhook-signature/webhook-signature.ts'

export const BUILT_IN_POLICIES: readonly PolicyDefinition[] = [
  ipFilter,
  geo,
  cors,
  csrf,
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
  mtlsAuth,
  access,
  opa,
  rateLimit,
  setHeaders,
  forwardClientCertificate,
  grpcWeb,
  rewritePath,
  timeout,
  retry,
  respond,
]
