/** Owns how an API travels to a thread that has an earlier form of it: the routes that it has are told by their places. */
import type { Api, Route } from '@gatewright/model'
import { findEqualEnds } from '../route/equal-ends.ts'
import { type SnapshotPart, toPartHash } from './snapshot.ts'

/** Routes one after the other: those that the earlier form has, or new ones. */
export type Stretch = { readonly from: number; readonly count: number } | { readonly routes: readonly Route[] }

export interface ApiPatch {
  /** Hash of the earlier form. */
  readonly base: string
  /** All but the routes. */
  readonly api: Api
  /** For each release, what its routes are made of; places count through all releases of the earlier form. */
  readonly stretches: readonly (readonly Stretch[])[]
}

/** What a thread is sent for the hash of a part. Plain data. */
export type ShippedPart = SnapshotPart | ApiPatch

export function toApiPatch(api: Api, base: Api): ApiPatch {
  const stretches: (readonly Stretch[])[] = []
  let offset = 0
  for (const [index, { routes }] of api.releases.entries()) {
    const had = base.releases[index]?.routes ?? []
    stretches.push(toStretches(routes, had, offset))
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
      routes: (stretches[index] ?? []).flatMap((stretch) =>
        'routes' in stretch ? stretch.routes : had.slice(stretch.from, stretch.from + stretch.count),
      ),
    })),
  }
}

function toStretches(routes: readonly Route[], had: readonly Route[], offset: number): readonly Stretch[] {
  const { start, end } = findEqualEnds(had, routes, (one, other) => toPartHash(one) === toPartHash(other))
  const places = new Map<string, number>()
  for (const [index, route] of had.slice(start, had.length - end).entries())
    places.set(toPartHash(route), start + index)
  const stretches: { from: number; count: number; routes?: Route[] }[] = []
  const keep = (from: number, count: number): void => {
    const last = stretches.at(-1)
    if (last !== undefined && last.routes === undefined && last.from + last.count === from) last.count += count
    else if (count > 0) stretches.push({ from, count })
  }
  keep(offset, start)
  for (const route of routes.slice(start, routes.length - end)) {
    const place = places.get(toPartHash(route))
    const last = stretches.at(-1)
    if (place !== undefined) keep(offset + place, 1)
    else if (last?.routes !== undefined) last.routes.push(route)
    else stretches.push({ from: 0, count: 0, routes: [route] })
  }
  keep(offset + had.length - end, end)
  return stretches.map(({ from, count, routes: added }) => (added === undefined ? { from, count } : { routes: added }))
}
