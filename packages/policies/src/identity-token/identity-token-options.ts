/** Owns the options of `identity-token`. */
import { z } from 'zod'
import { upstreamFieldSchema } from '../callers/upstream-facts.ts'
import { expressionSchema } from '../scopes/expression-option.ts'
import { findSigningKey, signingKeysSchema } from '../tokens/signing-key.ts'

/** What is told of callers and requests, by the name of its claim. */
export const FACTS = ['app', 'plan', 'scope', 'groups', 'api', 'route'] as const

/** RFC 7519 §4.1: what these say is the gateway's word alone. */
const REGISTERED: readonly string[] = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']

export const identityTokenOptions = z
  .strictObject({
    issuer: z.string().min(1).meta({ description: 'What `iss` is: who signs, such as `https://gateway.example.com`.' }),
    audience: z.union([expressionSchema, z.array(expressionSchema).min(1).max(16)]).meta({
      description:
        'What `aud` is: the upstream that the token is for, or several. Another upstream has to refuse it. May hold `${ CEL }`.',
    }),
    keys: signingKeysSchema(
      'The first one signs. The others are for the policy `jwks`, which takes the same list: keys to come, and those whose tokens are not over.',
    ),
    header: upstreamFieldSchema.default('X-Identity-Token').meta({
      description:
        'The header field for the token. What clients send in it is removed on every route; in `Authorization`, only on routes with this policy.',
    }),
    scheme: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'use letters, digits and -')
      .optional()
      .meta({ description: 'What stands before the token. `Bearer` in `Authorization`, else nothing, if absent.' }),
    anonymous: z.boolean().default(false).meta({
      description:
        'Lets requests pass of which nobody knows who calls: their token has no `sub`. Else they are refused.',
    }),
    ttlSeconds: z.int().min(10).max(3600).default(300).meta({
      description:
        'How long a token is good. One that is sent has 30 seconds left at least, or half of its time where that is less: so long may a request take to be looked at.',
    }),
    include: z
      .array(z.enum(FACTS))
      .default([...FACTS])
      .meta({
        description:
          'What else it says, where that is known: the caller’s `app`, `plan`, `scope` (with spaces between them) and `groups`, the `api` and `route` of the request.',
      }),
    copy: z
      .array(z.string().min(1))
      .default([])
      .meta({ description: 'Claims of the caller’s own credential that are said as they are, such as `email`.' }),
    claims: z.record(z.string().min(1), expressionSchema).default({}).meta({
      description:
        'More claims by name. A text may hold `${ CEL }`; of `{ cel }` the value stays what it is: a number, a list. What is null is left out.',
    }),
    type: z
      .string()
      .regex(/^[A-Za-z0-9!#$&^_.+-]+(?:\/[A-Za-z0-9!#$&^_.+-]+)?$/, 'use a media type, such as at+jwt')
      .default('JWT')
      .meta({ description: 'What `typ` in its header is.' }),
    maxTokenBytes: z.int().min(512).max(65_536).default(8192).meta({
      description: 'A longer one is not sent, and the request refused: upstreams take only so much in a field.',
    }),
    remember: z.int().min(0).max(100_000).default(1000).meta({
      description:
        'How many tokens a thread keeps, to send them again with requests of which the same is to be said. 0 makes one for each request, with a `jti` of its own.',
    }),
  })
  .superRefine(({ keys, include, copy, claims }, context) => {
    const report = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message })
    const [first] = keys
    const signing = first === undefined ? undefined : findSigningKey(first)
    if (signing !== undefined && signing.privateKey === undefined) {
      report(['keys', 0, 'key'], 'this key is public: the first one signs, and has to be private')
    }
    const said = new Set<string>(include)
    const say = (name: string, path: PropertyKey[]) => {
      if (REGISTERED.includes(name)) report(path, `${name} is the gateway's word, and cannot be another's`)
      else if (said.has(name)) report(path, `${name} is said already; leave it out here or there`)
      said.add(name)
    }
    for (const [index, name] of copy.entries()) say(name, ['copy', index])
    for (const name of Object.keys(claims)) say(name, ['claims', name])
  })

export type IdentityTokenOptions = z.output<typeof identityTokenOptions>
export type Fact = (typeof FACTS)[number]
