/** Owns how the gateway proves who it is in Azure: by the identity of the machine it runs on, or as an application of Entra. */
import { X509Certificate } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'
import { z } from 'zod'
import { signClientAssertion, toAssertionForm } from '../../authorization-servers/client-assertion.ts'
import { callTimeoutSchema, confidentialUrlSchema, serviceUrlSchema } from '../../calls/call-options.ts'
import { fileOption } from '../../file-option.ts'
import type { PolicyFile } from '../../policy.ts'
import { secretOption } from '../../secret-option.ts'
import type { Files, OutgoingCall } from '../../services.ts'
import { JwsSigner } from '../../tokens/jws-signer.ts'
import { findPrivateKeyFault, parsePrivateKey } from '../../tokens/signing-key.ts'
import { toCertificateThumbprint } from '../../tokens/thumbprint.ts'
import { askIssuer, toAccessToken, toFormCall, toUrlBelow } from '../issued/issuer-call.ts'
import { createTokenCredential } from '../issued/token-credential.ts'
import { readTokenFile, toTokenFile } from '../issued/token-file.ts'
import type { UpstreamAuthServices, UpstreamCredential } from '../upstream-credential.ts'

/** An assertion is drawn for one call (RFC 7523 §3); Entra asks for 10 minutes at most. */
const ASSERTION_SECONDS = 300
/** What a scope has more than the resource whose defaults it means. Resources that end with a slash keep it: `…//.default`. */
const DEFAULT_SCOPE = '/.default'

const wordSchema = z.string().regex(/^[^\s\p{Cc}]+$/u, 'it has no spaces')
const word = (description: string) => wordSchema.optional().meta({ description })

const certificateSchema = z
  .strictObject({
    cert: z.string().min(1).meta({ description: 'The certificate that the application has in Entra, in PEM.' }),
    key: secretOption('Its private key of RSA, in PEM or a JWK as JSON.'),
    algorithm: z.enum(['PS256', 'RS256']).default('PS256').meta({ description: 'How assertions are signed.' }),
  })
  .superRefine(({ cert, key, algorithm }, context) => {
    const [at, message] = findCertificateFault(cert, key, algorithm) ?? []
    if (at !== undefined) context.addIssue({ code: 'custom', path: [at], message })
  })
  .meta({ description: 'A certificate in the place of a secret: the gateway signs who it is (RFC 7523).' })

export const azureSchema = z
  .strictObject({
    resource: wordSchema.meta({
      description:
        'Whom the token is for: the application id URI or the id of the upstream, such as `api://orders` or `https://storage.azure.com`. With `/.default` behind it or without.',
    }),
    tenant: z
      .string()
      .regex(/^[A-Za-z0-9.-]+$/, 'write the id of the tenant, or one of its domains')
      .optional()
      .meta({
        description:
          'The tenant of Entra in which the application `clientId` is; with `secret`, `certificate` or `tokenFile`.',
      }),
    clientId: word(
      'The application, where there is a `tenant`; else the identity of the machine, where it has several.',
    ),
    objectId: word('The identity of the machine by its object id.'),
    resourceId: word('The identity of the machine by its resource id: `/subscriptions/…`.'),
    secret: secretOption('The secret of the application.').optional(),
    certificate: certificateSchema.optional(),
    tokenFile: fileOption(
      'A file with a token of somebody else that Entra trusts as the application (workload identity), such as the one that AKS projects.',
    ).optional(),
    authority: confidentialUrlSchema.optional().meta({
      description: 'Where Entra is; another place in sovereign clouds. `https://login.microsoftonline.com` if absent.',
    }),
    endpoint: confidentialUrlSchema.optional().meta({
      description: 'Where App Service, Functions and Container Apps issue tokens: `${env:IDENTITY_ENDPOINT}`.',
    }),
    endpointHeader: secretOption('What they know the gateway by, such as `${env:IDENTITY_HEADER}`.').optional(),
    metadataUrl: serviceUrlSchema.optional().meta({
      description: 'Where the metadata service of the machine is. `http://169.254.169.254` if absent.',
    }),
    timeoutMs: callTimeoutSchema,
  })
  .superRefine((options, context) => {
    const report: Report = (at, message) => context.addIssue({ code: 'custom', path: [at], message })
    if (options.tenant === undefined) reportMachine(options, report)
    else reportApplication(options, report)
  })
  .meta({
    description:
      'A token of Entra: as the application `clientId` where there is a `tenant`; else as the identity of the machine (managed identity), by its metadata service or by `endpoint`. Those have addresses that `egress` has to allow.',
  })

type Report = (at: string, message: string) => void
type AzureOptions = z.output<typeof azureSchema>

const PROOFS = ['secret', 'certificate', 'tokenFile'] as const
const IDENTITIES = ['clientId', 'objectId', 'resourceId'] as const

function reportMachine(options: AzureOptions, report: Report): void {
  for (const name of [...PROOFS, 'authority'] as const) {
    if (options[name] !== undefined) report(name, 'an application of Entra has it: say its `tenant` as well')
  }
  const [first, second] = IDENTITIES.filter((name) => options[name] !== undefined)
  if (second !== undefined) report(second, `one of them says which identity: keep \`${first}\` or \`${second}\``)
  const { endpoint, endpointHeader, metadataUrl } = options
  if (endpoint === undefined && endpointHeader !== undefined) report('endpoint', 'the header goes to it: give both')
  if (endpoint !== undefined && endpointHeader === undefined)
    report('endpointHeader', 'the endpoint needs it: give both')
  if (endpoint !== undefined && metadataUrl !== undefined) {
    report('metadataUrl', 'the token comes from one place: keep `endpoint` or `metadataUrl`')
  }
}

