/** Owns who calls, by the certificate that the client proved in the TLS handshake and that its listener accepted. */
import { z } from 'zod'
import { appIdSchema } from '../app-option.ts'
import { findAppPlan } from '../callers/find-app-plan.ts'
import { recognise } from '../callers/recognise.ts'
import { tellUpstream, toIdentityFields, toUpstreamSchema } from '../callers/upstream-facts.ts'
import type { ClientCertificate } from '../client-certificate.ts'
import type { Caller } from '../exchange.ts'
import { planIdSchema } from '../plan-option.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { toCertificateThumbprint } from '../tokens/thumbprint.ts'
import { compileIdentity, type Identity, toIdentityRefusal } from './identity.ts'
import { findPatternFault } from './name-pattern.ts'

const PATTERNS =
  'A `*` stands for a part of one label of a DNS name, of one segment of a URI or of one side of an address; `/**` at the end of a URI for all below.'

const fingerprint = z.string().superRefine((text, context) => {
  const message = findPatternFault(text, 'fingerprint')
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})

const options = z
  .strictObject({
    by: z.enum(['subject-cn', 'san-dns', 'san-uri', 'san-email', 'fingerprint']).meta({
      description:
        'What of the certificate says who calls: the common name, a DNS name, a URI (such as a SPIFFE id), an e-mail address, or its SHA-256.',
    }),
    allow: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({
        description: `Only these names count, and others of the same certificate are not looked at. ${PATTERNS}`,
      }),
    apps: z
      .array(
        z.strictObject({
          name: z
            .string()
            .min(1)
            .meta({ description: `The name in the certificate. ${PATTERNS}` }),
          app: appIdSchema.meta({ description: 'The app that calls. One that is disabled is refused.' }),
          plan: planIdSchema.optional().meta({ description: "Its plan, where it is not the app's own." }),
        }),
      )
      .default([])
      .meta({ description: 'Which app calls, by name; the first that matches counts.' }),
    unlisted: z.enum(['refuse', 'name', 'app']).optional().meta({
      description:
        'Of whom `apps` does not know the name. refuse: they may not call; the default where `apps` lists any. name: the name is the id of the caller, who has no app; the default elsewhere. app: the name is the id of an app.',
    }),
    unknownApps: z.enum(['refuse', 'allow']).default('refuse').meta({
      description:
        'What becomes of certificates whose app the configuration does not have. They have no plan but the one that `apps` says.',
    }),
    issuers: z
      .array(z.record(z.string().min(1), z.string()).refine(isNotEmpty, { error: 'name an attribute' }))
      .min(1)
      .optional()
      .meta({
        description:
          'Only certificates that one of these CAs signed itself, by attributes of its name: `{ CN: Partner CA, O: Acme }`. The listener has proven that it is one of its own, or below one.',
      }),
    intermediates: z.array(fingerprint).min(1).optional().meta({
      description:
        'Only certificates that come by one of these CAs below a root of the listener, by the SHA-256 of its certificate.',
    }),
    anonymous: z.boolean().default(false).meta({
      description: 'Lets clients without a certificate pass, as nobody. One that is shown and does not do is refused.',
    }),
    toUpstream: toUpstreamSchema,
  })
  .superRefine(({ by, allow = [], apps }, context) => {
    const check = (pattern: string, path: (string | number)[]): void => {
      const message = findPatternFault(pattern, by)
      if (message !== undefined) context.addIssue({ code: 'custom', path, message })
    }
    for (const [at, pattern] of allow.entries()) check(pattern, ['allow', at])
    for (const [at, { name }] of apps.entries()) check(name, ['apps', at, 'name'])
  })

export const mtlsAuth = definePolicy({
  name: 'mtls-auth',
  phase: 'authenticate',
  needs: 'client-certificates',
  summary: 'Recognises the caller by the certificate that it proved in the TLS handshake.',
  options,
  examples: [
    {
      says: 'Recognises workloads of one SPIFFE trust domain by their id.',
      options: { by: 'san-uri', allow: ['spiffe://acme.example/ns/prod/**'] },
    },
    {
      says: 'Knows two partners by their common names, from the CA for partners alone.',
      options: {
        by: 'subject-cn',
        apps: [
          { name: 'billing.partner-one', app: 'partner-one' },
          { name: '*.partner-two', app: 'partner-two', plan: 'gold' },
        ],
        issuers: [{ CN: 'Partner CA', O: 'Acme' }],
      },
    },
  ],
  // No `credentialPlaces`: what it looks at is in no request, and the listener proved it for whoever decides.
  identityFields: ({ toUpstream }) => toIdentityFields(toUpstream),

  create(given, { credentials }) {
    const identify = compileIdentity(given)
    const { anonymous, unknownApps, toUpstream } = given
    // No header field would help, so that no status 401 and no challenge could say what to do (RFC 9110 §11.6.1).
    const missing = new Problem('client-certificate-missing', {
      detail: 'Show a client certificate in the TLS handshake; this connection has none.',
    })
    // One certificate serves all requests of its connection, and what it says does not change.
    const known = new WeakMap<ClientCertificate, Identity>()
    const callers = new WeakMap<ClientCertificate, Caller>()

    return function mtlsAuth(exchange, next) {
      const { certificate } = exchange.client
      if (certificate === undefined) {
        if (!anonymous) throw missing
        return next(exchange)
      }
      let identity = known.get(certificate)
      if (identity === undefined) {
        identity = identify(certificate)
        known.set(certificate, identity)
      }
      if ('refusal' in identity) throw identity.refusal
      const { app } = identity
      const named = app === undefined ? undefined : { app, api: exchange.route.api, unknownApps }
      // With every request: an app may be disabled while a connection lives.
      const ofApp = named && findAppPlan(credentials, named, toIdentityRefusal)
      const plan = identity.plan ?? ofApp
      let caller = callers.get(certificate)
      if (caller === undefined || caller.plan !== plan) {
        caller = toCaller(certificate, identity, plan)
        callers.set(certificate, caller)
      }
      const recognised = recognise(exchange, caller)
      if (toUpstream !== undefined) tellUpstream(exchange.request, recognised, toUpstream)
      return next(exchange)
    }
  },
})

type Known = Exclude<Identity, { readonly refusal: Problem }>

function toCaller(certificate: ClientCertificate, { name, app }: Known, plan: string | undefined): Caller {
  const { subjectText, issuerText, serial, fingerprint, dnsNames, uris, emails, subject } = certificate
  return {
    id: app ?? name,
    app,
    plan,
    credential: { kind: 'certificate', id: fingerprint },
    claims: {
      ...{ name, subject: subjectText, issuer: issuerText, serial, fingerprint, dnsNames, uris, emails },
      commonName: subject.CN?.[0] ?? '',
      // As a token that is bound to it would say it (RFC 8705 §3.1).
      cnf: { 'x5t#S256': toCertificateThumbprint(certificate) },
    },
  }
}

function isNotEmpty(attributes: object): boolean {
  return Object.keys(attributes).length > 0
}
