/** Owns options that hold secrets: written as texts, kept as what prints `[redacted]`. */
import { Secret } from '@gatewright/model/runtime'
import { z } from 'zod'

/** `writeOnly` (JSON Schema 2020-12, Validation §9.4) tells whoever shows options to show no value. */
export function secretOption(description: string) {
  return z
    .string()
    .min(1)
    .transform((text) => new Secret(text))
    .meta({ description: `${description} Write it as \`\${env:NAME}\` or \`\${file:path}\`.`, writeOnly: true })
}
