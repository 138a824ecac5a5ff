/** Owns the reading of answers that are JSON objects: what cannot be read is a fault of who answered. */
import { CallFault } from '../services.ts'

/** @throws CallFault */
export function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    throw toSenseless('no-json')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw toSenseless('no-object')
  return value as Readonly<Record<string, unknown>>
}

export const OTHER_ISSUER = 'metadata-issuer'

const MOST_ISSUER = 200

/** Somebody speaks for another issuer. Both are public, and differ by no more than a slash most often: the log says both. */
export function toOtherIssuer(wanted: string, said: unknown): CallFault {
  const told = typeof said === 'string' ? JSON.stringify(said.slice(0, MOST_ISSUER)) : 'no issuer'
  return new CallFault(OTHER_ISSUER, `the options name the issuer "${wanted}", and what it publishes names ${told}`)
}

/** `reason` is for the record: `status-500`, `no-json`… What the answer says is not: it may hold secrets. */
export function toSenseless(reason: string): CallFault {
  return new CallFault(reason, `the service's answer makes no sense: ${reason}`, { isAnswered: true })
}
