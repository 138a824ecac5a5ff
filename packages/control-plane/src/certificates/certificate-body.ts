/** Owns what a control plane keeps of a certificate that gateways show to clients: its texts, or how it is ordered, and never its key. */
import { acmeSchema, describedShape } from '@gatewright/model'
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'

const { title, description, tags, owner } = describedShape

const KEY = /^\$\{secret:[^{}]+\}$/
const PRIVATE = /-----BEGIN [A-Z ]*PRIVATE KEY-----/

/** Whatever stands there is not shown again, and was kept nowhere. */
const KEY_ELSEWHERE =
  'A private key is kept as a secret of the environment: PUT /api/v1/environments/{environment}/secrets/{NAME} with it, and write `key: "${secret:NAME}"` here.'

const { hosts, directory, email, challenge, keyType, preferredChain } = acmeSchema.shape

/** Without what names files and programs: those are of the machines that run it. */
const orderSchema = z
  .strictObject({
    hosts,
    directory,
    email,
    challenge: z
      .enum(['http-01', 'tls-alpn-01'])
      .default('http-01')
      .meta({ description: challenge.meta()?.description ?? '' }),
    keyType,
    preferredChain,
  })
  .meta({ description: 'Ordered and renewed by each gateway that shows it, and kept in its data folder.' })

export const certificateBodySchema = z
  .strictObject({
    title,
    description,
    tags,
    owner,
    environment: partIdSchema.meta({ description: 'Gateways that run this environment show it.' }),
    cert: z
      .string()
      .min(1)
      .refine((text) => !PRIVATE.test(text), { error: KEY_ELSEWHERE })
      .exactOptional()
      .meta({ description: 'The certificate in PEM, then those between it and the CA.' }),
    key: z
      .string()
      .regex(KEY, { error: KEY_ELSEWHERE })
      .exactOptional()
      .meta({ description: 'The secret of the environment that holds its private key in PEM: `${secret:NAME}`.' }),
    acme: orderSchema.exactOptional(),
    ocsp: z.boolean().exactOptional().meta({
      description: "Staple the CA's statement that it is not revoked, where it names a responder. True if absent.",
    }),
  })
  .refine(({ cert, key, acme }) => (acme === undefined ? cert !== undefined && key !== undefined : !(cert ?? key)), {
    error: 'A certificate has `cert` with `key`, or `acme`, and not both.',
  })

/** As people write it. */
export type CertificateBody = z.input<typeof certificateBodySchema>
