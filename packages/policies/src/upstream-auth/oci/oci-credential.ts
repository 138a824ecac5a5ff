/** Owns how the gateway proves who it is to Oracle Cloud Infrastructure: each request is signed anew. */
import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'
import { z } from 'zod'
import {
  callTimeoutSchema,
  callTlsSchema,
  confidentialUrlSchema,
  serviceUrlSchema,
  toCallTls,
} from '../../calls/call-options.ts'
import { fileOption } from '../../file-option.ts'
import type { HeaderList } from '../../messages/header-list.ts'
import type { PolicyFile } from '../../policy.ts'
import { secretOption } from '../../secret-option.ts'
import { FetchedCredential } from '../issued/fetched-credential.ts'
import { readTokenFile, toTokenFile } from '../issued/token-file.ts'
import { oneOf } from '../one-of.ts'
import { type ClientFieldRules, clientFieldsSchema, createClientFieldRemoval } from '../signed/client-fields.ts'
import {
  payloadSchema,
  signedBodyLimitSchema,
  signedUrlSchema,
  toSignedPath,
  toSignedPlace,
} from '../signed/signed-place.ts'
import { createSigningCredential, type SigningKeys } from '../signed/signing-credential.ts'
import { setSecretField, type UpstreamAuthServices, type UpstreamCredential } from '../upstream-credential.ts'
import { askInstancePrincipal, askWorkloadPrincipal, type IssuedKey } from './oci-key-issuers.ts'
import { type OciContent, type OciKey, SIGNED_BODY_METHODS, signOciRequest, toDate } from './oci-signature.ts'
import { createResourcePrincipal, findRsaKey, listResourceFiles } from './resource-principal.ts'

/** A token by which whoever signs acts for somebody else is none that a client brings. */
const RULES: ClientFieldRules = { prefixes: ['opc-'], own: new Set(['opc-obo-token']) }

const ocid = (description: string) =>
  z
    .string()
    .regex(/^ocid1\.[\w.-]+$/, 'write an OCID, which begins with ocid1.')
    .meta({ description })

const userSchema = z
  .strictObject({
    tenancy: ocid('The tenancy.'),
    user: ocid('The user.'),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{2}(?::[0-9a-f]{2}){15}$/, 'write 16 octets in lower-case hex with colons between them')
      .meta({ description: 'The fingerprint of the key, as the console shows it.' }),
    key: secretOption('The private key of RSA, in PEM.'),
    passphrase: secretOption('The passphrase of the key.').optional(),
  })
  .superRefine(({ key, passphrase, fingerprint }, context) => {
    const report = (at: string, message: string) => context.addIssue({ code: 'custom', path: [at], message })
    const found = findRsaKey(key.reveal(), passphrase)
    if (typeof found === 'string') report('key', found)
    else if (toFingerprint(found) !== fingerprint) report('fingerprint', 'it is that of another key')
  })
  .meta({ description: 'A user with an API signing key.' })

/** "Required Keys and OCIDs": MD5 of the public half in DER. It names the key and protects nothing. */
function toFingerprint(key: KeyObject): string {
  const digest = hash('md5', createPublicKey(key).export({ type: 'spki', format: 'der' }))
  return digest.replace(/..(?!$)/g, '$&:')
}

const instanceSchema = z
  .strictObject({
    metadataUrl: serviceUrlSchema.default('http://169.254.169.254').meta({
      description: 'Where the metadata service of the machine is.',
    }),
    federationUrl: confidentialUrlSchema.optional().meta({
      description: 'Who issues tokens. `https://auth.<region>.<domain>` of where the machine is, if absent.',
    }),
  })
  .meta({ description: 'The machine itself (instance principal); `{}` takes the defaults.' })

const resourceSchema = z
  .strictObject({
    tokenFile: fileOption('The token, as OCI_RESOURCE_PRINCIPAL_RPST names it.'),
    keyFile: fileOption('Its private key in PEM, as OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM names it.'),
    passphrase: secretOption('The passphrase of the key.').optional(),
  })
  .meta({ description: 'A resource such as a function (resource principal, version 2.2).' })

const workloadSchema = z
  .strictObject({
    url: confidentialUrlSchema.meta({
      description:
        'Who issues tokens in OKE: `https://${env:KUBERNETES_SERVICE_HOST}:12250/resourcePrincipalSessionTokens`.',
    }),
    tokenFile: fileOption('The token of the service account: `/var/run/secrets/kubernetes.io/serviceaccount/token`.'),
    tls: callTlsSchema,
  })
  .meta({ description: 'A pod of OKE (workload identity).' })

