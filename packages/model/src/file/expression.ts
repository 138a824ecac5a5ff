/** Owns how values that may depend on the request are written: texts with `${ CEL }` parts, or `{ language: source }`. */
import { z } from 'zod'
import { OFFERED_LANGUAGES } from '../expression-languages.ts'

/** For every option that may depend on the request, so that editors, forms and `validate` know it as one. */
export const expressionSchema = z
  .union([z.string(), ...OFFERED_LANGUAGES.map((language) => z.strictObject({ [language]: z.string() }))])
  .meta({
    id: 'Expression',
    description: `A text with \`\${ CEL }\` parts, such as "user-\${caller.id}" (\`$\${\` is a literal \`\${\`), or one \`{ language: source }\`.`,
  })

export const celSchema = z.string().min(1).meta({
  id: 'Cel',
  description: 'A condition in CEL; only the value `true` is true, and one that fails is a problem.',
})
