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
import { oneOf } from '../one-of.ts'
import type { UpstreamAuthServices, UpstreamCredential } from '../upstream-credential.ts'

/** An assertion is drawn for one call (RFC 7523 §3); Entra asks for 10 minutes at most. */
const ASSERTION_SECONDS = 300
/** What a scope has more than the resource whose defaults it means. Resources that end with a slash keep it: `…//.default`. */
const DEFAULT_SCOPE = '/.default'

const PROOFS = ['secret', 'certificate', 'tokenFile'] as const
const IDENTITIES = ['clientId', 'objectId', 'resourceId'] as const

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

const ofSeveral = {
  clientId: word('The identity by its client id, where there are several.'),
  objectId: word('The identity by its object id.'),
  resourceId: word('The identity by its resource id: `/subscriptions/…`.'),
}

const machineSchema = z
  .strictObject({
    ...ofSeveral,
    metadataUrl: serviceUrlSchema
      .default('http://169.254.169.254')
      .meta({ description: 'Where the metadata service of the machine is.' }),
  })
  .superRefine(reportSecondIdentity)
  .meta({ description: 'The managed identity of the machine, by its metadata service; `{}` takes the defaults.' })

const platformSchema = z
  .strictObject({
    ...ofSeveral,
    endpoint: confidentialUrlSchema.meta({
      description: 'Where App Service, Functions and Container Apps issue tokens: `${env:IDENTITY_ENDPOINT}`.',
    }),
    header: secretOption('What they know the gateway by, such as `${env:IDENTITY_HEADER}`.'),
  })
  .superRefine(reportSecondIdentity)
  .meta({ description: 'The managed identity that App Service, Functions and Container Apps give.' })

const applicationSchema = z
  .strictObject({
    tenant: z
      .string()
      .regex(/^[A-Za-z0-9.-]+$/, 'write the id of the tenant, or one of its domains')
      .meta({ description: 'The tenant of Entra in which it is.' }),
    clientId: wordSchema.meta({ description: 'Which application of the tenant the gateway is.' }),
    secret: secretOption('Its secret.').optional(),
    certificate: certificateSchema.optional(),
    tokenFile: fileOption(
      'A file with a token of somebody else that Entra trusts as the application (workload identity), such as the one that AKS projects.',
    ).optional(),
    authority: confidentialUrlSchema
      .default('https://login.microsoftonline.com')
      .meta({ description: 'Where Entra is; another place in sovereign clouds.' }),
  })
  .superRefine((options, context) => {
    const report = (at: string, message: string) => context.addIssue({ code: 'custom', path: [at], message })
    const [first, second] = PROOFS.filter((name) => options[name] !== undefined)
    if (first === undefined)
      report('secret', 'say how the application proves who it is: `secret`, `certificate` or `tokenFile`')
    if (second !== undefined) report(second, `one proof is enough: keep \`${first}\` or \`${second}\``)
  })
  .meta({ description: 'An application of Entra, with one of `secret`, `certificate` and `tokenFile`.' })

export const azureSchema = z
  .strictObject({
    resource: wordSchema.meta({
      description:
        'Whom the token is for: the application id URI or the id of the upstream, such as `api://orders` or `https://storage.azure.com`. With `/.default` behind it or without.',
    }),
    identity: oneOf({ machine: machineSchema, platform: platformSchema, application: applicationSchema })
      .prefault({ machine: {} })
      .meta({ description: 'Who the gateway is; the machine that it runs on, if absent.' }),
    timeoutMs: callTimeoutSchema,
  })
  .meta({
    description:
      'A token of Entra. The metadata service of the machine and what platforms issue tokens at have addresses that `egress` has to allow.',
  })

type AzureOptions = z.output<typeof azureSchema>
type Application = z.output<typeof applicationSchema>

interface OfSeveral {
  readonly clientId?: string | undefined
  readonly objectId?: string | undefined
  readonly resourceId?: string | undefined
}

