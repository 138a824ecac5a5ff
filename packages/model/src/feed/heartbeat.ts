/** Owns what nodes say of themselves: what they run, and why not what they were told to. */
import { z } from 'zod'
import { usageSchema } from './usage.ts'

/** As messages name it, and metrics. */
export const nodeNameSchema = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$/)

export const heartbeatSchema = z.object({
  node: nodeNameSchema,
  /** Of the program. */
  version: z.string().max(100),
  /** Of what was fetched last, whether it runs or not. */
  configuration: z.object({
    /** Uid of the store whose number it is; earlier versions do not say it. */
    store: z.string().max(100).exactOptional(),
    sequence: z.int(),
    hash: z.string().max(100),
    fault: z.string().max(10_000).optional(),
  }),
  credentials: z.object({ sequence: z.int() }),
  /** What runs. */
  snapshot: z.object({ version: z.int(), hash: z.string().max(100) }),
  threads: z.array(z.object({ index: z.int(), version: z.int(), hash: z.string().max(100) })).max(256),
  /** Earlier versions say none. */
  usage: usageSchema.exactOptional(),
})

export type Heartbeat = z.output<typeof heartbeatSchema>

/** @throws SyntaxError, ZodError: it is none */
export function parseHeartbeat(text: string): Heartbeat {
  return heartbeatSchema.parse(JSON.parse(text))
}