const principalSchema = oneOf({
  user: userSchema,
  instance: instanceSchema,
  resource: resourceSchema,
  workload: workloadSchema,
}).meta({ description: 'Who signs: exactly one.' })

export const ociSchema = z
  .strictObject({
    url: signedUrlSchema,
    payload: payloadSchema('Object Storage takes an unsigned one where objects are put.'),
    bodyLimitBytes: signedBodyLimitSchema,
    clientFields: clientFieldsSchema(RULES, 'opc-', 'fields of that beginning say what a request is to do.'),
    principal: principalSchema,
    timeoutMs: callTimeoutSchema,
  })
  .meta({
    description:
      'Signs requests for Oracle Cloud Infrastructure (signature version 1). Method, path and query are signed as they go out: the routes say what clients may do with the key. The metadata service has an address that `egress` has to allow.',
  })

type OciOptions = z.output<typeof ociSchema>

export function listOciFiles({ principal: { resource, workload } }: OciOptions): PolicyFile[] {
  const at = ['oci', 'principal'] as const
  return [
    ...(resource === undefined ? [] : listResourceFiles(resource, [...at, 'resource'])),
    ...(workload === undefined ? [] : [toTokenFile(workload.tokenFile, [...at, 'workload', 'tokenFile'])]),
  ]
}

function createKeys(
  { principal: { user, resource, instance, workload }, timeoutMs }: OciOptions,
  services: UpstreamAuthServices,
): SigningKeys<OciKey> {
  const { http, clock, files } = services
  const read = ({ keyId, key }: IssuedKey): OciKey => ({ keyId, privateKey: createPrivateKey(key) })
  if (user !== undefined) {
    const key = toUserKey(user)
    return { get: () => key }
  }
  if (resource !== undefined) return { get: createResourcePrincipal(resource, files, clock) }
  if (instance !== undefined) {
    const { metadataUrl, federationUrl } = instance
    const issue = () => askInstancePrincipal({ metadataUrl, federationUrl, timeoutMs }, clock, http)
    return new FetchedCredential({ source: 'oci-instance', depends: [instance, timeoutMs], issue, read }, services)
  }
  // The schema asks for one.
  if (workload === undefined) throw new Error('there is nobody who signs')
  const { url, tokenFile } = workload
  const tls = toCallTls(workload.tls)
  const token = files.open(tokenFile)
  const issue = () => askWorkloadPrincipal({ url, token: readTokenFile(token), tls, timeoutMs }, http)
  const depends = [url, tokenFile, timeoutMs, tls?.ca, tls?.cert, tls?.key?.reveal()]
  return new FetchedCredential({ source: 'oci-workload', depends, issue, read }, services)
}

interface User {
  readonly tenancy: string
  readonly user: string
  readonly fingerprint: string
  readonly key: Secret
  readonly passphrase?: Secret | undefined
}

function toUserKey({ tenancy, user, fingerprint, key, passphrase }: User): OciKey {
  const privateKey = findRsaKey(key.reveal(), passphrase)
  // The schema has looked.
  if (typeof privateKey === 'string') throw new Error(privateKey)
  return { keyId: `${tenancy}/${user}/${fingerprint}`, privateKey }
}

export function createOci(options: OciOptions, services: UpstreamAuthServices): UpstreamCredential {
  const { payload, bodyLimitBytes } = options
  const place = toSignedPlace(options.url)
  const removeClientFields = createClientFieldRemoval(RULES, options.clientFields)
  return createSigningCredential<OciKey>({
    keys: createKeys(options, services),
    bodyLimitBytes,
    prepare(request) {
      removeClientFields(request)
      // "Request Signatures": it is taken in the place of Date, and nothing says that what is said of a body is true.
      for (const name of OWN_FIELDS) request.headers.delete(name)
    },
    needsBody: ({ method }) => payload === 'signed' && SIGNED_BODY_METHODS.has(method),
    sign(request, key, body) {
      const { method, headers, search } = request
      const added = signOciRequest({
        ...{ method, target: toSignedPath(place, request) + search, host: place.authority },
        ...{ date: toDate(services.clock.now()), key, content: body && toContent(body, headers) },
      })
      for (const [name, value] of added) {
        if (name === 'Authorization') setSecretField(headers, name, value)
        else headers.set(name, value)
      }
    },
  })
}

const OWN_FIELDS = ['X-Date', 'X-Content-SHA256']

/** Oracle's own programs say so of what has no type. */
const USUAL_TYPE = 'application/json'

function toContent(bytes: Uint8Array, headers: HeaderList): OciContent {
  return { bytes, type: headers.get('content-type') ?? USUAL_TYPE }
}
