/** Owns how options name a file that `services.files` reads: by a path, and replaced while it runs. */
import { z } from 'zod'

/** `what`: a sentence that says what stands in it. */
export function fileOption(what: string) {
  return z
    .string()
    .min(1)
    .meta({
      format: 'file-path',
      description: `${what} A path, relative to the folder of the configuration. A file that is replaced is taken over within a minute.`,
    })
}
