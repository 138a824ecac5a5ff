/**
 * Owns a node: it asks control planes what it is to run and whom it is to let in, gives that to the gateway of its process, keeps it on disk, and
 * says what became of it.
 *
 *   disk ─▶ gateway            at the start, whether a control plane answers or not
 *   control plane ─▶ gateway ─▶ disk
 */
import { text } from 'node:stream/consumers'
import {
  type ConfigurationAnswer,
  type CredentialsLine,
  FEED_FORMATS,
  type Heartbeat,
  isFeedFile,
  isFeedSecrets,
  parseConfigurationAnswer,
  parseCredentialsLine,
  toSecretsName,
  type Usage,
} from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import type { Feed, GatewayProcess } from '../main.ts'
import type { MadeFile } from '../snapshot/given-files.ts'
import { ControlPlanes, type ControlPlanesOptions, ControlRefusal, pause, toPauseMs } from './control-planes.ts'
import { FolderLock } from './folder-lock.ts'
import type { NodeCondition } from './node-condition.ts'
import { NodeStore, toItemsHash } from './node-store.ts'
import { NodeUsage, USED_FAMILIES } from './node-usage.ts'
import { readLines } from './read-lines.ts'
import { Seal } from './seal.ts'

export interface NodeOptions extends ControlPlanesOptions {
  readonly dataDir: string
  readonly log: Log
  /** Of the program. */
  readonly version: string
  /** Not ready once it has heard nothing for longer; undefined: it serves on, however long. */
  readonly maxStalenessMs?: number
}

const WAIT_SECONDS = 25
const HEARTBEAT_MS = 10_000
const FORMATS = FEED_FORMATS.join(',')
/** One that fails is no news: the next one is asked. */
const TOLD_FROM = 3

type Question = 'configuration' | 'credentials'

export class NodeFeed {
  readonly #options: NodeOptions
  readonly #controls: ControlPlanes
  readonly #store: NodeStore
  readonly #lock = new FolderLock()
  readonly #ending = new AbortController()
  /** What only this node opens; undefined: it has nothing of its own. */
  readonly seal: Seal | undefined
  readonly #known = { configuration: Promise.withResolvers<void>(), credentials: Promise.withResolvers<void>() }
  readonly #started = Promise.withResolvers<GatewayProcess>()
  #isStarted = false
  #gateway: GatewayProcess | undefined
  #state: ConfigurationAnswer | undefined
  #files: readonly MadeFile[] | undefined
  /** What the gateway has read last, whether it could run it or not. */
  #taken: ConfigurationAnswer | undefined
  #credentials: { readonly store: string; readonly sequence: number } | undefined
  /** What is being told. */
  #told: { readonly store: string } | undefined
  /** By the clock of people, and by one that nobody sets. */
  #heard = { atMs: Date.now(), turnMs: performance.now() }
  /** In a row. */
  readonly #failures = { configuration: 0, credentials: 0 }
  #beat: NodeJS.Timeout | undefined
  #isBeating = false
  /** Something has become different since the one that is on its way. */
  #isBeatDue = false
  readonly #usage = new NodeUsage(Math.round(performance.timeOrigin))
  #work: Promise<unknown> = Promise.resolve()

  constructor(options: NodeOptions) {
    this.#options = options
    this.#controls = new ControlPlanes(options)
    const secret = options.token ?? options.certificate?.key
    this.seal = secret === undefined ? undefined : new Seal(secret)
    this.#store = new NodeStore(options.dataDir, this.seal)
  }

