/** Owns taking out the credentials that nobody checked: a request comes in by one, and may bring others. */
import { createCredentialPlace, type PlaceOptions, type UsedPlace } from '../callers/credential-place.ts'
import type { GatewayRequest } from '../messages/request.ts'

/**
 * For a request that came in by a credential at one of `checked`: what stands at `others` is somebody's word alone, and an
 * upstream that reads it takes it for the gateway's.
 */
export function createUncheckedRemoval(
  checked: readonly UsedPlace[],
  others: readonly UsedPlace[],
): (request: GatewayRequest) => void {
  const known = new Set(checked.map(toName))
  const written = new Set(checked.filter(({ isWritten }) => isWritten === true).map(({ name }) => name.toLowerCase()))
  const isUnchecked = (place: UsedPlace): boolean =>
    place.isWritten !== true &&
    !known.has(toName(place)) &&
    !(place.in === 'header' && written.has(place.name.toLowerCase()))
  const places = others.filter(isUnchecked).map(createCredentialPlace)
  return (request) => {
    for (const place of places) if (place.find(request) !== undefined) place.remove(request)
  }
}

function toName({ in: where, name, scheme = '' }: PlaceOptions): string {
  return `${where} ${where === 'header' ? name.toLowerCase() : name} ${scheme.toLowerCase()}`
}
