/**
 * Owns a steady load as clients of a load balancer make it: connections that are kept, to those nodes that say they are ready, each with one
 * question after the other. Nothing is asked twice: what was not answered as it should be has failed.
 */
import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Balanced {
  readonly port: number
  /** Its `/readyz` is asked, as balancers do. */
  readonly adminPort: number
}

export interface Question {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

const CONNECTIONS = 6
const PAUSE_MS = 20
const LOOK_MS = 50
const PATIENCE_MS = 10_000

export class BalancedLoad {
  /** The first few. */
  readonly why: string[] = []
  answers = 0
  failed = 0
  readonly #nodes: readonly Balanced[]
  readonly #questions: readonly Question[]
  #ready: readonly Balanced[] = []
  #isEnded = false
  #work: Promise<unknown> = Promise.resolve()

  /** `questions`: asked in turns; each is to be answered with 200. */
  constructor(nodes: readonly Balanced[], questions: readonly Question[]) {
    this.#nodes = nodes
    this.#questions = questions
  }

  async begin(): Promise<void> {
    await this.#look()
    const connections = Array.from({ length: CONNECTIONS }, (_, number) => this.#ask(number))
    this.#work = Promise.all([this.#keepLooking(), ...connections])
  }

  async end(): Promise<void> {
    this.#isEnded = true
    await this.#work
  }

  async #keepLooking(): Promise<void> {
    while (!this.#isEnded) {
      await sleep(LOOK_MS)
      await this.#look()
    }
  }

  async #look(): Promise<void> {
    const looked = await Promise.all(this.#nodes.map(async (node) => ((await isReady(node)) ? [node] : [])))
    this.#ready = looked.flat()
  }

  /** One connection after the other: the next one when its node is no longer ready, or says that it closes. */
  async #ask(number: number): Promise<void> {
    for (let turn = number; !this.#isEnded; turn++) {
      const node = this.#ready[turn % Math.max(1, this.#ready.length)]
      if (node === undefined) {
        this.#fail('no node is ready')
        await sleep(LOOK_MS)
        continue
      }
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      for (let isOpen = true; isOpen && !this.#isEnded && this.#ready.includes(node); turn++) {
        isOpen = await this.#askOne({ node, agent, turn })
        await sleep(PAUSE_MS)
      }
      agent.destroy()
    }
  }

  /** Answers whether the connection stays. */
  async #askOne({ node, agent, turn }: { readonly node: Balanced; readonly agent: Agent; readonly turn: number }) {
    const { path, headers = {} } = this.#questions[turn % this.#questions.length] ?? { path: '/' }
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const request = get({ host: '127.0.0.1', port: node.port, path, agent, headers }, (answer) => {
      answer.once('error', reject)
      answer.once('end', () => {
        if (answer.statusCode === 200) this.answers++
        else this.#fail(`${node.port}${path}: ${answer.statusCode}`)
        resolve(answer.headers.connection !== 'close')
      })
      answer.resume()
    })
    request.setTimeout(PATIENCE_MS, () => request.destroy(new Error('no answer')))
    request.once('error', reject)
    try {
      return await promise
    } catch (error) {
      this.#fail(`${node.port}${path}: ${(error as Error).message}`)
      return false
    }
  }

  #fail(why: string): void {
    this.failed++
    if (this.why.length < 5) this.why.push(why)
  }
}

async function isReady({ adminPort }: Balanced): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`)
    await answer.text()
    return answer.status === 200
  } catch {
    return false
  }
}
