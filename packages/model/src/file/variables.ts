/** Owns how a file names texts for expressions. */
import { z } from 'zod'

export const variablesSchema = z.record(
  z.string().regex(/^[A-Za-z_]\w*$/, { error: 'A variable is named by letters, digits and "_".' }),
  z.string(),
)
