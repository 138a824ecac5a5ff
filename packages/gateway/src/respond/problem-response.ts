/** Owns what a problem looks like to a client: RFC 9457, unless the API says its own shape or the client speaks gRPC. */
import { PROBLEMS, toProblemType } from '@gatewright/model/runtime'
import { BytesBody, type Exchange, type GatewayResponse, type Problem } from '@gatewright/policies'
import { findGrpcType } from '../exchange/grpc-type.ts'
import type { CompiledErrorShape } from '../snapshot/runtime.ts'
import { renderGrpcProblem } from './grpc-problem.ts'

interface Shapes {
  /** By problem code, `4xx`, `5xx` or `default`. */
  readonly errors: ReadonlyMap<string, CompiledErrorShape>
  readonly problemBase: string | undefined
  /** A shape's expression failed: the standard document is sent instead. */
  readonly onShapeFailed: (error: unknown) => void
}

/** Fills in the body of a response that carries a problem; what policies put on it stays. */
export function renderProblem(
  response: GatewayResponse,
  exchange: Exchange,
  { errors, problemBase, onShapeFailed }: Shapes,
): void {
  const { problem } = response
  if (problem === undefined) return
  const grpcType = findGrpcType(exchange.request.headers)
  if (grpcType !== undefined) {
    renderGrpcProblem(response, problem, grpcType)
    exchange.noteGrpcStatus(response.headers)
    return
  }
  const shape = findShape(errors, problem)
  if (shape !== undefined) {
    try {
      return renderShape(response, exchange, { shape, problem, problemBase })
    } catch (error) {
      // A shape that fails must not hide the problem: the standard one says it.
      onShapeFailed(error)
    }
  }
  renderStandard(response, exchange, { problem, problemBase })
}

function findShape(errors: ReadonlyMap<string, CompiledErrorShape>, problem: Problem): CompiledErrorShape | undefined {
  if (errors.size === 0) return undefined
  return errors.get(problem.code) ?? errors.get(problem.status < 500 ? '4xx' : '5xx') ?? errors.get('default')
}

interface Rendering {
  readonly problem: Problem
  readonly problemBase: string | undefined
}

/** RFC 9457 §3. */
function renderStandard(response: GatewayResponse, { id }: Exchange, { problem, problemBase }: Rendering): void {
  const { title } = PROBLEMS[problem.code]
  // RFC 9457 §3.1.3: the document's status is the answer's.
  const { status } = response
  const document: Record<string, unknown> = { type: toProblemType(problem.code, problemBase), title, status }
  if (problem.detail !== undefined) document.detail = problem.detail
  document.instance = `urn:request:${id}`
  if (problem.extensions !== undefined) Object.assign(document, problem.extensions)
  response.body = BytesBody.ofText(`${JSON.stringify(document)}\n`)
  response.headers.set('Content-Type', 'application/problem+json')
}

function renderShape(
  response: GatewayResponse,
  exchange: Exchange,
  { shape, problem, problemBase }: Rendering & { shape: CompiledErrorShape },
): void {
  const scope = shape.scopeOf(exchange, problem)
  const body = shape.body === undefined ? undefined : String(shape.body(scope))
  const status = response.status
  if (shape.status !== undefined) response.status = shape.status
  if (body === undefined) renderStandard(response, exchange, { problem, problemBase })
  response.status = status
  // On a copy: a field that cannot be written must not leave half a shape behind.
  const headers = response.headers.clone()
  if (body !== undefined) {
    headers.set('Content-Type', body.trimStart().startsWith('{') ? 'application/json' : 'text/plain; charset=utf-8')
  }
  for (const [name, value] of shape.headers) headers.set(name, String(value(scope)))
  response.headers = headers
  if (body !== undefined) response.body = BytesBody.ofText(body)
  if (shape.status !== undefined) response.status = shape.status
}
