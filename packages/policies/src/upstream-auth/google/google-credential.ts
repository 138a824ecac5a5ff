/** Owns how the gateway proves who it is in Google's cloud: what it wants a token for, and where it gets one. */
import { z } from 'zod'
import { upstreamFieldSchema } from '../../callers/upstream-facts.ts'
import { callTimeoutSchema, confidentialUrlSchema, serviceUrlSchema } from '../../calls/call-options.ts'
import { fileOption } from '../../file-option.ts'
import type { PolicyFile } from '../../policy.ts'
import { secretOption } from '../../secret-option.ts'
import { createTokenCredential } from '../issued/token-credential.ts'
import { readTokenFile, toTokenFile } from '../issued/token-file.ts'
import { oneOf } from '../one-of.ts'
import type { UpstreamAuthServices, UpstreamCredential } from '../upstream-credential.ts'
import {
  createFederatedIssuer,
  createImpersonation,
  createKeyIssuer,
  createMetadataIssuer,
  type GoogleIssuer,
} from './google-issuers.ts'
import { parseServiceAccountKey } from './service-account-key.ts'

const accountSchema = z.string().regex(/^[A-Za-z0-9._@:-]+$/, 'an account is called by an e-mail address')

const federationSchema = z
  .strictObject({
    audience: z
      .string()
      .regex(/^[^\s\p{Cc}]+$/u, 'a name has no spaces')
      .meta({
        description:
          'The provider of the pool: `//iam.googleapis.com/projects/…/locations/global/workloadIdentityPools/…/providers/…`.',
      }),
    tokenFile: fileOption('The file with the token, such as one that Kubernetes projects.'),
    tokenType: z
      .string()
      .regex(/^urn:[\x21-\x7e]+$/, 'write a URN')
      .default('urn:ietf:params:oauth:token-type:jwt')
      .meta({ description: 'What kind of token it is (RFC 8693 §3).' }),
    tokenUrl: confidentialUrlSchema
      .default('https://sts.googleapis.com/v1/token')
      .meta({ description: 'Who exchanges it for a token of Google.' }),
  })
  .meta({
    description: 'Workload identity federation: a token that somebody else issues to the gateway is exchanged for one.',
  })

const impersonateSchema = z
  .strictObject({
    account: accountSchema.meta({ description: 'Its e-mail address.' }),
    url: confidentialUrlSchema
      .default('https://iamcredentials.googleapis.com')
      .meta({ description: 'Who issues its tokens.' }),
  })
  .meta({
    description:
      'The service account that upstreams know the gateway as, where it is another than the one it has. That one needs the role Service Account Token Creator on it, or Workload Identity User with `federation`.',
  })

const machineSchema = z
  .strictObject({
    account: accountSchema.default('default').meta({ description: 'Which of the accounts of the machine.' }),
    metadataUrl: serviceUrlSchema
      .default('http://metadata.google.internal')
      .meta({ description: 'Where the metadata server is.' }),
  })
  .meta({ description: 'The machine itself, by its metadata server; `{}` takes the defaults.' })

const keySchema = secretOption('The key of a service account, as the JSON that it is handed out as.').superRefine(
  (key, context) => {
    const message = findKeyFault(key.reveal())
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  },
)

const identitySchema = oneOf({
  machine: machineSchema,
  key: keySchema,
  keyFile: fileOption('The file in which the key stands instead.'),
  federation: federationSchema,
})
  .prefault({ machine: {} })
  .meta({ description: 'Who the gateway is; the machine that it runs on, if absent.' })

