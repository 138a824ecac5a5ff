/** Owns how a file describes who calls: apps, the hashes of their keys, and their users. */
import { z } from 'zod'
import { findKeyHashFault, findKeyValueFault } from '../credentials/key-hash.ts'
import { findPasswordHashFault } from '../credentials/password-hash.ts'
import { findUserNameFault } from '../credentials/user-name.ts'
import type { Path } from '../finding.ts'
import { describedShape, idSchema } from './described.ts'

/** When a credential counts, and for which plan: the same for keys and users. */
const validityShape = {
  plan: z
    .string()
    .min(1)
    .exactOptional()
    .meta({ description: "The id of a plan, instead of the app's, for all APIs." }),
  notBefore: z.iso
    .datetime({ offset: true, error: 'A time is written as 2026-01-31T00:00:00Z.' })
    .exactOptional()
    .meta({ description: 'From when it is valid.' }),
  expires: z.iso
    .datetime({ offset: true, error: 'A time is written as 2026-01-31T00:00:00Z.' })
    .exactOptional()
    .meta({ description: 'Until when it is valid.' }),
  enabled: z.boolean().exactOptional().meta({ description: 'False: it is refused.' }),
}

const keySchema = z
  .strictObject({
    hash: z.string().superRefine(refuse(findKeyHashFault)).exactOptional().meta({
      description:
        '`sha256:` and the SHA-256 of the key in lower-case hex; `sha384:` and `sha512:` likewise. Never the key itself.',
    }),
    value: z.string().superRefine(refuse(findKeyValueFault)).exactOptional().meta({
      description:
        'Instead of `hash`: the key itself, as `${env:NAME}` or `${file:path}`. Only its hash is kept; a slow one where it could be guessed.',
    }),
    ...validityShape,
  })
  .superRefine(({ hash, value }, context) => {
    // A member that is misspelt is what is wrong, and not what it leaves out.
    if ((hash === undefined) !== (value === undefined) || context.issues.length > 0) return
    const message = 'A key has a `hash`, or a `value` from the environment or a file: exactly one of them.'
    context.addIssue({ code: 'custom', message })
  })

const userSchema = z.strictObject({
  name: z
    .string()
    .superRefine(refuse(findUserNameFault))
    .meta({ description: 'What the user writes, letter by letter; no other app has a user of this name.' }),
  passwordHash: z.string().superRefine(refuse(findPasswordHashFault)).meta({
    description: 'The salted hash of the password, of argon2id, argon2i or bcrypt. Never the password itself.',
  }),
  ...validityShape,
})

export const appSchema = z
  .strictObject({
    id: idSchema,
    ...describedShape,
    plan: z.string().min(1).exactOptional().meta({ description: 'The id of a plan.' }),
    plans: z.record(z.string(), z.string().min(1)).exactOptional().meta({
      description:
        'Other plans for some APIs, by the id of the API: `{ billing: free }`. For all others, `plan` counts.',
    }),
    overrides: z
      .record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())))
      .exactOptional()
      .meta({
        description:
          "Other options for a plan's policies, by the id of the plan, then by the `id` of the use or the name of its policy: `{ gold: { rate-limit: { limit: 5000 } } }`. What they leave out stays as the plan says it; `null` takes an option away. What these policies count, they count for this app alone.",
      }),
    keys: z
      .array(keySchema)
      .default([])
      .meta({ description: 'What it authenticates with; two, to change one at leisure.' }),
    users: z
      .array(userSchema)
      .default([])
      .meta({ description: 'Who calls with a name and a password, on behalf of this app.' }),
  })
  .meta({ id: 'App' })

/** Not by regex or a bound: their messages show the value, which is the credential itself where somebody forgot to hash it. */
function refuse(findFault: (text: string) => string | undefined) {
  return (text: string, context: z.RefinementCtx): void => {
    const message = findFault(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  }
}

/** Is it `apps[].keys` or `apps[].users`, or below? Whoever puts a plain key or password there must not find it in a log. */
export function isOfCredentials([list, , member]: Path): boolean {
  return list === 'apps' && (member === 'keys' || member === 'users')
}

/** How a key or a user is written, for what stands in the place of one, or of the list of them. */
export function adviseOnCredentials(path: Path): string | undefined {
  if (!isOfCredentials(path) || path.length > 4) return undefined
  if (path[2] === 'users') {
    const entry = '{ name: ann, passwordHash: "$argon2id$…" }'
    return `Write \`${path.length === 3 ? `[${entry}]` : entry}\` with the hash that \`gatewright key password\` prints, never the password itself.`
  }
  const entry = '{ hash: "sha256:…" }'
  return `Write \`${path.length === 3 ? `[${entry}]` : entry}\` with the hash of the key, never the key itself (docs/how-to/hash-a-key.md).`
}
