/** Owns what a problem looks like to a client of gRPC: a status in fields of its own, because that of HTTP says nothing to it. */
import { PROBLEMS } from '@gatewright/model/runtime'
import { EMPTY_BODY, type GatewayResponse, HeaderList, type Problem } from '@gatewright/policies'

/** Status codes of gRPC (grpc.io, Status Codes), those that a gateway has to say. */
const STATUS = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** What each status of HTTP is to gRPC; the other way round than transcoding reads it. */
const BY_HTTP_STATUS = new Map<number, number>([
  [400, STATUS.invalidArgument],
  [401, STATUS.unauthenticated],
  [403, STATUS.permissionDenied],
  // No route is no such method: that is what servers of gRPC say of one, and not that something was not found.
  [404, STATUS.unimplemented],
  [405, STATUS.unimplemented],
  [408, STATUS.deadlineExceeded],
  [410, STATUS.unimplemented],
  [413, STATUS.resourceExhausted],
  [429, STATUS.resourceExhausted],
  [431, STATUS.resourceExhausted],
  [499, STATUS.cancelled],
  [500, STATUS.internal],
  [501, STATUS.unimplemented],
  [502, STATUS.unavailable],
  [503, STATUS.unavailable],
  [504, STATUS.deadlineExceeded],
])

/** A whole answer without a message, its status in the head ("Trailers-Only"). Fields that are there already stay. */
export function renderGrpcProblem(response: GatewayResponse, problem: Problem, type: string): void {
  response.status = 200
  response.body = EMPTY_BODY
  const { headers } = response
  headers.set('Content-Type', type)
  for (const [name, value] of toGrpcStatus(problem)) headers.set(name, value)
}

/** What ends an answer that has begun already. */
export function toGrpcTrailers(problem: Problem): HeaderList {
  return HeaderList.of(toGrpcStatus(problem))
}

function toGrpcStatus(problem: Problem): [name: string, value: string][] {
  const { title } = PROBLEMS[problem.code]
  const code = BY_HTTP_STATUS.get(problem.status) ?? STATUS.unknown
  const message = problem.detail === undefined ? title : `${title}: ${problem.detail}`
  return [
    ['grpc-status', `${code}`],
    ['grpc-message', toGrpcMessage(message)],
  ]
}

/** gRPC over HTTP2, `Percent-Encoded`: UTF-8, of which all but what prints in ASCII is encoded, and the sign itself. */
function toGrpcMessage(text: string): string {
  return text.replace(/[^ -$&-~]+/gu, (part) => encodeURIComponent(part.toWellFormed()))
}
