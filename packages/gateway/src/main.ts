/**
 * Owns a gateway process: configuration → snapshot → threads, again at every change; status; the way to its end.
 *
 *   load ─▶ publish ─▶ ready          a change that is faulty or cannot run: the old snapshot serves, the reason is told
 *     ▲────── file change, SIGHUP ──────┘
 */
import { join, resolve as resolvePath } from 'node:path'
import {
  ConfigurationMemory,
  type CredentialsLine,
  type Finding,
  type GatewayModel,
  hasFaults,
} from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import { CertificateMemory } from './certificates/load-certificates.ts'
import type { NodeCondition } from './node/node-condition.ts'
import type { Seal } from './node/seal.ts'
import { placePolicyFault } from './pipeline/place-policy-fault.ts'
import type { GivenOptions, MadeFile } from './snapshot/given-files.ts'
import { isMadeOf } from './snapshot/ingredients.ts'
import { type KeptConfiguration, type LastGood, LastGoodStore } from './snapshot/last-good.ts'
import { type Configuration, findPolicyFolder, loadConfiguration, loadKeptFiles } from './snapshot/load.ts'
import { isLackOfCertificate, isPassingFinding, toFaultText, toLoadFault, toMessage } from './snapshot/load-fault.ts'
import { PacedWork } from './snapshot/paced-work.ts'
import { isPassing } from './snapshot/passing-fault.ts'
import { isFolder, isMember } from './snapshot/read-config.ts'
import { openLastGood, type Reread, rereadAuthorities, rereadCertificates, type Serving } from './snapshot/serving.ts'
import type { Snapshot } from './snapshot/snapshot.ts'
import { FileWatcher } from './snapshot/watch.ts'
import { Pepper } from './state/credentials/pepper.ts'
import { PepperCheck } from './state/credentials/pepper-check.ts'
import { FileShelf } from './state/files/file-shelf.ts'
import { giveBackMemory } from './threads/give-back-memory.ts'
import { PublishFault, Supervisor } from './threads/supervisor.ts'

export interface GatewayProcessOptions {
  readonly config: GivenOptions['config']
  readonly overlays?: readonly string[]
  readonly threads: number
  readonly log: Log
  readonly adjust?: (model: GatewayModel) => GatewayModel
  /**
   * What is published elsewhere and laid over the files, as it is now; `takeFeed` says that it changed. In several files, of those
   * whose text is the same nothing is read, checked, sent or compiled again.
   */
  readonly feed?: () => Feed
  /** How it is with the way to where `feed` comes from; absent where that is this process. */
  readonly condition?: () => NodeCondition
  /** Where the last good configuration is kept; without it nothing is written to disk. */
  readonly dataDir?: string
  /** What seals that, asked for when it is needed; without it none is kept. */
  readonly seal?: () => Seal
}

/** `unknown`: what is published cannot be asked now, and why; then nothing new is served. */
export type Feed = MadeFile | readonly MadeFile[] | { readonly unknown: string } | undefined

/** Only after the last of several changes, and not while a first load balancer asks whether it is ready. */
const REST_MS = 1000

/** What the system lacks, it mostly has again a moment later. What it lacks for longer is asked for ever less often, up to twice a minute. */
const AGAIN_MS = 1000
const LONGEST_AGAIN_MS = 30_000

/** How long a file that policies read may be used on once it was replaced. No system tells of every change, networks' least. */
const LOOK_MS = 60_000

/** Of many that are at fault for the same reason. */
const MOST_TOLD = 20

/** Ordered again at each start, they would soon be refused: Let's Encrypt gives five equal ones a week. */
const NO_DATA = 'certificates by `acme` are kept in the data folder, and none is named: start with --data DIR'

/** What the last reading of the configuration came to. */
export interface ConfigurationState {
  readonly version: number
  readonly hash: string
  /** Why what is on disk does not run, if it does not. */
  readonly fault: string | undefined
  readonly findings: readonly Finding[]
  readonly loadedAtMs: number
}

