/** Owns what people do by the admin API, done straight in the store beside the control planes that run on it: they are told of it as of each other's changes. */
import { hash } from 'node:crypto'
import { deploy } from '../../packages/control-plane/src/deployments/deployment-store.ts'
import { endKey, issueKey, keepKeys } from '../../packages/control-plane/src/keys/key-store.ts'
import { issueNodeToken } from '../../packages/control-plane/src/nodes/node-token-store.ts'
import type { Described } from '../../packages/control-plane/src/resources/resource.ts'
import { createResource } from '../../packages/control-plane/src/resources/resource-store.ts'
import { makeRevision } from '../../packages/control-plane/src/revisions/revision-store.ts'
import type { Doing } from '../../packages/control-plane/src/store/doing.ts'
import type { Store } from '../../packages/control-plane/src/store/store.ts'

export class KeptStore {
  readonly store: Store
  #environment: string | undefined

  constructor(store: Store) {
    this.store = store
  }

  /** Makes an API live in `prod`, on `/<id>`. */
  async publish(id: string, body: object): Promise<void> {
    await this.#act(async (doing) => {
      this.#environment ??= (await createResource(doing, { kind: 'environment', team: 'main', id: 'prod' }, {})).uid
      const api = await createResource(doing, { kind: 'api', team: 'main', id }, {
        basePath: `/${id}`,
        ...body,
      } as Described)
      const { revision } = await makeRevision(doing, api, '')
      const release = { revision: revision.number, share: 100 }
      await deploy(doing, { api: api.uid, environment: this.#environment }, { releases: [release], why: 'publish' })
    })
  }

  /** Answers its uid. */
  async createApp(id: string): Promise<string> {
    return (await this.#act((doing) => createResource(doing, { kind: 'app', team: 'main', id }, {}))).uid
  }

  /** `sequence`: the change of the store that it is. */
  async issueKey(app: string): Promise<{ readonly uid: string; readonly value: string; readonly sequence: number }> {
    const { key, value } = await this.#act((doing) => issueKey(doing, app))
    return { uid: key.uid, value, sequence: key.sequence }
  }

  /** So many that others have issued. */
  async bringKeys(app: string, keys: readonly string[]): Promise<void> {
    const hashes = keys.map((key) => ({ hash: hash('sha256', key), hint: '' }))
    await this.#act((doing) => keepKeys(doing, app, hashes))
  }

  async endKey(uid: string): Promise<void> {
    await this.#act((doing) => endKey(doing, uid))
  }

  /** Of a group that runs this. */
  async issueNodeToken(id: string, group: object = {}): Promise<string> {
    const { value } = await this.#act(async (doing) => {
      const made = await createResource(doing, { kind: 'node-group', team: '*', id }, group as Described)
      return await issueNodeToken(doing, { group: made.uid, name: id })
    })
    return value
  }

  async createNodeGroup(id: string, group: object): Promise<void> {
    await this.#act((doing) => createResource(doing, { kind: 'node-group', team: '*', id }, group as Described))
  }

  async close(): Promise<void> {
    await this.store.close()
  }

  #act<Result>(verb: (doing: Doing) => Promise<Result>): Promise<Result> {
    return this.store.write((change) => verb({ ...change, by: 'system', nowMs: Date.now() }))
  }
}
