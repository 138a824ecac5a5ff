/** Owns the options of `opa`. */
import { z } from 'zod'
import { fieldNameSchema } from '../callers/credential-place.ts'
import { upstreamFieldSchema } from '../callers/upstream-facts.ts'
import { callTimeoutSchema, callTlsSchema, serviceUrlSchema } from '../calls/call-options.ts'
import { fileOption } from '../file-option.ts'
import { secretOption } from '../secret-option.ts'
import { INPUT_PARTS } from './opa-input.ts'

/** Names of packages and rules, as OPA writes them in paths. */
const PATH = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/
const pathSchema = z.string().regex(PATH, 'write the path of a rule, such as orders/allow, without a slash at its ends')

const serverSchema = z.strictObject({
  url: serviceUrlSchema
    .refine((url) => !url.includes('?'), { error: 'leave out "?" and the rest' })
    .meta({ description: 'Where OPA listens, such as http://127.0.0.1:8181. `/v1/data/` and the path are added.' }),
  path: pathSchema.meta({ description: 'The document that decides: `orders/allow` is `data.orders.allow` in Rego.' }),
  token: secretOption('Sent to OPA as a bearer token.').optional(),
  timeoutMs: callTimeoutSchema,
  tls: callTlsSchema,
  maxCalls: z.int().min(1).max(1_000).default(256).meta({
    description: 'How many calls a thread has under way at once; what more would need is refused with 503.',
  }),
})

const wasmSchema = z.strictObject({
  file: fileOption(
    'A module or bundle that `opa build -t wasm -e <entrypoint>` made. Signatures of bundles are not checked.',
  ),
  entrypoint: pathSchema.optional().meta({
    description: 'Which of its entrypoints decides, such as `orders/allow`; the only one if absent.',
  }),
  memoryMiB: z.int().min(1).max(1024).default(16).meta({
    description:
      'How much memory the rules, their data and one decision may need, in MiB, on each thread. A decision that needs more fails.',
  }),
})

const choice = <Name extends z.ZodString>(name: Name, description: string) =>
  z
    .union([z.literal('no-credentials'), z.array(name)])
    .default('no-credentials')
    .meta({ description })

export const opaOptions = z
  .strictObject({
    rules: z.union([serverSchema, wasmSchema]).meta({
      description:
        'Where the rules are: on a server of Open Policy Agent (`url`), or compiled to Wasm (`file`), so that the gateway decides itself. A thread waits for each decision of compiled rules: those that take long hold up the others on it, and nothing breaks them off.',
    }),
    headers: choice(
      fieldNameSchema,
      'Header fields that the rules see, in `input.request.headers`: a list, whatever they hold, or `no-credentials`, which is all but those whose names say that they hold credentials, such as `Authorization`, `Cookie` and `X-Api-Key`.',
    ),
    query: choice(
      z.string().min(1),
      'Query parameters that the rules see, in `input.request.query`: a list, or `no-credentials`.',
    ),
    inputBytes: z.int().min(1024).max(1_048_576).default(65_536).meta({
      description: 'The longest document that is decided about, in bytes of JSON. What is longer counts as a failure.',
    }),
    upstreamFields: z.array(upstreamFieldSchema).default([]).meta({
      description:
        'Header fields that a decision to let pass may set in the request to the upstream, by its `headers`. What clients send in them is removed on every route.',
    }),
    cache: z
      .strictObject({
        ttlSeconds: z.number().min(0.001).max(3600).meta({ description: 'How long a decision holds, in seconds.' }),
        by: z.array(z.enum(INPUT_PARTS)).min(1).optional().meta({
          description:
            'What decisions depend on: requests that are equal in all of these get the same. Everything that the rules see, if absent.',
        }),
        entries: z.int().min(1).max(1_000_000).default(10_000).meta({
          description: 'How many decisions of each kind a thread remembers; the oldest makes room.',
        }),
      })
      .optional()
      .meta({ description: 'Remembers what a server decides. Without it every request asks.' }),
    onError: z.enum(['unavailable', 'deny']).default('unavailable').meta({
      description:
        'What becomes of requests about which nothing can be decided, because OPA cannot be asked, its answer makes no sense, or rules fail. unavailable: 503. deny: 403, as if they were refused. None of them passes.',
    }),
  })
  .refine(({ rules, cache }) => cache === undefined || 'url' in rules, {
    path: ['cache'],
    error: 'compiled rules are faster than any memory of what they said; leave it out',
  })

export type OpaOptions = z.output<typeof opaOptions>
export type ServerRules = z.output<typeof serverSchema>
export type CompiledRules = z.output<typeof wasmSchema>
