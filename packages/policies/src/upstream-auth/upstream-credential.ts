/** Owns what every way of proving who the gateway is has in common: it puts something on a request that goes upstream. */
import type { Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { findFieldFault, type HeaderList } from '../messages/header-list.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { Problem } from '../problem.ts'
import type { PolicyServices } from '../services.ts'

export interface UpstreamCredential {
  /** Puts it on the request, in the place of what the client sent there. @throws Problem @rejects Problem */
  apply(exchange: Exchange): MaybePromise<void>
  /** The upstream did not take it: perhaps it was revoked. */
  doubt?(exchange: Exchange): void
  /** Does this answer of the upstream say so? 401 does, unless said (RFC 9110 §15.5.2). */
  isRefused?(response: GatewayResponse): boolean
}

export type UpstreamAuthServices = Pick<PolicyServices, 'clock' | 'http' | 'shared' | 'files' | 'log' | 'useId'>

/** @throws Problem where it cannot stand in a message */
export function setSecretField(headers: HeaderList, name: string, value: string): void {
  if (findFieldFault(name, value) !== undefined) throw toNoCredential('credential-unfit')
  headers.setSecret(name, value)
}

/** `reason` is for the record: `timeout`, `status-500`… */
export function toNoCredential(reason: string, retryAfterSeconds = 5): Problem {
  return new Problem('upstream-credential-unavailable', {
    detail: 'The gateway has no credential for the service behind it now. Try again later.',
    headers: [['Retry-After', `${retryAfterSeconds}`]],
    reason,
  })
}
