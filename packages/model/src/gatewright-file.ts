/** Owns `GatewrightFile`: what people write. Defaults and their reasons stand beside each field. */
import { z } from 'zod'
import { apiSchema } from './file/api.ts'
import { appSchema } from './file/app.ts'
import { certificateSchema } from './file/certificate.ts'
import { egressSchema } from './file/egress.ts'
import { listenerSchema } from './file/listener.ts'
import { planSchema } from './file/plan.ts'
import { policyListSchema } from './file/policy-list.ts'
import { policyUsesSchema } from './file/policy-use.ts'
import { upstreamSchema } from './file/upstream.ts'
import { variablesSchema } from './file/variables.ts'

export const GatewrightFile = z
  .strictObject({
    gatewright: z
      .literal(1, { error: 'This version of Gatewright reads format 1: write `gatewright: 1`.' })
      .meta({ description: 'The version of this format.' }),
    listeners: z
      .array(listenerSchema)
      .min(1)
      .prefault([{ id: 'public', port: 8080 }])
      .meta({ description: 'Sockets for clients. One on port 8080 if absent.' }),
    certificates: z
      .array(certificateSchema)
      .default([])
      .meta({ description: 'What listeners with `tls` show to their clients.' }),
    extensions: z.array(z.string().min(1)).default([]).meta({
      description:
        'Modules with your own policies: paths relative to this file (./policies/stamp.ts), or package names.',
    }),
    accessLog: z
      .union([
        z.enum(['stdout', 'off']),
        z.strictObject({ file: z.string().min(1).meta({ description: 'A path relative to this file.' }) }),
      ])
      .default('stdout')
      .meta({ description: 'Where a JSON line per request goes. stdout: what containers expect.' }),
    egress: egressSchema,
    upstreams: z.array(upstreamSchema).default([]).meta({ description: 'Where requests are forwarded to.' }),
    policies: policyUsesSchema.meta({ description: 'Run for every request of every API, outermost.' }),
    policyLists: z
      .array(policyListSchema)
      .default([])
      .meta({ description: 'Lists of policies that others name: `{ use: … }` stands for all of one.' }),
    plans: z.array(planSchema).default([]).meta({ description: 'Limits and quotas sold together.' }),
    apis: z.array(apiSchema).default([]).meta({ description: 'What is published.' }),
    apps: z.array(appSchema).default([]).meta({ description: 'Who calls.' }),
    variables: variablesSchema.default({}).meta({ description: 'Texts for expressions: `variables.<name>`.' }),
    problemBase: z
      .url({ error: 'The base of problem types is a URL such as https://api.example.com/problems/.' })
      .exactOptional()
      .meta({ description: 'Stands before the code in the `type` of problems. `urn:gatewright:problem:` if absent.' }),
  })
  .meta({ title: 'Gatewright configuration' })

/** A file after its defaults were filled in. */
export type GatewrightFile = z.output<typeof GatewrightFile>

/** A file as people write it: everything with a default may be absent. */
export type GatewrightFileInput = z.input<typeof GatewrightFile>
