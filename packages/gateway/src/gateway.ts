/**
 * The life of a request, in order: snapshot → match → open → run → answer → record. Read this file first: every other file of
 * the data plane serves one line of `receive`.
 */
import { EMPTY_BODY, GatewayResponse, HeaderList, type Next, Problem } from '@gatewright/policies'
import type { Ended, GatewayExchange } from './exchange/gateway-exchange.ts'
import { watchGrpcDeadline } from './exchange/grpc-deadline.ts'
import { findGrpcType } from './exchange/grpc-type.ts'
import { openExchange } from './exchange/open-exchange.ts'
import type { Refusal } from './http1/refusal.ts'
import type { ClientConnection, ReceivedRequest, RequestReceiver } from './listen/connection-contract.ts'
import type { TunnelKeeper } from './listen/tunnels.ts'
import type { FaultLog } from './observe/fault-log.ts'
import type { Recorder } from './observe/recorder.ts'
import { renderProblem } from './respond/problem-response.ts'
import { type Allowance, asksTunnel, findRefusal, toAllowedUpgrade, toTunnelProblem } from './route/allowance.ts'
import { ALLOWED_METHODS, matchRequest } from './route/match-request.ts'
import { findQueryFault, type PathFault, toNormalPath } from './route/normal-path.ts'
import { UndecidedRequest } from './route/undecided-request.ts'
import type { SnapshotRuntime } from './snapshot/runtime.ts'
import type { ClientTunnelEnd } from './sockets/tunnel-end.ts'
import { toWebSocketAccept } from './sockets/web-socket-accept.ts'

export interface GatewayParts {
  readonly current: () => SnapshotRuntime
  readonly recorder: Recorder
  readonly faults: FaultLog
  readonly tunnels: TunnelKeeper
}

const EMPTY_TARGET = { path: '', search: '', authority: undefined } as const

export class Gateway implements RequestReceiver {
  readonly #parts: GatewayParts

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  receive(received: ReceivedRequest, connection: ClientConnection): void {
    // One snapshot for the whole life: a publish in the middle must not change the rules halfway.
    const snapshot = this.#parts.current()
    const { target } = received
    const normal = target.path === '*' ? '*' : toNormalPath(target.path)
    const path = typeof normal === 'string' ? normal : normal.kind === 'open' ? normal.path : target.path
    const exchange = this.#open(received, connection, { path, snapshot })
    const gated = connection.settings.gate.findAnswer(received, connection)
    if (gated !== undefined) return this.#answerGated(exchange, gated, { connection, snapshot })
    const fault = typeof normal === 'object' && normal.kind === 'refused' ? normal : findQueryFault(target.search)
    if (fault !== undefined) {
      connection.closeGracefully()
      return this.#run(exchange, snapshot.runUnmatched(toPathProblem(fault)), snapshot)
    }
    const found = matchRequest(
      snapshot,
      exchange,
      typeof normal === 'object' && normal.kind === 'open' ? normal : undefined,
    )
    exchange.api = found.api
    exchange.route = found.route?.facts ?? found.api?.facts ?? exchange.route
    if (found.closes) connection.closeGracefully()
    let allowance: Allowance | undefined = found.route
    if (found.undecided !== undefined) {
      const undecided = new UndecidedRequest(found.undecided, exchange, { received, connection })
      exchange.undecided = undecided
      allowance = undecided.allowance
    }
    if (allowance !== undefined) {
      exchange.upgrade = toAllowedUpgrade(received, allowance)
      const refused = findRefusal(received, allowance, connection)
      if (refused !== undefined) return this.#run(exchange, snapshot.runUnmatched(refused), snapshot)
      if (findGrpcType(received.headers) !== undefined) {
        const problem = watchGrpcDeadline(exchange, connection.settings.wheel)
        if (problem !== undefined) return this.#run(exchange, snapshot.runUnmatched(problem), snapshot)
      }
    }
    this.#run(exchange, found.run, snapshot)
  }

  refuse(refusal: Refusal, head: { method: string; target: string }, connection: ClientConnection): void {
    const snapshot = this.#parts.current()
    const received: ReceivedRequest = {
      method: head.method,
      rawTarget: head.target,
      target: EMPTY_TARGET,
      authority: undefined,
      httpVersion: connection.httpVersion,
      headers: HeaderList.of(),
      body: EMPTY_BODY,
      upgrade: undefined,
    }
    const exchange = this.#open(received, connection, { path: '', snapshot })
    const { code, detail, reason } = refusal
    // RFC 9110 §15.5.6: a 405 names what is allowed.
    const headers = code === 'method-not-allowed' ? ([['Allow', ALLOWED_METHODS]] as const) : []
    const problem = new Problem(code, { detail, reason, headers })
    this.#run(exchange, snapshot.runUnmatched(problem), snapshot)
  }

