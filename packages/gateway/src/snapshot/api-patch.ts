/** Owns how an API travels to a thread that has an earlier form of it: the routes that it has are told by their places. */
import type { Api, Route } from '@gatewright/model'
import { type SnapshotPart, toPartHash } from './snapshot.ts'
import { joinStretches, type Stretch, toStretches } from './stretches.ts'

export interface ApiPatch {
  /** Hash of the earlier form. */
  readonly base: string
  /** All but the routes. */
  readonly api: Api
  /** For each release, what its routes are made of; places count through all releases of the earlier form. */
  readonly stretches: readonly (readonly Stretch<Route>[])[]
}

/** What a thread is sent for the hash of a part. Plain data. */
export type ShippedPart = SnapshotPart | ApiPatch

export function toApiPatch(api: Api, base: Api): ApiPatch {
  const stretches: (readonly Stretch<Route>[])[] = []
  let offset = 0
  for (const [index, { routes }] of api.releases.entries()) {
    const had = base.releases[index]?.routes ?? []
    stretches.push(toStretches<Route>(routes, had, { toKey: toPartHash, offset }))
    offset += had.length
  }
  return {
    base: toPartHash(base),
    api: { ...api, releases: api.releases.map((release) => ({ ...release, routes: [] })) },
    stretches,
  }
}

/** Routes that stay are the very objects of the earlier form, so that what was made of them is known by them. */
export function applyApiPatch({ api, stretches }: ApiPatch, base: Api): Api {
  const had = base.releases.flatMap(({ routes }) => routes)
  return {
    ...api,
    releases: api.releases.map((release, index) => ({
      ...release,
      routes: joinStretches(stretches[index] ?? [], had),
    })),
  }
}
