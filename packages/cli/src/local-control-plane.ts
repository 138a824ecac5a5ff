/** Owns a control plane beside the gateway of this process: what it publishes is what the gateway is fed with. */
import {
  type ControlPlaneSettings,
  ControlPlaneThread,
  type Opened,
  type PublishedText,
  type Refused,
  type Taken,
} from '@gatewright/control-plane/thread'
import type { Feed, GatewayProcess } from '@gatewright/gateway'
import type { Log } from '@gatewright/policies'

/** As findings name what it publishes. */
const PUBLISHED = 'published.json'

export class LocalControlPlane {
  readonly #thread: ControlPlaneThread
  readonly #started = Promise.withResolvers<GatewayProcess>()
  #feed: Feed = { unknown: 'the control plane has not said it yet' }
  #isStarted = false

  constructor(settings: ControlPlaneSettings, log: Log) {
    this.#thread = new ControlPlaneThread({ settings, log, take: (publication) => this.#take(publication) })
  }

  /** For the gateway's options. */
  readonly feed = (): Feed => this.#feed

  /** Before the gateway starts: resolves when it is known what is published, or why it is not. */
  async prepare(): Promise<Refused | undefined> {
    const first = await this.#thread.first
    if (!('refused' in first)) return undefined
    this.#feed = { unknown: first.refused }
    return first
  }

  /** The gateway serves. Resolves when the port of the control plane answers, or does not. */
  async open(gateway: GatewayProcess): Promise<Opened | Refused> {
    this.#isStarted = true
    this.#started.resolve(gateway)
    return await this.#thread.opened
  }

  async close(): Promise<void> {
    await this.#thread.close()
  }

  async #take({ text, documents }: PublishedText): Promise<Taken> {
    const isFirst = !this.#isStarted
    this.#feed = { path: PUBLISHED, text, documents, isForeign: true }
    const gateway = await this.#started.promise
    // The start has read it.
    const { fault, version, hash } = isFirst
      ? gateway.configuration
      : await gateway.takeFeed('what is published has changed')
    return fault === undefined ? { version, hash } : { fault }
  }
}
