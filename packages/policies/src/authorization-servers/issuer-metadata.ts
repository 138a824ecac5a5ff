/** Owns what an issuer publishes about itself (RFC 8414, OpenID Connect Discovery 1.0), and which of it is believed. */
import { parseObject, toOtherIssuer, toSenseless } from '../calls/json-answer.ts'
import type { CallTls, HttpCalls } from '../services.ts'

const MOST_BYTES = 256 * 1024

export interface MetadataCall {
  readonly issuer: string
  readonly timeoutMs: number
  readonly tls?: CallTls | undefined
}

/** Every member is what the issuer wrote. */
export type IssuerMetadata = Readonly<Record<string, unknown>>

/** @throws CallFault: nobody answers, nothing is published, or somebody speaks for another issuer */
export async function discover({ issuer, timeoutMs, tls }: MetadataCall, http: HttpCalls): Promise<IssuerMetadata> {
  let reason = 'no-metadata'
  for (const url of toMetadataUrls(issuer)) {
    const answer = await http.send({
      url,
      headers: [['Accept', 'application/json']],
      timeoutMs,
      limitBytes: MOST_BYTES,
      ...(tls !== undefined && { tls }),
    })
    if (answer.status === 200) {
      const metadata = parseObject(answer.body)
      // RFC 8414 §3.3: identical, or what was found is somebody else's.
      if (metadata.issuer !== issuer) throw toOtherIssuer(issuer, metadata.issuer)
      return metadata
    }
    reason = `metadata-status-${answer.status}`
  }
  throw toSenseless(reason)
}

/** OpenID Connect Discovery 1.0 §4: behind the path, where nearly all are. Then where RFC 8414 §3.1 has it: between host and path. */
export function toMetadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

/** A URL that the metadata name, such as `token_endpoint`. `what` stands in the reason of a fault. @throws CallFault */
export function readMetadataUrl(metadata: IssuerMetadata, name: string, what: string): string {
  const text = metadata[name]
  if (typeof text !== 'string') throw toSenseless(`metadata-without-${what}`)
  const url = URL.parse(text)
  // RFC 8414 §2: with TLS where the issuer has it.
  const isFit =
    url !== null &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && String(metadata.issuer).startsWith('http:')))
  if (!isFit) throw toSenseless('metadata-endpoint')
  return text
}
