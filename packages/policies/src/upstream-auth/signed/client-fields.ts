/** Owns which fields and parameters of a cloud's own clients may send: what the gateway signs counts as said by the gateway. */
import { z } from 'zod'
import { unescapeOctets } from '../../aws-signature/octet-escapes.ts'
import type { GatewayRequest } from '../../messages/request.ts'

export interface ClientFieldRules {
  /** Lower case: all names that begin so are the cloud's, or of others that speak its protocol. */
  readonly prefixes: readonly string[]
  /** Lower case: what the signature says itself. No client says it, whatever is allowed. */
  readonly own: ReadonlySet<string>
}

const NAME = /^[A-Za-z0-9-]+\*?$/

/** Stands in options as `clientFields`. `shown`: the prefix as people write it; `danger`: what a client could do by them. */
export function clientFieldsSchema({ prefixes, own }: ClientFieldRules, shown: string, danger: string) {
  const name = z
    .string()
    .regex(NAME, 'write a name, or the beginning of names with `*` behind it')
    .refine((text) => prefixes.some((prefix) => text.toLowerCase().startsWith(prefix)), {
      error: `all other fields pass as they are: names here begin with ${shown}`,
    })
    .refine((text) => !own.has(text.toLowerCase()), { error: 'the gateway writes it when it signs; leave it out' })
  return z
    .array(name)
    .default([])
    .meta({
      description: `Fields and query parameters whose names begin with \`${shown}\` that clients may send: names, or beginnings of names with \`*\` behind them. All others of that beginning are taken out, because the gateway would sign them: ${danger}`,
    })
}

/** Takes out what clients may not say. */
export function createClientFieldRemoval(
  { prefixes, own }: ClientFieldRules,
  allowed: readonly string[],
): (request: GatewayRequest) => void {
  const names = allowed.map((name) => name.toLowerCase())
  const exact = new Set(names.filter((name) => !name.endsWith('*')))
  const beginnings = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  const isRefused = (name: string): boolean => {
    const lower = name.toLowerCase()
    // `X_Amz_Acl` is `X-Amz-Acl` to CGI and WSGI, and allowed is only what is spelled as it is written.
    const read = lower.replaceAll('_', '-')
    if (!prefixes.some((prefix) => read.startsWith(prefix))) return false
    return own.has(read) || !(exact.has(lower) || beginnings.some((beginning) => lower.startsWith(beginning)))
  }
  return (request) => {
    const { headers, search } = request
    for (let i = headers.size - 1; i >= 0; i--) if (isRefused(headers.nameAt(i))) headers.deleteAt(i)
    if (search.length > 1) request.search = withoutParameters(search, isRefused)
  }
}

/** The others stay byte for byte. Names are looked at as whoever reads a query decodes them (URL Standard §5.1). */
function withoutParameters(search: string, isRefused: (name: string) => boolean): string {
  const pairs = search.slice(1).split('&')
  const kept = pairs.filter((pair) => {
    const [name = ''] = pair.split('=', 1)
    return !isRefused(unescapeOctets(name.replaceAll('+', ' ')))
  })
  if (kept.length === pairs.length) return search
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}
