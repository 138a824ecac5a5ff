/** Owns how a file describes where requests are forwarded to. */
import { z } from 'zod'
import { describedShape, idSchema } from './described.ts'
import { upstreamTlsSchema } from './tls.ts'

const KIB = 1024

/** A status, or a class such as `2xx` that stands for its hundred. */
const statusesSchema = z
  .array(
    z.union([
      z.int().min(100).max(599),
      z.string().regex(/^[1-5]xx$/, { error: 'A status is a number from 100 to 599 or a class such as "5xx".' }),
    ]),
  )
  .min(1)

export const targetSchema = z
  .union([
    z.string().min(1),
    z.strictObject({
      url: z
        .string()
        .min(1)
        .meta({ description: '`http://host:port/prefix` or `https://…`; its path stands before the forwarded one.' }),
      weight: z
        .int()
        .min(0)
        .max(65_535)
        .default(1)
        .meta({ description: 'Share among its siblings; 0 takes no new requests.' }),
    }),
  ])
  .meta({ id: 'Target', description: 'A URL, or a URL and a weight.' })

const balanceSchema = z
  .union([
    z.enum(['round-robin', 'least-requests', 'random-two']),
    z.strictObject({
      hash: z.strictObject({
        on: z.enum(['header', 'cookie', 'ip', 'path']).meta({ description: 'What picks the target.' }),
        name: z.string().min(1).exactOptional().meta({ description: 'Of the header or cookie.' }),
      }),
    }),
  ])
  .default('round-robin')
  .meta({
    description:
      'How a target is chosen. round-robin is the default: the only one whose result can be told in advance. `{ hash: { on, name } }` keeps equal requests on one target.',
  })

const timeoutsSchema = z
  .strictObject({
    connectMs: z.int().min(1).default(2000).meta({
      description: 'Until connected, TLS included. 2 s: a healthy network needs one.',
    }),
    firstByteMs: z
      .int()
      .min(1)
      .default(60_000)
      .meta({ description: 'From the end of the request to the first byte of the answer. 60 s.' }),
    idleMs: z.int().min(1).default(60_000).meta({ description: 'Between two pieces of an answer. 60 s.' }),
  })
  .prefault({})
  .meta({ description: 'In milliseconds; 504 beyond.' })

const poolSchema = z
  .strictObject({
    maxConnections: z.int().min(1).default(256).meta({
      description:
        'Per target and thread. A body that says it holds 64 KiB or less takes none before it is there; a longer one holds one for as long as it comes.',
    }),
    pipelining: z.int().min(1).max(64).default(1).meta({
      description: 'Requests in flight on one connection. Above 1 only those that are safe to replay share one.',
    }),
    streams: z.int().min(1).max(1000).default(100).meta({
      description:
        'Requests in flight on one connection of HTTP/2, or what the target allows if that is less. 100, as RFC 9113 recommends.',
    }),
    shareCallers: z.boolean().default(false).meta({
      description:
        'May requests of different callers share a pipelined connection? No: one must not wait for another. On HTTP/2 nobody waits, so it does not count there.',
    }),
    idleMs: z.int().min(0).default(4000).meta({
      description:
        "How long a connection waits unused. 4 s: below the 5 s after which many servers close; a target's `Keep-Alive: timeout` minus 1 s if less.",
    }),
    maxWaiting: z
      .int()
      .min(0)
      .default(1024)
      .meta({ description: 'Requests that wait for a connection, per target and thread; 503 beyond.' }),
  })
  .prefault({})
  .meta({ description: 'Connections to the targets, kept for the next request.' })

const passiveHealthSchema = z.strictObject({
  failures: z.int().min(1).default(5).meta({ description: 'Failures in a row before a target is left out.' }),
  statuses: statusesSchema
    .default([502, 503, 504])
    .meta({ description: 'Answers that are failures, beside broken connections and time-outs.' }),
  ejectMs: z.int().min(1).default(30_000).meta({ description: 'How long it is left out.' }),
  maxEjectedPercent: z
    .int()
    .min(0)
    .max(100)
    .default(50)
    .meta({ description: 'Never leave out more of the targets: the rest would break under the load.' }),
})

