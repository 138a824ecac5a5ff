/** Owns what a scope is called (RFC 6749 §3.3: scope-token), and how several are told in one text. */
import { z } from 'zod'

const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

export const scopeSchema = z.string().regex(SCOPE, 'write one scope, without spaces, quotation marks and backslashes')

/** With spaces between them (RFC 8693 §4.2). One that holds a space itself would be read as two that nobody gave: it is left out. */
export function toScopeText(scopes: readonly string[] | undefined): string | undefined {
  return scopes?.filter((scope) => SCOPE.test(scope)).join(' ')
}
