/**
 * Owns what a control plane tells nodes of what they are to run: small files and the documents that they name, all of them or those that
 * became different, and one hash over all that results. Who does not come to the same hash has not got it, and asks for all.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'

/** A file, or a document: their names tell them apart. */
export interface FeedItem {
  readonly name: string
  readonly text: string
}

const answerSchema = z.object({
  format: z.literal(1),
  /** Uid of the store. */
  store: z.string(),
  /** Of the newest change of the store that it holds. */
  sequence: z.int().nonnegative(),
  kind: z.enum(['whole', 'changes']),
  /** Over all that results. */
  hash: z.string(),
  items: z.array(z.object({ name: z.string(), text: z.string() })),
  /** Names of those that are no more; nothing where it is whole. */
  gone: z.array(z.string()),
})

export type ConfigurationAnswer = z.output<typeof answerSchema>

/** @throws SyntaxError, ZodError: it is none */
export function parseConfigurationAnswer(text: string): ConfigurationAnswer {
  return answerSchema.parse(JSON.parse(text))
}

/** The same for the same files, whoever has them. `hashes`: name → SHA-256 of the text. */
export function toStateHash(hashes: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256')
  for (const name of [...hashes.keys()].sort()) hash.update(`${name} ${hashes.get(name)}\n`)
  return hash.digest('hex')
}

/** Files are what gateways read; everything else is a document that a file names, or its secrets. */
export function isFeedFile(name: string): boolean {
  return name.endsWith('.json')
}

const SECRETS = '.secrets'

/** Of a file: what `${secret:NAME}` stands for in it, as a JSON object. Kept sealed, and never with the rest. */
export function toSecretsName(file: string): string {
  return file.replace(/\.json$/, SECRETS)
}

export function isFeedSecrets(name: string): boolean {
  return name.endsWith(SECRETS)
}
