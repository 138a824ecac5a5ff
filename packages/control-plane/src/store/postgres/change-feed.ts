/** Owns hearing from PostgreSQL of changes, and of what control planes say to each other: a connection that listens, another one when it breaks, and a look after each, since nobody repeats what was said meanwhile. */
import type { Client } from 'pg'

export interface ChangeFeedOptions {
  connect(): Client
  onChange(): void
  onSaid(text: string): void
  onFault(fault: unknown): void
}

/** Those of earlier versions hear the other one alone, and take each notification for a change. */
export const SAID_CHANNEL = 'gatewright_said'

const AGAIN_MS = 250
const LONGEST_AGAIN_MS = 5_000
/** A connection that broke without a word is noticed by being asked. */
const ASK_MS = 10_000

export class ChangeFeed {
  readonly #options: ChangeFeedOptions
  #client: Client | undefined
  #again: NodeJS.Timeout | undefined
  #asking: NodeJS.Timeout | undefined
  #againMs = AGAIN_MS
  #isClosed = false

  constructor(options: ChangeFeedOptions) {
    this.#options = options
  }

  /** @rejects what keeps it from being connected at first */
  async open(): Promise<void> {
    const client = this.#options.connect()
    client.on('notification', ({ channel, payload = '' }) => {
      if (channel === SAID_CHANNEL) this.#options.onSaid(payload)
      else this.#options.onChange()
    })
    client.on('error', (fault) => this.#lose(client, fault))
    client.on('end', () => this.#lose(client, new Error('the connection that hears of changes has ended')))
    try {
      await client.connect()
      await client.query(`listen gatewright; listen ${SAID_CHANNEL}`)
    } catch (fault) {
      await client.end().catch(() => {})
      throw fault
    }
    if (this.#isClosed) return await client.end()
    this.#client = client
    this.#againMs = AGAIN_MS
    this.#asking = setInterval(() => {
      client.query('select 1').catch((fault: unknown) => this.#lose(client, fault))
    }, ASK_MS).unref()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#again)
    clearInterval(this.#asking)
    const client = this.#client
    this.#client = undefined
    await client?.end()
  }

  #lose(client: Client, fault: unknown): void {
    if (this.#client !== client) return
    this.#client = undefined
    clearInterval(this.#asking)
    client.end().catch(() => {})
    if (this.#isClosed) return
    this.#options.onFault(fault)
    this.#retry()
  }

  #retry(): void {
    this.#again = setTimeout(() => {
      this.open().then(
        () => this.#options.onChange(),
        () => this.#retry(),
      )
    }, this.#againMs).unref()
    this.#againMs = Math.min(LONGEST_AGAIN_MS, this.#againMs * 2)
  }
}
