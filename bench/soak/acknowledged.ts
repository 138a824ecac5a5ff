// Owns what was answered as done while processes were killed, and the look at a store: is all of it there, once, and whole?
import { type Client, ClientProblem } from '@gatewright/client'
import type { Moment, Store } from '@gatewright/control-plane'
import { verifyAudit } from '../../packages/control-plane/src/audit/audit-log.ts'
import { listDeploymentVersions } from '../../packages/control-plane/src/deployments/deployment-store.ts'
import { findResource } from '../../packages/control-plane/src/resources/resource-store.ts'
import { listRevisions } from '../../packages/control-plane/src/revisions/revision-store.ts'

const API = { team: 'main', id: 'orders' }
const ENVIRONMENT = 'prod'
export const PATH = '/orders'

export class Acknowledged {
  /** Version → revision, as it was answered. */
  readonly #answered = new Map<number, number>()
  /** Asked for, and the connection broke: nobody knows what became of it. */
  broken = 0
  /** What was answered with a problem. */
  readonly refused: string[] = []

  get count(): number {
    return this.#answered.size
  }

  async prepare(client: Client): Promise<void> {
    await client.ask('putEnvironment', { params: { id: ENVIRONMENT }, body: {} })
  }

  /** Answers false where the connection broke. */
  async publish(client: Client, says: string): Promise<boolean> {
    const policies = [{ policy: 'respond', options: { body: says } }]
    try {
      await client.ask('putApi', { params: API, body: { basePath: PATH, policies } })
      const { body } = await client.ask('publish', { params: { ...API, environment: ENVIRONMENT }, body: {} })
      this.#answered.set(body.version, body.releases[0]?.revision ?? 0)
      return true
    } catch (error) {
      if (error instanceof ClientProblem) this.refused.push(error.message)
      else if (!isNobodyThere(error)) this.broken++
      return error instanceof ClientProblem
    }
  }

  /** In one moment of the store. */
  async look(store: Store): Promise<Look> {
    const answered = [...this.#answered]
    return await store.read((db) => look(db, answered))
  }
}

function isNobodyThere(error: unknown): boolean {
  const { cause } = error as { readonly cause?: { readonly code?: string } }
  return cause?.code === 'ECONNREFUSED'
}

export interface Look {
  readonly lost: number
  /** What is there by halves. */
  readonly halves: readonly string[]
  readonly versions: number
  /** What is live says this. */
  readonly says: string | undefined
}

async function look(db: Moment, answered: readonly (readonly [version: number, revision: number])[]): Promise<Look> {
  const api = await findResource(db, { kind: 'api', ...API })
  const environment = await findResource(db, { kind: 'environment', team: '*', id: ENVIRONMENT })
  if (api === undefined || environment === undefined) {
    return { lost: answered.length, halves: [], versions: 0, says: undefined }
  }
  const limit = 1_000_000
  const versions = await listDeploymentVersions(db, { api: api.uid, environment: environment.uid }, { limit })
  const revisions = new Map((await listRevisions(db, api.uid, { limit })).map((each) => [each.number, each.body]))
  const live = new Map(versions.map(({ version, releases }) => [version, releases[0]?.revision ?? 0]))
  const audit = await verifyAudit(db)
  const told = await db
    .selectFrom('audit')
    .select('number')
    .where('action', '=', 'publish')
    .where('target', '=', api.uid)
    .execute()
  const halves = [
    ...(versions.every(({ version }, index) => version === versions.length - index) ? [] : ['versions have a gap']),
    ...[...live].flatMap(([version, number]) => (revisions.has(number) ? [] : [`version ${version} has no revision`])),
    ...(told.length === versions.length ? [] : [`${versions.length} versions, of which the log tells ${told.length}`]),
    ...(audit.kind === 'whole' ? [] : [`the log is broken at ${audit.number}`]),
  ]
  const body = revisions.get(live.get(versions.length) ?? 0) as { policies?: { options?: { body?: string } }[] }
  return {
    lost: answered.filter(([version, revision]) => live.get(version) !== revision).length,
    halves,
    versions: versions.length,
    says: body?.policies?.[0]?.options?.body,
  }
}
