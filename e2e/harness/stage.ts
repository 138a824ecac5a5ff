/** Owns what most tests begin with: an upstream, a gateway before it, and both gone when the suite is over. */
import { after, before } from 'node:test'
import { type GatewayOptions, type RunningGateway, startGateway } from './gateway.ts'
import { listenAsWitness, type RawUpstream } from './raw-upstream.ts'

class GatewayStage {
  #upstream: RawUpstream | undefined
  #gateway: RunningGateway | undefined

  get upstream(): RawUpstream {
    if (this.#upstream === undefined) throw new Error('the upstream listens while a test runs')
    return this.#upstream
  }

  get gateway(): RunningGateway {
    if (this.#gateway === undefined) throw new Error('the gateway runs while a test does')
    return this.#gateway
  }

  async begin(listen: () => Promise<RawUpstream>, configure: (url: string) => string | GatewayOptions): Promise<void> {
    this.#upstream = await listen()
    const configured = configure(this.#upstream.url)
    this.#gateway = await startGateway(typeof configured === 'string' ? { yaml: configured } : configured)
  }

  /** Also after a beginning that failed half way. */
  async end(): Promise<void> {
    await this.#gateway?.stop()
    await this.#upstream?.close()
  }
}

/** For the tests of the suite around: `configure` gets the upstream's URL; an upstream is a witness unless it is given. */
export function stageGateway(
  configure: (url: string) => string | GatewayOptions,
  listen: () => Promise<RawUpstream> = listenAsWitness,
): GatewayStage {
  const stage = new GatewayStage()
  before(() => stage.begin(listen, configure))
  after(() => stage.end())
  return stage
}
