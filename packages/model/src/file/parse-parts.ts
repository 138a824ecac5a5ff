/** Owns the parsing of a file of which most parts were parsed before: each resource and each route by itself, once. */
import type { z } from 'zod'
import { GatewrightFile } from '../gatewright-file.ts'
import { apiSchema } from './api.ts'
import { appSchema } from './app.ts'
import { planSchema } from './plan.ts'
import { routeSchema } from './route.ts'
import { upstreamSchema } from './upstream.ts'

/** A part as it was read → the same with its defaults. Both are never changed. */
export type ParsedParts = WeakMap<object, object>

/** Ends the parsing at the first thing that is wrong; caught in this file. */
class Faulty extends Error {}

type Container = Record<string, unknown>

const LISTS = { upstreams: upstreamSchema, plans: planSchema, apis: apiSchema, apps: appSchema }

/** What `GatewrightFile` makes of it; `undefined` where it would refuse it. */
export function parseParts(merged: unknown, parsed: ParsedParts): GatewrightFile | undefined {
  if (!isMap(merged)) return undefined
  const head: Container = { ...merged }
  for (const key of Object.keys(LISTS)) if (Array.isArray(merged[key])) head[key] = []
  const result = GatewrightFile.safeParse(head)
  if (!result.success) return undefined
  const file: Container = { ...result.data }
  try {
    for (const [key, schema] of Object.entries(LISTS)) {
      const list = merged[key]
      if (!Array.isArray(list)) continue
      file[key] = list.map((part) => (key === 'apis' ? parseApi(part, parsed) : parsePart(part, schema, parsed)))
    }
  } catch (error) {
    if (error instanceof Faulty) return undefined
    throw error
  }
  return file as GatewrightFile
}

function parsePart(part: unknown, schema: z.ZodType, parsed: ParsedParts): object {
  const known = isMap(part) ? parsed.get(part) : undefined
  if (known !== undefined) return known
  const result = schema.safeParse(part)
  if (!isMap(part) || !result.success) throw new Faulty()
  parsed.set(part, result.data as object)
  return result.data as object
}

function parseApi(api: unknown, parsed: ParsedParts): object {
  if (!isMap(api) || !Array.isArray(api.routes) || parsed.has(api)) return parsePart(api, apiSchema, parsed)
  const result = apiSchema.safeParse({ ...api, routes: [] })
  if (!result.success) throw new Faulty()
  const whole = { ...result.data, routes: api.routes.map((route) => parsePart(route, routeSchema, parsed)) }
  parsed.set(api, whole)
  return whole
}

function isMap(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