export class GatewayProcess {
  readonly supervisor: Supervisor
  readonly #options: GatewayProcessOptions
  readonly #watcher: FileWatcher
  readonly #lastGood: LastGoodStore | undefined
  readonly #saving = new PacedWork()
  readonly #pepper: Pepper
  readonly #pepperCheck: PepperCheck
  #memory = new ConfigurationMemory()
  readonly #certificateMemory = new CertificateMemory()
  readonly #shelf: FileShelf
  readonly #looking: NodeJS.Timeout
  #state: ConfigurationState = { version: 0, hash: '', fault: 'not loaded yet', findings: [], loadedAtMs: 0 }
  #serving: Serving | undefined
  #read: Pick<Configuration, 'watched' | 'watchedFolders'> = { watched: [], watchedFolders: [] }
  /** Why a file of what serves was not taken over, as it was told last. */
  #untaken: string | undefined
  /** What both the own files and others claim, as it was told last. */
  #claimed = ''
  /** Who waits for what is fed now to be read. */
  #waitingForFeed: ((state: ConfigurationState) => void)[] = []
  #work: Promise<void> = Promise.resolve()
  #isReloadDue = false
  /** Why the reading that is due was asked for, if it was. */
  #asked: string | undefined
  #rest: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined
  #againMs = AGAIN_MS

  constructor(options: GatewayProcessOptions) {
    this.#options = options
    const { threads, log, dataDir, seal } = options
    this.#lastGood = dataDir === undefined || seal === undefined ? undefined : new LastGoodStore(dataDir, seal)
    this.#pepper = new Pepper({ dataDir })
    this.#pepperCheck = new PepperCheck(this.#pepper, log)
    this.#shelf = new FileShelf(() => findPolicyFolder(options.config))
    this.#looking = setInterval(() => void this.lookAtFiles(), LOOK_MS).unref()
    this.supervisor = new Supervisor({
      threads,
      log,
      pepper: this.#pepper,
      ...(dataDir !== undefined && { acmeFolder: join(dataDir, 'acme') }),
    })
    this.#watcher = new FileWatcher(() => this.reload('the configuration changed'))
  }

  get configuration(): ConfigurationState {
    return this.#state
  }

  /** What is served. */
  get model(): GatewayModel | undefined {
    return this.#serving?.model
  }

  /** The first load. Answers undefined when it serves, else why it does not. */
  async start(): Promise<string | undefined> {
    try {
      this.#lastGood?.open()
    } catch (error) {
      return toMessage(error)
    }
    // The first of the queue: what was mended meanwhile is read after it, and not overwritten by it.
    this.#work = this.#work.then(async () => {
      if (await this.#serveKept()) return
      await this.#load()
      if (this.#state.fault !== undefined && !this.supervisor.isDraining) await this.#serveLastGood()
      // What is to show them may be what they are put in by: where nothing serves, they may come later.
      const mayBegin = this.#serving === undefined && this.#options.feed !== undefined && !this.supervisor.isDraining
      if (mayBegin && this.#state.findings.some(isLackOfCertificate)) await this.#load(new Set())
    })
    await this.#work
    return this.#serving === undefined ? this.#state.fault : undefined
  }

  /** Reads the configuration again. Changes that come while one is being read are read together, after it. */
  reload(why: string, { isAsked = false, isAgain = false } = {}): void {
    if (isAsked) this.#asked = why
    if (this.#isReloadDue) return
    this.#isReloadDue = true
    this.#work = this.#work.then(() => {
      const asked = this.#asked
      this.#isReloadDue = false
      this.#asked = undefined
      return this.#reload(asked ?? why, { isAsked: asked !== undefined, isAgain })
    })
  }

  /** What is fed is another one now. Resolves with what came of it, also where it cannot be served. */
  takeFeed(why: string): Promise<ConfigurationState> {
    const { promise, resolve } = Promise.withResolvers<ConfigurationState>()
    this.#waitingForFeed.push(resolve)
    this.reload(why)
    return promise
  }

  /**
   * What is published elsewhere of apps and keys, beside those of the own files: no snapshot is made for it. Resolves when every thread answers
   * by it. @rejects where it makes no sense: all is to be told anew
   */
  async takeCredentials(line: CredentialsLine): Promise<void> {
    this.#pepperCheck.look(line)
    const { fed } = this.supervisor.state
    if (fed.take(line) !== undefined) {
      this.#tellClaimed()
      await this.supervisor.acquaint()
    }
    if (line.kind === 'end') fed.reach(line.sequence)
  }

