import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Api, ApiId, Release, Route, RouteId } from '@gatewright/model'
import fc from 'fast-check'
import { applyApiPatch, toApiPatch } from './api-patch.ts'

function toRoute(name: string): Route {
  return { id: name as RouteId, path: `/${name}`, policies: [] }
}

function toApi(...releases: readonly (readonly Route[])[]): Api {
  return {
    id: 'orders' as ApiId,
    basePath: '',
    stripBasePath: true,
    paths: 'normal',
    strictSlash: true,
    caseSensitive: true,
    policies: [],
    errors: {},
    releases: releases.map((routes, index): Release => ({ revision: `r${index}`, routes, policies: [] })),
  }
}

const NAMES = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'))

describe('toApiPatch', () => {
  it('makes the API of what a thread has, whatever changed, and keeps the routes that it has', () => {
    const releases = fc.array(NAMES, { maxLength: 3 })
    fc.assert(
      fc.property(releases, releases, (before, after) => {
        const base = toApi(...before.map((names) => names.map(toRoute)))
        const api = toApi(...after.map((names) => names.map(toRoute)))
        // Both cross to the thread: nothing is the same object there.
        const there = structuredClone(base)
        const made = applyApiPatch(structuredClone(toApiPatch(api, base)), there)
        assert.deepStrictEqual(made, api)
        const had = there.releases.map(({ routes }) => new Map(routes.map((route) => [route.id, route])))
        for (const [index, { routes }] of made.releases.entries()) {
          for (const route of routes) {
            const kept = had[index]?.get(route.id)
            if (kept !== undefined) assert.ok(there.releases[index]?.routes.includes(route), route.id)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('carries no route but the new one', () => {
    const routes = Array.from({ length: 50 }, (_, index) => toRoute(`route-${index}`))
    const changed = [...routes.slice(0, 20), toRoute('new'), ...routes.slice(21, 40), ...routes.slice(41)]
    assert.deepEqual(toApiPatch(toApi(changed), toApi(routes)).stretches, [
      [{ from: 0, count: 20 }, { items: [toRoute('new')] }, { from: 21, count: 19 }, { from: 41, count: 9 }],
    ])
  })
})
