/** Owns how a file describes a policy list: policies that are written once and stand wherever its id is named. */
import { z } from 'zod'
import { describedShape, idSchema } from './described.ts'
import { policyUsesSchema } from './policy-use.ts'

const { title, description, tags, owner } = describedShape

export const policyListSchema = z
  .strictObject({
    id: idSchema,
    title,
    description,
    tags,
    owner,
    policies: policyUsesSchema.meta({
      description: 'Stand wherever a list of policies says `{ use: … }` with this id.',
    }),
  })
  .meta({ id: 'PolicyList' })
