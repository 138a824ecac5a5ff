/** Owns how a file describes who calls: apps and the hashes of their keys. */
import { z } from 'zod'
import type { Path } from '../finding.ts'
import { describedShape, idSchema } from './described.ts'

const KEY_HASH = /^sha256:[0-9a-f]{64}$/

const keySchema = z.strictObject({
  hash: z
    .string()
    // Not by regex: the message of one shows the value, which is a bare key where somebody forgot to hash it.
    .refine((hash) => KEY_HASH.test(hash), {
      error: 'A key is written as its hash: "sha256:" and 64 lower-case hex digits (printf %s "$KEY" | sha256sum).',
    })
    .meta({ description: '`sha256:` and the SHA-256 of the key in lower-case hex. Never the key itself.' }),
  plan: z.string().min(1).exactOptional().meta({ description: "The id of a plan, instead of the app's." }),
  notBefore: z.iso
    .datetime({ offset: true, error: 'A time is written as 2026-01-31T00:00:00Z.' })
    .exactOptional()
    .meta({ description: 'From when it is valid.' }),
  expires: z.iso
    .datetime({ offset: true, error: 'A time is written as 2026-01-31T00:00:00Z.' })
    .exactOptional()
    .meta({ description: 'Until when it is valid.' }),
  enabled: z.boolean().exactOptional().meta({ description: 'False: it is refused.' }),
})

export const appSchema = z
  .strictObject({
    id: idSchema,
    ...describedShape,
    plan: z.string().min(1).exactOptional().meta({ description: 'The id of a plan.' }),
    keys: z
      .array(keySchema)
      .default([])
      .meta({ description: 'What it authenticates with; two, to change one at leisure.' }),
  })
  .meta({ id: 'App' })

/** Is it `apps[].keys`, or below? Whoever puts a plain key there must not find it in a log. */
export function isOfKeys([list, , member]: Path): boolean {
  return list === 'apps' && member === 'keys'
}

/** How a key is written, for what stands in the place of one, or of the list of them. */
export function adviseOnKeys(path: Path): string | undefined {
  if (!isOfKeys(path) || path.length > 4) return undefined
  const entry = '{ hash: "sha256:…" }'
  return `Write \`${path.length === 3 ? `[${entry}]` : entry}\` with the hash of the key, never the key itself (docs/how-to/hash-a-key.md).`
}
