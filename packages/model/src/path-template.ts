/** Owns the syntax of path templates: literal segments, `{name}`, a last `{name+}`. */

export interface TemplateSegment {
  readonly kind: 'literal' | 'one' | 'rest'
  /** The literal as written, or the name. */
  readonly text: string
}

const NAME = /^[\w.$@-]+$/

/**
 * The segments of a template, or what is wrong with it. The root is one empty literal, and a trailing slash is an empty
 * last literal.
 */
export function parsePathTemplate(template: string): { segments: TemplateSegment[] } | { fault: string } {
  if (!template.startsWith('/')) return { fault: 'A path begins with "/".' }
  const texts = template.slice(1).split('/')
  const segments: TemplateSegment[] = []
  const names = new Set<string>()
  for (const [index, text] of texts.entries()) {
    const segment = parseSegment(text)
    if ('fault' in segment) return segment
    if (segment.kind === 'rest' && index < texts.length - 1)
      return { fault: `{${segment.text}+} can only be the last segment.` }
    if (segment.kind !== 'literal') {
      if (names.has(segment.text)) return { fault: `The name "${segment.text}" stands twice in this path.` }
      names.add(segment.text)
    }
    segments.push(segment)
  }
  return { segments }
}

function parseSegment(text: string): TemplateSegment | { fault: string } {
  const variable = /^\{([^{}]*?)(\+?)\}$/.exec(text)
  if (variable !== null) {
    const name = variable[1] ?? ''
    if (!NAME.test(name)) return { fault: `"{${name}}" is no name: only letters, digits and _ . $ @ - are.` }
    return { kind: variable[2] === '+' ? 'rest' : 'one', text: name }
  }
  if (/[{}]/.test(text))
    return { fault: `"${text}" mixes text and braces: a segment is a literal or one {name}, as a whole.` }
  const fault = findLiteralFault(text)
  return fault === undefined ? { kind: 'literal', text } : { fault }
}

/** Requests are matched in their normal form; what can never stand in one would never match. */
export function findLiteralFault(text: string): string | undefined {
  if (text === '.' || text === '..') return `"${text}" never matches: dot segments are resolved before matching.`
  if (/[\u0000-\u0020\u007f]/.test(text))
    return `"${text}" holds a space or a control character; a space is written %20.`
  const forbidden = /[?#\\]/.exec(text)?.[0]
  if (forbidden !== undefined) return `"${forbidden}" cannot stand in a path.`
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return `"${text}" holds a malformed escape; a percent sign is written %25.`
  return undefined
}

/** Templates of equal shape match the same paths: names do not count. */
export function toTemplateShape(
  template: string,
  { caseSensitive, strictSlash }: { caseSensitive: boolean; strictSlash: boolean },
): string {
  let shape = template.replaceAll(/\{[^{}]*?(\+?)\}/g, '{$1}')
  if (!caseSensitive) shape = shape.toLowerCase()
  return strictSlash || shape === '/' ? shape : shape.replace(/\/$/, '')
}
