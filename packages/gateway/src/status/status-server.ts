/** Owns the status endpoints: alive, ready, metrics; on the admin port also what runs on each thread. Nothing here can change anything. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { isLocalName } from '@gatewright/policies'
import { listEndingCertificates } from '../certificates/ending-certificates.ts'
import type { GatewayProcess } from '../main.ts'
import { METRICS_CONTENT_TYPE } from '../observe/metrics.ts'

// As a module, it loads undici as well for what it exports beside these.
const { createServer } = process.getBuiltinModule('node:http')

export interface StatusAddress {
  readonly host: string
  readonly port: number
}

/** `status` shows what may be seen by kubelets and Prometheus; `admin` adds what only the machine itself should see. */
export type StatusKind = 'status' | 'admin'

type Answer = readonly [status: number, contentType: string, body: string]

const JSON_TYPE = 'application/json'
const TEXT_TYPE = 'text/plain; charset=utf-8'

/** Kubelets, Prometheus and a few people. Each is a descriptor of the process, and those are for the listeners. */
const MOST_CONNECTIONS = 128
/** For a head, and for a body that nobody reads: those who ask here are programs, and near. */
const REQUEST_TIMEOUT_MS = 2_000
const CHECK_MS = 500
const KEEP_ALIVE_MS = 1_000
/** For the whole answer to be taken away by somebody who reads slowly. */
const SILENCE_MS = 5_000

export class StatusServer {
  readonly #server: Server
  /** The one that is open longest comes first. */
  readonly #connections = new Set<Socket>()
  readonly #gateway: GatewayProcess
  readonly #kind: StatusKind
  /** Where the control plane of this process answers: for who asks the wrong port. */
  controlAddress: string | undefined

  constructor(gateway: GatewayProcess, kind: StatusKind) {
    this.#gateway = gateway
    this.#kind = kind
    this.#server = createServer(
      {
        headersTimeout: REQUEST_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: CHECK_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
      (request, response) => this.#answer(request, response),
    )
    this.#server.timeout = SILENCE_MS
    this.#server.on('connection', (socket: Socket) => this.#admit(socket))
  }

  /** Resolves with the port that was bound. @throws the system's error when it cannot be. */
  listen({ host, port }: StatusAddress): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : port)
      })
    })
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /** Beyond the bound the eldest goes, not the newest: a kubelet that is refused restarts what serves, and strangers could keep the port full. */
  #admit(socket: Socket): void {
    this.#connections.add(socket)
    socket.once('close', () => this.#connections.delete(socket))
    if (this.#connections.size <= MOST_CONNECTIONS) return
    for (const eldest of this.#connections) {
      this.#connections.delete(eldest)
      eldest.destroy()
      break
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [status, contentType, body] = this.#toAnswer(request)
    // A page in a browser on this machine may ask, but not read: there is no CORS here, and a rebound host name is refused.
    response.writeHead(status, {
      'Content-Type': contentType,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(status === 405 && { Allow: 'GET, HEAD' }),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  #toAnswer({ method, url = '/', headers }: IncomingMessage): Answer {
    const elsewhere = this.controlAddress === undefined ? '' : `The control plane: ${this.controlAddress}\n`
    if (method !== 'GET' && method !== 'HEAD')
      return [405, TEXT_TYPE, `Only GET and HEAD are answered here.\n${elsewhere}`]
    if (this.#kind === 'admin' && !isLocalName(headers.host)) {
      return [421, TEXT_TYPE, 'The admin port is asked by its address or as localhost only.\n']
    }
    switch (url.split('?')[0]) {
      case '/livez':
        return [200, TEXT_TYPE, 'alive\n']
      case '/readyz':
        return this.#toReadiness()
      case '/metrics':
        return [200, METRICS_CONTENT_TYPE, this.#gateway.renderMetrics()]
      case '/snapshot':
        if (this.#kind === 'admin') return [200, JSON_TYPE, `${JSON.stringify(this.#toSnapshotFacts(), null, 2)}\n`]
        break
    }
    const paths = this.#kind === 'admin' ? '/livez /readyz /metrics /snapshot' : '/livez /readyz /metrics'
    return [404, TEXT_TYPE, `Here are: ${paths}\n${elsewhere}`]
  }

  #toReadiness(): Answer {
    const { supervisor, configuration } = this.#gateway
    if (supervisor.isDraining) return [503, TEXT_TYPE, 'draining\n']
    const { condition } = this.#gateway
    const cutOffAt = toTime(condition?.cutOffSinceMs)
    if (condition?.isTooStale === true) return [503, TEXT_TYPE, `cut off from its control planes since ${cutOffAt}\n`]
    if (!supervisor.isReady) return [503, TEXT_TYPE, 'not every thread serves the snapshot\n']
    // Neither makes the gateway unready: what ran before runs on. Both are worth a line.
    const lacks = configuration.fault === undefined ? [] : ['the configuration on disk is faulty']
    if (cutOffAt !== null) lacks.push(`cut off from its control planes since ${cutOffAt}`)
    if (supervisor.state.fed.claimed.length > 0)
      lacks.push('own files and what is published claim the same keys or apps')
    lacks.push(...listEndingCertificates(supervisor.certificates.certificates, Date.now()))
    for (const id of supervisor.certificates.revokedSources) lacks.push(`a certificate of "${id}" is revoked`)
    for (const { hosts, notAfterMs, lastError } of supervisor.orders) {
      if (notAfterMs !== undefined || lastError === undefined) continue
      lacks.push(`there is no certificate of ${hosts[0]} yet: ${lastError}`)
    }
    return [200, TEXT_TYPE, lacks.length === 0 ? 'ready\n' : `ready, but ${lacks.join(', and ')}\n`]
  }

  #toSnapshotFacts(): object {
    const { supervisor, configuration } = this.#gateway
    const { version, hash, fault, findings, loadedAtMs } = configuration
    const { fed } = supervisor.state
    return {
      version,
      hash,
      apps: {
        version: supervisor.apps.version,
        hash: supervisor.apps.hash,
        fed: { version: fed.version, sequence: fed.sequence ?? null, keys: fed.size },
      },
      threads: supervisor.threads,
      orders: supervisor.orders.map(({ id, hosts, notAfterMs, lastError, nextAttemptMs }) => ({
        id,
        hosts,
        notAfter: toTime(notAfterMs),
        lastError: lastError ?? null,
        nextAttempt: toTime(nextAttemptMs),
      })),
      configuration: { loadedAt: new Date(loadedAtMs).toISOString(), fault: fault ?? null, findings },
    }
  }
}

function toTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