function reportApplication(options: AzureOptions, report: Report): void {
  for (const name of ['objectId', 'resourceId', 'endpoint', 'endpointHeader', 'metadataUrl'] as const) {
    if (options[name] !== undefined) report(name, 'the identity of a machine has no `tenant`: leave out one of both')
  }
  if (options.clientId === undefined) report('clientId', 'say which application of the tenant the gateway is')
  const [first, second] = PROOFS.filter((name) => options[name] !== undefined)
  if (first === undefined)
    report('secret', 'say how the application proves who it is: `secret`, `certificate` or `tokenFile`')
  if (second !== undefined) report(second, `one proof is enough: keep \`${first}\` or \`${second}\``)
}

/** What the parsers say would quote the key. */
function findCertificateFault(
  cert: string,
  key: Secret,
  algorithm: 'PS256' | 'RS256',
): readonly ['cert' | 'key', string] | undefined {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(cert)
  } catch {
    return ['cert', 'this is no certificate in PEM']
  }
  const fault = findPrivateKeyFault(key.reveal(), algorithm)
  if (fault !== undefined) return ['key', fault]
  const isOfCertificate = certificate.checkPrivateKey(parsePrivateKey(key.reveal(), algorithm).privateKey)
  return isOfCertificate ? undefined : ['key', 'this is not the key of the certificate']
}

export function listAzureFiles({ tokenFile }: AzureOptions): PolicyFile[] {
  return tokenFile === undefined ? [] : [toTokenFile(tokenFile, ['azure', 'tokenFile'])]
}

export function createAzure(options: AzureOptions, services: UpstreamAuthServices): UpstreamCredential {
  const { secret, certificate, endpointHeader, ...others } = options
  const { http, clock } = services
  const toCall = options.tenant === undefined ? compileMachineCall(options) : compileEntraCall(options, services)
  const spec = {
    source: 'azure',
    depends: [others, secret?.reveal(), certificate?.cert, certificate?.algorithm, endpointHeader?.reveal()],
    issue: async () => toAccessToken(await askIssuer(http, toCall()), clock.now()),
  }
  return createTokenCredential(spec, services)
}

/**
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token, and
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity (REST endpoint reference) for `endpoint`.
 */
function compileMachineCall(options: AzureOptions): () => OutgoingCall {
  const { resource, clientId, objectId, resourceId, endpoint, endpointHeader, timeoutMs } = options
  const { metadataUrl = 'http://169.254.169.254' } = options
  const isMachine = endpoint === undefined
  const base = endpoint ?? toUrlBelow(metadataUrl, '/metadata/identity/oauth2/token')
  const query = new URLSearchParams({ 'api-version': isMachine ? '2018-02-01' : '2019-08-01' })
  query.set('resource', toResource(resource))
  if (clientId !== undefined) query.set('client_id', clientId)
  if (objectId !== undefined) query.set('object_id', objectId)
  if (resourceId !== undefined) query.set(isMachine ? 'msi_res_id' : 'mi_res_id', resourceId)
  const proof = isMachine
    ? (['Metadata', 'true'] as const)
    : (['X-IDENTITY-HEADER', endpointHeader?.reveal() ?? ''] as const)
  const url = `${base}${base.includes('?') ? '&' : '?'}${query}`
  return () => ({ url, headers: [proof], timeoutMs })
}

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
function compileEntraCall(options: AzureOptions, services: UpstreamAuthServices): () => OutgoingCall {
  const { tenant = '', clientId = '', resource, authority = 'https://login.microsoftonline.com', timeoutMs } = options
  const url = toUrlBelow(authority, `/${tenant}/oauth2/v2.0/token`)
  const toProof = compileProof(options, url, services)
  const form = [
    ['grant_type', 'client_credentials'],
    ['client_id', clientId],
    ['scope', toResource(resource) + DEFAULT_SCOPE],
  ] as const
  return () => toFormCall(url, [...form, ...toProof()], timeoutMs)
}

function compileProof(
  { clientId = '', secret, certificate, tokenFile = '' }: AzureOptions,
  url: string,
  { clock, files }: UpstreamAuthServices,
): () => readonly (readonly [string, string])[] {
  if (secret !== undefined) return () => [['client_secret', secret.reveal()]]
  const toAssertion =
    certificate === undefined ? readFrom(files, tokenFile) : compileAssertion(certificate, clientId, url)
  return () => toAssertionForm(toAssertion(clock.now()))
}

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation: the token of the other issuer is the assertion. */
function readFrom(files: Files, path: string): () => string {
  const file = files.open(path)
  return () => readTokenFile(file)
}

/** https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
function compileAssertion(
  { cert, key, algorithm }: NonNullable<AzureOptions['certificate']>,
  clientId: string,
  audience: string,
): (nowMs: number) => string {
  const fingerprint = new X509Certificate(cert).fingerprint256.replaceAll(':', '')
  const certificateThumbprint = toCertificateThumbprint({ fingerprint })
  const signer = new JwsSigner({ ...parsePrivateKey(key.reveal(), algorithm), certificateThumbprint }, 'JWT')
  const said = { clientId, audience, lifeSeconds: ASSERTION_SECONDS, saysStart: true }
  return (nowMs) => signClientAssertion(signer, { ...said, nowMs })
}

function toResource(text: string): string {
  return text.endsWith(DEFAULT_SCOPE) ? text.slice(0, -DEFAULT_SCOPE.length) : text
}
