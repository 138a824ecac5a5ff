/** Owns how a file describes an API: where it answers, what it forwards to, how it says no. */
import { z } from 'zod'
import { describedShape, idSchema } from './described.ts'
import { expressionSchema } from './expression.ts'
import { lifecycleSchema } from './lifecycle.ts'
import { predicatesSchema } from './match.ts'
import { openApiSchema } from './open-api.ts'
import { policyUsesSchema } from './policy-use.ts'
import { releaseSchema } from './release.ts'
import { routeSchema } from './route.ts'
import { upstreamRefSchema } from './upstream.ts'
import { variablesSchema } from './variables.ts'

const errorShapeSchema = z.strictObject({
  status: z.int().min(400).max(599).exactOptional().meta({ description: 'Instead of the usual one.' }),
  headers: z.record(z.string(), expressionSchema).exactOptional().meta({ description: 'Set on the answer.' }),
  body: expressionSchema.exactOptional().meta({ description: 'Instead of the problem document.' }),
})

export const apiSchema = z
  .strictObject({
    id: idSchema,
    ...describedShape,
    version: z.string().min(1).exactOptional().meta({ description: "Of the API; the OpenAPI document's if absent." }),
    family: idSchema.exactOptional().meta({
      description: 'What its versions are called together: `orders`, of `orders-1` and `orders-2`.',
    }),
    environment: idSchema.exactOptional().meta({
      description: 'Where this is: `dev`, `prod`. Expressions see it as `environment`.',
    }),
    variables: variablesSchema.exactOptional().meta({
      description: 'Texts for the expressions of this API, before those of the file that are called the same.',
    }),
    lifecycle: lifecycleSchema.exactOptional().meta({ description: 'Is it on its way out? Clients are told.' }),
    products: z.array(z.string().min(1)).exactOptional().meta({ description: 'Products that it is part of.' }),
    hosts: z.array(z.string().min(1)).min(1).exactOptional().meta({
      description: 'Names it answers to: `api.example.com`, or `*.example.com` for one label. Every name if absent.',
    }),
    basePath: z
      .string()
      .default('/')
      .meta({ description: 'Whole segments before every path of it. The longest one wins.' }),
    stripBasePath: z.boolean().default(true).meta({ description: 'Is the base path left out of what is forwarded?' }),
    match: predicatesSchema.exactOptional(),
    openapi: openApiSchema.exactOptional(),
    upstream: upstreamRefSchema.exactOptional(),
    paths: z
      .enum(['normal', 'received'])
      .default('normal')
      .meta({ description: 'Is the path forwarded as it was matched, in its normal form, or as it was received?' }),
    strictSlash: z
      .boolean()
      .default(true)
      .meta({ description: 'False: a trailing slash makes no difference to matching.' }),
    caseSensitive: z
      .boolean()
      .default(true)
      .meta({ description: 'False: letter case makes no difference to matching.' }),
    policies: policyUsesSchema.meta({ description: 'Run for every route, after the global ones.' }),
    errors: z
      .record(z.string(), errorShapeSchema)
      .default({})
      .meta({ description: 'How this API answers problems: by code, `4xx`, `5xx` or `default`.' }),
    routes: z.array(routeSchema).exactOptional().meta({
      description:
        'Refine operations of the document, or add routes. With neither document nor routes, every path is forwarded.',
    }),
    releases: z.array(releaseSchema).min(1).exactOptional().meta({
      description:
        'Several forms of the API at the same time, each with a part of the requests: a canary has two. Without it there is one, which gets all.',
    }),
    releaseKey: z.string().min(1).exactOptional().meta({
      description:
        'CEL: who stays with a release, such as `request.cookies.session`. By client address if absent, or where it fails or is empty.',
    }),
  })
  .meta({ id: 'Api' })
