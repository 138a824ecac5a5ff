/** Owns options that are ways to do one thing: exactly one of them is said. */
import { z } from 'zod'

export function oneOf<Ways extends z.ZodRawShape>(ways: Ways) {
  const names = Object.keys(ways)
  return (
    z
      .strictObject(ways)
      .partial()
      .superRefine((options, context) => {
        const said = names.filter((name) => (options as Readonly<Record<string, unknown>>)[name] !== undefined)
        if (said.length === 1) return
        const message =
          said.length === 0
            ? `say one of ${names.join(', ')}`
            : `only one counts, and here are ${said.length}: keep one of ${said.join(', ')}`
        context.addIssue({ code: 'custom', message })
      })
      // For editors, which read the JSON Schema.
      .meta({ minProperties: 1, maxProperties: 1 })
  )
}
