/** Owns options that name a plan. */
import { z } from 'zod'

/** `format` tells `validate` that there has to be such a plan, and whoever draws a form that it can list them. */
export const planIdSchema = z.string().min(1).meta({ format: 'plan-id' })