  /** For the gateway's options. */
  readonly feed = (): Feed => {
    if (!this.#isStarted) this.#taken = this.#state
    return this.#files ?? { unknown: 'no control plane has said it yet' }
  }

  /** For the gateway's options. */
  readonly condition = (): NodeCondition => {
    const { maxStalenessMs = Number.POSITIVE_INFINITY } = this.#options
    const isCutOff = Math.max(...Object.values(this.#failures)) >= TOLD_FROM
    return {
      cutOffSinceMs: isCutOff ? this.#heard.atMs : undefined,
      isTooStale: isCutOff && performance.now() - this.#heard.turnMs > maxStalenessMs,
    }
  }

  /** Before the gateway starts: resolves when it is known what to run and whom to let in, from disk or from a control plane. @rejects what the disk says */
  async prepare(gateway: GatewayProcess): Promise<void> {
    this.#gateway = gateway
    this.#store.open()
    await this.#lock.take(this.#options.dataDir)
    await this.#readKept(gateway)
    this.#work = Promise.all([
      this.#follow('configuration', (waitSeconds) => this.#askConfiguration(waitSeconds)),
      this.#follow('credentials', (waitSeconds) => this.#askCredentials(gateway, waitSeconds)),
    ])
    await Promise.all([this.#known.configuration.promise, this.#known.credentials.promise])
  }

  /** The gateway serves. */
  open(gateway: GatewayProcess): void {
    this.#isStarted = true
    this.#started.resolve(gateway)
    this.#beatSoon(0)
    // It was told while the gateway read what there was before.
    if (this.#state !== undefined && this.#state !== this.#taken) void this.#takeFeed(this.#state)
  }

  async close(): Promise<void> {
    this.#ending.abort()
    clearTimeout(this.#beat)
    await this.#work
    this.#lock.release()
  }

  async #readKept(gateway: GatewayProcess): Promise<void> {
    const { log } = this.#options
    const tell = (why: string): void => log.error('what was kept of control planes cannot be used', { error: why })
    try {
      const state = await this.#store.findConfiguration()
      if (state !== undefined) this.#setState(state)
    } catch (error) {
      tell(toMessage(error))
    }
    try {
      for await (const line of this.#store.readLines(tell)) await this.#takeLine(gateway, line)
    } catch (error) {
      tell(toMessage(error))
    }
  }

  /** Asks again and again. `ask` resolves when it was answered. */
  async #follow(question: Question, ask: (waitSeconds: number) => Promise<void>): Promise<void> {
    const { signal } = this.#ending
    for (let attempts = 0; !signal.aborted; ) {
      const url = this.#controls.current
      try {
        // Whoever is back says so at once, also where nothing is new.
        await ask(attempts === 0 ? WAIT_SECONDS : 0)
        this.#hear(question, url)
        attempts = 0
      } catch (error) {
        if (signal.aborted) return
        this.#miss(question, { url, error })
        if (!(await pause(toPauseMs(attempts++), signal))) return
      }
    }
  }

  #hear(question: Question, url: string): void {
    if (this.#failures[question] >= TOLD_FROM)
      this.#options.log.info('a control plane answers again', { question, url })
    this.#failures[question] = 0
    this.#heard = { atMs: Date.now(), turnMs: performance.now() }
  }

  #miss(question: Question, { url, error }: { readonly url: string; readonly error: unknown }): void {
    this.#failures[question]++
    this.#controls.leave(url)
    if (this.#failures[question] === (error instanceof ControlRefusal ? 1 : TOLD_FROM)) {
      this.#options.log.error('this node is cut off from its control planes: what it runs runs on', {
        question,
        url,
        error: toMessage(error),
      })
    }
  }

  async #askConfiguration(waitSeconds: number): Promise<void> {
    const since = this.#state?.hash ?? ''
    const path = `/configuration?formats=${FORMATS}&since=${since}&wait=${waitSeconds}`
    const answer = await this.#controls.ask({ path, signal: this.#ending.signal })
    if (answer === undefined) return
    const told = parseConfigurationAnswer(await text(answer))
    // Asked twice at once, and the other answer was quicker: the next one says what is different from that.
    if (told.kind === 'changes' && since !== this.#state?.hash) return
    const state = merge(this.#state, told)
    if (state === undefined) {
      // All is asked for next.
      this.#state = undefined
      throw new Error('what was told does not add up to its hash')
    }
    this.#setState(state)
    if (this.#isStarted) await this.#takeFeed(state)
    else void this.#started.promise.then(() => (this.#taken === state ? this.#save(state) : undefined))
  }

  #setState(state: ConfigurationAnswer): void {
    this.#state = state
    this.#files = toFiles(state)
    this.#known.configuration.resolve()
  }

  async #takeFeed(state: ConfigurationAnswer): Promise<void> {
    const gateway = await this.#started.promise
    const { fault } = await gateway.takeFeed('what control planes publish has changed')
    this.#taken = state
    // Before it is on disk: somebody waits to hear that it is served.
    this.#beatSoon(0)
    if (fault === undefined) await this.#save(state)
  }

  /** What cannot be kept is served all the same. */
  async #save(state: ConfigurationAnswer): Promise<void> {
    if (this.#gateway?.configuration.fault !== undefined) return
    await this.#keep(() => this.#store.saveConfiguration(state))
  }

  async #keep(save: () => Promise<void>): Promise<void> {
    try {
      await save()
    } catch (error) {
      this.#options.log.error('what control planes said cannot be kept on disk', { error: toMessage(error) })
    }
  }

