/** Owns the reading of a path template: literal segments, `{name}`, and a last `{name+}`. */

import { toNormalPath } from './normal-path.ts'

export type TemplateSegment =
  /** In its normal form, so that it can be compared with a normal path's segment. */
  | { readonly kind: 'literal'; readonly text: string }
  /** Exactly one segment, not an empty one. */
  | { readonly kind: 'one'; readonly name: string }
  /** One or more segments, empty ones included; always the last. */
  | { readonly kind: 'rest'; readonly name: string }

export interface PathTemplate {
  readonly kind: 'template'
  /** None for the root, `''` or `/`. */
  readonly segments: readonly TemplateSegment[]
  /** Names of parameters, in the order in which they stand. */
  readonly names: readonly string[]
}

export interface TemplateFault {
  readonly code: 'no-slash' | 'stray-brace' | 'bad-name' | 'duplicate-name' | 'rest-not-last' | 'never-matches'
  /** Index into the template. */
  readonly at: number
  readonly message: string
  /** What to write instead of the template, where that is clear. */
  readonly suggestion?: string
}

export interface FaultyTemplate {
  readonly kind: 'faulty'
  readonly faults: readonly TemplateFault[]
}

// What OpenAPI documents and the clouds' consoles let people call a parameter.
const NAME = /^[\w.:$@~-]+$/

/** Reads a template; tells all its faults, not only the first. */
export function compileTemplate(source: string): PathTemplate | FaultyTemplate {
  if (source === '' || source === '/') return { kind: 'template', segments: [], names: [] }
  if (!source.startsWith('/')) {
    const message = `A path template begins with a slash.`
    return { kind: 'faulty', faults: [{ code: 'no-slash', at: 0, message, suggestion: `/${source}` }] }
  }
  const segments: TemplateSegment[] = []
  const names: string[] = []
  const faults: TemplateFault[] = []
  for (let start = 1; start <= source.length; ) {
    const slash = source.indexOf('/', start)
    const end = slash < 0 ? source.length : slash
    const segment = parseSegment(source, start, end)
    if ('code' in segment) faults.push(segment)
    else {
      segments.push(segment)
      if (segment.kind !== 'literal') {
        if (names.includes(segment.name)) faults.push(duplicateName(segment.name, start))
        names.push(segment.name)
      }
      if (segment.kind === 'rest' && slash >= 0) faults.push(restNotLast(source, start, segment.name))
    }
    start = end + 1
  }
  return faults.length > 0 ? { kind: 'faulty', faults } : { kind: 'template', segments, names }
}

function parseSegment(source: string, start: number, end: number): TemplateSegment | TemplateFault {
  const text = source.slice(start, end)
  const brace = text.search(/[{}]/)
  if (brace < 0) return parseLiteral(source, start, end)
  const inner = text.slice(1, -1)
  const isWhole = text.startsWith('{') && text.endsWith('}') && text.length > 1 && !/[{}]/.test(inner)
  if (!isWhole) {
    const message = `In "${text}", braces don't enclose the whole segment: a parameter is one segment, "{name}". A literal brace is written %7B or %7D.`
    return { code: 'stray-brace', at: start + brace, message }
  }
  const isRest = inner.endsWith('+')
  const name = isRest ? inner.slice(0, -1) : inner
  if (NAME.test(name)) return { kind: isRest ? 'rest' : 'one', name }
  const starless = name.replace(/^\*|\*$/, '')
  const message = `"${name}" is no name for a parameter: letters, digits and _ . : $ @ ~ - are.`
  const fault: TemplateFault = { code: 'bad-name', at: start + 1, message }
  // Other gateways write the rest of a path `{*name}` or `{name*}`.
  const isStarred = starless !== name && NAME.test(starless)
  return isStarred ? { ...fault, suggestion: `${source.slice(0, start)}{${starless}+}${source.slice(end)}` } : fault
}

function parseLiteral(source: string, start: number, end: number): TemplateSegment | TemplateFault {
  const raw = source.slice(start, end)
  // Nearly all are spelled normally.
  const asPath = `/x/${raw}`
  if (toNormalPath(asPath) === asPath) return { kind: 'literal', text: raw }
  // RFC 3987 §3.1: a character outside ASCII is its UTF-8 bytes, escaped. Requests can spell it in no other way.
  const ascii = raw.replace(/[^\x00-\x7f]+/g, (characters) => encodeURIComponent(characters.toWellFormed()))
  const normal = toNormalPath(`/x/${ascii}`)
  const path = typeof normal === 'string' || normal.kind === 'refused' ? normal : normal.path
  if (typeof path === 'string' && path.startsWith('/x/') && path.split('/').length === 3 && !isDotSegment(raw)) {
    return { kind: 'literal', text: path.slice(3) }
  }
  if (typeof path !== 'string' && path.problem === 'malformed-request' && !isDotSegment(raw)) {
    const at = start + Math.min(Math.max(path.at - 3, 0), raw.length)
    const mended = mend(raw)
    const fault: TemplateFault = {
      code: 'never-matches',
      at,
      message: `No request path contains "${raw}". ${path.detail}`,
    }
    return mended === undefined ? fault : { ...fault, suggestion: source.slice(0, start) + mended + source.slice(end) }
  }
  const message = `No request reaches "${raw}": dot segments are resolved before a path is matched, so remove them.`
  return { code: 'never-matches', at: start, message }
}

function isDotSegment(raw: string): boolean {
  return /^(?:\.|%2e){1,2}$/i.test(raw)
}

/** Escapes what stands there raw; a bad escape is a percent sign that was meant so. Undefined where that mends nothing. */
function mend(raw: string): string | undefined {
  const mended = raw
    .replace(/%(?![0-9a-f]{2})/gi, '%25')
    .replace(/[\x01-\x20\x7f#?\\]/g, (raw) => `%${raw.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
  return mended === raw || /\x00|%00/.test(mended) ? undefined : mended
}

function duplicateName(name: string, at: number): TemplateFault {
  const message = `Two parameters are called "${name}". Each needs a name of its own.`
  return { code: 'duplicate-name', at, message }
}

function restNotLast(source: string, start: number, name: string): TemplateFault {
  const message = `"{${name}+}" takes the rest of the path, so nothing can follow it.`
  const suggestion = source.slice(0, start) + source.slice(start).replace(`{${name}+}`, `{${name}}`)
  return { code: 'rest-not-last', at: start, message, suggestion }
}
