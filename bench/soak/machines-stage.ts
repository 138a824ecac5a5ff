// Owns several machines for a question: control planes and nodes as users start them, and the database that they have in common.
import { Client } from '@gatewright/client'
import { until } from '../../e2e/harness/deadline.ts'
import { makeFirstAccount } from '../../e2e/harness/first-account.ts'
import type { RunningGateway } from '../../e2e/harness/gateway.ts'
import { KeptStore } from '../../e2e/harness/kept-store.ts'
import { type RunningControl, removeNode, spawnNode, startControl } from '../../e2e/harness/machines.ts'
import { PostgresStore } from '../../packages/control-plane/src/store/postgres/postgres-store.ts'
import { findPostgres, PostgresServer } from '../../packages/control-plane/src/testing/postgres-server.ts'

export const NODES = 3

/** Control planes, nodes, and the database that they have in common. */
export class ManyMachines {
  readonly controls: RunningControl[] = []
  readonly nodes: RunningGateway[] = []
  readonly #server: PostgresServer
  readonly kept: KeptStore
  #database = ''
  #nodeToken = ''

  private constructor(server: PostgresServer, kept: KeptStore) {
    this.#server = server
    this.kept = kept
  }

  static async start({ controls = 2, nodes = NODES } = {}): Promise<ManyMachines> {
    const found = await findPostgres()
    if ('missing' in found) throw new Error(found.missing)
    const server = await PostgresServer.start(found.path)
    const database = await server.createDatabase()
    const kept = new KeptStore(await PostgresStore.open({ url: database, onFault: () => {} }))
    const stage = new ManyMachines(server, kept)
    stage.#database = database
    try {
      stage.#nodeToken = await kept.issueNodeToken('everything')
      for (let i = 0; i < controls; i++) stage.controls.push(await startControl(stage.#database))
      for (let i = 0; i < nodes; i++) await stage.addNode()
    } catch (error) {
      await stage.end()
      throw error
    }
    return stage
  }

  /** Resolves when it is ready. */
  async addNode(): Promise<RunningGateway> {
    const index = this.nodes.length
    const urls = this.controls.map(({ url }) => url)
    const controls = index % 2 === 0 ? urls : urls.toReversed()
    const node = await spawnNode({ controls, token: this.#nodeToken, name: `node-${index}`, threads: 2 })
    this.nodes.push(node)
    await until(async () => (await node.isReady()) || undefined, 'the node to be ready')
    return node
  }

  /** One for each control plane. */
  async toClients(): Promise<Client[]> {
    const newest = this.controls.at(-1)
    if (newest === undefined) return []
    const token = await makeFirstAccount(newest.url, newest.stderr)
    return this.controls.map(({ url }) => new Client({ url, token }))
  }

  /** At once, and started again in its place. */
  async killControl(index: number): Promise<void> {
    const control = this.controls[index]
    if (control === undefined) return
    await control.stop()
    this.controls[index] = await startControl(this.#database, { port: Number(new URL(control.url).port) })
  }

  async end(): Promise<void> {
    for (const node of this.nodes) await removeNode(node)
    for (const control of this.controls) await control.stop()
    await this.kept.close()
    await this.#server.remove()
  }
}
