/** Owns how a file describes the certificates that the gateway shows to clients: from files, from folders, or by ACME. */
import { z } from 'zod'
import { describedShape, idSchema } from './described.ts'

/** RFC 8555 §7.1: a directory URL. Let's Encrypt's is what most people mean. */
const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'

const pathSchema = z.string().min(1)

const rfc2136Schema = z
  .strictObject({
    server: z
      .string()
      .min(1)
      .meta({ description: '`host` or `host:port` of the primary name server; port 53 if absent.' }),
    zone: z.string().min(1).exactOptional().meta({ description: 'The zone to update; found by its SOA if absent.' }),
    keyName: z.string().min(1).exactOptional().meta({ description: 'Name of the TSIG key (RFC 8945).' }),
    algorithm: z.enum(['hmac-sha256', 'hmac-sha384', 'hmac-sha512']).default('hmac-sha256').meta({
      description: 'Of the TSIG key.',
    }),
    secretFile: pathSchema.exactOptional().meta({ description: 'File with the TSIG secret in Base64.' }),
    ttlSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(60)
      .meta({ description: 'Of the record, which is removed afterwards.' }),
  })
  .meta({ description: 'Dynamic updates of a name server (RFC 2136).' })

const checkAtSchema = z.array(z.string().min(1)).min(1).exactOptional().meta({
  description:
    'Name servers, `host:port`, that must answer the record before the CA is asked to look. Those of the zone if absent.',
})

const hookSchema = z
  .strictObject({
    command: z.array(z.string().min(1)).min(1).meta({
      description: 'Program and arguments, run without a shell; `present NAME VALUE` or `cleanup NAME VALUE` follows.',
    }),
  })
  .meta({ description: 'A program that sets the TXT record and removes it.' })

export const acmeSchema = z
  .strictObject({
    hosts: z.array(z.string().min(1)).min(1).max(100).meta({
      description: 'Names of the certificate. A wildcard such as `*.example.com` needs a `dns` challenge.',
    }),
    directory: z.url().default(LETS_ENCRYPT).meta({ description: "The CA's directory URL (RFC 8555 §7.1.1)." }),
    email: z.string().min(3).exactOptional().meta({ description: 'Whom the CA may write to.' }),
    externalAccount: z
      .strictObject({
        keyId: z.string().min(1).meta({ description: 'What the CA calls the account.' }),
        keyFile: pathSchema.meta({ description: 'File with its MAC key, in base64url.' }),
      })
      .exactOptional()
      .meta({ description: 'External account binding (RFC 8555 §7.3.4), where the CA wants it.' }),
    challenge: z
      .union([
        z.enum(['http-01', 'tls-alpn-01']),
        z.strictObject({
          dns: z.union([
            z.strictObject({ rfc2136: rfc2136Schema, checkAt: checkAtSchema }),
            z.strictObject({ hook: hookSchema, checkAt: checkAtSchema }),
          ]),
        }),
      ])
      .default('http-01')
      .meta({
        description:
          'How the names are proven. http-01: the CA asks on port 80. tls-alpn-01: on port 443. `dns`: by a TXT record; the only one for wildcards.',
      }),
    keyType: z.enum(['ecdsa-p256', 'rsa-2048']).default('ecdsa-p256').meta({ description: 'Of the certificate.' }),
    preferredChain: z.string().min(1).exactOptional().meta({
      description: 'Common name of the issuer to choose where the CA offers several chains.',
    }),
    ca: pathSchema
      .exactOptional()
      .meta({ description: "PEM file that the directory's own certificate is checked against." }),
  })
  .meta({ description: 'Ordered, renewed at two thirds of its life, and kept in `--data`.' })

const pemSchema = z
  .strictObject({
    cert: z.string().min(1).meta({ description: 'The certificate, then those between it and the CA.' }),
    key: z.string().min(1).meta({
      description:
        'Its private key, not encrypted: `${env:NAME}` or `${file:path}`, and `${secret:NAME}` in a control plane.',
      writeOnly: true,
    }),
  })
  .meta({ description: 'The texts themselves, in PEM, instead of files.' })

export const certificateSchema = z
  .strictObject({
    id: idSchema,
    ...describedShape,
    cert: pathSchema
      .exactOptional()
      .meta({ description: 'PEM file: the certificate, then those between it and the CA.' }),
    key: pathSchema.exactOptional().meta({ description: 'PEM file with its private key, not encrypted.' }),
    folder: pathSchema.exactOptional().meta({
      description:
        'A folder of many: pairs `NAME.crt` or `NAME.pem` and `NAME.key`, or folders with `fullchain.pem` and `privkey.pem`.',
    }),
    pem: pemSchema.exactOptional(),
    acme: acmeSchema.exactOptional(),
    ocsp: z.boolean().default(true).meta({
      description:
        "Staple the CA's statement that it is not revoked (RFC 6066 §8), where the certificate names a responder and its issuer's certificate stands behind it.",
    }),
  })
  .meta({
    id: 'Certificate',
    description: 'Exactly one of `cert` with `key`, `folder`, `pem`, and `acme`. Paths are relative to this file.',
  })
