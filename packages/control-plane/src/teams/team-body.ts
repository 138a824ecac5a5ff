/** Owns what a control plane keeps of a team: whose names stand together, apart from those of others. */
import { describedShape } from '@gatewright/model'
import { z } from 'zod'

const { title, description, tags, owner } = describedShape

export const teamBodySchema = z.strictObject({ title, description, tags, owner })
