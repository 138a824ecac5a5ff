/** Owns what the answers of a login's own paths have in common: fields that they carry, and the methods that they take. */
import type { GatewayRequest } from '../messages/request.ts'
import { Problem } from '../problem.ts'

export type Field = readonly [name: string, value: string]

/** RFC 9111 §5.2.2.5: what is meant for one browser is nobody else's, and not for later. */
export const NO_STORE: Field = ['Cache-Control', 'no-store']

/** The same problem, never to be stored, with these fields. */
export function withFields(problem: Problem, fields: readonly Field[]): Problem {
  const { code, detail, reason, cause } = problem
  const headers = [NO_STORE, ...problem.headers.filter((field) => field !== NO_STORE), ...fields]
  return new Problem(code, {
    headers,
    cause,
    ...(detail !== undefined && { detail }),
    ...(reason !== undefined && { reason }),
  })
}

/** @throws Problem method-not-allowed */
export function assertMethod({ method }: GatewayRequest, allowed: readonly string[]): void {
  if (allowed.includes(method)) return
  throw new Problem('method-not-allowed', {
    detail: `This path of the login takes ${allowed.join(' and ')} only.`,
    headers: [['Allow', allowed.join(', ')], NO_STORE],
  })
}
