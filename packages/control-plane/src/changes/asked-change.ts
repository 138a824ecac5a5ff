/** Owns telling changes that wait apart: of what is live of an API, and of all else that a protected environment runs. */
import type { AskedChange } from './asked-input.ts'
import type { ChangeRequest } from './change-request.ts'

export type AskedRequest = ChangeRequest<AskedChange>

export type AnyChange = ChangeRequest | AskedRequest

export function isAsked(change: AnyChange): change is AskedRequest {
  return 'route' in change.wish
}
