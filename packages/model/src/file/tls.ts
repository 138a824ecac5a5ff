/** Owns how a file describes TLS: what a listener demands of its clients, and an upstream of its targets. */
import { z } from 'zod'
import { idSchema } from './described.ts'

const pathSchema = z.string().min(1)

export const TLS_PROFILES = ['modern', 'intermediate', 'compatible'] as const

const profileSchema = z.enum(TLS_PROFILES).meta({
  description:
    'modern: TLS 1.3 only. intermediate: 1.2 and 1.3, forward secrecy. compatible: also CBC suites, for clients of before 2014.',
})

/** `*` as the whole first label of a name; at the end of a URI. */
const patternSchema = z.string().min(1)

const certificateRuleSchema = z
  .strictObject({
    dns: patternSchema
      .exactOptional()
      .meta({ description: 'A DNS name of the certificate; `*.example.com` is one label.' }),
    uri: patternSchema
      .exactOptional()
      .meta({ description: 'A URI of it, such as a SPIFFE id; a `*` at the end is any rest.' }),
    email: patternSchema.exactOptional().meta({ description: 'An e-mail address of it.' }),
    subject: z.record(z.string().min(1), z.string().min(1)).exactOptional().meta({
      description: 'Attributes of its subject, such as `{ CN: billing, O: Acme }`.',
    }),
  })
  .meta({ description: 'All members must hold.' })

export const clientCertificatesSchema = z
  .strictObject({
    mode: z.enum(['require', 'request']).default('require').meta({
      description:
        'require: who shows none that is valid is refused (403). request: one is asked for; policies decide.',
    }),
    ca: pathSchema.meta({
      description:
        'PEM file of the CAs that clients’ certificates come from: roots, or those between; with `crl`, up to their roots.',
    }),
    depth: z
      .int()
      .min(0)
      .max(10)
      .default(2)
      .meta({ description: "Most certificates between a client's and the nearest of `ca`." }),
    crl: pathSchema.exactOptional().meta({
      description:
        'PEM file of revocation lists, one for each CA that issues; without its own, a CA’s certificates are refused.',
    }),
    allow: z.array(certificateRuleSchema).min(1).exactOptional().meta({
      description: 'Rules, one of which must hold. Every certificate of the CAs if absent.',
    }),
  })
  .meta({ description: 'Mutual TLS.' })

const demandsShape = {
  profile: profileSchema.exactOptional(),
  clientCertificates: clientCertificatesSchema.exactOptional(),
}

export const listenerTlsSchema = z
  .strictObject({
    certificates: z
      .array(idSchema)
      .min(1)
      .exactOptional()
      .meta({ description: 'Ids of `certificates`. All if absent.' }),
    defaultCertificate: idSchema.exactOptional().meta({
      description:
        'For clients that say no name, or one that no certificate has. If absent: the only certificate; where there are several, such clients are refused.',
    }),
    profile: profileSchema.default('intermediate'),
    clientCertificates: clientCertificatesSchema.exactOptional(),
    hosts: z
      .array(
        z.strictObject({
          names: z.array(z.string().min(1)).min(1).meta({ description: 'Host names; `*.example.com` is one label.' }),
          ...demandsShape,
        }),
      )
      .default([])
      .meta({
        description:
          'Other demands for some names. A request for one of them that came by another name’s connection is answered with 421.',
      }),
  })
  .meta({ id: 'ListenerTls', description: '`{}` takes the defaults.' })

export const redirectSchema = z
  .union([
    z.literal(true),
    z.strictObject({
      port: z.int().min(1).max(65_535).exactOptional().meta({
        description: 'Where HTTPS is reached from outside; 443 unless said.',
      }),
      status: z
        .union([z.literal(301), z.literal(302), z.literal(307), z.literal(308)])
        .default(308)
        .meta({
          description: '308: for good, with the same method.',
        }),
    }),
  ])
  .meta({ description: 'Every request is sent on to HTTPS; only `/.well-known/acme-challenge/` is answered here.' })

export const hstsSchema = z
  .union([
    z.literal(true),
    z.strictObject({
      maxAgeSeconds: z.int().min(0).default(31_536_000).meta({ description: 'A year; 0 makes browsers forget it.' }),
      includeSubDomains: z.boolean().default(false).meta({ description: 'For all names below it, too.' }),
      preload: z
        .boolean()
        .default(false)
        .meta({ description: "Asks for a place in the browsers' own lists (hstspreload.org)." }),
    }),
  ])
  .meta({ description: '`Strict-Transport-Security` in every answer that goes out over TLS (RFC 6797).' })

export const http2Schema = z
  .strictObject({
    enabled: z.boolean().default(true).meta({ description: 'Over TLS, for clients that ask for it (ALPN).' }),
    priorKnowledge: z.boolean().default(false).meta({
      description:
        'Without TLS, for clients that begin with it (h2c, RFC 9113 §3.3). Such as gRPC clients within a network.',
    }),
    streams: z
      .int()
      .min(1)
      .max(10_000)
      .default(128)
      .meta({ description: 'Requests in flight on one connection; more are refused.' }),
    webSockets: z.boolean().default(true).meta({ description: 'Extended CONNECT (RFC 8441).' }),
  })
  .prefault({})
  .meta({ description: 'HTTP/2. Its heads and bodies keep the `limits` of the listener.' })

export const upstreamTlsSchema = z
  .strictObject({
    verify: z.boolean().default(true).meta({
      description: 'False: any certificate will do, and whoever stands between can read and change everything.',
    }),
    ca: pathSchema.exactOptional().meta({ description: "PEM file of CAs, instead of the system's." }),
    serverName: z.string().min(1).exactOptional().meta({
      description:
        'The name that is asked for (SNI) and must stand in the certificate. The host of the target if absent.',
    }),
    clientCertificate: z
      .strictObject({
        cert: pathSchema.meta({ description: 'PEM file: the certificate, then those between it and the CA.' }),
        key: pathSchema.meta({ description: 'PEM file with its private key, not encrypted.' }),
      })
      .exactOptional()
      .meta({ description: 'Shown to targets that ask for one.' }),
    minVersion: z
      .enum(['1.2', '1.3'])
      .default('1.2')
      .meta({ description: 'The oldest version of TLS that is spoken.' }),
  })
  .prefault({})
  .meta({ id: 'UpstreamTls', description: 'For targets with `https://`. Paths are relative to this file.' })
