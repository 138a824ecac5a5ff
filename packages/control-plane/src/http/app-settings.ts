/** Owns what an operator may say of the admin API's port, and its limits. */

import { randomUUID } from 'node:crypto'
import type { BlockList } from 'node:net'
import { isLocalName } from '@gatewright/policies'
import type { FastifyRequest } from 'fastify'
import { isListed } from '../outgoing/network-list.ts'
import { AdminProblem } from './admin-problem.ts'

export interface AppSettings {
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Whose certificates of clients say who they are; nobody has to show one. */
  readonly clientCa?: string
  /** Who may ask; everybody if absent. */
  readonly allowed?: BlockList
  /** Bound to this machine alone: then it is asked by its address, or as localhost, and a page that makes its own name mean 127.0.0.1 is refused. */
  readonly isLocal?: boolean
  /** Where people find the pages: what stands before them on this machine asks by that name, too. */
  readonly publicOrigin?: string
}

const BODY_BYTES = 8 * 1024 * 1024
/** Of whom nobody knows: the longest that is taken is what a platform has signed. */
export const STRANGERS_BODY_BYTES = 64 * 1024
/** All nodes that may wait here, and who else asks: the rest of what a process may open is for its gateway. */
export const MOST_CONNECTIONS = 5_000
/** For a whole request: those who ask are people and programs with little to say. */
const REQUEST_TIMEOUT_MS = 30_000
const HEADERS_TIMEOUT_MS = 10_000
/** Nothing goes either way: whoever does not read an answer holds a connection no longer. Longer than any change takes. */
const IDLE_TIMEOUT_MS = 300_000
/** How often the first two are looked after. */
const CHECKED_EACH_MS = 5_000

export function toServerOptions({ tls, clientCa }: AppSettings) {
  const times = { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: CHECKED_EACH_MS }
  const judged = clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: false }
  return {
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    http: times,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 256 },
    ...(tls !== undefined && {
      https: { ...tls, ...judged, ...times, minVersion: 'TLSv1.2' as const },
    }),
  }
}

/** @throws AdminProblem */
export function assertAddress({ allowed, isLocal, publicOrigin }: AppSettings, request: FastifyRequest): void {
  const { ip } = request
  if (allowed !== undefined && !isListed(allowed, ip)) {
    throw new AdminProblem('address-refused', 'This address is not on the list of those that may ask here.')
  }
  const { host } = request.headers
  if (isLocal !== true || isLocalName(host) || isHostOf(host, publicOrigin)) return
  throw new AdminProblem(
    'misdirected-request',
    'This port is asked by its address, as localhost, or by the name in --control-url.',
  )
}

function isHostOf(host: string | undefined, origin: string | undefined): boolean {
  return host !== undefined && origin !== undefined && new URL(origin).host === host.toLowerCase()
}
