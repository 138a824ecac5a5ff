/** Owns the options of `external-auth`. */
import { z } from 'zod'
import { fieldNameSchema } from '../callers/credential-place.ts'
import { addressAttemptsSchema } from '../callers/guess-guard.ts'
import { reportHeldField, toIdentityFields, toUpstreamSchema } from '../callers/upstream-facts.ts'
import { callTimeoutSchema, callTlsSchema, serviceUrlSchema } from '../calls/call-options.ts'
import { findForbiddenField } from '../messages/forbidden-fields.ts'
import { tokenPlaceShape, toTokenPlace } from '../tokens/token-places.ts'
import { isWithheld } from './check-fields.ts'

export const PROTOCOLS = ['envoy-ext-authz', 'traefik-forward-auth', 'nginx-auth-request', 'generic'] as const
export type Protocol = (typeof PROTOCOLS)[number]

const requestFieldSchema = fieldNameSchema.superRefine((name, context) => {
  const fault = findForbiddenField(name, 'request')
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
})
const responseFieldSchema = fieldNameSchema.superRefine((name, context) => {
  const fault = findForbiddenField(name, 'response')
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
})
const sentFieldSchema = fieldNameSchema.superRefine((name, context) => {
  if (!isWithheld(name)) return
  context.addIssue({
    code: 'custom',
    message: `${name} is not the client's to say to the service: the gateway writes it, or leaves it out`,
  })
})

const sourceSchema = z
  .string()
  .regex(/^(?:header:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|json:.+)$/, 'write header:Name or json:path')
const source = (description: string) => sourceSchema.optional().meta({ description })

const callerSchema = z
  .strictObject({
    id: sourceSchema.meta({
      description:
        'Who calls: `header:X-Auth-User` reads a header field of the answer, `json:user.id` a member of its JSON body.',
    }),
    app: source('The app. One that the gateway knows has its plan, and is refused where it is disabled.'),
    scopes: source('The scopes: a list, or a text with spaces or commas between them.'),
    groups: source('The groups, in the same forms.'),
    claims: z
      .record(z.string().min(1), sourceSchema)
      .optional()
      .meta({ description: 'Claims by name, and where each is read.' }),
  })
  .optional()
  .meta({
    description:
      'Where the answer says who calls. An answer that lets pass and names nobody is refused, unless `anonymous` is set. Without it, callers stay who they were.',
  })

const credentialSchema = z
  .strictObject({
    ...tokenPlaceShape,
    scheme: tokenPlaceShape.scheme.meta({
      description: 'What stands before it in a header field, such as `Bearer`. If absent, all of the field is it.',
    }),
  })
  .optional()
  .meta({
    description:
      'Where callers put their credential. Requests without one are refused without asking, or pass as nobody where `anonymous` says so. It is always sent to the service. Without this option every request is asked about.',
  })

