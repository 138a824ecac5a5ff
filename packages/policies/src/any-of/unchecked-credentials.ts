/** Owns taking out the credentials that nobody checked: a request comes in by one, and may bring others. */
import { createCredentialPlace, type UsedPlace } from '../callers/credential-place.ts'
import type { GatewayRequest } from '../messages/request.ts'

/**
 * For a request that came in by a credential at one of `checked`: what stands at `others` is somebody's word alone, and an
 * upstream that reads it takes it for the gateway's. A signature is no exception: it names a caller before anybody looks at it.
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
  const removals = others.filter(isUnchecked).map(toRemoval)
  return (request) => {
    for (const remove of removals) remove(request)
  }
}

function toRemoval(used: UsedPlace): (request: GatewayRequest) => void {
  const { part } = used
  const place = createCredentialPlace(used)
  return (request) => {
    if (place.find(request) === undefined) place.keep(request)
    else if (part === undefined) place.remove(request)
    else part.takeOut(request)
  }
}

function toName({ in: where, name, scheme = '', part }: UsedPlace): string {
  return JSON.stringify([where, where === 'header' ? name.toLowerCase() : name, scheme.toLowerCase(), part?.name])
}
