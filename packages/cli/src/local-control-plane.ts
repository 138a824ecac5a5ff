/** Owns a control plane beside the gateway of this process: what it publishes is what the gateway is fed with. */
import { join } from 'node:path'
import {
  type ControlPlaneSettings,
  ControlPlaneThread,
  type Opened,
  type PublishedChange,
  type Refused,
  type Taken,
} from '@gatewright/control-plane/thread'
import type { Feed, GatewayProcess, MadeFile } from '@gatewright/gateway'
import type { Log } from '@gatewright/policies'

/** As findings name what it publishes. */
const FOLDER = 'published'

export class LocalControlPlane {
  readonly #thread: ControlPlaneThread
  readonly #gateway = Promise.withResolvers<GatewayProcess>()
  readonly #started = Promise.withResolvers<void>()
  #feed: Feed = { unknown: 'the control plane has not said it yet' }
  /** What is published, by name. */
  readonly #files = new Map<string, MadeFile>()
  #isStarted = false

  constructor(settings: ControlPlaneSettings, log: Log) {
    this.#thread = new ControlPlaneThread({
      settings,
      log,
      take: (publication) => this.#take(publication),
      takeCredentials: async (line) => (await this.#gateway.promise).takeCredentials(line),
    })
  }

  /** For the gateway's options. */
  readonly feed = (): Feed => this.#feed

  /** Before the gateway starts: resolves when it knows callers, and it is known what is published, or why it is not. */
  async prepare(gateway: GatewayProcess): Promise<void> {
    this.#gateway.resolve(gateway)
    const first = await this.#thread.first
    if ('refused' in first) this.#feed = { unknown: first.refused }
  }

  /** The gateway serves. Resolves when the port of the control plane answers, or does not. */
  async open(): Promise<Opened | Refused> {
    this.#isStarted = true
    this.#started.resolve()
    return await this.#thread.opened
  }

  async close(): Promise<void> {
    await this.#thread.close()
  }

  async #take(change: PublishedChange): Promise<Taken> {
    const isFirst = !this.#isStarted
    this.#lay(change)
    await this.#started.promise
    const gateway = await this.#gateway.promise
    // The start has read it.
    const { fault, version, hash } = isFirst
      ? gateway.configuration
      : await gateway.takeFeed('what is published has changed')
    return fault === undefined ? { version, hash } : { fault }
  }

  /** Of files that stay, nothing is told, sent or read again. */
  #lay({ changed, gone, documents }: PublishedChange): void {
    for (const name of gone) this.#files.delete(name)
    for (const { name, text, documents: names, secrets } of changed) {
      const own = names.flatMap((each): [string, string][] => {
        const content = documents.get(each)
        return content === undefined ? [] : [[each, content]]
      })
      this.#files.set(name, { path: join(FOLDER, name), text, documents: new Map(own), secrets, isForeign: true })
    }
    this.#feed = [...this.#files.values()]
  }
}