const activeHealthSchema = z.strictObject({
  path: z
    .string()
    .regex(/^\/[^\s#]*$/, { error: 'A path begins with "/" and holds no spaces.' })
    .default('/')
    .meta({ description: 'What is asked for, by GET.' }),
  intervalMs: z.int().min(100).default(5000).meta({ description: 'Between two probes of a target. 5 s.' }),
  timeoutMs: z.int().min(1).default(2000).meta({ description: 'Of one probe. 2 s.' }),
  healthyAfter: z.int().min(1).default(2).meta({ description: 'Good probes in a row before a target comes back.' }),
  unhealthyAfter: z.int().min(1).default(3).meta({ description: 'Bad probes in a row before a target is left out.' }),
  statuses: statusesSchema.default(['2xx']).meta({ description: 'Which answers are good.' }),
  headers: z.record(z.string(), z.string()).exactOptional().meta({ description: 'Sent with each probe.' }),
})

const breakerSchema = z.strictObject({
  failurePercent: z
    .int()
    .min(1)
    .max(100)
    .default(50)
    .meta({ description: 'Opens when this share of a window failed.' }),
  minRequests: z.int().min(1).default(20).meta({ description: 'Fewer in a window say nothing.' }),
  windowMs: z.int().min(100).default(10_000).meta({ description: 'Length of the window.' }),
  openMs: z.int().min(1).default(5000).meta({ description: 'How long it answers 503 before it lets one request try.' }),
})

export const upstreamSchema = z
  .strictObject({
    id: idSchema,
    ...describedShape,
    targets: z.array(targetSchema).min(1).meta({ description: 'Servers that answer alike.' }),
    protocol: z.enum(['http1', 'h2', 'h2c', 'auto']).default('http1').meta({
      description:
        'What is spoken to the targets. http1: HTTP/1.1. h2: HTTP/2 over TLS. h2c: HTTP/2 without TLS. auto: over TLS, whichever the target chooses (ALPN), HTTP/2 rather than HTTP/1.1; without TLS, HTTP/1.1. gRPC needs HTTP/2.',
    }),
    tls: upstreamTlsSchema,
    balance: balanceSchema,
    timeouts: timeoutsSchema,
    pool: poolSchema,
    health: z
      .strictObject({
        passive: passiveHealthSchema
          .exactOptional()
          .meta({ description: 'Learns from traffic. Off if absent; `{}` takes the defaults.' }),
        active: activeHealthSchema
          .exactOptional()
          .meta({ description: 'Asks the targets. Off if absent; `{}` takes the defaults.' }),
      })
      .default({})
      .meta({ description: 'Nothing is checked or left out unless asked for.' }),
    breaker: breakerSchema
      .exactOptional()
      .meta({ description: 'Answers 503 while the upstream fails. Off if absent.' }),
    hostHeader: z
      .string()
      .min(1)
      .default('upstream')
      .meta({ description: "`upstream`: the target's authority. `preserve`: what the client sent. Else: this value." }),
    via: z.boolean().default(true).meta({ description: 'Adds `Via` to forwarded requests (RFC 9110 §7.6.3).' }),
    limits: z
      .strictObject({
        headerBytes: z
          .int()
          .min(256)
          .max(1024 * KIB)
          .default(64 * KIB)
          .meta({ description: 'Longest head of an answer; 502 beyond.' }),
        headerFields: z
          .int()
          .min(1)
          .max(10_000)
          .default(256)
          .meta({ description: 'Most fields of an answer; 502 beyond.' }),
      })
      .prefault({})
      .meta({ description: 'What is accepted of an answer.' }),
  })
  .meta({ id: 'Upstream' })

export const upstreamRefSchema = z
  .string()
  .min(1)
  .meta({ description: 'The id of an upstream, or a URL such as http://127.0.0.1:9001.' })
