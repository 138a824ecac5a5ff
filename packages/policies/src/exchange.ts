/** Owns one request's life and everything known about it so far. It dies with the request. */

import type { ClientCertificate } from './client-certificate.ts'
import { findForbiddenField } from './messages/forbidden-fields.ts'
import { readGrpcStatus } from './messages/grpc-status.ts'
import { findFieldFault, type HeaderList } from './messages/header-list.ts'
import { isSameName } from './messages/known-fields.ts'
import type { GatewayRequest } from './messages/request.ts'
import type { Problem } from './problem.ts'

/** Who calls, once an `authenticate` policy recognised a credential. */
export interface Caller {
  readonly id: string
  readonly app?: string | undefined
  readonly plan?: string | undefined
  readonly credential: CallerCredential
  /** Those that were asked for as well, and good. */
  readonly otherCredentials?: readonly CallerCredential[]
  readonly claims?: Readonly<Record<string, unknown>>
  readonly scopes?: readonly string[]
  readonly groups?: readonly string[]
}

export interface CallerCredential {
  readonly kind: string
  /** Names the credential without being it: for keys, the SHA-256. */
  readonly id: string
  /** Of one that is a token: as `toFingerprint` makes it, which tells whether a text is this token. */
  readonly tokenFingerprint?: string | undefined
  /** When it ends by itself, in epoch milliseconds: a tunnel that it opened ends with it. */
  readonly endsAtMs?: number
  /** Did somebody end it before that? Asked every second while a tunnel that it opened lives; absent: nobody can. */
  isEnded?(): boolean
}

export interface Client {
  /** The address the request came from: the peer's, or what trusted proxies say. */
  readonly address: string
  readonly port: number
  /** The other end of the connection. */
  readonly peerAddress: string
  readonly isPeerTrusted: boolean
  /** Proven in the TLS handshake of this connection, and accepted by its listener. */
  readonly certificate?: ClientCertificate | undefined
}

/** Which part of the model answers. */
export interface RouteFacts {
  readonly api: string
  readonly route: string
  /** `/orders/{id}`, base path included; what metrics are labelled with. */
  readonly template: string
  readonly operation?: string
  /** The revision whose release was chosen, of an API that has several. */
  readonly release?: string
  readonly tags?: readonly string[]
  /** The environment that the API is deployed in; absent outside of any. */
  readonly environment?: string
}

/** How an exchange ended; told once, after the last byte. */
export interface Outcome {
  readonly status: number
  /** `answered`: every byte was written. Else it broke off; `drain-timeout`: at the deadline of a drain, by the gateway. */
  readonly ended: 'answered' | 'client-left' | 'drain-timeout' | 'upstream-broke'
  readonly problem: Problem | undefined
  readonly durationMs: number
}

/** What a limit took for this exchange, so that a later refusal can give it back. The newest points to the one before. */
export interface Charge {
  giveBack(): void
  readonly earlier: Charge | undefined
}

/** What is good for one request, and was used by this one. The newest points to the one before. */
export interface Spent {
  readonly list: string
  readonly key: string
  readonly earlier: Spent | undefined
}

export interface AbortListener {
  onAbort(problem: Problem): void
}

export class Exchange {
  readonly id: string
  readonly client: Client
  request: GatewayRequest
  route: RouteFacts
  caller: Caller | undefined = undefined
  /** Milliseconds since the epoch when the head was complete. */
  readonly receivedAtMs: number
  /** Why this exchange must end early; undefined while it need not. */
  abortedBy: Problem | undefined = undefined
  /** Names of the policies that ran, in order; kept only when somebody asks (`explain`, `test`, debugging). */
  story: string[] | undefined = undefined
  /** Fields for whatever answer goes out: name, value, name, value… */
  answerFields: string[] | undefined = undefined
  /** How a call of gRPC ended, in its own numbers; undefined: nobody said. */
  grpcStatus: number | undefined = undefined
  /** The newest of what limits took so far; see `refundCharges`. */
  charge: Charge | undefined = undefined
  /** The newest of what it used that no other may; see `UsedOnce`. Told at the root. */
  spent: Spent | undefined = undefined
  #variables: Map<string, unknown> | undefined
  #finishListeners: ((outcome: Outcome) => void)[] | undefined
  #abortListeners: AbortListener[] | undefined
  #controller: AbortController | undefined
  #parent: Exchange | undefined

  constructor({ id, client, request, route, receivedAtMs }: ExchangeParts) {
    this.id = id
    this.client = client
    this.request = request
    this.route = route
    this.receivedAtMs = receivedAtMs
  }

  /** Values that policies leave for each other. */
  get variables(): Map<string, unknown> {
    this.#variables ??= new Map(this.#parent?.variables)
    return this.#variables
  }

  /** Aborts when the client left or a deadline passed. Costly: the plain path never asks. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      if (this.abortedBy !== undefined) controller.abort(this.abortedBy)
      else this.onAbort({ onAbort: (problem) => controller.abort(problem) })
    }
    return this.#controller.signal
  }

  /**
   * Sets a field on whatever answer goes out, problem or not, without waiting for it. Replaces the upstream's, and what an
   * earlier call said. What frames the message or belongs to the connection is the gateway's to say (RFC 9112 §6.3) and is left
   * out: two lengths in one answer would be two answers to somebody. @throws TypeError when it cannot stand in a message.
   */
  answerWith(name: string, value: string): void {
    if (!maySay(name)) return
    const fault = findFieldFault(name, value)
    if (fault !== undefined) throw new TypeError(fault)
    this.root.answerFields ??= []
    const fields = this.root.answerFields
    const at = findAnswerField(fields, name)
    if (at < 0) fields.push(name, value)
    else fields[at + 1] = value
  }