  async #askCredentials(gateway: GatewayProcess, waitSeconds: number): Promise<void> {
    const known = this.#store.isWholeDue ? undefined : this.#credentials
    const since = known === undefined ? '' : `&store=${known.store}&since=${known.sequence}`
    const path = `/credentials?formats=${FORMATS}&wait=${waitSeconds}${since}`
    const answer = await this.#controls.ask({ path, signal: this.#ending.signal })
    if (answer === undefined) return
    let isWhole = false
    let isAnew = false
    for await (const each of readLines(answer)) {
      const line = parseCredentialsLine(each)
      // Plans of everybody may be others: nobody has one before what it belongs to is live.
      if (line.kind === 'end' && isAnew && this.#isStarted) await this.#askConfiguration(0)
      isAnew ||= line.kind === 'whole'
      await this.#takeLine(gateway, line)
      await this.#keep(() => this.#store.saveLine(line))
      isWhole = line.kind === 'end'
    }
    if (!isWhole) throw new Error('what was told of apps and keys has no end')
    this.#beatSoon(0)
  }

  async #takeLine(gateway: GatewayProcess, line: CredentialsLine): Promise<void> {
    try {
      await gateway.takeCredentials(line)
    } catch (error) {
      this.#credentials = undefined
      throw error
    }
    if (line.kind === 'whole' || line.kind === 'since') this.#told = line
    if (line.kind !== 'end' || this.#told === undefined) return
    this.#credentials = { store: this.#told.store, sequence: line.sequence }
    this.#known.credentials.resolve()
  }

  #beatSoon(ms: number): void {
    clearTimeout(this.#beat)
    if (this.#ending.signal.aborted || !this.#isStarted) return
    this.#beat = setTimeout(() => void this.#sendHeartbeat(), ms).unref()
  }

  /** One after the other: what was true before must not come last. */
  async #sendHeartbeat(): Promise<void> {
    this.#isBeatDue = this.#isBeating
    if (this.#isBeating) return
    this.#isBeating = true
    const body = JSON.stringify(this.#toHeartbeat())
    // Who is cut off tells nobody; the loops see to that.
    const asked = { method: 'POST', path: '/heartbeat', body, signal: this.#ending.signal } as const
    await this.#controls.ask(asked).catch(() => {})
    this.#isBeating = false
    this.#beatSoon(this.#isBeatDue ? 0 : HEARTBEAT_MS)
  }

  #toHeartbeat(): Heartbeat | undefined {
    const gateway = this.#gateway
    if (gateway === undefined) return undefined
    const { version, hash, fault } = gateway.configuration
    return {
      node: this.#options.name,
      version: this.#options.version,
      configuration: {
        ...(this.#taken !== undefined && { store: this.#taken.store }),
        sequence: this.#taken?.sequence ?? 0,
        hash: this.#taken?.hash ?? '',
        ...(fault !== undefined && { fault: fault.slice(0, 10_000) }),
      },
      credentials: { sequence: this.#credentials?.sequence ?? 0 },
      snapshot: { version, hash },
      threads: [...gateway.supervisor.threads],
      usage: this.#readUsage(gateway),
    }
  }

  #readUsage({ supervisor }: GatewayProcess): Usage {
    const { user, system } = process.cpuUsage()
    return this.#usage.tell(supervisor.state.readSeries(USED_FAMILIES), {
      memoryBytes: process.memoryUsage.rss(),
      cpuMs: Math.round((user + system) / 1000),
      loops: [...supervisor.loops],
    })
  }
}

/** Whole, by name. Undefined: it does not come to the hash that was told. */
function merge(before: ConfigurationAnswer | undefined, told: ConfigurationAnswer): ConfigurationAnswer | undefined {
  const items = new Map((told.kind === 'changes' ? (before?.items ?? []) : []).map((item) => [item.name, item]))
  for (const name of told.gone) items.delete(name)
  for (const item of told.items) items.set(item.name, item)
  const sorted = [...items.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  if (toItemsHash({ items: sorted }) !== told.hash) return undefined
  return { ...told, kind: 'whole', items: sorted, gone: [] }
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Documents are read by their path, and all lie in one folder: so they come with the first. */
function toFiles({ items }: ConfigurationAnswer): MadeFile[] {
  const texts = new Map(items.map(({ name, text: said }) => [name, said]))
  const documents = new Map([...texts].filter(([name]) => !isFeedFile(name) && !isFeedSecrets(name)))
  const files = [...texts].filter(([name]) => isFeedFile(name))
  return files.map(([name, said], index) => {
    const secrets = texts.get(toSecretsName(name))
    return {
      path: name,
      text: said,
      isForeign: true,
      ...(index === 0 && { documents }),
      ...(secrets !== undefined && { secrets: new Map(Object.entries(JSON.parse(secrets) as Record<string, string>)) }),
    }
  })
}
