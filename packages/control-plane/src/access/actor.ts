/** Owns how it is said who did something: never by a name, which would outlive the person. */
import { z } from 'zod'

/** `user:<uid>`, `token:<uid>`, `system`. */
export type Actor = string

/** Whose changes nobody signed in for: setting up, logging in. */
export const NOBODY = 'system'

export const actorSchema = z
  .string()
  .meta({ description: '`user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`.' })
