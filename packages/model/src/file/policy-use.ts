/** Owns how a file uses a policy. */
import { z } from 'zod'
import { idSchema } from './described.ts'
import { celSchema } from './expression.ts'

export const policyUseSchema = z
  .strictObject({
    policy: z.string().min(1).meta({ description: 'The name of a built-in policy or of one from `extensions`.' }),
    options: z
      .record(z.string(), z.unknown())
      .default({})
      .meta({ description: "The policy's own options; its documentation page lists them." }),
    when: celSchema.exactOptional().meta({
      description:
        'The use runs only where this CEL condition is true. What is neither true nor false refuses the request.',
    }),
    enabled: z.boolean().exactOptional().meta({ description: 'False: it stays in the list and does not run.' }),
    id: idSchema.exactOptional().meta({
      description: 'Names its state (counters, caches), which survives reloads; if absent, place and name do.',
    }),
  })
  .meta({ id: 'PolicyUse', description: 'One use of a policy. The order of the list is the order in which they run.' })

/** What stands here instead is put in before a file is parsed. */
export const policyUsesSchema = z.array(policyUseSchema).default([])

export const listUseSchema = z
  .strictObject({
    use: z.string().min(1).meta({ description: 'The id of a policy list: its policies stand here, in their order.' }),
    enabled: z.boolean().exactOptional().meta({ description: 'False: none of them runs here. True if absent.' }),
  })
  .meta({ id: 'ListUse', description: 'A policy list, in the place of its policies.' })

/** No request needs more of them; lists that use lists twice would soon be more than fits into memory. */
export const MOST_POLICIES = 1000
/** Lists within lists. */
export const MOST_LISTS_DEEP = 50

/** A list as people write it. */
export const writtenUsesSchema = z.array(z.union([policyUseSchema, listUseSchema]))

export type WrittenUse = z.input<typeof writtenUsesSchema>[number]

/** Does it stand for a policy list? */
export function isListUse(use: object): use is z.input<typeof listUseSchema> {
  return 'use' in use && !('policy' in use)
}
