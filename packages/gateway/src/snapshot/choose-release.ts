/** Owns which release of an API gets a request: the one whose token it brings, the first whose condition is true, else the one that the client's share falls to. */
import { hash, timingSafeEqual } from 'node:crypto'
import { compileCondition, compileValue } from '@gatewright/expressions'
import type { Api } from '@gatewright/model'
import { CEL_VOCABULARIES, type Exchange, isWeakKey, toCelScope, toNetwork } from '@gatewright/policies'

/** What brings the token of a preview. */
export const PREVIEW_FIELD = 'Gatewright-Preview'
/** It brings one, which opens nothing. */
export const NO_RELEASE = -1

/** Its place among the releases of the API, or `NO_RELEASE`. @throws ExpressionError where a condition fails */
export type ReleaseChoice = (exchange: Exchange) => number

/** A client has all of a network of this size (RFC 6177), and takes another address of it each day (RFC 8981). */
const IPV6_PREFIX_BITS = 64

interface ChoiceContext {
  readonly variables: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  now(): number
}

/** undefined: there is nothing to choose. */
export function compileReleaseChoice(
  api: Pick<Api, 'id' | 'releases' | 'releaseKey'>,
  { variables, now }: ChoiceContext,
): ReleaseChoice | undefined {
  if (api.releases.length < 2) return undefined
  const findPreview = compilePreviews(api, now)
  const vocabulary = CEL_VOCABULARIES.release
  const conditions = api.releases.flatMap(({ when }, index) =>
    when === undefined ? [] : [{ index, isMet: compileCondition(when, vocabulary) }],
  )
  const toPart = compileParts(api)
  const toKey = compileKey(api, variables)
  return function chooseRelease(exchange) {
    const preview = findPreview?.(exchange)
    if (preview !== undefined) return preview
    if (conditions.length > 0) {
      const scope = toCelScope(exchange, { variables })
      for (const { index, isMet } of conditions) if (isMet(scope)) return index
    }
    return toPart(toPercent(`${api.id}\n${toKey(exchange)}`))
  }
}

/**
 * Whoever asks for what is not live must not be given what is: a token that opens nothing is no request for another release.
 * Tokens are compared by their hashes, all of them, and in constant time.
 */
function compilePreviews(
  { releases }: Pick<Api, 'releases'>,
  now: () => number,
): ((exchange: Exchange) => number | undefined) | undefined {
  const previews = releases.flatMap(({ preview }, index) =>
    preview === undefined ? [] : [{ index, digest: Buffer.from(preview.hash, 'hex'), expires: preview.expires }],
  )
  if (previews.length === 0) return undefined
  return ({ request }) => {
    const token = request.headers.get(PREVIEW_FIELD)
    if (token === undefined) return undefined
    const given = hash('sha256', token, 'buffer')
    let found = NO_RELEASE
    for (const { index, digest, expires } of previews) {
      if (timingSafeEqual(given, digest) && expires > now()) found = index
    }
    // A plain hash of what could be guessed is tried out by whoever reads the file.
    return isWeakKey(token) ? NO_RELEASE : found
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
