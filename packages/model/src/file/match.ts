/** Owns how a file says what headers, query and cookies must look like for an API or a route to match. */
import { z } from 'zod'

const CONDITIONS = ['exact', 'prefix', 'present', 'pattern'] as const

const matchSchema = z
  .strictObject({
    name: z.string().min(1).meta({ description: 'Of the header (in any letter case), query parameter or cookie.' }),
    exact: z.string().exactOptional().meta({ description: 'The value is exactly this.' }),
    prefix: z.string().exactOptional().meta({ description: 'The value begins with this.' }),
    present: z.boolean().exactOptional().meta({ description: 'True: it is there. False: it is not.' }),
    pattern: z
      .string()
      .exactOptional()
      .meta({ description: 'The whole value matches this regular expression (RE2 syntax: it runs in linear time).' }),
  })
  .refine((match) => CONDITIONS.filter((condition) => match[condition] !== undefined).length === 1, {
    error: 'A match has exactly one of `exact`, `prefix`, `present` and `pattern` beside its name.',
  })
  .meta({ id: 'Match' })

export const predicatesSchema = z
  .strictObject({
    headers: z.array(matchSchema).exactOptional().meta({ description: 'All of them match.' }),
    query: z.array(matchSchema).exactOptional().meta({ description: 'All of them match.' }),
    cookies: z.array(matchSchema).exactOptional().meta({ description: 'All of them match.' }),
  })
  .meta({
    id: 'Predicates',
    description: 'Conditions beside host, path and method. The most conditions are tried first.',
  })
