/**
 * Owns which APIs of other environments gateways ask before those of one, for what these answer: by the name first, the exact one before
 * a wildcard and both before every name, and then by the longest path. Pure.
 */
import { toHostKey } from '@gatewright/model'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import type { LiveApi, LiveEnvironment } from './live-api.ts'

export interface Address {
  /** `EVERY_NAME`: it says none. */
  readonly host: string
  /** Without a slash at its end. */
  readonly path: string
}

export interface StandingBefore {
  /** Id. */
  readonly environment: string
  readonly api: LiveApi
  readonly address: Address
  /** Of which it takes something. */
  readonly hidden: LiveApi
}

/** What answers to a name. */
interface Place {
  readonly at: Map<string, LiveApi>
  /** By the paths that these stand below. */
  readonly below: Map<string, LiveApi>
}

export const EVERY_NAME = ''

/** What is read again and has not changed is the same object. */
const KNOWN = new WeakMap<LiveApi, { readonly body: EnvironmentBody; readonly addresses: readonly Address[] }>()

export function listStandingBefore(own: LiveEnvironment, others: readonly LiveEnvironment[]): StandingBefore[] {
  const places = toPlaces(own)
  return others.flatMap(({ id, body, apis }) => {
    if (id === own.id) return []
    return apis.flatMap((api) =>
      listAddresses(body, api).flatMap((address) => {
        const hidden = findHidden(places, address)
        return hidden === undefined ? [] : [{ environment: id, api, address, hidden }]
      }),
    )
  })
}

/** Of all of its releases, each once. */
export function listAddresses(body: EnvironmentBody, api: LiveApi): readonly Address[] {
  const known = KNOWN.get(api)
  if (known?.body === body) return known.addresses
  const addresses = toAddresses(body, api)
  KNOWN.set(api, { body, addresses })
  return addresses
}

function toAddresses({ hosts, pathPrefix = '' }: EnvironmentBody, { releases }: LiveApi): readonly Address[] {
  const found = releases.flatMap(({ body }) => {
    const path = toPathKey(pathPrefix + (body.basePath ?? '/'))
    const names = body.hosts ?? hosts
    return names === undefined ? [{ host: EVERY_NAME, path }] : names.map((name) => ({ host: toHostKey(name), path }))
  })
  return [...new Map(found.map((address) => [toAddressKey(address), address])).values()]
}

export function toAddressKey({ host, path }: Address): string {
  return `${host} ${path}`
}

function toPlaces({ body, apis }: LiveEnvironment): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>()
  for (const api of apis) {
    for (const { host, path } of listAddresses(body, api)) {
      // It is there for what nobody else answers.
      if (host === EVERY_NAME && path === '') continue
      const place = places.get(host) ?? { at: new Map(), below: new Map() }
      places.set(host, place)
      const [, ...above] = listUpward(path)
      place.at.set(path, api)
      for (const each of above) place.below.set(each, api)
    }
  }
  return places
}

function findHidden(places: ReadonlyMap<string, Place>, { host, path }: Address): LiveApi | undefined {
  const paths = listUpward(path)
  for (const [index, name] of listWider(host).entries()) {
    const place = places.get(name)
    if (place === undefined) continue
    const above = paths.find((each) => place.at.has(each))
    if (above !== undefined) return place.at.get(above)
    // At a name that is asked first, also what has the shorter path is.
    const below = index === 0 ? undefined : place.below.get(path)
    if (below !== undefined) return below
  }
  return undefined
}

/** Itself, and those that gateways ask after it: a wildcard stands for one label. */
function listWider(host: string): readonly string[] {
  if (host === EVERY_NAME) return [host]
  const wildcard = toWildcard(host)
  return wildcard === host ? [host, EVERY_NAME] : [host, wildcard, EVERY_NAME]
}

/** Below which a name stands; of a wildcard itself. */
export function toWildcard(host: string): string {
  return host.replace(/^[^.]*/, '*')
}

/** `/a/b`, `/a`, and the root, which is empty. */
function listUpward(path: string): readonly string[] {
  const found = [path]
  for (let slash = path.lastIndexOf('/'); slash >= 0; slash = path.lastIndexOf('/', slash - 1)) {
    found.push(path.slice(0, slash))
    if (slash === 0) break
  }
  return found
}

/** One spelling for all that could mean the same, and maybe for more: whether letters count depends on the API. */
function toPathKey(path: string): string {
  return Buffer.from(path)
    .toString('latin1')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .toLowerCase()
    .replace(/\/+$/, '')
}
