/** Owns how a newer document comes into an API that people have worked on: what they wrote stays, and follows its operations. */
import {
  type Finding,
  isListUse,
  type OpenApiDefinition,
  type OpenApiOperation,
  toTemplateShape,
} from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'
import type { Suggestion } from './suggest-body.ts'

type FileRoute = NonNullable<ApiBody['routes']>[number]

export interface MergeInput {
  readonly body: ApiBody
  /** Of the document that it had; absent where that cannot be read any more. */
  readonly before: OpenApiDefinition | undefined
  readonly now: OpenApiDefinition
  /** What the newer document says of its routes. */
  readonly said: readonly FileRoute[]
}

export function mergeBody({ body, before, now, said }: MergeInput): Suggestion {
  const findings: Finding[] = []
  const routes: FileRoute[] = []
  for (const route of body.routes ?? []) {
    const operation = followOperation(route.operation, before, now)
    if (operation === 'gone') findings.push(toGone(route, now))
    else routes.push(operation === undefined ? route : { ...route, operation })
  }
  for (const route of said) {
    const own = routes.find(({ operation }) => operation === route.operation)
    if (own === undefined) routes.push(route)
    else if (JSON.stringify(own) !== JSON.stringify(route)) findings.push(toKept(route, now))
  }
  if (before !== undefined && before.servers.join(' ') !== now.servers.join(' ')) findings.push(toMoved(before, now))
  const { title } = body
  // A title that is the document's was never written by hand.
  const kept = title !== undefined && title === before?.title ? (now.title ?? title) : title
  const isSaid = body.routes !== undefined || routes.length > 0
  // Members stay where they stand, so that the same makes the same revision.
  return { body: { ...body, ...(kept !== undefined && { title: kept }), ...(isSaid && { routes }) }, findings }
}

/** What it is called now; `undefined` for a route of its own. */
function followOperation(
  name: string | undefined,
  before: OpenApiDefinition | undefined,
  now: OpenApiDefinition,
): string | undefined {
  if (name === undefined) return undefined
  if (findOperation(now, name) !== undefined) return name
  const old = before && findOperation(before, name)
  const same = old && now.operations.find((other) => toShape(other) === toShape(old))
  if (same === undefined) return 'gone'
  const { operationId, method, path } = same
  return operationId !== undefined && findOperation(now, operationId) === same ? operationId : `${method} ${path}`
}

/** By id, else by `METHOD /path`; of several with one id the first has it. */
function findOperation({ operations }: OpenApiDefinition, name: string): OpenApiOperation | undefined {
  return (
    operations.find(({ operationId }) => operationId === name) ??
    operations.find(({ method, path }) => `${method} ${path}` === name)
  )
}

/** Names in a path do not count. */
function toShape({ method, path }: OpenApiOperation): string {
  return `${method} ${toTemplateShape(path, { caseSensitive: true, strictSlash: true })}`
}

function toGone({ operation, policies = [], upstream }: FileRoute, { place }: OpenApiDefinition): Finding {
  const held = [
    ...policies.map((use) => (isListUse(use) ? use.use : use.policy)),
    ...(upstream === undefined ? [] : [`upstream ${upstream}`]),
  ]
  const what = held.length === 0 ? '' : `, with ${held.join(', ')}`
  return {
    severity: 'warning',
    code: 'operation-gone',
    message: `The document has no operation "${operation}" any more: its route is taken out${what}.`,
    suggestion: 'If it is called otherwise now, write the route again with its new name.',
    at: { ...place, path: 'paths' },
  }
}

function toKept({ operation }: FileRoute, { place }: OpenApiDefinition): Finding {
  return {
    severity: 'warning',
    code: 'route-kept',
    message: `What the document says of the route of "${operation}" is left out: the API has words of its own for it.`,
    suggestion: 'Take the route out of the API to have it from the document.',
    at: { ...place, path: 'paths' },
  }
}

function toMoved(before: OpenApiDefinition, now: OpenApiDefinition): Finding {
  const [was, is] = [before, now].map(({ servers }) => servers.join(', ') || 'none')
  return {
    severity: 'warning',
    code: 'servers-changed',
    message: `The document names other servers: ${was} → ${is}. The API forwards to where it did.`,
    suggestion: 'Change `upstream` and `basePath` if that is meant.',
    at: { ...now.serversPlace, path: 'servers' },
  }
}
