/** Owns which release of an API gets a request: the first whose condition is true, else the one that the client's share falls to. */
import { compileCondition, compileValue } from '@gatewright/expressions'
import type { Api } from '@gatewright/model'
import { CEL_VOCABULARIES, type Exchange, toCelScope, toNetwork } from '@gatewright/policies'

/** Its place among the releases of the API. @throws ExpressionError where a condition fails */
export type ReleaseChoice = (exchange: Exchange) => number

/** A client has all of a network of this size (RFC 6177), and takes another address of it each day (RFC 8981). */
const IPV6_PREFIX_BITS = 64

/** undefined: there is nothing to choose. */
export function compileReleaseChoice(
  api: Pick<Api, 'id' | 'releases' | 'releaseKey'>,
  variables: Readonly<Record<string, string>>,
): ReleaseChoice | undefined {
  if (api.releases.length < 2) return undefined
  const vocabulary = CEL_VOCABULARIES.release
  const conditions = api.releases.flatMap(({ when }, index) =>
    when === undefined ? [] : [{ index, isMet: compileCondition(when, vocabulary) }],
  )
  const toPart = compileParts(api)
  const toKey = compileKey(api, variables)
  return function chooseRelease(exchange) {
    if (conditions.length > 0) {
      const scope = toCelScope(exchange, { variables })
      for (const { index, isMet } of conditions) if (isMet(scope)) return index
    }
    return toPart(toPercent(`${api.id}\n${toKey(exchange)}`))
  }
}

/** One after the other, in their order: who has the last one keeps it when its share grows. */
function compileParts({ releases }: Pick<Api, 'releases'>): (percent: number) => number {
  const ends: { readonly index: number; readonly end: number }[] = []
  let sum = 0
  for (const [index, { when, share = 0 }] of releases.entries()) {
    if (when !== undefined || share === 0) continue
    sum += share
    ends.push({ index, end: sum })
  }
  const last = ends.at(-1)?.index ?? 0
  return (percent) => {
    for (const { index, end } of ends) if (percent < end) return index
    return last
  }
}

function compileKey(
  { releaseKey }: Pick<Api, 'releaseKey'>,
  variables: Readonly<Record<string, string>>,
): (exchange: Exchange) => string {
  const toAddress = ({ client }: Exchange): string => `a${toNetwork(client.address, IPV6_PREFIX_BITS)}`
  if (releaseKey === undefined) return toAddress
  const evaluate = compileValue({ cel: releaseKey }, CEL_VOCABULARIES.release)
  return (exchange) => {
    try {
      const value = evaluate(toCelScope(exchange, { variables }))
      if (typeof value === 'string' && value !== '') return `k${value}`
    } catch {
      // Whoever has no cookie yet has an address.
    }
    return toAddress(exchange)
  }
}

/**
 * Of 100, the same for the same text on every thread and machine. FNV-1a, and then the last step of MurmurHash3, without which
 * texts that differ in their last letter alone fall close together.
 */
function toPercent(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 100
}
