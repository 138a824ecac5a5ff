/** Owns a control plane as a whole: the store, what is published from it, and the port on which it is driven. */
import { setTimeout } from 'node:timers/promises'
import type { CredentialsLine } from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import type { FastifyInstance } from 'fastify'
import { NOBODY } from './access/actor.ts'
import { ADMIN_ROUTES } from './admin-routes.ts'
import { CredentialsPublisher } from './credentials/credentials-publisher.ts'
import { DocumentCleaner } from './documents/document-cleaner.ts'
import { createApp } from './http/create-app.ts'
import { Identity } from './http/identity.ts'
import { PortRefusal } from './http/port-refusal.ts'
import type { Services } from './http/services.ts'
import { UnderWay } from './http/under-way.ts'
import { WeakKeyHashes } from './keys/weak-key-hashes.ts'
import { ConfigurationFeed } from './nodes/configuration-feed.ts'
import { NodeRegistry } from './nodes/node-registry.ts'
import { serveNodes } from './nodes/serve-nodes.ts'
import { SharedHeartbeats } from './nodes/shared-heartbeats.ts'
import { IssuerKeys } from './outgoing/issuer-keys.ts'
import { toNetworkList } from './outgoing/network-list.ts'
import { LiveCheck } from './publish/live-check.ts'
import { PublicationReader } from './publish/publication-reader.ts'
import { type Publication, Publisher } from './publish/publisher.ts'
import { Rollout, type Taken } from './publish/rollout.ts'
import { SecretKey } from './secrets/secret-key.ts'
import { readStoreUid } from './store/next-sequence.ts'
import { isPostgres, PostgresStore } from './store/postgres/postgres-store.ts'
import { SqliteStore } from './store/sqlite/sqlite-store.ts'
import type { Store } from './store/store.ts'
import { findAsker } from './tokens/token-store.ts'
import { openSetUp } from './users/set-up.ts'
import { PublicAddresses } from './webhooks/public-addresses.ts'
import { WebhookSender } from './webhooks/webhook-sender.ts'

/** Plain data: it goes to a thread as it is. */
export interface ControlPlaneSettings {
  /** The path of a file, or `postgres://…`. */
  readonly database: string
  readonly host: string
  readonly port: number
  /** PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Where people find the pages: for links, passkeys and single sign-on. This machine's own address if absent, where it listens there alone. */
  readonly publicOrigin?: string
  /** Of the key that seals secrets: drawn there where there is none. `GATEWRIGHT_SECRET_KEY` comes before it. */
  readonly secretKeyFile?: string
  /** Of the gateway of this process, for keys that could be guessed. `GATEWRIGHT_PEPPER` comes before it. */
  readonly pepper?: Uint8Array
  /** PEM: who may sign certificates with which nodes come, instead of tokens. With `tls`. */
  readonly clientCa?: string
  /** Networks that webhooks may lead to beside public addresses: `10.0.0.0/8`. */
  readonly webhookAllowed?: readonly string[]
  /** Networks that may ask, `192.0.2.0/24`; everybody if absent. */
  readonly allowed?: readonly string[]
}

export interface ControlPlaneParts {
  readonly log: Log
  /** The gateway of this process, where there is one: resolves when all of its threads run what is published, or it does not. */
  take?(publication: Publication): Promise<Taken>
  /** The same of apps and keys: resolves when all of its threads know callers by it. */
  readonly takeCredentials?: (line: CredentialsLine) => Promise<void>
}

interface Closing {
  close(): Promise<void>
}

interface Running {
  readonly store: Store
  readonly log: Log
  readonly underWay: UnderWay
  /** Of nodes, for news. */
  endWaiting(): void
  /** What follows the store, and is to end before it. */
  readonly followers: readonly Closing[]
}

/** Less than what supervises the process gives it (`deploy/`): nodes that wait are answered at once, and a publish waits for them for less. */
const LONGEST_END_MS = 20_000
const LONGEST_STORE_END_MS = 5_000

