/** Owns what a covered component is worth in a request as it came: before any policy changed its path or its host (RFC 9421 §2.1, §2.2). */
import type { GatewayRequest } from '../messages/request.ts'
import {
  parseDictionary,
  parseItem,
  parseList,
  StructuredFieldFault,
} from '../structured-fields/parse-structured-field.ts'
import { serializeDictionary, serializeList, serializeMember } from '../structured-fields/serialize-structured-field.ts'
import type { Component } from './component.ts'
import { SignatureFault } from './signature-fault.ts'
import type { StructuredType } from './structured-types.ts'

/** @throws SignatureFault where the request has no such thing, or where it could mean two things. */
export function toComponentValue(
  component: Component,
  request: GatewayRequest,
  types: ReadonlyMap<string, StructuredType>,
): string {
  const isDerived = component.name.startsWith('@')
  const value = isDerived ? toDerivedValue(component, request) : toFieldValue(component, request, types)
  // RFC 9421 §2.1: all that is not ASCII is encoded first; §2.2: and nothing derived holds a control character.
  if (!/^[\t\x20-\x7e]*$/.test(value)) {
    throw new SignatureFault(
      'unsignable-component',
      `${component.text} holds octets that are not ASCII. Sign them in another form: of a field as ;bs.`,
    )
  }
  return value
}

function toDerivedValue(component: Component, request: GatewayRequest): string {
  switch (component.name) {
    case '@method':
      return request.method
    case '@target-uri':
      return toTargetUri(request)
    case '@authority':
      return toAuthority(request)
    case '@scheme':
      return request.scheme
    case '@request-target':
      return request.rawTarget
    case '@path':
      return toTarget(request).path || '/'
    case '@query':
      return toTarget(request).query || '?'
    default:
      return toQueryParameter(component, toTarget(request).query)
  }
}

// RFC 9112 §3.2.2, absolute-form: what stands before the path is said by `scheme` and `authority`.
const ABSOLUTE_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/

/** Octets as they came: nothing is decoded (RFC 3986 §6.2.1). The query with its `?`. */
function toTarget({ rawTarget }: GatewayRequest): { readonly path: string; readonly query: string } {
  const target = rawTarget === '*' ? '' : rawTarget.replace(ABSOLUTE_FORM, '')
  const at = target.indexOf('?')
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at) }
}

/** RFC 9110 §7.1 */
function toTargetUri(request: GatewayRequest): string {
  const { path, query } = toTarget(request)
  // RFC 9112 §3.3: `*` has neither; else RFC 9110 §4.2.3: an empty path is `/`.
  const normalPath = path === '' && request.rawTarget !== '*' ? '/' : path
  return `${request.scheme}://${toAuthority(request)}${normalPath}${query}`
}

/** RFC 9110 §4.2.3: in lower case, and without the port that the scheme has anyway. */
function toAuthority({ authority, scheme }: GatewayRequest): string {
  if (authority === '')
    throw new SignatureFault('component-missing', 'The request names no host. Send one, and sign it.')
  return authority.toLowerCase().replace(scheme === 'https' ? /:(?:443)?$/ : /:(?:80)?$/, '')
}

/** RFC 9421 §2.2.8: decoded as forms are, and encoded again in the one way. */
function toQueryParameter({ parameters, text }: Component, query: string): string {
  const name = String(parameters.get('name')?.value)
  const values: string[] = []
  for (const pair of query.slice(1).split('&')) {
    const equals = pair.indexOf('=')
    if (toFormEncoded(equals < 0 ? pair : pair.slice(0, equals), text) !== name || pair === '') continue
    values.push(toFormEncoded(equals < 0 ? '' : pair.slice(equals + 1), text))
  }
  const [value, ...more] = values
  if (value === undefined) throw missing(text)
  // Which of two counts, the upstream decides, and nobody knows how.
  if (more.length > 0) {
    throw new SignatureFault(
      'ambiguous-component',
      `${text} stands more than once in the query. Sign "@query" instead.`,
    )
  }
  return value
}

/**
 * Strict where forms are lenient: what is not UTF-8, or not an escape, would be read as something that may stand elsewhere
 * as well, and the signature would hold for both.
 */
function toFormEncoded(text: string, component: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new SignatureFault(
      'ambiguous-component',
      `The query is not percent-encoded UTF-8, so ${component} cannot be told apart. Sign "@query" instead.`,
    )
  }
  // URL Standard §1.3: the application/x-www-form-urlencoded percent-encode set has these five besides.
  return encodeURIComponent(decoded).replace(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function toFieldValue(
  component: Component,
  { headers }: GatewayRequest,
  types: ReadonlyMap<string, StructuredType>,
): string {
  const { name, parameters, text } = component
  const lines = headers.getAll(name).map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ''))
  if (lines.length === 0) throw missing(text)
  // `X_Amount` is `X-Amount` to CGI and WSGI: whoever has a signed request could say another one.
  if (headers.hasTwin(name)) {
    throw new SignatureFault(
      'ambiguous-component',
      `There is another field that some read as ${name}. Send one of them.`,
    )
  }
  if (parameters.has('bs')) {
    // RFC 9421 §2.1.3: one octet a character, which is what a value is here.
    return lines.map((line) => `:${Buffer.from(line, 'latin1').toString('base64')}:`).join(', ')
  }
  const value = lines.join(', ')
  const key = parameters.get('key')
  if (key === undefined && !parameters.has('sf')) return value
  const type = types.get(name)
  if (type === undefined || (key !== undefined && type !== 'dictionary')) {
    throw new SignatureFault(
      'unknown-structure',
      `Nobody told the gateway how ${name} is structured. Sign it as it is.`,
    )
  }
  try {
    return key === undefined ? toCanonical(value, type) : toMember(value, String(key.value), text)
  } catch (fault) {
    if (!(fault instanceof StructuredFieldFault)) throw fault
    throw new SignatureFault('malformed-component', `The field ${name} is not the structure that ${text} names.`)
  }
}

/** RFC 9421 §2.1.1 */
function toCanonical(value: string, type: StructuredType): string {
  if (type === 'item') return serializeMember(parseItem(value))
  return type === 'list' ? serializeList(parseList(value)) : serializeDictionary(parseDictionary(value))
}

/** RFC 9421 §2.1.2 */
function toMember(value: string, key: string, text: string): string {
  const member = parseDictionary(value).get(key)
  if (member === undefined) throw missing(text)
  return serializeMember(member)
}

function missing(text: string): SignatureFault {
  return new SignatureFault('component-missing', `The signature covers ${text}, and the request has none.`)
}
