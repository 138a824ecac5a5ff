/** Owns an answer on its way back: status, fields, body, and the problem it stands for, if it does. */
import { PROBLEMS } from '@gatewright/model/runtime'
import { Problem } from '../problem.ts'
import { type Body, BytesBody, EMPTY_BODY } from './body.ts'
import { HeaderList } from './header-list.ts'

/** What a 101 turns the connection into; the gateway's own. */
export interface Tunnel {
  /** Nobody will use it. */
  discard(): void
}

interface ResponseParts {
  readonly status: number
  readonly reason?: string
  readonly headers?: HeaderList
  readonly body?: Body
}

export class GatewayResponse {
  /** A final status: 200–599, or 101 with a tunnel. */
  status: number
  /** As the upstream said it; '' lets the gateway say the usual phrase. */
  reason: string
  headers: HeaderList
  body: Body
  /** Set: this answer is a problem, rendered last, by the gateway. Outer policies may still dress it. */
  readonly problem: Problem | undefined
  tunnel: Tunnel | undefined

  constructor({ status, reason = '', headers, body = EMPTY_BODY }: ResponseParts, problem?: Problem) {
    this.status = status
    this.reason = reason
    this.headers = headers ?? HeaderList.of()
    this.body = body
    this.problem = problem
    this.tunnel = undefined
  }

  /** What was thrown, as a response that carries its problem. */
  static ofProblem(thrown: unknown): GatewayResponse {
    const problem = Problem.from(thrown)
    return new GatewayResponse(
      { status: PROBLEMS[problem.code].status, headers: HeaderList.of(problem.headers) },
      problem,
    )
  }

  static ofText(status: number, text: string, contentType = 'text/plain; charset=utf-8'): GatewayResponse {
    return new GatewayResponse({
      status,
      headers: HeaderList.of([['Content-Type', contentType]]),
      body: BytesBody.ofText(text),
    })
  }

  /** Who drops a response says so: its upstream connection is waiting to be read. */
  discard(): void {
    this.body.discard()
    this.tunnel?.discard()
  }
}
