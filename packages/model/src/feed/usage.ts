/** Owns what a node says it has done and uses. All that counts only goes up since the process began: what one heartbeat lost, the next one says. */
import { z } from 'zod'

/** Of 1xx, 2xx, 3xx, 4xx and 5xx. */
const classesSchema = z.array(z.number().nonnegative()).length(5)

/** So many APIs are told by name, those with the most requests; of all others the sum. */
export const MOST_USED_APIS = 20

export const usageSchema = z.object({
  /** Milliseconds since the epoch: when the process began. Another one counts anew. */
  sinceMs: z.number(),
  /** Answers of APIs, by class of status. */
  requests: classesSchema,
  /** Of what reached no API. */
  refusals: classesSchema,
  /** Of bodies. */
  bytesIn: z.number(),
  bytesOut: z.number(),
  apis: z.array(z.object({ api: z.string().max(300), requests: classesSchema })).max(MOST_USED_APIS),
  others: classesSchema,
  /** Now. */
  inFlight: z.number(),
  connections: z.number(),
  memoryBytes: z.number(),
  /** Of the process, user and system. */
  cpuMs: z.number(),
  /** Of each data thread, since it began. */
  loops: z.array(z.object({ activeMs: z.number(), idleMs: z.number() })).max(256),
})

export type Usage = z.output<typeof usageSchema>
