// Owns the process of the load: it is apart, so that nobody's waiting here counts as the gateway's.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { LoadTold } from './load-tally.ts'

export interface LoadWanted {
  ports: number[]
  /** To each port. */
  connections: number
  /** Between an answer and the next question. */
  pauseMs: number
  /** `/api-0` and so on. */
  changing: number
}

export class SteadyLoad {
  readonly upstreamPort: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, upstreamPort: number) {
    this.#child = child
    this.upstreamPort = upstreamPort
  }

  static async start(): Promise<SteadyLoad> {
    const child = fork(join(import.meta.dirname, 'servers', 'load.ts'))
    process.on('exit', () => child.kill('SIGKILL'))
    const [{ upstreamPort }] = (await once(child, 'message')) as [{ upstreamPort: number }]
    return new SteadyLoad(child, upstreamPort)
  }

  begin(wanted: LoadWanted): void {
    this.#child.send(wanted)
  }

  /** Since it was asked last. */
  async tell(): Promise<LoadTold> {
    const told = once(this.#child, 'message')
    this.#child.send('say')
    return ((await told) as [LoadTold])[0]
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
