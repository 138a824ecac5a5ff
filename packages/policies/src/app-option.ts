/** Owns options that name an app. */
import { z } from 'zod'

/** `format` tells `validate` that there has to be such an app, and whoever draws a form that it can list them. */
export const appIdSchema = z.string().min(1).meta({ format: 'app-id' })

/** One that a token or another service may name as well, without being in the configuration. */
export const anyAppIdSchema = z.string().min(1).meta({ format: 'any-app-id' })
