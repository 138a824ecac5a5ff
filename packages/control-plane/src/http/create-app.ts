/**
 * Owns serving the admin API: each route behind the same steps.
 *
 *     who asks ─▶ may they ─▶ what do they ask ─▶ one moment of the store: may they still, the route, the audit log ─▶ answer
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { servePages } from '../pages/serve-pages.ts'
import { AdminProblem } from './admin-problem.ts'
import {
  type AppSettings,
  assertAddress,
  MOST_CONNECTIONS,
  STRANGERS_BODY_BYTES,
  toServerOptions,
} from './app-settings.ts'
import { DOCUMENT_PATH, serveOpenApi } from './openapi-document.ts'
import { toEntityTag } from './read-conditions.ts'
import { type Answer, API_PREFIX, LINES_TYPE, type Route } from './route.ts'
import { RouteRunner } from './run-route.ts'
import type { Services } from './services.ts'
import { toAdminProblem } from './to-admin-problem.ts'

export function createApp(services: Services, routes: readonly Route[], settings: AppSettings = {}): FastifyInstance {
  const app = Fastify({
    ...toServerOptions(settings),
    // Of an address that it cannot read the server asks nobody below.
    async frameworkErrors(fault, request, reply) {
      let said: unknown = fault
      try {
        admit(settings, request, reply)
      } catch (refusal) {
        said = refusal
      }
      await answerFault(services, { fault: said, request, reply })
    },
  }) as unknown as FastifyInstance
  app.server.maxConnections = MOST_CONNECTIONS
  const runner = new RouteRunner(services, routes)
  // What is parsed is parsed by the route's own schemas.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_, text, done) => done(null, text))
  app.addHook('onRequest', async (request, reply) => admit(settings, request, reply))
  app.setErrorHandler((fault, request, reply) => answerFault(services, { fault, request, reply }))
  app.setNotFoundHandler(() => {
    throw new AdminProblem(
      'not-found',
      `Nothing is here: the API stands below ${API_PREFIX}, and ${DOCUMENT_PATH} says what it has.`,
    )
  })
  for (const route of routes) serve(app, runner, route)
  serveOpenApi(app, routes)
  servePages(app)
  return app
}

const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Before anything is looked at. @throws AdminProblem */
function admit(settings: AppSettings, request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers(SAFE_HEADERS).header('x-request-id', request.id)
  assertAddress(settings, request)
}

function serve(app: FastifyInstance, runner: RouteRunner, route: Route): void {
  app.route({
    method: route.method,
    ...(route.access.kind === 'anybody' && { bodyLimit: STRANGERS_BODY_BYTES }),
    url: API_PREFIX + route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    // Before a body is read: strangers send none.
    onRequest: async (request) => runner.assertKnown(route, request),
    handler: async (request, reply) => {
      return send(reply, route, await runner.run(route, request))
    },
  })
}

function send(
  reply: FastifyReply,
  route: Route,
  { body, status, version, text, headers = {} }: Answer<unknown>,
): FastifyReply {
  if (version !== undefined) void reply.header('etag', toEntityTag(version))
  for (const [name, value] of Object.entries(headers)) void reply.header(name, value)
  const code = status ?? route.status ?? (body === undefined ? 204 : 200)
  if (body === undefined) return reply.code(code).send()
  if (route.isLines === true) {
    const lines = toLines(body as readonly unknown[])
    return reply.code(code).type(LINES_TYPE).send(lines)
  }
  // RFC 9512 §2.1.
  if (text !== undefined) return reply.code(code).type('application/yaml').send(Buffer.from(text))
  return reply.code(code).type('application/json').send(toBytes(body))
}

/** https://github.com/ndjson/ndjson-spec: a line feed after each, the last too. */
function toLines(items: readonly unknown[]): Buffer {
  return Buffer.from(items.map((item) => `${JSON.stringify(item)}\n`).join(''))
}

/** As bytes: to a text the server would add a charset, which JSON has not (RFC 8259 §11). */
function toBytes(body: unknown): Buffer {
  return Buffer.from(JSON.stringify(body))
}

interface Failing {
  readonly fault: unknown
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

async function answerFault({ log }: Services, { fault, request, reply }: Failing): Promise<FastifyReply> {
  const problem = toAdminProblem(fault) ?? ofServer(fault)
  if (problem === undefined) {
    const said = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
    log.error('the admin API made a mistake; please report it', { request: request.id, error: said })
  }
  const shown =
    problem ?? new AdminProblem('unexpected', 'Please report it, with the line of the log that has this request id.')
  for (const [name, value] of Object.entries(shown.headers)) void reply.header(name, value)
  return await reply
    .code(shown.status)
    .type('application/problem+json')
    .send(toBytes(shown.toBody(request.id)))
}

/** What the server itself refuses. */
function ofServer(fault: unknown): AdminProblem | undefined {
  const { statusCode, message } = fault as { statusCode?: unknown; message?: unknown }
  if (statusCode === 413) return new AdminProblem('body-too-large', 'A body may have 8 MiB, and before a login 64 KiB.')
  if (statusCode === 415) return new AdminProblem('media-type-unknown', 'Say Content-Type: application/json.')
  if (statusCode === 400 || statusCode === 414) return new AdminProblem('request-invalid', String(message))
  return undefined
}
