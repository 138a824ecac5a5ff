/**
 * Owns that control planes of one store know each other's nodes: what a node says to one of them goes on to the others, at once where it is news, and
 * else some times a minute. Nothing of it is kept: who has just started asks, and gets all that the others heard.
 *
 *     node ─▶ control plane ─▶ registry
 *                    └─ said by the store ─▶ registries of the others
 */
import { randomUUID } from 'node:crypto'
import { type Heartbeat, heartbeatSchema } from '@gatewright/model'
import { z } from 'zod'
import { MOST_SAID_BYTES, type Store } from '../store/store.ts'
import { toAgeMs } from '../to-age-ms.ts'
import type { ConfigurationFeed } from './configuration-feed.ts'
import type { NodeRegistry } from './node-registry.ts'
import { isInScope } from './node-scope.ts'
import type { NodeGroup } from './node-token-store.ts'

export interface SharedHeartbeatsOptions {
  readonly store: Pick<Store, 'say' | 'onSaid'>
  readonly feed: ConfigurationFeed
  readonly registry: NodeRegistry
  nowMs(): number
}

/** With every other heartbeat: whoever is heard from is waited for, by others too. */
const AGAIN_MS = 15_000
/** What comes within it goes together: after a publish all nodes say something. */
const TOGETHER_MS = 10
const MOST_FAULT = 1_000

const reportSchema = z.object({
  heartbeat: heartbeatSchema,
  scope: z.object({ environments: z.array(z.string()).exactOptional(), apis: z.array(z.string()).exactOptional() }),
  /** Uid; earlier versions do not say it. */
  group: z.string().exactOptional(),
})
const saidSchema = z.discriminatedUnion('kind', [
  /** Of somebody who knows nothing yet. */
  z.object({ kind: z.literal('ask'), from: z.string() }),
  z.object({ kind: z.literal('heard'), from: z.string(), reports: z.array(reportSchema) }),
])
type Said = z.input<typeof saidSchema>
type Report = z.output<typeof reportSchema>

interface Passed {
  readonly news: string
  readonly atMs: number
  readonly report: Report
}

export class SharedHeartbeats {
  readonly #options: SharedHeartbeatsOptions
  readonly #own = randomUUID()
  readonly #stopListening: () => void
  /** Of nodes that say it here: what went on last, and that of which longest ago stands first. */
  readonly #passed = new Map<string, Passed>()
  readonly #waiting = new Map<string, Report>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: SharedHeartbeatsOptions) {
    this.#options = options
    this.#stopListening = options.store.onSaid((text) => this.#hear(text))
  }

  /** Resolves when the others were asked whom they know. */
  async ask(): Promise<void> {
    await this.#say({ kind: 'ask', from: this.#own })
  }

  /** Of a node that asks here. False: there are too many. */
  take(heartbeat: Heartbeat, { uid: group, body }: Pick<NodeGroup, 'uid' | 'body'>): boolean {
    const { environments, apis } = body
    const scope = { ...(environments && { environments: [...environments] }), ...(apis && { apis: [...apis] }) }
    if (!this.#note({ heartbeat, scope, group })) return false
    const nowMs = this.#options.nowMs()
    const news = toNews({ heartbeat, scope, group })
    const last = this.#passed.get(heartbeat.node)
    if (last?.news === news && toAgeMs(last.atMs, nowMs) < AGAIN_MS) return true
    const report = { heartbeat: toPassed(heartbeat), scope, group }
    this.#passed.delete(heartbeat.node)
    this.#passed.set(heartbeat.node, { news, atMs: nowMs, report })
    this.#forget()
    this.#pass(report)
    return true
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#stopListening()
  }

  #note({ heartbeat, scope, group = '' }: Report): boolean {
    const { registry, feed } = this.#options
    const runs = (api: string) => isInScope(api, scope)
    return registry.note(heartbeat, (hash) => feed.isCurrent(scope, hash), { group, runs })
  }

  #pass(report: Report): void {
    this.#waiting.set(report.heartbeat.node, report)
    this.#timer ??= setTimeout(() => void this.#passAll(), TOGETHER_MS)
  }

  async #passAll(): Promise<void> {
    this.#timer = undefined
    const reports = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const some of inMessages(reports)) await this.#say({ kind: 'heard', from: this.#own, reports: some })
  }

  /** What cannot be said now is said with the next heartbeat. */
  async #say(said: Said): Promise<void> {
    await this.#options.store.say(JSON.stringify(said)).catch(() => this.#passed.clear())
  }

  #hear(text: string): void {
    const said = parseSaid(text)
    if (said === undefined || said.from === this.#own) return
    if (said.kind === 'heard') {
      for (const report of said.reports) {
        // It asks there now.
        this.#passed.delete(report.heartbeat.node)
        this.#note(report)
      }
      return
    }
    this.#forget()
    for (const { report } of this.#passed.values()) this.#pass(report)
  }

  /** Those that say nothing here any more: they may have gone to another one. */
  #forget(): void {
    const nowMs = this.#options.nowMs()
    for (const [node, { atMs }] of this.#passed) {
      if (toAgeMs(atMs, nowMs) < 2 * AGAIN_MS) return
      this.#passed.delete(node)
    }
  }
}

/** Undefined: it is of another version, and not for us. */
function parseSaid(text: string): z.output<typeof saidSchema> | undefined {
  try {
    return saidSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** What the others are to know at once. */
function toNews({ heartbeat: { configuration, snapshot, threads }, scope }: Report): string {
  return JSON.stringify([configuration, snapshot, threads, scope])
}

/** Threads that run what the node runs say nothing. */
function toPassed(heartbeat: Heartbeat): Heartbeat {
  const { configuration, snapshot, threads } = heartbeat
  const { fault } = configuration
  return {
    ...heartbeat,
    configuration: { ...configuration, ...(fault !== undefined && { fault: fault.slice(0, MOST_FAULT) }) },
    threads: threads.filter(({ version }) => version !== snapshot.version),
  }
}

/** As many as go together. */
function inMessages(reports: readonly Report[]): Report[][] {
  const messages: Report[][] = []
  let [sum, current]: [number, Report[]] = [Number.POSITIVE_INFINITY, []]
  for (const whole of reports) {
    const report = toBytes(whole) > MOST_REPORT_BYTES ? withoutUsage(whole) : whole
    const bytes = toBytes(report)
    // A scope of hundreds of APIs: it stays here.
    if (bytes > MOST_REPORT_BYTES) continue
    if (sum + bytes > MOST_REPORT_BYTES) {
      current = []
      messages.push(current)
      sum = 0
    }
    current.push(report)
    sum += bytes
  }
  return messages
}

function toBytes(report: Report): number {
  return Buffer.byteLength(JSON.stringify(report)) + 1
}

/** Who serves what matters more. */
function withoutUsage({ heartbeat, ...report }: Report): Report {
  const { usage: _, ...rest } = heartbeat
  return { ...report, heartbeat: rest }
}

/** Beside what stands around them. */
const MOST_REPORT_BYTES = MOST_SAID_BYTES - 200
