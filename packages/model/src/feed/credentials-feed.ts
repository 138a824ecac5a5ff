/**
 * Owns what a control plane tells gateways of apps and keys, line by line: all of them, or what changed since a number that they
 * know. On one machine the lines go from thread to thread, between machines each is a line of JSON.
 *
 * ```
 * whole ─▶ apps ─▶ apps ─▶ … ─▶ end      what was known before counts until the end
 * since ─▶ changes ─▶ …      ─▶ end      each line counts at once
 * ```
 */
import { z } from 'zod'
import type { App, Key } from '../gateway-model.ts'

const choice = { plan: z.string().exactOptional(), plans: z.record(z.string(), z.string()).exactOptional() }
const keySchema = z.object({
  hash: z.string(),
  app: z.string(),
  ...choice,
  notBefore: z.number().exactOptional(),
  expires: z.number().exactOptional(),
  enabled: z.boolean().exactOptional(),
})
const appShape = {
  id: z.string(),
  title: z.string().exactOptional(),
  description: z.string().exactOptional(),
  enabled: z.boolean().exactOptional(),
  ...choice,
}
const sequence = z.int().nonnegative()

const headShape = { store: z.string(), sequence, pepper: z.string().exactOptional() }

const lineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('whole'), ...headShape }),
  z.object({ kind: z.literal('since'), ...headShape }),
  z.object({ kind: z.literal('apps'), apps: z.array(z.object({ ...appShape, keys: z.array(keySchema) })) }),
  z.object({
    kind: z.literal('changes'),
    changes: z.array(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('put'), key: keySchema }),
        z.object({ kind: z.literal('remove'), hash: z.string() }),
        z.object({ kind: z.literal('put-app'), app: z.object(appShape) }),
      ]),
    ),
  }),
  z.object({ kind: z.literal('end'), sequence }),
])

export type CredentialsChange =
  /** A new key, or all of what a known one is now. */
  | { readonly kind: 'put'; readonly key: Key }
  | { readonly kind: 'remove'; readonly hash: string }
  /** The same of an app; its keys are told on their own. */
  | { readonly kind: 'put-app'; readonly app: Omit<App, 'keys'> }

/**
 * `store`: uid of the store, whose numbers they are. `sequence`: of the newest change that is told when the end has come. `pepper`: what tells
 * the pepper from others that hashes of weak keys were made with.
 */
export type CredentialsLine =
  | {
      readonly kind: 'whole' | 'since'
      readonly store: string
      readonly sequence: number
      readonly pepper?: string
    }
  | { readonly kind: 'apps'; readonly apps: readonly App[] }
  | { readonly kind: 'changes'; readonly changes: readonly CredentialsChange[] }
  | { readonly kind: 'end'; readonly sequence: number }

/** @throws SyntaxError, ZodError: it is none */
export function parseCredentialsLine(text: string): CredentialsLine {
  return lineSchema.parse(JSON.parse(text)) as CredentialsLine
}
