/** Owns credentials that are written in the options: a name with a password, a token, a key. */
import { z } from 'zod'
import { createCredentialPlace, fieldNameSchema } from '../callers/credential-place.ts'
import { upstreamFieldSchema } from '../callers/upstream-facts.ts'
import { secretOption } from '../secret-option.ts'
import { setSecretField, type UpstreamCredential } from './upstream-credential.ts'

const CONTROL = /\p{Cc}/u
/** RFC 9110 §5.5: what stands in a field. A line end at the end of a file is the usual reason that something else is there. */
const FIELD_TEXT = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/** A secret that is sent in a field, as it is. */
function fieldSecret(description: string) {
  return secretOption(description).refine((secret) => FIELD_TEXT.test(secret.reveal()), {
    error:
      'it has to be printable ASCII without spaces around it to stand in a header field; is there a line end behind it?',
  })
}

export const basicSchema = z
  .strictObject({
    username: z
      .string()
      .regex(/^[^:\p{Cc}]*$/u, 'a colon would end the name (RFC 7617 §2), and control characters are refused')
      .meta({ description: 'The name.' }),
    password: secretOption('The password.').refine((secret) => !CONTROL.test(secret.reveal()), {
      error: 'control characters are refused (RFC 7617 §2); is there a line end behind it?',
    }),
  })
  .meta({ description: 'A name with a password (RFC 7617), in UTF-8.' })

export function createBasic({ username, password }: z.output<typeof basicSchema>): UpstreamCredential {
  const value = `Basic ${Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64')}`
  return { apply: ({ request }) => setSecretField(request.headers, 'Authorization', value) }
}

export const bearerSchema = z
  .strictObject({ token: fieldSecret('The token.') })
  .meta({ description: 'A token that does not change, as `Authorization: Bearer …` (RFC 6750).' })

export function createBearer({ token }: z.output<typeof bearerSchema>): UpstreamCredential {
  const value = `Bearer ${token.reveal()}`
  return { apply: ({ request }) => setSecretField(request.headers, 'Authorization', value) }
}

export const keySchema = z
  .strictObject({
    in: z.enum(['header', 'query']).default('header').meta({ description: 'Where the upstream looks for its key.' }),
    name: fieldNameSchema.meta({ description: 'Name of the header field or the query parameter.' }),
    value: fieldSecret('The key.'),
    scheme: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'use letters, digits and -')
      .optional()
      .meta({ description: 'A word before the key in a header field, such as `ApiKey`.' }),
  })
  .superRefine(({ in: where, name, scheme }, context) => {
    const report = (at: string, message: string) => context.addIssue({ code: 'custom', path: [at], message })
    if (where === 'query' && scheme !== undefined) report('scheme', 'a scheme stands in a header field; leave it out')
    const named = where === 'header' ? upstreamFieldSchema.safeParse(name) : undefined
    for (const { message } of named?.error?.issues ?? []) report('name', message)
  })
  .meta({ description: 'A key in a field or the query.' })

export function createKey({ in: where, name, value, scheme }: z.output<typeof keySchema>): UpstreamCredential {
  if (where === 'header') {
    const text = scheme === undefined ? value.reveal() : `${scheme} ${value.reveal()}`
    return { apply: ({ request }) => setSecretField(request.headers, name, text) }
  }
  // A client's own parameter of this name would make two keys, and the upstream reads one of them.
  const place = createCredentialPlace({ in: 'query', name })
  const pair = `${encodeURIComponent(name)}=${encodeURIComponent(value.reveal())}`
  return {
    apply({ request }) {
      place.remove(request)
      request.search = request.search.length > 1 ? `${request.search}&${pair}` : `?${pair}`
    },
  }
}
