/** Owns the proof that routes edited from one list to the next find what routes compiled from the next list alone find. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { CompiledApi } from './api-index.ts'
import { ApiRoutes, type RouteEntry } from './api-routes.ts'
import { type ApiEntry, compileApiRoutes, createRouter, runToEnd } from './router.ts'
import { requestOf, sayResult } from './routing.fixture.ts'

type Options = Pick<ApiEntry<string, string>, 'strictSlash' | 'caseSensitive'>
type Entry = RouteEntry<string>

/** So many that no list differs enough from another to be compiled anew. */
const BALLAST: readonly Entry[] = Array.from({ length: 120 }, (_, index) => ({ path: `/z/${index}`, value: 'z' }))

const PLAIN: Options = { strictSlash: true, caseSensitive: true }

function compile(
  routes: readonly Entry[],
  options: Options,
  former?: CompiledApi<string, string>,
): CompiledApi<string, string> {
  return runToEnd(
    compileApiRoutes({ basePath: '', value: '', releases: [{ revision: 'file', routes }], ...options }, RegExp, former),
  )
}

const routesOf = ({ releases }: CompiledApi<string, string>): ApiRoutes<string> => releases[0]!.routes

function ask(api: CompiledApi<string, string>, line: string): string {
  return sayResult(createRouter([api]).match({ ...requestOf(line), readings: undefined }))
}

const segment = fc.constantFrom('a', 'b', 'A', '', '{p}', '{q}')
const paths = fc
  .tuple(fc.uniqueArray(segment, { maxLength: 4 }), fc.boolean())
  .map(([segments, hasRest]) => `/${[...segments, ...(hasRest ? ['{rest+}'] : [])].join('/')}`)
const methods = fc.constantFrom(undefined, ['GET'], ['POST', 'HEAD'])
const matches = fc.constantFrom(undefined, 'x', 'y')
const entries: fc.Arbitrary<Entry[]> = fc.array(fc.tuple(paths, methods, matches), { maxLength: 20 }).map((all) =>
  all.map(([path, methods, header], index) => ({
    path,
    value: `${index} ${path}`,
    ...(methods && { methods }),
    ...(header && { match: { headers: [{ name: header }] } }),
  })),
)
const withBallast = (lists: Entry[][]): Entry[][] => lists.map((list) => [...BALLAST, ...list])
const lists = entries
  .chain((all) => fc.array(fc.shuffledSubarray(all), { minLength: 2, maxLength: 4 }))
  .map(withBallast)
const orderedLists = entries.chain((all) => fc.array(fc.subarray(all), { minLength: 2, maxLength: 4 })).map(withBallast)
const options = fc.record({ strictSlash: fc.boolean(), caseSensitive: fc.boolean() })
const asked = fc
  .array(fc.constantFrom('a', 'b', 'A', 'x', ''), { maxLength: 5 })
  .map((segments) => `/${segments.join('/')}`)

describe('routes that are edited', () => {
  for (const [name, given] of [
    ['in any order', lists],
    ['in one order', orderedLists],
  ] as const) {
    it(`find what routes compiled anew find, ${name}`, () => {
      const property = fc.property(given, options, fc.array(asked, { minLength: 6 }), (lists, options, paths) => {
        let edited: CompiledApi<string, string> | undefined
        for (const list of lists) {
          const former: CompiledApi<string, string> | undefined = edited
          edited = compile(list, options, former)
          if (former !== undefined) assert.equal(routesOf(edited).parts, routesOf(former).parts)
          const anew = compile(list, options)
          for (const path of paths) {
            for (const method of ['GET', 'HEAD', 'PUT']) {
              assert.equal(ask(edited, `${method} ${path}`), ask(anew, `${method} ${path}`))
            }
          }
        }
      })
      fc.assert(property, { numRuns: 400 })
    })
  }

  it('leave those that serve as they are', () => {
    const property = fc.property(lists, fc.array(asked, { minLength: 6 }), (lists, paths) => {
      let edited: CompiledApi<string, string> | undefined
      const said: { api: CompiledApi<string, string>; line: string; result: string }[] = []
      for (const list of lists) {
        edited = compile(list, PLAIN, edited)
        for (const path of paths) said.push({ api: edited, line: `GET ${path}`, result: ask(edited, `GET ${path}`) })
      }
      for (const { api, line, result } of said) assert.equal(ask(api, line), result)
    })
    fc.assert(property, { numRuns: 200 })
  })

  it('share what did not change, and are made anew after as many edits as routes', () => {
    const routes = Array.from({ length: 100 }, (_, index) => ({
      path: `/area-${index % 10}/kind-${index}`,
      value: 'v',
    }))
    let api = compile([...routes], PLAIN)
    for (let edits = 2; edits <= 100; edits += 2) {
      routes[0] = { path: `/area-0/changed-${edits}`, value: 'v' }
      const next = compile([...routes], PLAIN, api)
      assert.equal(routesOf(next).edits - routesOf(api).edits, 2)
      assert.equal(routesOf(next).parts, routesOf(api).parts)
      api = next
    }
    routes[0] = { path: '/area-0/changed', value: 'v' }
    const anew = compile([...routes], PLAIN, api)
    assert.ok(routesOf(anew) instanceof ApiRoutes)
    assert.notEqual(routesOf(anew).parts, routesOf(api).parts)
  })
})
