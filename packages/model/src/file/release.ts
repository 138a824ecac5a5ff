/** Owns how a file describes a release: a revision of an API, and which requests it gets. */
import { z } from 'zod'
import type { Path } from '../finding.ts'
import { describedShape, idSchema } from './described.ts'
import { celSchema } from './expression.ts'
import { openApiSchema } from './open-api.ts'
import { policyUsesSchema } from './policy-use.ts'
import { routeSchema } from './route.ts'
import { upstreamRefSchema } from './upstream.ts'

const { title, description } = describedShape

export const previewSchema = z.strictObject({
  // Not by regex: its message would show what may be the token itself.
  hash: z
    .string()
    .superRefine((text, context) => {
      if (!/^sha256:[0-9a-f]{64}$/.test(text)) context.addIssue({ code: 'custom', message: HASH_FORM })
    })
    .meta({ description: '`sha256:` and the SHA-256 of the token in lower-case hex. Never the token itself.' }),
  expires: z.iso
    .datetime({ offset: true, error: 'A time is written as 2026-01-31T00:00:00Z.' })
    .meta({ description: 'Until when it opens this release.' }),
})

const HASH_FORM =
  'A token is written as its hash: "sha256:" and 64 lower-case hex digits (`gatewright key new` makes both).'

export const releaseSchema = z
  .strictObject({
    revision: idSchema.meta({ description: 'Its name, in records and for `explain`.' }),
    title,
    description,
    share: z.number().min(0).max(100).exactOptional().meta({
      description:
        'Percent of the requests that no condition claims. The same client stays with the same release while shares change little. The shares of releases without `when` sum to 100; one alone has all if absent.',
    }),
    when: celSchema.exactOptional().meta({
      description:
        'Gets each request for which this is true, whatever the shares: `"x-canary" in request.headers`. It sees `request`, `client` and `variables`; nobody is known yet. The first release that is true gets it.',
    }),
    apps: z.array(z.string().min(1)).min(1).exactOptional().meta({
      description:
        'Gets each request of these apps, whatever the shares and conditions: an app is known once the request is authenticated, and from there on this release answers. Without `share` and `when` it gets those alone.',
    }),
    preview: previewSchema.exactOptional().meta({
      description:
        'It is not live: only requests that bring this token in `Gatewright-Preview` get it, and they get it whatever else is said. Without `share`, `when` and `apps`.',
    }),
    upstream: upstreamRefSchema
      .exactOptional()
      .meta({ description: "Instead of the API's: the id of an upstream, or a URL." }),
    policies: policyUsesSchema.meta({ description: "Run after the API's." }),
    openapi: openApiSchema.exactOptional().meta({ description: "Instead of the API's document and routes." }),
    routes: z.array(routeSchema).exactOptional().meta({
      description: "Instead of the API's document and routes; with `openapi`, they refine its operations.",
    }),
  })
  .meta({ id: 'Release' })

/** Is it `apis[].releases[].preview`, or below? Where somebody wrote the token itself, no finding says it. */
export function isOfPreview([list, , member, , part]: Path): boolean {
  return list === 'apis' && member === 'releases' && part === 'preview'
}
