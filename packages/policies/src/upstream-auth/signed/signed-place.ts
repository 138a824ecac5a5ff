/** Owns where signed requests go: a signature covers the host and the whole path, and a policy does not see which target is chosen. */
import { z } from 'zod'
import { serviceUrlSchema } from '../../calls/call-options.ts'
import { BytesBody } from '../../messages/body.ts'
import type { GatewayRequest } from '../../messages/request.ts'

const MIB = 1 << 20

/** Stands in options as `url`. */
export const signedUrlSchema = serviceUrlSchema
  .refine((text) => !text.includes('?'), { error: 'a target has no query; leave out "?" and the rest' })
  .meta({
    description:
      'Where the upstream is, exactly as its target says it, with the path that stands before every path: the signature covers both. `hostHeader` of the upstream has to be `upstream`, or this host.',
  })

/** Stands in options as `payload`. */
export function payloadSchema(unsigned: string) {
  return z
    .enum(['signed', 'unsigned'])
    .default('signed')
    .meta({
      description: `Whether the signature covers the body. \`signed\` reads it whole before it is sent; \`unsigned\` streams it. ${unsigned}`,
    })
}

/** Stands in options as `bodyLimitBytes`. */
export const signedBodyLimitSchema = z
  .int()
  .min(0)
  .max(1024 * MIB)
  .default(MIB)
  .meta({ description: 'Longest body that is read to sign it, in bytes; a longer one is refused with 413.' })

export interface SignedPlace {
  /** What `Host` says: lower case, without the port that the scheme has anyway. */
  readonly authority: string
  /** '' or `/prefix` without a slash at its end. */
  readonly pathPrefix: string
}

/** As the gateway reads the URL of a target: by the URL Standard, and whatever ends with a slash loses it. */
export function toSignedPlace(text: string): SignedPlace {
  const { host, pathname } = new URL(text)
  return { authority: host, pathPrefix: pathname.endsWith('/') ? pathname.slice(0, -1) : pathname }
}

/** As it goes over the wire, without the query. RFC 9112 §3.2.4: `*` stands for no path, and nothing stands before it. */
export function toSignedPath({ pathPrefix }: SignedPlace, { path }: GatewayRequest): string {
  return path === '*' ? path : pathPrefix + path
}

/**
 * Reads the body, so that it goes out with a length and without what nobody signs: trailers.
 * @rejects Problem `body-too-large`
 */
export async function readSignedBody(request: GatewayRequest, limitBytes: number): Promise<Uint8Array> {
  const bytes = await request.body.bytes({ limitBytes })
  request.body = new BytesBody(bytes)
  return bytes
}
