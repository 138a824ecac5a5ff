/** Owns what most tests begin with: an upstream, a gateway before it, and all of it gone when the suite is over. */
import { after, before } from 'node:test'
import { type GatewayOptions, type RunningGateway, startGateway } from './gateway.ts'
import { listenAsWitness, type RawUpstream } from './raw-upstream.ts'

interface Part {
  close(): unknown
}

type Configured = string | GatewayOptions
type Configure = (url: string) => Configured | Promise<Configured>

class GatewayStage {
  readonly #parts: Part[] = []
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

  /** Gives back what else the tests need, and closes it at the end: after the gateway, the newest first. */
  also<Other extends Part>(part: Other): Other {
    this.#parts.push(part)
    return part
  }

  async begin(listen: () => Promise<RawUpstream>, configure: Configure): Promise<void> {
    this.#upstream = this.also(await listen())
    const configured = await configure(this.#upstream.url)
    this.#gateway = await startGateway(typeof configured === 'string' ? { yaml: configured } : configured)
  }

  /** Also after a beginning that failed half way. */
  async end(): Promise<void> {
    await this.#gateway?.stop()
    for (const part of this.#parts.reverse()) await part.close()
  }
}

/**
 * For the tests of the suite around: `configure` gets the upstream's URL, and begins what else there is; an upstream is a witness unless
 * it is given.
 */
export function stageGateway(configure: Configure, listen: () => Promise<RawUpstream> = listenAsWitness): GatewayStage {
  const stage = new GatewayStage()
  before(() => stage.begin(listen, configure))
  after(() => stage.end())
  return stage
}
