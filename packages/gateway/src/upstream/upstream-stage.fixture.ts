/** Owns what tests of the upstream's parts begin with: an upstream of one target on the loopback, new for each test and at rest after it. */
import { afterEach, beforeEach } from 'node:test'
import type { TestRequest } from '@gatewright/policies/testing'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { assertAtRest, LoopbackTarget, type Reply, sayResponse, TestExchange, toUpstream } from './loopback.fixture.ts'
import { UpstreamRuntime } from './upstream-runtime.ts'

class UpstreamStage {
  #target: LoopbackTarget | undefined
  #upstream: UpstreamRuntime | undefined
  #aheadMs = 0
  #wheel = new DeadlineWheel()

  get target(): LoopbackTarget {
    if (this.#target === undefined) throw new Error('a target listens while a test runs')
    return this.#target
  }

  get upstream(): UpstreamRuntime {
    if (this.#upstream === undefined) throw new Error('`use` makes an upstream')
    return this.#upstream
  }

  set upstream(upstream: UpstreamRuntime) {
    this.#upstream = upstream
  }

  /** At another address than any before. */
  async listen(): Promise<void> {
    this.#target = await LoopbackTarget.listen()
  }

  async end(): Promise<void> {
    this.upstream.retire()
    await this.target.close()
    await assertAtRest(this.upstream)
  }

  /** Makes the upstream of the one target, which replies so. */
  readonly use = (reply: Reply, given: object = {}): void => {
    this.target.reply = reply
    this.#aheadMs = 0
    this.#wheel = new DeadlineWheel(() => performance.now() + this.#aheadMs)
    this.upstream = new UpstreamRuntime(toUpstream({ targets: [this.target.url], ...given }), this.#wheel)
  }

  /** Moves the clock of deadlines, and not that of the world, for so long or until it is enough: what begins afterwards is not late already. */
  readonly passSeconds = (seconds: number, isEnough = () => false): void => {
    for (let passed = 0; passed < seconds && !isEnough(); passed++) {
      this.#aheadMs += 1000
      this.#wheel.advance()
    }
    this.#aheadMs = 0
  }

  readonly forward = async (exchange: TestExchange): Promise<string> =>
    sayResponse(await this.upstream.forward(exchange))

  readonly send = (request: TestRequest = {}): Promise<string> => this.forward(new TestExchange(request))
}

/** For the tests of one file. */
export function stageUpstream(): UpstreamStage {
  const stage = new UpstreamStage()
  beforeEach(() => stage.listen())
  afterEach(() => stage.end())
  return stage
}
