/** Owns what a control plane keeps of a webhook: who is told, and of what. Its secret is kept beside it. */
import { describedShape } from '@gatewright/model'
import { z } from 'zod'

const { title, description, tags, owner } = describedShape

export const webhookBodySchema = z.strictObject({
  title,
  description,
  tags,
  owner,
  url: z.url({ protocol: /^https?$/, error: 'It is an address: "https://example.com/hooks".' }).meta({
    description:
      'Where events are sent to. Addresses of this machine and of private networks have to be allowed to the control plane.',
  }),
  events: z
    .array(
      z.string().regex(/^(?:\*|[a-z-]+\.(?:\*|[a-z-]+))$/, {
        error: 'It is a kind and what was done to it: "api.publish", "key.*", or "*".',
      }),
    )
    .min(1)
    .meta({ description: 'What it is told of, of its own team: as the audit log says it. `*` is everything.' }),
  enabled: z.boolean().exactOptional().meta({ description: 'False: nothing is sent. True if absent.' }),
})

/** As people write it. */
export type WebhookBody = z.input<typeof webhookBodySchema>

/** What its own test is told as. */
export const TEST_EVENT = 'webhook.test'

/** `event`: `<kind>.<action>`. */
export function isWanted({ events }: WebhookBody, event: string): boolean {
  const [kind] = event.split('.')
  return events.some((pattern) => pattern === '*' || pattern === event || pattern === `${kind}.*`)
}
