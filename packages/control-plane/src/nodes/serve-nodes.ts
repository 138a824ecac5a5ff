/**
 * Owns what nodes ask a control plane, below `/node/v1`: what they are to run, whom they are to let in, and what they say of themselves. It
 * is no part of the admin API: a token of a node opens this alone, and nothing else opens this.
 */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { createGzip, createZstdCompress } from 'node:zlib'
import { FEED_FORMATS, nodeNameSchema, parseHeartbeat, pickFeedFormat } from '@gatewright/model'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AdminProblem } from '../http/admin-problem.ts'
import { readStoreUid } from '../store/next-sequence.ts'
import type { Store } from '../store/store.ts'
import type { ConfigurationFeed } from './configuration-feed.ts'
import { CredentialsSpools } from './credentials-spool.ts'
import { findGroupOfNode, findNodeGroup, isNamedElsewhere, type NodeGroup } from './node-token-store.ts'
import type { SharedHeartbeats } from './shared-heartbeats.ts'

export interface NodeServices {
  readonly store: Store
  readonly feed: ConfigurationFeed
  readonly heartbeats: SharedHeartbeats
  /** Tells the pepper of weak keys from others. */
  readonly pepper?: string | undefined
  nowMs(): number
}

const PREFIX = '/node/v1'
/** Of each kind of question. A control plane that has more says so, and they ask another one. */
const MOST_WAITING = 2_000
/** Intermediaries give up on what is silent for half a minute. */
const LONGEST_WAIT_MS = 25_000
/** A line for each thread; read before it is known who sends it. */
const HEARTBEAT_BYTES = 256 * 1024
/** Less is not worth it. */
const COMPRESSED_FROM_BYTES = 1_000

/** Gives what ends all waiting for news. */
export function serveNodes(app: FastifyInstance, services: NodeServices): () => void {
  const server = new NodeServer(services)
  app.get(`${PREFIX}/configuration`, (request, reply) => server.answerConfiguration(request, reply))
  app.get(`${PREFIX}/credentials`, (request, reply) => server.answerCredentials(request, reply))
  app.post(`${PREFIX}/heartbeat`, { bodyLimit: HEARTBEAT_BYTES }, (request, reply) =>
    server.takeHeartbeat(request, reply),
  )
  // When nobody asks any more.
  app.addHook('onClose', async () => server.close())
  return () => server.endWaiting()
}

/** Several that wait for something that may come. */
class Waiting {
  readonly #ends = new Set<() => void>()

  /** Resolves when `news` does, the time is over, the node is gone, or the control plane closes. */
  async wait(news: Promise<unknown>, { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal }) {
    if (this.#ends.size >= MOST_WAITING) {
      throw new AdminProblem('store-unavailable', 'Too many nodes wait here: ask another control plane.', {
        headers: { 'retry-after': '5' },
      })
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ends.add(resolve)
    const timer = setTimeout(resolve, waitMs)
    signal.addEventListener('abort', () => resolve(), { once: true })
    await Promise.race([news, promise])
    clearTimeout(timer)
    this.#ends.delete(resolve)
  }

  end(): void {
    for (const resolve of this.#ends) resolve()
  }
}

class NodeServer {
  readonly #services: NodeServices
  readonly #spools: CredentialsSpools
  readonly #waiting = { configuration: new Waiting(), credentials: new Waiting() }
  readonly #stopListening: () => void
  #storeChanged = Promise.withResolvers<void>()
  #isClosing = false

  constructor(services: NodeServices) {
    this.#services = services
    const { store, pepper, nowMs } = services
    this.#spools = new CredentialsSpools({ store, pepper, nowMs })
    this.#stopListening = services.store.onChange(() => {
      this.#storeChanged.resolve()
      this.#storeChanged = Promise.withResolvers<void>()
    })
  }

