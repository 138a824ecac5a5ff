/** Owns what a control plane keeps of a plan: what a file says of it, what it costs, and whether somebody has to approve it. */
import { planSchema, writtenUsesSchema } from '@gatewright/model'
import { z } from 'zod'

/** Its `apis` are ids of APIs of its own team; without them it opens all of these, and none of other teams. */
export const planBodySchema = planSchema.omit({ id: true, overrides: true }).extend({
  policies: writtenUsesSchema.exactOptional().meta({
    description: 'Run for callers of this plan, right after they are known, or where `{ policy: plan }` stands.',
  }),
  price: z
    .string()
    .min(1)
    .max(100)
    .exactOptional()
    .meta({ description: 'What people read as its price: `free`, `49 € a month`. Nothing is charged.' }),
  approvalNeeded: z
    .boolean()
    .exactOptional()
    .meta({ description: 'True: a subscription waits until somebody approves it. False if absent.' }),
})

/** As people write it. */
export type PlanBody = z.input<typeof planBodySchema>
