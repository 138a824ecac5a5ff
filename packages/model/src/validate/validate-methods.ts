/** Owns the checks of a route's methods: what is never routed, and what was probably meant as another. */
import { findClosest } from '../closest.ts'
import type { Path } from '../finding.ts'
import type { Validation } from './validation.ts'

/** Those that a slip is likely to be of. `QUERY` is OpenAPI 3.2's. */
const STANDARD = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY']

/** Close to a standard one, and meant as they stand: the IANA registry of methods, and OData's batches. */
const OTHERS = ['ACL', 'BIND', 'LINK', 'LOCK', 'MOVE', 'REPORT', 'BATCH']

/** Any token may be a method (RFC 9110 §9.1): what nobody sends is a warning, no fault. */
export function checkMethod(validation: Validation, method: string, path: Path): void {
  if (method === 'CONNECT' || method === 'TRACE') {
    const message = `${method} is answered with 405 before routes are looked at.`
    validation.fault(path, { code: 'method-never-routed', message, suggestion: 'Remove it.' })
    return
  }
  if (/[a-z]/.test(method)) {
    const upper = method.toUpperCase()
    if (method !== method.toLowerCase() && !STANDARD.includes(upper)) return
    validation.warn(path, {
      code: 'lower-case-method',
      message: `Methods are case-sensitive: "${method}" is not "${upper}".`,
      suggestion: `Write ${upper}.`,
    })
    return
  }
  if (STANDARD.includes(method) || OTHERS.includes(method)) return
  const meant = findClosest(method, STANDARD)
  if (meant === undefined) return
  validation.warn(path, {
    code: 'unusual-method',
    message: `"${method}" is no usual method: the route answers to requests that say exactly that.`,
    suggestion: `Did you mean ${meant}?`,
  })
}
