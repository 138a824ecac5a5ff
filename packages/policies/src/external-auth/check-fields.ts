/** Owns which of a client's header fields a service that decides about the request may see. */
import { findForbiddenField } from '../messages/forbidden-fields.ts'
import type { HeaderList } from '../messages/header-list.ts'

/**
 * What only the gateway says to the service, in any spelling. A client's own would be believed there: bypasses of forward
 * authentication are made of them.
 */
const GATEWAYS_OWN = /^(?:x-forwarded(?:-.*)?|x-original-.*|x-real-ip|x-raw-target|x-envoy-.*)$/

/** A part of an answer, or one that only says "not modified", decides nothing (RFC 9110 §13, §14); a packed one cannot be read. */
const ABOUT_THE_ANSWER = new Set([
  'accept-encoding',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
])

/** May a client's field of this name not be sent to the service? CGI and WSGI read `_` as `-`. */
export function isWithheld(name: string): boolean {
  const plain = name.toLowerCase().replaceAll('_', '-')
  return GATEWAYS_OWN.test(plain) || ABOUT_THE_ANSWER.has(plain) || findForbiddenField(plain, 'request') !== undefined
}

export type FieldChoice = 'all' | readonly string[]

/** Name and value of each chosen field, as the client wrote them. */
export function pickFields(headers: HeaderList, choice: FieldChoice): [name: string, value: string][] {
  if (choice === 'all') return [...headers].filter(([name]) => !isWithheld(name))
  return choice.flatMap((name) => headers.getAll(name).map((value): [string, string] => [name, value]))
}