  onEnded(exchange: GatewayExchange, ended: Ended): void {
    this.#parts.recorder.record(exchange, ended)
  }

  openTunnel(exchange: GatewayExchange, response: GatewayResponse, client: ClientTunnelEnd): void {
    this.#parts.tunnels.open(exchange, { response, client })
  }

  #open(
    received: ReceivedRequest,
    connection: ClientConnection,
    { path, snapshot }: { path: string; snapshot: SnapshotRuntime },
  ): GatewayExchange {
    const { trusted } = connection.settings
    const exchange = openExchange(received, { connection, trusted, path, heldFields: snapshot.heldFields })
    connection.begin(exchange)
    const { hsts } = connection.settings.gate
    if (hsts !== undefined) exchange.answerWith('Strict-Transport-Security', hsts)
    this.#parts.recorder.open(exchange)
    return exchange
  }

  /** No policy runs: who did not come in as the listener demands is not told more. */
  #answerGated(
    exchange: GatewayExchange,
    response: GatewayResponse,
    { connection, snapshot }: { connection: ClientConnection; snapshot: SnapshotRuntime },
  ): void {
    if (response.problem !== undefined) connection.closeGracefully()
    this.#answer(exchange, response, snapshot)
  }

  #run(exchange: GatewayExchange, run: Next, snapshot: SnapshotRuntime): void {
    const answer = (response: GatewayResponse): void => this.#answer(exchange, toAnswer(response), snapshot)
    let response: ReturnType<Next>
    try {
      response = run(exchange)
    } catch (thrown) {
      response = GatewayResponse.ofProblem(thrown)
    }
    if (response instanceof Promise) response.then(answer, (thrown) => answer(GatewayResponse.ofProblem(thrown)))
    else answer(response)
  }

  #answer(exchange: GatewayExchange, given: GatewayResponse, snapshot: SnapshotRuntime): void {
    const response = toTunnelAnswer(exchange, given)
    const { problem } = response
    exchange.status = response.status
    if (problem !== undefined) {
      exchange.problem = problem
      this.#parts.faults.write(exchange, problem)
      renderProblem(response, exchange, {
        errors: exchange.api?.errors ?? NO_ERRORS,
        problemBase: snapshot.problemBase,
        onShapeFailed: (cause) => this.#parts.faults.writeShapeFailure(exchange, problem, cause),
      })
      exchange.status = response.status
    }
    exchange.api?.lifecycle?.dress(response)
    exchange.answer(response)
  }
}

const NO_ERRORS = new Map()

function toPathProblem({ problem, detail, reason }: PathFault): Problem {
  return new Problem(problem, { detail, reason })
}

/** A user's policy in plain JavaScript may forget its `return`, or say a status that no client understands: that is its fault, not the end of the thread. */
function toAnswer(response: unknown): GatewayResponse {
  if (!(response instanceof GatewayResponse)) {
    return GatewayResponse.ofProblem(new TypeError('a policy answered with something that is no GatewayResponse'))
  }
  const { status, tunnel } = response
  if ((Number.isInteger(status) && status >= 200 && status <= 599) || (status === 101 && tunnel !== undefined))
    return response
  response.discard()
  return GatewayResponse.ofProblem(new RangeError(`a policy answered with the status ${status}`))
}

/** To a client of HTTP/2 any 2xx says that its tunnel is open (RFC 9113 §8.5), and it checks no proof of it: so it is checked here (RFC 6455 §4.1). */
function toTunnelAnswer({ request, upgrade }: GatewayExchange, response: GatewayResponse): GatewayResponse {
  const { status, tunnel, headers } = response
  if (upgrade === undefined || !asksTunnel({ httpVersion: request.httpVersion, upgrade })) return response
  const key = request.headers.get('sec-websocket-key')
  const isProven = key === undefined || headers.get('sec-websocket-accept') === toWebSocketAccept(key)
  if (tunnel === undefined ? status < 200 || status > 299 : isProven) return response
  response.discard()
  return GatewayResponse.ofProblem(
    tunnel === undefined ? toTunnelProblem() : new Problem('upstream-malformed', { reason: 'web-socket-accept' }),
  )
}