  async answerConfiguration(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { store, feed } = this.#services
    const { query } = request
    const format = pickFeedFormat(toText(query, 'formats') ?? '')
    if (format === undefined) return refuseFormat(reply)
    const since = toText(query, 'since')
    let { body: scope } = (await this.#identify(request)).group
    let changed = feed.changed
    let found = feed.find(scope, since)
    for (const end = toEnd(query); found === undefined && performance.now() < end && this.#isWaitedFor(request); ) {
      await this.#waiting.configuration.wait(changed, toWait(request, end))
      // The group may be another one now, and the token over.
      scope = (await this.#identify(request)).group.body
      changed = feed.changed
      found = feed.find(scope, since)
    }
    if (found === undefined) return reply.code(204).send()
    const uid = await store.read(readStoreUid)
    const text = JSON.stringify({ format, store: uid, ...found })
    return send(request, reply, { type: 'application/json', body: Readable.from([text]), bytes: text.length })
  }

  async answerCredentials(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { query } = request
    if (pickFeedFormat(toText(query, 'formats') ?? '') === undefined) return refuseFormat(reply)
    const [store, since] = [toText(query, 'store'), toText(query, 'since')]
    const known = store === undefined || since === undefined ? undefined : { store, sequence: Number(since) }
    let { body: scope } = (await this.#identify(request)).group
    let changed = this.#storeChanged.promise
    let found = await this.#spools.read(scope, known)
    for (const end = toEnd(query); found === undefined && performance.now() < end && this.#isWaitedFor(request); ) {
      await this.#waiting.credentials.wait(changed, toWait(request, end))
      scope = (await this.#identify(request)).group.body
      changed = this.#storeChanged.promise
      found = await this.#spools.read(scope, known)
    }
    if (found === undefined) return reply.code(204).send()
    return send(request, reply, { type: 'application/x-ndjson', body: found, bytes: undefined })
  }

  async takeHeartbeat(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { group, name } = await this.#identify(request)
    const { heartbeats } = this.#services
    let heartbeat: ReturnType<typeof parseHeartbeat>
    try {
      heartbeat = parseHeartbeat(String(request.body))
    } catch (fault) {
      throw new AdminProblem('request-invalid', `This is no heartbeat: ${(fault as Error).message}`)
    }
    // Who it is was said, and maybe proven, in the head: nobody speaks for another node.
    if (heartbeat.node !== name) {
      throw new AdminProblem('request-invalid', `This is a heartbeat of "${heartbeat.node}", and "${name}" sends it.`)
    }
    if (!heartbeats.take(heartbeat, group)) {
      throw new AdminProblem(
        'too-busy',
        'More nodes than can be remembered have said something in the last minutes, and no group has more than this one.',
        {
          headers: { 'retry-after': '60' },
        },
      )
    }
    return reply.code(204).send()
  }

  endWaiting(): void {
    this.#isClosing = true
    for (const waiting of Object.values(this.#waiting)) waiting.end()
  }

  close(): void {
    this.endWaiting()
    this.#stopListening()
    this.#services.heartbeats.close()
    this.#spools.close()
  }

  #isWaitedFor(request: FastifyRequest): boolean {
    return !this.#isClosing && !request.raw.destroyed
  }

  /** @throws AdminProblem */
  async #identify(request: FastifyRequest): Promise<{ readonly group: NodeGroup; readonly name: string }> {
    const { store, nowMs } = this.#services
    const name = nodeNameSchema.safeParse(request.headers['gatewright-node']).data
    if (name === undefined) throw new AdminProblem('request-invalid', 'Say in Gatewright-Node which node asks.')
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    const isProven = token === undefined && isNamed(request.raw.socket, name)
    const group = await store.read(async (db) => {
      if (isProven) return await findGroupOfNode(db, name)
      const found = token === undefined ? undefined : await findNodeGroup(db, token, nowMs())
      return found === undefined || (await isNamedElsewhere(db, name, found)) ? undefined : found
    })
    if (group === undefined) {
      throw new AdminProblem(
        'not-signed-in',
        'This is no token of a node, or it is over: issue one to its node group. Who comes with a certificate is named in one group, and by that name comes nobody with a token of another one.',
      )
    }
    return { group, name }
  }
}

/** Its certificate is signed by whom we trust, and for this name. */
function isNamed(socket: Socket, name: string): boolean {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false
  const certificate = socket.getPeerX509Certificate()
  return certificate?.checkHost(name, { subject: 'never', wildcards: false }) !== undefined
}

function refuseFormat(reply: FastifyReply): FastifyReply {
  return reply
    .code(406)
    .type('application/json')
    .send(Buffer.from(JSON.stringify({ formats: FEED_FORMATS })))
}

function toText(query: unknown, name: string): string | undefined {
  const value = (query as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** On the clock of `performance`. */
function toEnd(query: unknown): number {
  const seconds = Number(toText(query, 'wait') ?? 0)
  return performance.now() + Math.min(LONGEST_WAIT_MS, Number.isFinite(seconds) ? seconds * 1000 : 0)
}

function toWait(request: FastifyRequest, end: number) {
  return { waitMs: Math.max(0, end - performance.now()), signal: request.signal }
}

interface Sent {
  readonly type: string
  readonly body: Readable
  /** Undefined: not known. */
  readonly bytes: number | undefined
}

/** As the node can read it (RFC 9110 §12.5.3). */
function send(request: FastifyRequest, reply: FastifyReply, { type, body, bytes }: Sent): FastifyReply {
  void reply.code(200).type(type)
  const accepted = String(request.headers['accept-encoding'] ?? '')
  if (bytes !== undefined && bytes < COMPRESSED_FROM_BYTES) return reply.send(body)
  const coding = ['zstd', 'gzip'].find((each) => accepted.includes(each))
  if (coding === undefined) return reply.send(body)
  const packed = coding === 'zstd' ? createZstdCompress() : createGzip({ level: 1 })
  body.once('error', (fault) => packed.destroy(fault))
  return reply.header('content-encoding', coding).send(body.pipe(packed))
}
