/** Owns what a grant is: a role, and where it counts. */
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'

/** Counts in every team, also in those that come later. */
export const EVERY_TEAM = '*'

const only = z.array(partIdSchema).min(1).exactOptional()

export const grantSchema = z.strictObject({
  role: partIdSchema.meta({ description: 'Id of a role.' }),
  team: z
    .union([z.literal(EVERY_TEAM), partIdSchema])
    .meta({ description: 'Id of the team in which it counts; `*` is every team.' }),
  apis: only.meta({ description: 'Ids: it counts for these APIs alone. For everything of the team if absent.' }),
  environments: only.meta({
    description: 'Ids: it counts for what is done in these environments alone. For everything of the team if absent.',
  }),
})

export interface Grant {
  readonly role: string
  readonly team: string
  readonly apis?: readonly string[]
  readonly environments?: readonly string[]
}

/** As answers have it. */
export function presentGrant({ apis, environments, ...grant }: Grant) {
  return { ...grant, ...(apis && { apis: [...apis] }), ...(environments && { environments: [...environments] }) }
}
