/** Owns the telling of a client's certificate to the upstream: what was proven to the gateway in TLS reaches nobody else by itself. */
import { z } from 'zod'
import type { ClientCertificate } from '../client-certificate.ts'
import type { Exchange } from '../exchange.ts'
import { findForbiddenField } from '../messages/forbidden-fields.ts'
import { findFieldFault } from '../messages/header-list.ts'
import { definePolicy } from '../policy.ts'

const options = z
  .strictObject({
    format: z.enum(['rfc9440', 'pem', 'xfcc']).default('rfc9440').meta({
      description:
        'rfc9440: `Client-Cert` as RFC 9440 says. pem: URL-encoded PEM, as nginx writes it. xfcc: `X-Forwarded-Client-Cert`, as Envoy writes it.',
    }),
    header: z.string().exactOptional().meta({
      description:
        'Name of the field, where it is another than the usual: `Client-Cert`, `X-Client-Cert`, `X-Forwarded-Client-Cert`.',
    }),
    chain: z.boolean().default(false).meta({
      description: 'Also those between it and its CA: `Client-Cert-Chain`, or a part of the value.',
    }),
  })
  .superRefine(({ header }, context) => {
    if (header === undefined) return
    const message = findForbiddenField(header, 'request') ?? findFieldFault(header, '')
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['header'], message })
  })

type Options = z.output<typeof options>

const USUAL_HEADERS = { rfc9440: 'Client-Cert', pem: 'X-Client-Cert', xfcc: 'X-Forwarded-Client-Cert' } as const
const CHAIN_HEADER = 'Client-Cert-Chain'

export const forwardClientCertificate = definePolicy({
  name: 'forward-client-certificate',
  phase: 'transform',
  needs: 'client-certificates',
  summary: 'Tells the upstream which certificate the client proved in TLS, in a field that clients cannot forge.',
  options,
  examples: [
    { says: 'As RFC 9440 says it: `Client-Cert: :MIIB…:`. Nothing is said of a client that showed none.', options: {} },
    { says: 'As applications behind Envoy expect it.', options: { format: 'xfcc' } },
  ],
  identityFields: ({ format, header }) => [
    header ?? USUAL_HEADERS[format],
    // Believed by whoever believes the other.
    ...(format === 'rfc9440' ? [CHAIN_HEADER] : []),
  ],
  create(given) {
    const name = given.header ?? USUAL_HEADERS[given.format]
    // One certificate serves all requests of its connection.
    const written = new WeakMap<ClientCertificate, string>()
    return function forwardClientCertificate(exchange: Exchange, next) {
      const { certificate } = exchange.client
      if (certificate === undefined) return next(exchange)
      let value = written.get(certificate)
      if (value === undefined) {
        value = toValue(certificate, given)
        written.set(certificate, value)
      }
      exchange.request.headers.set(name, value)
      if (given.chain && given.format === 'rfc9440' && certificate.chainDer.length > 0) {
        exchange.request.headers.set(CHAIN_HEADER, certificate.chainDer.map(toByteSequence).join(', '))
      }
      return next(exchange)
    }
  },
})

function toValue(certificate: ClientCertificate, { format, chain }: Options): string {
  switch (format) {
    case 'rfc9440':
      return toByteSequence(certificate.der)
    case 'pem':
      return encodeURIComponent([certificate.der, ...(chain ? certificate.chainDer : [])].map(toPem).join(''))
    case 'xfcc':
      return toXfcc(certificate, chain)
  }
}

/** RFC 8941 §3.3.5. */
function toByteSequence(der: Uint8Array): string {
  return `:${Buffer.from(der).toString('base64')}:`
}

function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** envoyproxy.io, x-forwarded-client-cert: `key=value` parts divided by `;`. */
function toXfcc(certificate: ClientCertificate, hasChain: boolean): string {
  const { fingerprint, subjectText, uris, dnsNames, der, chainDer } = certificate
  const parts = [`Hash=${fingerprint}`, `Cert="${encodeURIComponent(toPem(der))}"`]
  if (hasChain) parts.push(`Chain="${encodeURIComponent([der, ...chainDer].map(toPem).join(''))}"`)
  parts.push(`Subject=${quote(toAscii(subjectText))}`)
  for (const uri of uris) parts.push(`URI=${quoteIfNeeded(toAscii(uri))}`)
  for (const name of dnsNames) parts.push(`DNS=${quoteIfNeeded(toAscii(name))}`)
  return parts.join(';')
}

/** What divides parts and elements must not be read as such. */
function quoteIfNeeded(text: string): string {
  return /[",;=\\]/.test(text) ? quote(text) : text
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** Names in certificates are UTF-8, fields are not. */
function toAscii(text: string): string {
  return text.replace(/[^ -~]+/g, (part) => encodeURIComponent(part.toWellFormed()))
}
