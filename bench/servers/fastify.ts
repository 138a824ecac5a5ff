// Owns the @fastify/http-proxy contestant: bare, or with GUARDED=1 the same guard as the other contestants.
import proxy from '@fastify/http-proxy'
import fastify, { type FastifyInstance } from 'fastify'

const WINDOW_MS = 60_000

const logger = process.env.LOG ? { level: 'info', file: process.env.LOG } : false
const app = fastify({ logger, disableRequestLogging: true, keepAliveTimeout: 3_600_000 })
if (process.env.GUARDED) guard(app, process.env.GUARDED, Number(process.env.LIMIT))
// The default pool keeps 128 connections, one request on each at a time: enough for the load's 64.
await app.register(proxy, { upstream: process.env.UPSTREAM ?? '' })
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 4096 })

function guard(app: FastifyInstance, key: string, limit: number): void {
  const apps = new Map([[key, 'acme']])
  const counters = new Map<string, { start: number; used: number }>()
  const metrics = { byStatus: new Map<number, number>(), seconds: 0 }
  app.addHook('onRequest', async (request, reply) => {
    const caller = apps.get(String(request.headers['x-api-key'] ?? ''))
    if (caller === undefined) return reply.code(401).send({ title: 'A valid key is needed' })
    const now = Date.now()
    let counter = counters.get(caller)
    if (counter === undefined || now - counter.start >= WINDOW_MS) {
      counter = { start: now, used: 0 }
      counters.set(caller, counter)
    }
    if (++counter.used > limit) return reply.code(429).send({ title: 'Too many requests' })
    reply.header(
      'RateLimit',
      `"default";r=${limit - counter.used};t=${Math.ceil((counter.start + WINDOW_MS - now) / 1000)}`,
    )
  })
  app.addHook('onResponse', async (request, reply) => {
    metrics.byStatus.set(reply.statusCode, (metrics.byStatus.get(reply.statusCode) ?? 0) + 1)
    metrics.seconds += reply.elapsedTime / 1000
    request.log.info({ method: request.method, url: request.url, status: reply.statusCode, ms: reply.elapsedTime })
  })
}
