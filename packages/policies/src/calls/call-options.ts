/** Owns options about calls to other services: where they are, how long they may take, and how they prove who they are. */
import type { Secret } from '@gatewright/model/runtime'
import { z } from 'zod'
import { secretOption } from '../secret-option.ts'
import type { CallTls } from '../services.ts'

/** Where a service is. What belongs to no request to it is refused: a fragment, and a password that everybody who reads the URL would see. */
export const serviceUrlSchema = z
  .url({ protocol: /^https?$/, error: 'write an http or https URL' })
  .superRefine((text, context) => {
    const url = URL.parse(text)
    if (url === null) return
    if (url.username !== '' || url.password !== '') {
      context.addIssue({
        code: 'custom',
        message: 'a URL is no place for a password; leave out what stands before the "@"',
      })
    }
    if (text.includes('#'))
      context.addIssue({ code: 'custom', message: 'a fragment is never sent; leave out "#" and the rest' })
  })

/**
 * This machine's, and what a cloud has on its link: RFC 3927, RFC 4291 §2.5.6, and the address of EKS, which is the machine's
 * own (EKS User Guide, "Pod Identity Agent").
 */
const NEAR_HOST = /^(?:localhost|127(?:\.\d+){3}|169\.254(?:\.\d+){2}|\[(?:::1|fe[89ab][0-9a-f]:.*|fd00:ec2::23)\])$/

/** Does what is sent there stay between the gateway and who is meant? */
export function isConfidentialUrl(text: string): boolean {
  const url = URL.parse(text)
  return url === null || url.protocol === 'https:' || NEAR_HOST.test(url.hostname)
}

/** Of who is told secrets in the internet: without TLS only where nobody else listens. */
export const confidentialUrlSchema = serviceUrlSchema.refine(isConfidentialUrl, {
  error: 'secrets go there, and without TLS whoever is on the way reads them: use https, or an address of this machine',
})

/** Stands in options as `timeoutMs`. */
export const callTimeoutSchema = z
  .int()
  .min(1)
  .max(60_000)
  .default(2_000)
  .meta({ description: 'How long a call may take as a whole, in milliseconds.' })

/** Stands in options as `tls`. */
export const callTlsSchema = z
  .strictObject({
    ca: z.string().min(1).optional().meta({
      description: 'Certificates of the authorities that the service is trusted by, in PEM. The usual ones if absent.',
    }),
    cert: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Certificate that the gateway shows to the service, in PEM.' }),
    key: secretOption('The private key of `cert`, in PEM.').optional(),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: 'a certificate and its key go together; give both, or neither',
  })
  .optional()
  .meta({ description: 'How the service and the gateway prove who they are, where the URL is https.' })

export function toCallTls(
  tls:
    | { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: Secret | undefined }
    | undefined,
): CallTls | undefined {
  if (tls === undefined) return undefined
  const { ca, cert, key } = tls
  return { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) }
}
