/** Owns an admin API for tests: all of it but the port, with people of whom nobody has to log in. */
import { randomBytes } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import type { Principal } from '../access/decide-access.ts'
import { ADMIN_ROUTES } from '../admin-routes.ts'
import { createApp } from '../http/create-app.ts'
import type { Services } from '../http/services.ts'
import { IssuerKeys } from '../outgoing/issuer-keys.ts'
import { LiveCheck } from '../publish/live-check.ts'
import { PublicationReader } from '../publish/publication-reader.ts'
import { Rollout } from '../publish/rollout.ts'
import { SecretKey } from '../secrets/secret-key.ts'
import type { Store } from '../store/store.ts'

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
      liveCheck: new LiveCheck(new PublicationReader({ nowMs: () => this.nowMs, secretKey: SECRET_KEY })),
      issuerKeys: new IssuerKeys(() => this.nowMs),
      secretKey: SECRET_KEY,
      webhooks: undefined,
      isTls: false,
      publicOrigin: () => ORIGIN,
      nowMs: () => this.nowMs,
      identify: async (_, { token }) => (token === undefined ? undefined : (people.get(token) ?? PEOPLE[token])),
      ...services,
    }
    this.#app = createApp(this.services, ADMIN_ROUTES)
  }

  /** What the log was told of mistakes of ours. */
  readonly mistakes: unknown[] = []

  /** `PUT /apis/main/orders`, as the owner if nobody is said. */
  async ask(line: string, { as = 'owner', body, text, headers = {} }: Told = {}): Promise<LightMyRequestResponse> {
    const [method, path] = line.split(' ')
    return await this.#app.inject({
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
  }
}