export class ControlPlane {
  readonly #running: Running
  readonly address: {
    readonly host: string
    readonly port: number
    readonly isTls: boolean
    /** Where people find the pages, as links say it; undefined: nobody has said it. */
    readonly origin: string | undefined
    /** Who has it makes the first account; undefined: there is one. */
    readonly setUpSecret: string | undefined
  }

  private constructor(running: Running, address: ControlPlane['address']) {
    this.#running = running
    this.address = address
  }

  /** Resolves when it answers, and what is live was given to the gateway of this process. @rejects StoreRefusal, StoreFault, SecretFault, PortRefusal */
  static async open(settings: ControlPlaneSettings, parts: ControlPlaneParts): Promise<ControlPlane> {
    const secretKey = openSecretKey(settings)
    const weakKeys = WeakKeyHashes.open(settings.pepper)
    const store = await openStore(settings.database, parts.log)
    try {
      return await ControlPlane.#start(settings, parts, { store, secretKey, weakKeys })
    } catch (fault) {
      await store.close()
      throw fault
    }
  }

  // long: says of each part what it is joined to.
  static async #start(
    settings: ControlPlaneSettings,
    { log, ...gateway }: ControlPlaneParts,
    { store, secretKey, weakKeys }: Kept,
  ): Promise<ControlPlane> {
    const { feed, registry, heartbeats, begin } = openNodes(store)
    const rollout = new Rollout(registry)
    const reader = new PublicationReader({ secretKey })
    const publisher = new Publisher(store, {
      reader,
      async publish(publication) {
        feed.take(publication)
        if (gateway.take !== undefined) rollout.takeLocal(await gateway.take(publication))
      },
      onFault: (fault) => log.error('what is live cannot be read from the store', { error: String(fault) }),
    })
    const credentials = openCredentials(store, { log, publisher, say: gateway.takeCredentials, pepper: weakKeys?.id })
    // Callers are known before the first of them comes.
    const followers = [...(credentials === undefined ? [] : [credentials]), publisher]
    rollout.follow(...followers)
    const identity = new Identity(store, Date.now)
    let localOrigin: string | undefined
    const webhooks = openWebhooks(settings, { store, secretKey, log })
    const documents = new DocumentCleaner({ store, log, nowMs: Date.now })
    const all: readonly Closing[] = [...(webhooks === undefined ? [] : [webhooks]), documents, ...followers]
    const services: Services = {
      store,
      log,
      rollout,
      nodes: registry,
      liveCheck: new LiveCheck(reader),
      issuerKeys: new IssuerKeys(Date.now),
      secretKey,
      weakKeys,
      webhooks,
      // Also where something before it speaks TLS for it.
      isTls: settings.tls !== undefined || settings.publicOrigin?.startsWith('https:') === true,
      publicOrigin: () => settings.publicOrigin ?? localOrigin,
      nowMs: Date.now,
      identify: (db, credentials) => identity.identify(db, credentials),
      findAsker,
    }
    const { host, tls, clientCa, allowed, publicOrigin } = settings
    const app = createApp(services, ADMIN_ROUTES, {
      ...(tls !== undefined && { tls }),
      ...(clientCa !== undefined && { clientCa }),
      ...(allowed !== undefined && { allowed: toNetworkList(allowed) }),
      isLocal: isLoopback(host),
      ...(publicOrigin !== undefined && { publicOrigin }),
    })
    const underWay = new UnderWay(app)
    const endWaiting = serveNodes(app, { store, feed, heartbeats, pepper: weakKeys?.id, nowMs: Date.now })
    try {
      await begin()
      for (const follower of followers) await follower.look()
      // Whatever is wrong with it is said to who changes something.
      await store
        .read((db) => services.liveCheck.prepare(db))
        .catch((fault) => log.warn('what is live could not be looked at', { error: String(fault) }))
      const setUpSecret = await store.write((change) => openSetUp({ ...change, by: NOBODY, nowMs: Date.now() }))
      const port = await listen(app, settings)
      // By its name: passkeys are for no addresses.
      if (isLoopback(host)) localOrigin = `${tls === undefined ? 'http' : 'https'}://localhost:${port}`
      void webhooks?.look()
      return new ControlPlane(
        { store, log, underWay, endWaiting, followers: all },
        { host, port, isTls: tls !== undefined, origin: publicOrigin ?? localOrigin, setUpSecret },
      )
    } catch (fault) {
      for (const follower of all) await follower.close()
      throw fault
    }
  }

  /** What is under way is answered first. How many requests were cut off, because they had not come to an end in time. */
  async close(): Promise<number> {
    const { log, underWay, endWaiting } = this.#running
    endWaiting()
    const cutOff = await underWay.end(LONGEST_END_MS)
    if (cutOff > 0) log.warn('requests to the control plane were cut off: they took too long', { cutOff })
    const isLate = setTimeout(LONGEST_STORE_END_MS, true, { ref: false })
    // A database that answers nothing would be waited for until its connections break. What was acknowledged, it has said that it keeps.
    if (await Promise.race([isLate, this.#leaveStore()])) log.warn('the store was left without its answer')
    return cutOff
  }

  async #leaveStore(): Promise<false> {
    const { followers, store } = this.#running
    for (const follower of followers) await follower.close()
    await store.close()
    return false
  }
}

/** What it keeps, and what opens that. */
interface Kept {
  readonly store: Store
  readonly secretKey: SecretKey | undefined
  readonly weakKeys: WeakKeyHashes | undefined
}

/** Gives its port. @rejects PortRefusal */
async function listen(app: FastifyInstance, { host, port }: ControlPlaneSettings): Promise<number> {
  // By this name the server would listen at each address that it has, and end at the first of them alone.
  const address = host === 'localhost' ? '127.0.0.1' : host
  await app.listen({ host: address, port }).catch((cause: unknown) => {
    throw new PortRefusal(cause instanceof Error ? cause.message : String(cause), { cause })
  })
  const bound = app.server.address()
  return typeof bound === 'object' ? (bound?.port ?? port) : port
}

/** `begin`: when the store is there for certain. */
function openNodes(store: Store) {
  const feed = new ConfigurationFeed()
  let uid: string | undefined
  const registry = new NodeRegistry(Date.now, () => {
    const { sequence } = feed
    return uid === undefined || sequence === undefined ? undefined : { store: uid, sequence }
  })
  const heartbeats = new SharedHeartbeats({ store, feed, registry, nowMs: Date.now })
  async function begin(): Promise<void> {
    uid = await store.read(readStoreUid)
    await heartbeats.ask()
  }
  return { feed, registry, heartbeats, begin }
}

interface CredentialsParts {
  readonly log: Log
  readonly publisher: Publisher
  readonly say: ControlPlaneParts['takeCredentials']
  readonly pepper: string | undefined
}

/** Only where there is a gateway in this process. */
function openCredentials(
  store: Store,
  { log, publisher, say, pepper }: CredentialsParts,
): CredentialsPublisher | undefined {
  if (say === undefined) return undefined
  return new CredentialsPublisher(store, {
    say,
    pepper,
    beforeWhole: () => publisher.look(),
    onFault: (fault) => log.error('apps and keys cannot be told to the gateway', { error: String(fault) }),
  })
}

/** Without a key for secrets nothing can be signed, and so nothing is sent. */
function openWebhooks(
  { webhookAllowed }: ControlPlaneSettings,
  { secretKey, ...parts }: Omit<Kept, 'weakKeys'> & { readonly log: Log },
): WebhookSender | undefined {
  if (secretKey === undefined) return undefined
  return new WebhookSender({ ...parts, secretKey, addresses: new PublicAddresses(webhookAllowed), nowMs: Date.now })
}

/** @throws SecretFault */
function openSecretKey({ secretKeyFile: file }: ControlPlaneSettings): SecretKey | undefined {
  if (file !== undefined) return SecretKey.open({ file })
  return process.env.GATEWRIGHT_SECRET_KEY === undefined ? undefined : SecretKey.open({})
}

async function openStore(database: string, log: Log): Promise<Store> {
  const onFault = (fault: unknown): void => log.error('the store has a fault', { error: String(fault) })
  if (isPostgres(database)) return await PostgresStore.open({ url: database, onFault })
  return await SqliteStore.open({ file: database, access: 'alone', onFault })
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
