/** Owns how a file describes the sockets that clients connect to, and their limits. */
import { z } from 'zod'
import { describedShape, idSchema } from './described.ts'
import { hstsSchema, http2Schema, listenerTlsSchema, redirectSchema } from './tls.ts'

const KIB = 1024
const SECOND_MS = 1000

/** A size or a count that may be switched off by 0. */
const orOff = z.int().min(0)

const limitsSchema = z
  .strictObject({
    requestLineBytes: z
      .int()
      .min(64)
      .max(1024 * KIB)
      .default(16 * KIB)
      .meta({ description: 'Longest request line; 414 beyond. 16 KiB: what browsers and Node send at most.' }),
    headerBytes: z
      .int()
      .min(256)
      .max(1024 * KIB)
      .default(64 * KIB)
      .meta({ description: 'Longest header block; 431 beyond. 64 KiB: room for four full cookie jars.' }),
    headerFields: z
      .int()
      .min(1)
      .max(10_000)
      .default(256)
      .meta({ description: 'Most header fields; 431 beyond. Browsers send 20, chains of proxies 60.' }),
    bodyBytes: z
      .int()
      .min(0)
      .default(2 * 1024 * 1024 * KIB)
      .meta({
        description: 'Largest request body; 413 beyond. 2 GiB: bodies are streamed, so memory is not at stake.',
      }),
    headTimeoutMs: z
      .int()
      .min(1)
      .default(10 * SECOND_MS)
      .meta({ description: 'From the first byte of a request to the end of its head; 408 beyond. 10 s.' }),
    handshakeTimeoutMs: z
      .int()
      .min(1)
      .default(10 * SECOND_MS)
      .meta({ description: 'From the connection to the end of the TLS handshake. 10 s.' }),
    bodyMinBytesPerSecond: orOff.default(240).meta({
      description: 'Slowest acceptable body, measured only while it is read; 0 is off. 240: below any real line.',
    }),
    keepAliveMs: z
      .int()
      .min(0)
      .default(75 * SECOND_MS)
      .meta({
        description: 'How long an idle connection is kept. 75 s: longer than the 60 s of cloud load balancers.',
      }),
    requestsPerConnection: orOff
      .default(0)
      .meta({ description: 'Requests on one connection before it is closed; 0 is without limit.' }),
    connectionsPerAddress: orOff.default(0).meta({
      description: 'Connections of one client address; 0 is off, since offices share one. Trusted proxies are exempt.',
    }),
    connections: orOff.default(50_000).meta({
      description:
        'Connections in all, per process; 0 is without limit. 50 000 idle ones take about 1.5 GB, over TLS 2.5 GB.',
    }),
    tunnelIdleMs: z
      .int()
      .min(1)
      .default(3600 * SECOND_MS)
      .meta({ description: 'Idle time of WebSockets and event streams. 1 h.' }),
    tunnelMaxAgeMs: orOff.default(0).meta({
      description: 'How long a WebSocket may live, however busy it is; 0 is without limit. Its client connects again.',
    }),
  })
  .prefault({})
  .meta({ description: 'Sizes in bytes, times in milliseconds.' })

export const listenerSchema = z
  .strictObject({
    id: idSchema,
    ...describedShape,
    host: z.string().min(1).default('0.0.0.0').meta({
      description:
        'Address to listen on. 0.0.0.0: every IPv4 address, which works also where IPv6 is switched off; "::" takes both.',
    }),
    port: z.int().min(1).max(65_535).meta({ description: 'TCP port.' }),
    trustedProxies: z.array(z.string().min(1)).default([]).meta({
      description:
        'Addresses and CIDR ranges whose forwarding fields are believed. Nobody by default, not even loopback.',
    }),
    proxyProtocol: z
      .boolean()
      .default(false)
      .meta({ description: 'PROXY protocol v1 or v2 is required from trusted proxies, and refused from others.' }),
    tls: listenerTlsSchema.exactOptional(),
    http2: http2Schema,
    redirectToHttps: redirectSchema.exactOptional(),
    hsts: hstsSchema.exactOptional(),
    limits: limitsSchema,
  })
  .meta({ id: 'Listener' })
