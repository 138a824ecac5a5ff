/** Owns what a control plane keeps of a group of nodes: what runs on machines that come with its tokens. */
import { describedShape, nodeNameSchema } from '@gatewright/model'
import { z } from 'zod'

const { title, description, tags, owner } = describedShape

export const nodeGroupBodySchema = z.strictObject({
  title,
  description,
  tags,
  owner,
  environments: z
    .array(z.string().min(1))
    .min(1)
    .exactOptional()
    .meta({ description: 'Ids of environments whose APIs run on its nodes. All of them if absent.' }),
  apis: z.array(z.string().min(1)).min(1).exactOptional().meta({
    description: 'APIs that run on its nodes: `orders`, and `shop.orders` of the team `shop`. All if absent.',
  }),
  nodes: z
    .array(nodeNameSchema)
    .min(1)
    .exactOptional()
    .meta({ description: 'Names of nodes that come with a certificate for that name instead of a token.' }),
})

export type NodeGroupBody = z.output<typeof nodeGroupBodySchema>