  /**
   * Adds a member to a structured list that goes out with the answer (RFC 9651 §3.1): several uses of one policy each say
   * their own. `member` is a bare item, `parameters` what follows it (`;q=100`); an earlier one of the same item is replaced.
   * Hot: both must be valid already.
   */
  answerWithMember(name: string, member: string, parameters: string): void {
    this.root.answerFields ??= []
    const fields = this.root.answerFields
    const at = findAnswerField(fields, name)
    if (at < 0) {
      fields.push(name, member + parameters)
      return
    }
    const others = (fields[at + 1] ?? '').split(', ').filter((other) => !other.startsWith(`${member};`))
    fields[at + 1] = [...others, member + parameters].join(', ')
  }

  /** Keeps for the record how a call of gRPC ended, if these fields of its answer say so. */
  noteGrpcStatus(fields: HeaderList | undefined): void {
    const { root } = this
    root.grpcStatus = readGrpcStatus(fields) ?? root.grpcStatus
  }

  /** Gives back, once, everything that limits took for this exchange: it is refused, and a refused request charges nothing. */
  refundCharges(): void {
    for (let charge = this.charge; charge !== undefined; charge = charge.earlier) charge.giveBack()
    this.charge = undefined
  }

  /** Calls once, after the last byte; for logs, meters and what is counted while a request lives. */
  onFinish(listener: (outcome: Outcome) => void): void {
    const root = this.root
    if (root.#finishListeners === undefined) root.#finishListeners = [listener]
    else root.#finishListeners.push(listener)
  }

  onAbort(listener: AbortListener): void {
    if (this.abortedBy !== undefined) listener.onAbort(this.abortedBy)
    else if (this.#abortListeners === undefined) this.#abortListeners = [listener]
    else this.#abortListeners.push(listener)
  }

  offAbort(listener: AbortListener): void {
    const listeners = this.#abortListeners
    if (listeners === undefined) return
    const at = listeners.indexOf(listener)
    if (at >= 0) listeners.splice(at, 1)
  }

  /** Ends what runs for this exchange and its forks: attempts are cancelled and answer with this problem. The first call counts. */
  abort(problem: Problem): void {
    if (this.abortedBy !== undefined) return
    this.abortedBy = problem
    const listeners = this.#abortListeners
    this.#abortListeners = undefined
    if (listeners !== undefined) for (const listener of listeners) listener.onAbort(problem)
  }

  /** Another run of the rest of the pipeline: its own request, caller and variables, one life. */
  fork(): Exchange {
    const fork = new Exchange({ ...this, request: this.request.clone() })
    fork.caller = this.caller
    fork.story = this.story
    fork.charge = this.charge
    fork.#parent = this
    this.onAbort({ onAbort: (problem) => fork.abort(problem) })
    return fork
  }

  /** Takes over what a fork learnt: the request as it became, who calls, the variables. For the fork whose answer is used. */
  adopt(fork: Exchange): void {
    this.request = fork.request
    this.caller = fork.caller
    this.charge = fork.charge
    if (fork.#variables !== undefined) this.#variables = fork.#variables
  }

  /** The exchange that the client knows of. */
  get root(): Exchange {
    let exchange: Exchange = this
    while (exchange.#parent !== undefined) exchange = exchange.#parent
    return exchange
  }

  /** The gateway's: is there anybody to tell? The usual exchange has nobody. */
  get hasFinishListeners(): boolean {
    return this.#finishListeners !== undefined
  }

  /** The gateway's: tells every finish listener; one that throws does not keep the others from hearing. */
  finish(outcome: Outcome, onListenerError: (error: unknown) => void): void {
    const listeners = this.#finishListeners
    if (listeners === undefined) return
    this.#finishListeners = undefined
    for (const listener of listeners) {
      try {
        listener(outcome)
      } catch (error) {
        onListenerError(error)
      }
    }
  }
}

/** What policies say is mostly constants: each name is looked at once. */
const saidNames = new Map<string, boolean>()
const MOST_SAID_NAMES = 1024

function maySay(name: string): boolean {
  let isAllowed = saidNames.get(name)
  if (isAllowed === undefined) {
    if (saidNames.size >= MOST_SAID_NAMES) saidNames.clear()
    isAllowed = findForbiddenField(name, 'response') === undefined
    saidNames.set(name, isAllowed)
  }
  return isAllowed
}

/** The index of a field's name in a flat list of names and values, or -1. Names are mostly constants: comparing pointers finds them. */
function findAnswerField(fields: readonly string[], name: string): number {
  for (let i = 0; i < fields.length; i += 2) {
    const other = fields[i]
    if (other === name) return i
    if (other !== undefined && other.length === name.length && isSameName(other, 0, name)) return i
  }
  return -1
}

export interface ExchangeParts {
  readonly id: string
  readonly client: Client
  readonly request: GatewayRequest
  readonly route: RouteFacts
  readonly receivedAtMs: number
}
