// Owns seeing from outside when something is so on every thread: several connections to each gateway, each of which asks until it is.
import { Agent, get, type RequestOptions } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningGateway } from '../../e2e/harness/gateway.ts'

const CONNECTIONS = 4
const AGAIN_MS = 2
const PATIENCE_MS = 15_000

export interface Seen {
  status: number
  body: string
}

export class LiveWatch {
  readonly #gateways: readonly RunningGateway[]
  readonly #connections: { port: number; agent: Agent }[]

  /** `from`: the address of our end; loopback has many, and what counts by address begins anew with another one. */
  constructor(gateways: readonly RunningGateway[], from = '127.0.0.1') {
    this.#gateways = gateways
    this.#connections = gateways.flatMap(({ port }) =>
      Array.from({ length: CONNECTIONS }, () => ({
        port,
        agent: new Agent({ keepAlive: true, maxSockets: 1, localAddress: from }),
      })),
    )
  }

  /** Resolves with the moment when it was so for all of them. */
  async until(path: string, isSo: (seen: Seen) => boolean, headers: Record<string, string> = {}): Promise<number> {
    const deadline = performance.now() + PATIENCE_MS
    const seen = await Promise.all(
      this.#connections.map(async ({ port, agent }) => {
        for (;;) {
          const answer = await ask({ port, path, agent, headers })
          const at = performance.now()
          if (isSo(answer)) return at
          if (at > deadline) throw new Error(`waited for ${path} of ${port}: ${answer.status} ${answer.body}`)
          await sleep(AGAIN_MS)
        }
      }),
    )
    return Math.max(...seen)
  }

  /** Resolves when the threads of each gateway say that they run the same. */
  async untilEqual(): Promise<number> {
    for (;;) {
      const all = await Promise.all(this.#gateways.map((gateway) => gateway.snapshot()))
      if (all.every((facts) => facts?.threads.every(({ version }) => version === facts.version))) break
      await sleep(AGAIN_MS)
    }
    return performance.now()
  }

  close(): void {
    for (const { agent } of this.#connections) agent.destroy()
  }
}

function ask(options: RequestOptions): Promise<Seen> {
  return new Promise((resolve, reject) => {
    get({ ...options, host: '127.0.0.1' }, async (response) => {
      let body = ''
      for await (const chunk of response) body += chunk
      resolve({ status: response.statusCode ?? 0, body })
    }).on('error', reject)
  })
}
