/** Owns what a control plane keeps of a product: the APIs that are sold together, on which plans, and who sees it. */
import { describedShape } from '@gatewright/model'
import { z } from 'zod'

const { title, description, tags, owner } = describedShape
const idsSchema = z.array(z.string().min(1))

/** An API that a product sells is for subscribers: the keys of an app without a subscription are refused there. */
export const productBodySchema = z.strictObject({
  title,
  description,
  tags,
  owner,
  apis: idsSchema.meta({ description: 'Ids of the APIs that it sells, of its own team.' }),
  plans: idsSchema
    .min(1)
    .meta({ description: 'Ids of the plans that it is sold on. A plan that opens some APIs sells these alone.' }),
  visibility: z
    .enum(['public', 'signed-in', 'team'])
    .exactOptional()
    .meta({ description: 'Who finds it: everybody, who has logged in, or its team alone. `team` if absent.' }),
})

/** As people write it. */
export type ProductBody = z.input<typeof productBodySchema>