export const googleSchema = z
  .strictObject({
    audience: z
      .string()
      .regex(/^[^\s\p{Cc}]+$/u, 'an audience has no spaces')
      .optional()
      .meta({
        description:
          'An ID token for this service: the URL of one on Cloud Run or Cloud Functions, the client id of one behind Identity-Aware Proxy.',
      }),
    scopes: z
      .array(z.string().regex(/^[^\s,\p{Cc}]+$/u, 'one scope an item'))
      .min(1)
      .optional()
      .meta({
        description: 'An access token for APIs of Google, such as `https://www.googleapis.com/auth/cloud-platform`.',
      }),
    identity: identitySchema,
    impersonate: impersonateSchema.optional(),
    header: upstreamFieldSchema.default('Authorization').meta({
      description:
        'Where the token stands, as `Bearer …`. With `X-Serverless-Authorization` for Cloud Run, what the client says in Authorization is sent on.',
    }),
    timeoutMs: callTimeoutSchema,
  })
  .superRefine(({ audience, scopes, identity, impersonate }, context) => {
    const report = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (audience === undefined && scopes === undefined) {
      const both = '`audience` for a service of yours, or `scopes` for an API of Google'
      report(['audience'], `say what the token is for: ${both}`)
    }
    if (audience === undefined) return
    if (scopes !== undefined) report(['scopes'], 'a token is for one of both: keep `audience` or `scopes`')
    if (identity.federation !== undefined && impersonate === undefined) {
      const message = 'only a service account gets ID tokens: say which one by `impersonate`'
      report(['identity', 'federation'], message)
    }
  })
  .meta({
    description: 'A token of Google. The address of the metadata server is one that `egress` has to allow.',
  })

function findKeyFault(text: string): string | undefined {
  try {
    parseServiceAccountKey(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

type GoogleOptions = z.output<typeof googleSchema>

export function listGoogleFiles({ identity: { keyFile, federation } }: GoogleOptions): PolicyFile[] {
  const at = ['google', 'identity'] as const
  const files: PolicyFile[] = []
  if (federation !== undefined) files.push(toTokenFile(federation.tokenFile, [...at, 'federation', 'tokenFile']))
  if (keyFile !== undefined) {
    const check = (bytes: Uint8Array): void => {
      parseServiceAccountKey(toText(bytes))
    }
    files.push({ path: keyFile, at: [...at, 'keyFile'], check })
  }
  return files
}

/** Where both are there, Cloud Run looks at this one alone, and not at Authorization: a client's own would be in the gateway's place. Cloud Run, "Authenticating service-to-service". */
const SERVERLESS_FIELD = 'x-serverless-authorization'

export function createGoogle(options: GoogleOptions, services: UpstreamAuthServices): UpstreamCredential {
  const { header, ...others } = options
  const { audience, scopes = [] } = others
  const issuer = createIssuer(options, services)
  const wish = audience === undefined ? { scopes } : { audience }
  const spec = {
    source: 'google',
    // Secrets do not show in the options.
    depends: [others, options.identity.key?.reveal()],
    issue: () => issuer(wish),
  }
  const credential = createTokenCredential(spec, services, header)
  if (header.toLowerCase() === SERVERLESS_FIELD) return credential
  return {
    ...credential,
    apply(exchange) {
      exchange.request.headers.delete(SERVERLESS_FIELD)
      return credential.apply(exchange)
    },
  }
}

function createIssuer(options: GoogleOptions, services: UpstreamAuthServices): GoogleIssuer {
  const { impersonate, timeoutMs } = options
  const self = createOwnIssuer(options, services)
  return impersonate === undefined ? self : createImpersonation(impersonate, self, { ...services, timeoutMs })
}

function createOwnIssuer(options: GoogleOptions, services: UpstreamAuthServices): GoogleIssuer {
  const { machine, key, keyFile, federation } = options.identity
  const means = { ...services, timeoutMs: options.timeoutMs }
  if (key !== undefined) return createKeyIssuer(() => key.reveal(), means)
  if (keyFile !== undefined) {
    const file = services.files.open(keyFile)
    return createKeyIssuer(() => toText(file.content.bytes), means)
  }
  if (federation !== undefined) {
    const file = services.files.open(federation.tokenFile)
    return createFederatedIssuer({ ...federation, readToken: () => readTokenFile(file) }, means)
  }
  // The schema asks for one.
  if (machine === undefined) throw new Error('there is no identity')
  return createMetadataIssuer({ account: machine.account, url: machine.metadataUrl }, means)
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}
