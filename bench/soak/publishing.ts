// Owns publishing by the admin API: so many small APIs, each of which answers the number of its newest change.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@gatewright/client'

const ENVIRONMENT = 'prod'
export const CHANGING = 8

export interface Rate {
  tookMs: number[]
  /** Changes that were not answered as done. */
  failed: string[]
  perSecond: number
}

export class Publishing {
  readonly #clients: readonly Client[]
  /** By API: the one after it waits. */
  readonly #under = new Map<string, Promise<unknown>>()
  #number = 0

  /** Asked in turns. */
  constructor(clients: readonly Client[]) {
    this.#clients = clients
  }

  async prepare(upstreamPort: number): Promise<void> {
    const [client] = this.#clients
    await client?.ask('putEnvironment', { params: { id: ENVIRONMENT }, body: {} })
    await this.#put('steady', { upstream: `http://127.0.0.1:${upstreamPort}` })
    await this.#publish('steady')
    for (let index = 0; index < CHANGING; index++) await this.change()
  }

  /** Answers which path says what from now on, and how long it was from asking for it to be live until that was answered. */
  async change(): Promise<{ path: string; says: string; askedAt: number; tookMs: number }> {
    const number = ++this.#number
    const id = `api-${number % CHANGING}`
    const mine = (this.#under.get(id) ?? Promise.resolve()).then(async () => {
      await this.#put(id, { policies: [{ policy: 'respond', options: { body: `${number}` } }] }, number)
      const askedAt = performance.now()
      await this.#publish(id, number)
      return { path: `/${id}`, says: `${number}`, askedAt, tookMs: performance.now() - askedAt }
    })
    this.#under.set(
      id,
      mine.catch(() => {}),
    )
    return await mine
  }

  /** At an even rate, whatever has not been answered yet. */
  async changeOften(perSecond: number, seconds: number): Promise<Rate> {
    const rate: Rate = { tookMs: [], failed: [], perSecond: 0 }
    const all: Promise<void>[] = []
    const startedAt = performance.now()
    for (let index = 0; index < perSecond * seconds; index++) {
      const one = this.change().then(
        ({ tookMs }) => void rate.tookMs.push(tookMs),
        (fault) => void rate.failed.push(String(fault)),
      )
      all.push(one)
      await sleep(Math.max(0, startedAt + ((index + 1) * 1000) / perSecond - performance.now()))
    }
    await Promise.all(all)
    rate.perSecond = (rate.tookMs.length * 1000) / (performance.now() - startedAt)
    return rate
  }

  #toClient(number: number): Client {
    return this.#clients[number % this.#clients.length]!
  }

  async #put(id: string, body: object, number = 0): Promise<void> {
    const params = { team: 'main', id }
    await this.#toClient(number).ask('putApi', { params, body: { basePath: `/${id}`, ...body } })
  }

  async #publish(id: string, number = 0): Promise<void> {
    const { body } = await this.#toClient(number).ask('publish', {
      params: { team: 'main', id, environment: ENVIRONMENT },
      // When nodes serve it is seen from outside.
      query: { wait: 0 },
      body: {},
    })
    const lost = body.nodes.find(({ state }) => state === 'failed')
    if (lost !== undefined) throw new Error(`${lost.node} does not run it: ${lost.fault}`)
  }
}