const cacheSchema = z
  .strictObject({
    by: z
      .array(
        z
          .string()
          .regex(
            /^(?:method|scheme|host|path|query|client|caller|header:[!#$%&'*+\-.^_`|~0-9A-Za-z]+)$/,
            'write method, scheme, host, path, query, client, caller or header:Name',
          ),
      )
      .min(1)
      .optional()
      .meta({
        description:
          'What answers depend on: `method`, `scheme`, `host`, `path`, `query`, `client`, `caller`, `header:Name`. The credential always belongs to it. If absent: everything that the service sees.',
      }),
    ttlSeconds: z.number().min(0).max(3600).default(0).meta({
      description: 'How long an answer holds that lets pass and says nothing of it in `Cache-Control`, in seconds.',
    }),
    maxSeconds: z.number().min(1).max(86_400).default(300).meta({
      description: 'How long an answer holds at most, whatever its `Cache-Control` says, in seconds.',
    }),
    entries: z.int().min(1).max(1_000_000).default(10_000).meta({
      description: 'How many answers of each kind a thread remembers; the oldest makes room.',
    }),
  })
  .optional()
  .meta({
    description:
      'Remembers answers. Never those that set cookies, redirect, or say `no-store`; refusals only as long as they say themselves. Without it every request asks.',
  })

export const externalAuthOptions = z
  .strictObject({
    url: serviceUrlSchema.meta({
      description: 'Where the service is. For envoy-ext-authz its path is put before that of the request.',
    }),
    protocol: z.enum(PROTOCOLS).default('generic').meta({
      description:
        'How it is asked. envoy-ext-authz: the request’s own method and path; 200 lets pass. traefik-forward-auth: GET, with `X-Forwarded-Method` and `X-Forwarded-Uri`. nginx-auth-request: GET, with `X-Original-Method`, `X-Original-URI` and `X-Original-URL`; 401 and 403 refuse, all else but 2xx is a failure. generic: POST of a JSON document. In all of them the path is the one that was matched, and `X-Raw-Target` (or `request.rawTarget`) is what the client wrote.',
    }),
    sendFields: z
      .union([z.literal('all'), z.array(sentFieldSchema)])
      .optional()
      .meta({
        description:
          'The client’s header fields that the service sees: a list, or `all`, which leaves out what frames messages, belongs to connections, asks for parts of an answer, or is the gateway’s to say. If absent: `all` for traefik-forward-auth and nginx-auth-request, `Authorization` for envoy-ext-authz, `Authorization` and `Cookie` for generic.',
      }),
    sendCaller: toUpstreamSchema.meta({
      description:
        'Header fields that tell the service who calls, as far as policies before this one know. In generic, the document has `caller`.',
    }),
    bodyBytes: z.int().min(0).max(16_777_216).default(0).meta({
      description:
        'Sends the body of the request too, where it is no longer than so many bytes; longer ones are refused with 413. 0: no body.',
    }),
    copyToUpstream: z.array(requestFieldSchema).default([]).meta({
      description:
        'Header fields of an answer that lets pass, set in the request to the upstream. What clients send in them is removed on every route; of `Authorization` and `Cookie`, on this one.',
    }),
    copyToClient: z.array(responseFieldSchema).default([]).meta({
      description:
        'Header fields of an answer that lets pass, set in the answer to the client. `Set-Cookie` is added to what the upstream sets.',
    }),
    refusal: z.enum(['pass-on', 'problem']).default('pass-on').meta({
      description:
        'What the client gets when the service refuses. pass-on: its answer, redirects too. problem: one of the gateway, as other policies refuse.',
    }),
    refusalFields: z
      .union([z.literal('all'), z.array(responseFieldSchema)])
      .default([
        'Content-Type',
        'Content-Language',
        'WWW-Authenticate',
        'Location',
        'Set-Cookie',
        'Retry-After',
        'Cache-Control',
        'Vary',
        'Link',
      ])
      .meta({
        description:
          'Header fields of a refusal that the client gets: a list, or `all`, which leaves out what frames messages and belongs to connections.',
      }),
    caller: callerSchema,
    credential: credentialSchema,
    anonymous: z.boolean().default(false).meta({
      description:
        'Lets requests without a `credential` pass as nobody, without asking, and takes answers that let pass and name no caller.',
    }),
    forward: z.boolean().default(false).meta({
      description:
        'Sends the `credential` on to the upstream. Otherwise it is taken out of the request; where `caller` is set and no `credential`, that is `Authorization`.',
    }),
    cache: cacheSchema,
    timeoutMs: callTimeoutSchema,
    tls: callTlsSchema,
    maxCalls: z.int().min(1).max(1_000).default(256).meta({
      description:
        'How many calls to the service a thread has under way at once; what more would need is refused with 503. One address has half of them and waits for more, where `credential` is named and `attempts.perAddress` is not 0.',
    }),
    onError: z.enum(['refuse', 'allow']).default('refuse').meta({
      description:
        'What happens where the service is down: nobody listens, its host cannot be found or reached, it takes too long to connect or, once the whole request was sent, to answer, or it answers with 5xx. refuse: 503. allow: the request passes, as nobody; whoever can keep the service from answering gets past it. All else is refused in any case: connections that break, requests that the service does not read to the end, answers that cannot be read, and time spent behind other calls of the gateway.',
    }),
    attempts: addressAttemptsSchema,
    toUpstream: toUpstreamSchema,
  })
  .superRefine((options, context) => {
    const { url, protocol, bodyBytes, cache, credential, copyToUpstream, toUpstream } = options
    if (protocol === 'nginx-auth-request' && bodyBytes > 0) {
      context.addIssue({
        code: 'custom',
        path: ['bodyBytes'],
        message: 'nginx-auth-request sends no bodies; use another protocol',
      })
    }
    if (
      cache?.by !== undefined &&
      credential === undefined &&
      !cache.by.some((each) => /^(?:client|caller$|header:)/.test(each))
    ) {
      const message = 'answers would be the same for everybody; name client, caller or a header field too'
      context.addIssue({ code: 'custom', path: ['cache', 'by'], message })
    }
    if (protocol === 'envoy-ext-authz' && url.includes('?')) {
      context.addIssue({
        code: 'custom',
        path: ['url'],
        message: 'the request’s own query stands there; leave out "?" and the rest',
      })
    }
    const told = new Set(toIdentityFields(toUpstream).map((name) => name.toLowerCase()))
    for (const [at, name] of copyToUpstream.entries()) {
      if (!told.has(name.toLowerCase())) continue
      context.addIssue({ code: 'custom', path: ['copyToUpstream', at], message: `toUpstream says ${name} already` })
    }
    if (credential !== undefined) reportHeldField(context, toTokenPlace(credential), toUpstream)
  })

export type ExternalAuthOptions = z.output<typeof externalAuthOptions>
