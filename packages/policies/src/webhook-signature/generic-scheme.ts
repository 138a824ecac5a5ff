/** Owns how all other senders sign: a field, an encoding, and a template of what is signed. */
import type { HeaderList } from '../messages/header-list.ts'
import type { GatewayRequest } from '../messages/request.ts'
import {
  findOctets,
  getField,
  malformedSignature,
  parseTimestamp,
  type SignatureEncoding,
  type WebhookScheme,
} from './delivery.ts'

export const TIMESTAMP_UNITS = ['seconds', 'milliseconds'] as const

export interface GenericSchemeOptions {
  readonly header: string
  readonly encoding: SignatureEncoding
  readonly prefix: string
  readonly signed: string
  readonly timestampHeader?: string | undefined
  readonly timestampUnit: (typeof TIMESTAMP_UNITS)[number]
}

type Placeholder = (request: GatewayRequest) => string

const PLACEHOLDER = /\{([^{}]*)\}/
const FIELD_PLACEHOLDER = /^header\.([!#$%&'*+\-.^_`|~0-9A-Za-z]+)$/
const MILLISECONDS = 1000

/** What is wrong with a template; undefined if nothing is. */
export function findTemplateFault(template: string, hasTimestamp: boolean): string | undefined {
  const parts = template.split(PLACEHOLDER)
  const names = parts.filter((_, at) => at % 2 === 1)
  const literals = parts.filter((_, at) => at % 2 === 0)
  if (literals.some((literal) => /[{}]/.test(literal))) return 'holds a brace that belongs to no placeholder'
  if (!/^[\x20-\x7e\n]*$/.test(template)) return 'may hold printable ASCII and line feeds'
  const unknown = names.find((name) => !isPlaceholder(name))
  if (unknown !== undefined)
    return `there is no {${unknown}}; there is {body}, {timestamp}, {method}, {target} and {header.x-name}`
  if (names.filter((name) => name === 'body').length !== 1) return 'must hold {body} once: else the body could be any'
  if (hasTimestamp && !names.includes('timestamp')) return 'must hold {timestamp}: a time that is not signed can be any'
  if (!hasTimestamp && names.includes('timestamp'))
    return 'holds {timestamp}, and `timestampHeader` says nowhere where it stands'
  return undefined
}

/** `options.signed` has no fault. */
export function createGenericScheme(options: GenericSchemeOptions): WebhookScheme {
  const { header: field, encoding, prefix, signed, timestampHeader, timestampUnit } = options
  const name = field.toLowerCase()
  const [before = '', after = ''] = signed.split('{body}')
  const writeBefore = compileTemplate(before, timestampHeader)
  const writeAfter = compileTemplate(after, timestampHeader)
  return {
    field,
    signatureFields: [name],
    isPresent: (headers: HeaderList) => headers.has(name),
    read(request) {
      const text = getField(request.headers, name)
      const octets = text.startsWith(prefix) ? findOctets(text.slice(prefix.length), encoding) : undefined
      if (octets === undefined) throw malformedSignature(field)
      return {
        signatures: [{ kind: 'hmac', octets }],
        before: writeBefore(request),
        after: writeAfter(request),
        sentAtSeconds: timestampHeader === undefined ? undefined : readTime(request, timestampHeader, timestampUnit),
      }
    },
  }
}

function readTime({ headers }: GatewayRequest, name: string, unit: (typeof TIMESTAMP_UNITS)[number]): number {
  const time = parseTimestamp(getField(headers, name.toLowerCase()), name)
  return unit === 'seconds' ? time : time / MILLISECONDS
}

/** Literals and placeholders in turn. */
function compileTemplate(template: string, timestampHeader: string | undefined): Placeholder {
  const parts = template.split(PLACEHOLDER).map((part, at): Placeholder => {
    return at % 2 === 0 ? () => part : compilePlaceholder(part, timestampHeader)
  })
  return (request) => {
    let text = ''
    for (const part of parts) text += part(request)
    return text
  }
}

function isPlaceholder(name: string): boolean {
  return ['body', 'timestamp', 'method', 'target'].includes(name) || FIELD_PLACEHOLDER.test(name)
}

function compilePlaceholder(name: string, timestampHeader = ''): Placeholder {
  switch (name) {
    case 'method':
      return ({ method }) => method
    case 'target':
      // As it came: a policy before this one may have changed the path.
      return ({ rawTarget }) => rawTarget
    default: {
      const field = (FIELD_PLACEHOLDER.exec(name)?.[1] ?? timestampHeader).toLowerCase()
      return ({ headers }) => getField(headers, field)
    }
  }
}
