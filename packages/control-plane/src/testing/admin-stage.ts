/** Owns an admin API for tests: all of it but the port, with people of whom nobody has to log in. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import type { Principal } from '../access/decide-access.ts'
import { ADMIN_ROUTES } from '../admin-routes.ts'
import { createApp } from '../http/create-app.ts'
import { toOpenApi } from '../http/openapi-document.ts'
import type { Route } from '../http/route.ts'
import type { Services } from '../http/services.ts'
import { NodeRegistry } from '../nodes/node-registry.ts'
import { IssuerKeys } from '../outgoing/issuer-keys.ts'
import { LiveCheck } from '../publish/live-check.ts'
import { PublicationReader } from '../publish/publication-reader.ts'
import { Rollout } from '../publish/rollout.ts'
import { SecretKey } from '../secrets/secret-key.ts'
import type { Store } from '../store/store.ts'
import { findAsker } from '../tokens/token-store.ts'

/** Name → what they may; `authorization: Bearer <name>` is who they are. */
export const PEOPLE: Readonly<Record<string, Principal>> = {
  owner: { actor: 'user:owner', name: 'Olga', user: 'owner', grants: [{ role: 'owner', team: '*' }] },
  editor: { actor: 'user:editor', name: 'Ed', user: 'editor', grants: [{ role: 'editor', team: 'main' }] },
  viewer: { actor: 'user:viewer', name: 'Vi', user: 'viewer', grants: [{ role: 'viewer', team: 'main' }] },
  stranger: { actor: 'user:stranger', name: 'Sam', user: 'stranger', grants: [{ role: 'owner', team: 'other' }] },
}

/** Where the pages of a stage stand. */
export const ORIGIN = 'http://localhost:9081'
const SECRET_KEY = SecretKey.open({ env: { GATEWRIGHT_SECRET_KEY: randomBytes(32).toString('base64') } })

export interface Told {
  readonly as?: string
  readonly body?: unknown
  /** Instead of `body`: sent as it stands, with the content type that `headers` say. */
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

export class AdminStage {
  readonly services: Services
  readonly #app: ReturnType<typeof createApp>
  nowMs = 1_700_000_000_000

  /** `people`: beside the usual ones. `services`: instead of the usual ones. */
  constructor(
    store: Store,
    { people = new Map(), ...services }: { readonly people?: ReadonlyMap<string, Principal> } & Partial<Services> = {},
  ) {
    this.services = {
      store,
      log: { info() {}, warn() {}, error: (message, facts) => this.mistakes.push([message, facts]) },
      rollout: new Rollout(),
      nodes: new NodeRegistry(() => this.nowMs),
      liveCheck: new LiveCheck(new PublicationReader({ nowMs: () => this.nowMs, secretKey: SECRET_KEY })),
      issuerKeys: new IssuerKeys(() => this.nowMs),
      secretKey: SECRET_KEY,
      weakKeys: undefined,
      webhooks: undefined,
      isTls: false,
      publicOrigin: () => ORIGIN,
      nowMs: () => this.nowMs,
      identify: async (_, { token }) => (token === undefined ? undefined : (people.get(token) ?? PEOPLE[token])),
      findAsker: async (db, actor) =>
        [...people.values(), ...Object.values(PEOPLE)].find((principal) => principal.actor === actor) ??
        (await findAsker(db, actor)),
      ...services,
    }
    this.#app = createApp(this.services, ADMIN_ROUTES)
  }

  /** What the log was told of mistakes of ours. */
  readonly mistakes: unknown[] = []

  /** `PUT /apis/main/orders`, as the owner if nobody is said. */
  async ask(line: string, { as = 'owner', body, text, headers = {} }: Told = {}): Promise<LightMyRequestResponse> {
    const [method, path] = line.split(' ')
    const answer = await this.#app.inject({
      method: method as 'GET',
      url: `/api/v1${path}`,
      headers: {
        ...(as !== '' && { authorization: `Bearer ${as}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
      ...(text !== undefined && { payload: text }),
    })
    assertAsSaid(line, answer)
    return answer
  }
}

/** As lines ask for them, with and without a query. */
const PATTERNS = ADMIN_ROUTES.map((route) => {
  const path = route.path.replaceAll(/\{\w+\}/g, '[^/?]+')
  return { route, pattern: new RegExp(`^${route.method} ${path}(?:\\?.*)?$`) }
})
const DOCUMENT = toOpenApi(ADMIN_ROUTES) as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>
}

/** How a change is answered that waits until others have approved it, whichever it is. */
const ASKED = ADMIN_ROUTES.find(({ name }) => name === 'getAskedChange')

/** What a route answers is what its schema, and with it the OpenAPI document and the client, says. */
function assertAsSaid(line: string, { statusCode, headers, body }: LightMyRequestResponse): void {
  const route = PATTERNS.find(({ pattern }) => pattern.test(line))?.route
  if (route === undefined || statusCode >= 300 || headers['content-type'] === 'application/yaml') return
  const answer = parse(route, body)
  const isUndone = /[?&]dryRun=true/.test(line)
  if (isUndone && route.kind === 'changing' && route.isSecret === true) return
  const isAsked = !isUndone && statusCode === 202 && route.kind === 'changing' && route.watches !== 'itself'
  const schema = (isAsked ? ASKED : route)?.answer
  assert.ok(schema !== undefined)
  const { error } = schema.safeParse(isUndone ? (answer as { readonly result?: unknown }).result : answer)
  assert.deepEqual(error?.issues ?? [], [], `${route.name} answers otherwise than its schema says: ${body}`)
  const told = Object.keys(DOCUMENT.paths[route.path]?.[route.method.toLowerCase()]?.responses ?? {})
  assert.ok(isUndone || told.includes(String(statusCode)) || told.includes('2XX'), `${route.name}: ${statusCode}`)
}

function parse({ isLines = false }: Route, body: string): unknown {
  if (isLines) return body.match(/.+/g)?.map((line) => JSON.parse(line)) ?? []
  return body === '' ? undefined : JSON.parse(body)
}