function reportSecondIdentity(options: OfSeveral, context: z.RefinementCtx): void {
  const [first, second] = IDENTITIES.filter((name) => options[name] !== undefined)
  if (second === undefined) return
  const message = `one of them says which identity: keep \`${first}\` or \`${second}\``
  context.addIssue({ code: 'custom', path: [second], message })
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

export function listAzureFiles({ identity: { application } }: AzureOptions): PolicyFile[] {
  const path = application?.tokenFile
  return path === undefined ? [] : [toTokenFile(path, ['azure', 'identity', 'application', 'tokenFile'])]
}

export function createAzure(options: AzureOptions, services: UpstreamAuthServices): UpstreamCredential {
  const { platform, application } = options.identity
  const { http, clock } = services
  const toCall = compileCall(options, services)
  const spec = {
    source: 'azure',
    // Secrets do not show in the options; a certificate stands for its key.
    depends: [options, platform?.header.reveal(), application?.secret?.reveal()],
    issue: async () => toAccessToken(await askIssuer(http, toCall()), clock.now()),
  }
  return createTokenCredential(spec, services)
}

function compileCall({ resource, identity, timeoutMs }: AzureOptions, services: UpstreamAuthServices) {
  const { machine, platform, application } = identity
  const wanted = { resource: toResource(resource), timeoutMs }
  if (application !== undefined) return compileEntraCall(application, wanted, services)
  if (platform !== undefined) return compilePlatformCall(platform, wanted)
  // The schema asks for one.
  if (machine === undefined) throw new Error('there is no identity')
  return compileMachineCall(machine, wanted)
}

interface Wanted {
  readonly resource: string
  readonly timeoutMs: number
}

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
function compileMachineCall(machine: z.output<typeof machineSchema>, wanted: Wanted): () => OutgoingCall {
  const query = toQuery(machine, { ...wanted, version: '2018-02-01', resourceIdName: 'msi_res_id' })
  const url = `${toUrlBelow(machine.metadataUrl, '/metadata/identity/oauth2/token')}?${query}`
  return () => ({ url, headers: [['Metadata', 'true']], timeoutMs: wanted.timeoutMs })
}

/** https://learn.microsoft.com/azure/app-service/overview-managed-identity (REST endpoint reference) */
function compilePlatformCall(platform: z.output<typeof platformSchema>, wanted: Wanted): () => OutgoingCall {
  const { endpoint, header } = platform
  const query = toQuery(platform, { ...wanted, version: '2019-08-01', resourceIdName: 'mi_res_id' })
  const url = `${endpoint}${endpoint.includes('?') ? '&' : '?'}${query}`
  return () => ({ url, headers: [['X-IDENTITY-HEADER', header.reveal()]], timeoutMs: wanted.timeoutMs })
}

interface Query {
  readonly version: string
  readonly resource: string
  readonly resourceIdName: string
}

function toQuery({ clientId, objectId, resourceId }: OfSeveral, query: Query): URLSearchParams {
  const { version, resource, resourceIdName } = query
  return new URLSearchParams({
    ...{ 'api-version': version, resource },
    ...(clientId !== undefined && { client_id: clientId }),
    ...(objectId !== undefined && { object_id: objectId }),
    ...(resourceId !== undefined && { [resourceIdName]: resourceId }),
  })
}

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
function compileEntraCall(
  application: Application,
  { resource, timeoutMs }: Wanted,
  services: UpstreamAuthServices,
): () => OutgoingCall {
  const { tenant, clientId, authority } = application
  const url = toUrlBelow(authority, `/${tenant}/oauth2/v2.0/token`)
  const toProof = compileProof(application, url, services)
  const form = [
    ['grant_type', 'client_credentials'],
    ['client_id', clientId],
    ['scope', resource + DEFAULT_SCOPE],
  ] as const
  return () => toFormCall(url, [...form, ...toProof()], timeoutMs)
}

function compileProof(
  { clientId, secret, certificate, tokenFile = '' }: Application,
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
  { cert, key, algorithm }: NonNullable<Application['certificate']>,
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
