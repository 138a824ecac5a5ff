/** Owns calls to the token endpoint of an authorization server (RFC 6749 §3.2), and the options that say where it is and who the gateway is to it. */
import { z } from 'zod'
import {
  type ClientOptions,
  clientSchema,
  createClientProof,
} from '../../authorization-servers/client-authentication.ts'
import { createServerEndpoint } from '../../authorization-servers/server-endpoint.ts'
import { callTimeoutSchema, callTlsSchema, serviceUrlSchema, toCallTls } from '../../calls/call-options.ts'
import type { CallAnswer, CallTls, PolicyServices } from '../../services.ts'
import { ANSWER_LIMIT_BYTES, toFormCall } from '../issued/issuer-call.ts'

/** What the ways that ask one say of it, each in its own object. */
export const tokenEndpointOptions = {
  endpoint: serviceUrlSchema.optional().meta({
    description:
      'Where tokens are issued: the token endpoint of the authorization server. This, or `issuer`. The secret of the gateway goes there: `http:` is for networks where nobody else listens.',
  }),
  issuer: serviceUrlSchema.optional().meta({
    description: 'Who issues tokens: without `endpoint`, that is found by what the issuer publishes (RFC 8414).',
  }),
  client: clientSchema,
  scopes: z
    // RFC 6749 §3.3.
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope has no spaces, quotation marks or backslashes'))
    .default([])
    .meta({ description: 'What the token is for, in the words of the server.' }),
  audience: z.string().min(1).optional().meta({
    description: 'Whom the token is for, for servers that want to be told so (`audience`).',
  }),
  resource: z.url().optional().meta({ description: 'Whom the token is for, as a URL (`resource`, RFC 8707).' }),
  parameters: z
    .record(z.string().min(1), z.string())
    .default({})
    .meta({ description: 'More parameters that the server wants.' }),
  timeoutMs: callTimeoutSchema,
  tls: callTlsSchema,
}

/** What the gateway says itself: another word for it would be another request. */
const OWN_PARAMETERS: readonly string[] = [
  'actor_token',
  'audience',
  'client_assertion',
  'client_assertion_type',
  'client_id',
  'client_secret',
  'grant_type',
  'requested_token_type',
  'resource',
  'scope',
  'subject_token',
  'subject_token_type',
]

type TokenEndpointOptions = z.output<z.ZodObject<typeof tokenEndpointOptions>>

interface Reporting {
  addIssue(issue: { code: 'custom'; path: PropertyKey[]; message: string }): void
}

/** What of these options cannot be. */
export function reportTokenEndpoint(
  { endpoint, issuer, parameters }: Pick<TokenEndpointOptions, 'endpoint' | 'issuer' | 'parameters'>,
  context: Reporting,
): void {
  const report = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message })
  if (endpoint === undefined && issuer === undefined) {
    report(['endpoint'], 'name the token endpoint, or the issuer that publishes it')
  }
  for (const name of Object.keys(parameters)) {
    if (OWN_PARAMETERS.includes(name))
      report(['parameters', name], `${name} is said by another option, or by the gateway`)
  }
}

type Form = readonly (readonly [name: string, value: string])[]

export interface TokenEndpoint {
  /** For the log: no secret. */
  readonly name: string
  /** All that its answers depend on beside the form, secrets too. */
  readonly depends: readonly unknown[]
  /** Whatever the server answers. @rejects CallFault */
  ask(form: Form): Promise<CallAnswer>
}

export function createTokenEndpoint(
  options: TokenEndpointOptions,
  services: Pick<PolicyServices, 'http' | 'shared' | 'clock'>,
): TokenEndpoint {
  const { endpoint, issuer, client, timeoutMs } = options
  const tls = toCallTls(options.tls)
  const place = createServerEndpoint('token', { endpoint, issuer, timeoutMs, tls }, services)
  const prove = createClientProof(client, services.clock)
  const common = toCommonForm(options)
  return {
    name: endpoint ?? issuer ?? '',
    depends: [endpoint, issuer, toPlainClient(client), common, timeoutMs, toPlainTls(tls)],
    async ask(form) {
      const url = await place.get()
      const proof = prove(issuer ?? url)
      try {
        const call = toFormCall(url, [...form, ...common, ...proof.form], timeoutMs)
        return await services.http.send({
          ...call,
          headers: [...(call.headers ?? []), ...proof.headers],
          limitBytes: ANSWER_LIMIT_BYTES,
          // An assertion is good for once (RFC 7523 §3, `jti`); all else means twice what it means once.
          mayRepeat: client.method !== 'private-key-jwt',
          ...(tls !== undefined && { tls }),
        })
      } catch (fault) {
        place.doubt()
        throw fault
      }
    },
  }
}

function toCommonForm({ scopes, audience, resource, parameters }: TokenEndpointOptions): Form {
  return [
    ...(scopes.length === 0 ? [] : [['scope', scopes.join(' ')] as const]),
    ...(audience === undefined ? [] : [['audience', audience] as const]),
    ...(resource === undefined ? [] : [['resource', resource] as const]),
    ...Object.entries(parameters),
  ]
}

/** With its secrets: it is hashed, and kept by nobody. */
function toPlainClient({ method, id, secret, token, key, keyId, audience }: ClientOptions): readonly unknown[] {
  return [method, id, secret?.reveal(), token?.reveal(), key?.reveal(), keyId, audience]
}

function toPlainTls(tls: CallTls | undefined): readonly unknown[] {
  return [tls?.ca, tls?.cert, tls?.key?.reveal()]
}
