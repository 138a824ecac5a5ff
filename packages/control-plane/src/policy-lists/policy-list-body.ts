/** Owns what a control plane keeps of policies that the APIs and plans of a team share. */
import { policyListSchema, writtenUsesSchema } from '@gatewright/model'
import type { z } from 'zod'

/** Others of the team may stand in it. Lists of the team `main` may stand in environments. */
export const policyListBodySchema = policyListSchema.omit({ id: true }).extend({
  policies: writtenUsesSchema.meta({ description: 'Stand wherever a list of policies says `{ use: … }` with its id.' }),
})

/** As people write it. */
export type PolicyListBody = z.input<typeof policyListBodySchema>
