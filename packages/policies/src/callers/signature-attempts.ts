/** Owns the slowing of those who send wrong signatures: by where they come from, and never by the key that they name. */
import { z } from 'zod'
import type { Counters } from '../services.ts'
import { GuessGuard } from './guess-guard.ts'

/** Stands in the options of policies that check signatures, as `attempts`. */
export const signatureAttemptsSchema = z
  .strictObject({
    perAddress: z.int().min(0).max(1_000_000).default(100).meta({
      description:
        'Wrong signatures from one address in a minute; 0 is without limit. An IPv6 address counts as its /64.',
    }),
  })
  .prefault({})
  .meta({
    description:
      'How many wrong signatures are looked at in a minute; beyond, all are refused with 429 until some time has passed.',
  })

/**
 * A password can be guessed, and a signature cannot: to count the wrong ones of a key, wherever they come from, would let
 * anybody who knows its name lock its owner out.
 */
export function createSignatureGuard(
  counters: Counters,
  { perAddress }: z.output<typeof signatureAttemptsSchema>,
): GuessGuard {
  return new GuessGuard(counters, 'signature', { perAddress, perName: 0 })
}
