/** Owns the admin API's route of nodes: who is there, what each runs, and what it has done and uses. */
import { usageSchema } from '@gatewright/model'
import { z } from 'zod'
import { nodeSchema } from '../deployments/deployment-answer.ts'
import { defineReading } from '../http/route.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { NO_TEAM } from '../resources/kind.ts'
import type { HeardNode } from './node-registry.ts'

const { shape } = usageSchema
const classes = z.array(z.number()).meta({ description: 'Of 1xx, 2xx, 3xx, 4xx and 5xx.' })

const presentedUsageSchema = z
  .strictObject({
    since: timeSchema.meta({ description: 'When the process began. What counts has only gone up since.' }),
    requests: classes,
    refusals: classes.meta({ description: 'Of what reached no API.' }),
    bytesIn: shape.bytesIn,
    bytesOut: shape.bytesOut,
    apis: z
      .array(z.strictObject({ api: z.string(), requests: classes }))
      .meta({ description: 'Those with the most requests.' }),
    others: classes.meta({ description: 'Of all other APIs together.' }),
    inFlight: shape.inFlight,
    connections: shape.connections,
    memoryBytes: shape.memoryBytes,
    cpuMs: shape.cpuMs,
    loops: z
      .array(z.strictObject({ activeMs: z.number(), idleMs: z.number() }))
      .meta({ description: 'Of the event loop of each data thread.' }),
  })
  .meta({ description: 'What it has done and uses. Absent where the node is of an earlier version.' })

const listedNodeSchema = nodeSchema.extend({
  version: z.string().meta({ description: 'Of the program.' }),
  heardAt: timeSchema.meta({ description: 'When this control plane heard of it last.' }),
  configuration: z.strictObject({ sequence: z.int(), hash: z.string() }),
  credentials: z.strictObject({ sequence: z.int() }),
  usage: presentedUsageSchema.exactOptional(),
})

function present({ outcome, heartbeat, atMs }: HeardNode): z.input<typeof listedNodeSchema> {
  const { version, configuration, credentials, usage } = heartbeat
  return {
    ...outcome,
    version,
    heardAt: toTime(atMs),
    configuration: { sequence: configuration.sequence, hash: configuration.hash },
    credentials,
    ...(usage !== undefined && { usage: presentUsage(usage) }),
  }
}

function presentUsage({ sinceMs, ...usage }: z.output<typeof usageSchema>): z.input<typeof presentedUsageSchema> {
  return { since: toTime(sinceMs), ...usage }
}

export const NODE_ROUTES = [
  defineReading({
    name: 'listNodes',
    path: '/nodes',
    summary: 'Nodes that were heard from in the last minutes, by any control plane: what each runs, and its use.',
    tag: 'node group',
    access: { kind: 'demand', toDemand: () => ({ permission: 'node:read', team: NO_TEAM }) },
    answer: z.strictObject({ items: z.array(listedNodeSchema) }),
    async read({ services }) {
      return { body: { items: services.nodes.listHeard().map(present) } }
    },
  }),
]
