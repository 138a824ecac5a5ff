/** Owns what a control plane keeps of an upstream that the APIs of a team share. */
import { upstreamSchema } from '@gatewright/model'
import type { z } from 'zod'

/** An environment that has an upstream of the same id has its own one in this one's place. */
export const upstreamBodySchema = upstreamSchema.omit({ id: true })

/** As people write it. */
export type UpstreamBody = z.input<typeof upstreamBodySchema>