  /** Of two that claim the same, somebody is mistaken: it is told once. */
  #tellClaimed(): void {
    const { claimed } = this.supervisor.state.fed
    const text = claimed.join(', ')
    if (text !== '' && text !== this.#claimed) {
      this.#options.log.error(
        'the own files have what is published too, and the own files count; take it out of one of them',
        {
          claimed: claimed.slice(0, MOST_TOLD),
        },
      )
    }
    this.#claimed = text
  }

  /** What policies read may be replaced at any time: it is taken over without a new snapshot. */
  lookAtFiles(): Promise<void> {
    this.#work = this.#work.then(() => this.#lookAtFiles())
    return this.#work
  }

  async #lookAtFiles(): Promise<void> {
    const { log } = this.#options
    try {
      if (!this.supervisor.isDraining) this.supervisor.replaceFiles(await this.#shelf.look(log))
    } catch (error) {
      log.error('files that policies read cannot be looked at', { error: String(error) })
    }
  }

  async #reload(why: string, { isAsked, isAgain }: { isAsked: boolean; isAgain: boolean }): Promise<void> {
    // What drains ends as it is: a new listener would have nobody to close it.
    if (this.supervisor.isDraining) {
      for (const resolve of this.#waitingForFeed.splice(0)) resolve({ ...this.#state, fault: 'the gateway ends' })
      return
    }
    // Nobody asked for half a file: once it stands still, the watcher tells.
    if (!isAsked && this.#watcher.isSettling) return
    const before = this.#state
    const appsBefore = this.supervisor.apps.version
    await this.#load()
    // It was left where it was: the gateway ends.
    if (this.#state === before) return
    const { version, fault } = this.#state
    const appsVersion = this.supervisor.apps.version
    if (fault !== undefined) {
      const isTold = isAgain && !isAsked && fault === before.fault
      if (!isTold) this.#options.log.error(`${why}, and is not used: what ran before runs on`, { fault })
    } else if (version !== before.version) this.#options.log.info(`${why} and is live on every thread`, { version })
    else if (before.fault !== undefined)
      this.#options.log.info(`${why}: the fault is mended, and it is what runs already`, { version })
    else if (isAsked && appsVersion === appsBefore) this.#options.log.info(`${why}: nothing has changed`, { version })
    if (appsVersion !== appsBefore)
      this.#options.log.info(`${why}: apps, keys or users are others now`, { appsVersion })
  }

  /** Undefined: what it runs comes from no other machine. */
  get condition(): NodeCondition | undefined {
    return this.#options.condition?.()
  }

  /** The text that Prometheus reads. */
  renderMetrics(): string {
    const { version, fault, loadedAtMs } = this.#state
    return this.supervisor.state.renderMetrics({
      snapshotVersion: version,
      configurationFaulty: fault === undefined ? 0 : 1,
      configurationLoadedSeconds: loadedAtMs / 1000,
      certificates: this.supervisor.certificates.certificates,
      staples: this.supervisor.certificates.stapleAges,
      condition: this.condition,
    })
  }

  /** What has begun and not ended, on all threads. */
  countUnderWay(): { readonly requests: number; readonly tunnels: number } {
    return this.supervisor.state.countUnderWay()
  }

  /** Nothing is watched any more. */
  close(): void {
    clearTimeout(this.#rest)
    clearTimeout(this.#again)
    clearInterval(this.#looking)
    this.#watcher.close()
    this.#saving.finish()
    this.supervisor.state.close()
  }

  /** `formerCertificates`: instead of those that serve. */
  async #load(formerCertificates = this.#formerCertificates): Promise<void> {
    clearTimeout(this.#rest)
    clearTimeout(this.#again)
    const loadedAtMs = Date.now()
    const waiting = this.#waitingForFeed.splice(0)
    let mayPass = false
    try {
      mayPass = await this.#loadAll(loadedAtMs, formerCertificates)
    } catch (error) {
      // A mistake of ours, and no reason to end what serves. What was half done is forgotten.
      this.#memory = new ConfigurationMemory()
      this.#state = { ...this.#state, fault: toLoadFault(error), findings: [], loadedAtMs }
      mayPass = isPassing(toMessage(error))
      // Otherwise what was watched before still is.
      if (this.#serving === undefined) this.#watch()
    }
    this.#tellClaimed()
    for (const resolve of waiting) resolve(this.#state)
    if (this.#state.fault !== undefined) await this.#renew()
    await this.#lookAtFiles()
    this.#rest = setTimeout(() => giveBackMemory(), REST_MS).unref()
    if (!mayPass) {
      this.#againMs = AGAIN_MS
      return
    }
    const again = (): void => this.reload('the configuration was read again', { isAgain: true })
    this.#again = setTimeout(again, this.#againMs).unref()
    this.#againMs = Math.min(LONGEST_AGAIN_MS, this.#againMs * 2)
  }

  /** What was read last, and what serves: it is renewed while what was read last is faulty. */
  #watch(): void {
    const { config, overlays = [] } = this.#options
    const given = [config, ...overlays].filter((path) => typeof path === 'string').map((path) => resolvePath(path))
    const folders = given.filter(isFolder).map((path) => ({ path, isMember }))
    const all = [this.#read, ...(this.#serving === undefined ? [] : [this.#serving])]
    const paths = [...given, ...all.flatMap(({ watched }) => watched)]
    this.#watcher.watch([...new Set(paths)], [...folders, ...all.flatMap(({ watchedFolders }) => watchedFolders)])
  }

  /** Undefined: none come from elsewhere, or nothing serves. */
  get #formerCertificates(): ReadonlySet<string> | undefined {
    if (this.#options.feed === undefined || this.#serving === undefined) return undefined
    return new Set(this.#serving.model.certificates.filter(({ enabled }) => enabled !== false).map(({ id }) => id))
  }

  /** Answers whether it has a fault that may pass by itself. */
  async #loadAll(loadedAtMs: number, formerCertificates: ReadonlySet<string> | undefined): Promise<boolean> {
    const { adjust, feed } = this.#options
    const fed = feed?.()
    if (isUnknown(fed)) {
      this.#state = {
        ...this.#state,
        fault: `what is published is not known: ${fed.unknown}`,
        findings: [],
        loadedAtMs,
      }
      return false
    }
    const loaded = await loadConfiguration({
      ...this.#toGiven(fed),
      memory: this.#memory,
      certificateMemory: this.#certificateMemory,
      pepper: this.#pepper,
      shelf: this.#shelf,
      ...(adjust && { adjust }),
      ...(formerCertificates && { formerCertificates }),
      isFed: feed !== undefined,
    })
    if (this.supervisor.isDraining) return false
    const { findings, model, apps, extensions, pems, policyFiles, certificates, watched, watchedFolders } = loaded
    this.#read = { watched, watchedFolders }
    this.#watch()
    if (model === undefined) {
      this.#state = { ...this.#state, fault: toFaultText(findings), findings, loadedAtMs }
      return findings.some(isPassingFinding)
    }
    if (certificates.orders.length > 0 && this.#options.dataDir === undefined) {
      this.#state = { ...this.#state, fault: NO_DATA, findings, loadedAtMs }
      return false
    }
    try {
      const { version, hash } = await this.#serve(
        { model, apps, extensions, policyFiles, certificates, watched, watchedFolders },
        pems,
      )
      this.#state = { version, hash, fault: undefined, findings, loadedAtMs }
      this.#certificateMemory.settle()
      this.#untaken = undefined
      this.#saveLastGood(loaded)
      return false
    } catch (error) {
      if (this.supervisor.isDraining) return false
      const placed = error instanceof PublishFault ? placePolicyFault(error, model, loaded.resolution.sources) : []
      const fault = placed.length > 0 ? toFaultText(placed) : loaded.resolution.sources.hide(toMessage(error))
      this.#state = { ...this.#state, fault, findings: [...findings, ...placed], loadedAtMs }
      return isPassing(toMessage(error)) && !(error instanceof PublishFault && error.isLasting)
    }
  }

  /** @throws PublishFault: what served before serves on */
  async #serve(serving: Serving, pems: Configuration['pems']): Promise<Snapshot> {
    const { model, apps, extensions, policyFiles, certificates } = serving
    const { orders } = certificates
    const files = policyFiles.shared
    const snapshot = await this.supervisor.publish(model, { apps, extensions, pems, files, certificates, orders })
    this.#serving = serving
    this.#shelf.settle(policyFiles.wanted)
    this.#state = { ...this.#state, version: snapshot.version, hash: snapshot.hash }
    this.#watch()
    return snapshot
  }

  /** What serves is sound, whatever is wrong with the configuration: what others renew of its files is taken over. */
  async #renew(): Promise<void> {
    if (this.#serving === undefined || this.supervisor.isDraining) return
    try {
      const shown = rereadCertificates(this.#serving, this.#certificateMemory)
      // The same snapshot: it needs no texts.
      await this.#serve(shown, new Map())
      const { serving, pems } = rereadAuthorities(shown)
      if (serving.model !== shown.model) {
        const { version } = await this.#serve(serving, pems)
        this.#options.log.info('a file that what runs names has changed and is live on every thread', { version })
      }
      this.#untaken = undefined
    } catch (error) {
      const why = toMessage(error)
      if (this.supervisor.isDraining || why === this.#untaken) return
      this.#untaken = why
      this.#options.log.error('a file that what runs names cannot be used: what was in it before counts', {
        error: why,
      })
    }
  }

  /** A large one takes half a second to write: then not each of many changes is waited for. */
  #saveLastGood({ resolution, apps, extensions, textFindings, toIngredients }: Configuration): void {
    const good = { model: resolution.draft, apps, extensions, findings: textFindings }
    this.#saving.do(() => {
      try {
        this.#lastGood?.save({ ...good, ingredients: toIngredients() })
      } catch (error) {
        this.#options.log.error('the last good configuration cannot be kept', { error: String(error) })
      }
    })
  }

  /** What was kept serves where it was made of what is given now: to read thousands of APIs takes seconds, and is done behind it. */
  async #serveKept(): Promise<boolean> {
    const fed = this.#options.feed?.()
    if (isUnknown(fed)) return false
    try {
      const kept = this.#lastGood?.find()
      if (kept?.ingredients === undefined) return false
      const toListeners = () => this.#withFlags(kept).model.listeners
      if (!isMadeOf(kept.ingredients, this.#toGiven(fed), toListeners)) return false
      const { serving, pems } = await this.#openGood(kept)
      const { findings } = serving.certificates
      if (hasFaults(findings)) return false
      await this.#serve(serving, pems)
      const told = [...(kept.findings ?? []), ...findings]
      this.#state = { ...this.#state, fault: undefined, findings: told, loadedAtMs: Date.now() }
    } catch {
      // It is read as a whole next, which says what is wrong with what is given.
      return false
    }
    // Whoever waits for the start asks now whether it is ready, and is not to wait for the reading either.
    this.#again = setTimeout(() => this.reload('the configuration was read as a whole'), REST_MS).unref()
    return true
  }

  /** A faulty file must not keep a restarted gateway from serving what it served before. */
  async #serveLastGood(): Promise<void> {
    try {
      const kept = this.#lastGood?.find()
      if (kept === undefined) return
      const { serving, pems } = await this.#openGood(kept)
      await this.#serve(serving, pems)
      this.#options.log.error('the configuration is not used: the last good one serves', { fault: this.#state.fault })
    } catch (error) {
      this.#options.log.error('the last good configuration cannot serve either', { error: toMessage(error) })
    }
  }

  /** The flags of this start count, and not those of the one that kept it. */
  #withFlags({ model, apps, extensions }: KeptConfiguration): LastGood {
    return { model: this.#options.adjust?.(model) ?? model, apps, extensions }
  }

  /** @throws where it cannot be used */
  async #openGood(kept: KeptConfiguration): Promise<Reread> {
    const good = this.#withFlags(kept)
    return openLastGood(good, this.#certificateMemory, await loadKeptFiles(good, this.#shelf))
  }

  #toGiven(fed: MadeFile | readonly MadeFile[] | undefined): GivenOptions {
    const { config, overlays = [] } = this.#options
    return { config, overlays: [...overlays, ...(fed === undefined ? [] : [fed])] }
  }
}

function isUnknown(fed: Feed): fed is { readonly unknown: string } {
  return fed !== undefined && 'unknown' in fed
}
