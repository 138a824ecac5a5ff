/** Owns the OpenAPI document of an API that has none: what its routes answer, and nothing of what they carry. */
import { parsePathTemplate } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'

type FileRoute = NonNullable<ApiBody['routes']>[number]

/** OpenAPI 3.1.1 §4.8.9: what a path item can say. */
const METHODS = new Set(['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'])
/** Of a route for every method: those that people use. */
const USUAL = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH']

export function generateDocument({
  title,
  version,
  description,
  routes = [],
}: ApiBody): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    if (route.path === undefined || route.enabled === false) continue
    const path = route.path.replaceAll(/\{([^{}]+?)\+\}/g, '{$1}')
    for (const method of (route.methods ?? USUAL).filter((name) => METHODS.has(name))) {
      const item = paths[path] ?? {}
      paths[path] = item
      // Routes may differ by conditions alone: the first of them stands for all.
      item[method.toLowerCase()] ??= toOperation(route, method)
    }
  }
  const info = { title: title ?? 'API', version: version ?? '1', ...(description !== undefined && { description }) }
  return { openapi: '3.1.0', info, paths }
}

function toOperation({ id, path = '/', methods, title, description, tags }: FileRoute, method: string): object {
  const parsed = parsePathTemplate(path)
  const names = 'fault' in parsed ? [] : parsed.segments.filter(({ kind }) => kind !== 'literal')
  const parameters = names.map(({ text }) => ({ name: text, in: 'path', required: true, schema: { type: 'string' } }))
  // An operation id is unique: that of a route with one method is its own.
  const isOnly = methods?.length === 1
  return {
    ...(id !== undefined && { operationId: isOnly ? id : `${id}-${method.toLowerCase()}` }),
    ...(title !== undefined && { summary: title }),
    ...(description !== undefined && { description }),
    ...(tags !== undefined && { tags }),
    ...(parameters.length > 0 && { parameters }),
    responses: { default: { description: 'What the upstream answers.' } },
  }
}
