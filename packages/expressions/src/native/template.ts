/** `${…}` templates: literal text with parts of CEL, which always result in text. */
import { ExpressionError, ExpressionSyntaxError } from '../expression-error.ts'
import type { ExpressionValue } from './cel-values.ts'
import { MAX_RESULT_CHARS, MAX_TEMPLATE_CHARS, MAX_TEMPLATE_PARTS } from './limits.ts'
import { scanBrackets } from './scan-brackets.ts'

/** A part of a template: text as it is, or the CEL between `${` and `}` and where it starts. */
export type TemplatePart = string | { readonly source: string; readonly offset: number }

/**
 * Splits a template. `$${` is a literal `${`; braces and quotes inside of a part belong to its CEL. A lone `$` is itself;
 * a `$` right before a part is written `${'$'}${…}`.
 */
export function parseTemplate(template: string): TemplatePart[] {
  if (template.length > MAX_TEMPLATE_CHARS) {
    throw new ExpressionSyntaxError(
      `a template has at most ${MAX_TEMPLATE_CHARS} characters, this one ${template.length}`,
      template,
    )
  }
  const parts: TemplatePart[] = []
  let literal = ''
  let at = 0
  for (let sign = template.indexOf('${'); sign !== -1; sign = template.indexOf('${', at)) {
    if (sign > at && template[sign - 1] === '$') {
      literal += `${template.slice(at, sign - 1)}\${`
      at = sign + 2
      continue
    }
    const { end, openString } = scanBrackets(template, sign + 2)
    if (openString !== -1) throw new ExpressionSyntaxError('this text has no closing quote', template, openString)
    if (end === -1) throw new ExpressionSyntaxError('this part has no closing brace', template, sign)
    literal += template.slice(at, sign)
    if (literal !== '') parts.push(literal)
    parts.push({ source: template.slice(sign + 2, end), offset: sign + 2 })
    literal = ''
    at = end + 1
    if (template[end] !== '}') throw new ExpressionSyntaxError('this bracket closes nothing', template, end)
  }
  literal += template.slice(at)
  if (literal !== '') parts.push(literal)
  const expressions = parts.filter((part) => typeof part !== 'string').length
  if (expressions > MAX_TEMPLATE_PARTS) {
    throw new ExpressionSyntaxError(
      `a template has at most ${MAX_TEMPLATE_PARTS} \${…} parts, this one ${expressions}`,
      template,
    )
  }
  return parts
}

/** A template whose value is the given text. */
export function escapeTemplate(text: string): string {
  return text.replaceAll('${', () => '$${')
}

/** Joins texts under the bound for results. */
export function joinTexts(texts: readonly string[], template: string): string {
  const text = texts.join('')
  if (text.length <= MAX_RESULT_CHARS) return text
  throw new ExpressionError(
    `a template makes at most ${MAX_RESULT_CHARS} characters, this one would make ${text.length}`,
    template,
  )
}

/**
 * How a value stands in a text:
 *
 *     text        as it is
 *     null        nothing
 *     bool        true, false
 *     int, uint   decimal digits
 *     double      the shortest digits that are this number (`2.5`, `2` for 2.0, `1e+21`), NaN, Infinity, -Infinity
 *     bytes       as UTF-8, an error if they are not
 *     timestamp   RFC 3339 (`2026-01-31T12:00:00Z`); duration: seconds (`3.500s`)
 *     list, map   JSON; bytes inside as base64, NaN and infinities as null
 */
export function printValue(value: ExpressionValue, source: string): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'boolean':
      return String(value)
    default:
      if (value === null) return ''
      return value instanceof Uint8Array ? decodeUtf8(value, source) : JSON.stringify(toJson(value))
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeUtf8(bytes: Uint8Array, source: string): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new ExpressionError('these bytes are not UTF-8, so they cannot stand in a text', source)
  }
}

function toJson(value: ExpressionValue): ExpressionValue {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return value.toBase64()
  if (Array.isArray(value)) return value.map(toJson)
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]))
}
