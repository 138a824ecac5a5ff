/** Owns what every resource of a file may say about itself, and what an id may look like. */
import { z } from 'zod'

/** Ids stand in logs, metrics and URLs of the admin port, so they need no escaping there. */
export const idSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, {
  error: 'An id begins with a letter or digit and holds only letters, digits, ".", "_" and "-", at most 128 of them.',
})

export const describedShape = {
  title: z.string().exactOptional().meta({ description: 'A name for people.' }),
  description: z.string().exactOptional().meta({ description: 'What it is for; Markdown.' }),
  tags: z.array(z.string().min(1)).exactOptional().meta({ description: 'Words to find it by.' }),
  owner: z.string().exactOptional().meta({ description: 'Who answers for it: a team or a person.' }),
  enabled: z
    .boolean()
    .exactOptional()
    .meta({ description: 'False: it stays in the file, is checked, and does nothing. True if absent.' }),
}
