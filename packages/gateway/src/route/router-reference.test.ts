/** Owns the proof that the router's tree finds what a naive search over all routes finds, and does so in bounded steps. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { requestOf, routerOf, sayResult } from './routing.fixture.ts'

interface Case {
  readonly routes: readonly string[]
  readonly path: string
  readonly method: string
  readonly options: NaiveOptions
}

interface NaiveOptions {
  readonly strictSlash: boolean
  readonly caseSensitive: boolean
}

/** Values by name if the template fits the path, segment by segment. */
function fitTemplate(
  template: string,
  path: string,
  { strictSlash, caseSensitive }: NaiveOptions,
): Record<string, string> | undefined {
  const trim = (text: string) => (!strictSlash && text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text)
  const fold = (text: string) => (caseSensitive ? text : text.toLowerCase())
  const values: Record<string, string> = {}
  const wanted = trim(template) === '/' ? [] : trim(template).slice(1).split('/')
  const given = trim(path) === '/' ? [] : trim(path).slice(1).split('/')
  const last = wanted.at(-1)
  let rest: string | undefined
  if (last?.endsWith('+}')) {
    const before = wanted.length - 1
    // The root is an empty segment, and so is what follows a slash that makes no difference.
    const isEmptyRest = given.length === before && (!strictSlash || before === 0)
    if (given.length < wanted.length && !isEmptyRest) return undefined
    rest = path.slice(1).split('/').slice(before).join('/')
    given.length = wanted.length = before
  }
  if (given.length !== wanted.length) return undefined
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? ''
    if (segment.startsWith('{')) {
      if (value === '') return undefined
      values[segment.slice(1, -1)] = value
    } else if (fold(segment) !== fold(value)) return undefined
  }
  if (last !== undefined && rest !== undefined) values[last.slice(1, -2)] = rest
  return values
}

/** Literal before `{name}` before `{name+}`, from left to right; the shorter first where one begins the other. */
function rank(template: string): string {
  if (template === '/') return ''
  return template
    .slice(1)
    .split('/')
    .map((segment) => (segment.endsWith('+}') ? '2' : segment.startsWith('{') ? '1' : '0'))
    .join('')
}

function findNaively({ routes, path, method, options }: Case): string {
  const fitting = routes
    .map((route) => {
      const [methods = '', template = ''] = route.startsWith('/') ? ['*', route] : route.split(' ')
      const compared =
        !options.strictSlash && template.length > 1 && template.endsWith('/') ? template.slice(0, -1) : template
      return { route, methods: methods.split(','), template: compared, values: fitTemplate(template, path, options) }
    })
    .filter(({ values }) => values !== undefined)
    // Stable: of two that are equal, the first stays first.
    .sort((one, other) =>
      rank(one.template) < rank(other.template) ? -1 : rank(one.template) > rank(other.template) ? 1 : 0,
    )
  if (fitting.length === 0) return ' has no route'
  const ranks = new Set(fitting.map(({ template }) => rank(template)))
  for (const level of ranks) {
    const peers = fitting.filter(({ template }) => rank(template) === level)
    const asked = method === 'HEAD' ? ['HEAD', 'GET', '*'] : [method, '*']
    for (const name of asked) {
      const found = peers.find(({ methods }) => methods.includes(name))
      if (found === undefined) continue
      const values = Object.entries(found.values ?? {}).map(([name, value]) => ` ${name}=${value}`)
      return ` → ${found.route}${values.join('')}`
    }
  }
  const allow = new Set(fitting.flatMap(({ methods }) => methods))
  if (allow.has('GET')) allow.add('HEAD')
  return ` allows ${[...allow].sort().join(', ')}`
}

const literal = fc.constantFrom('a', 'b', 'A', 'ab', '')
const templateSegment = fc.oneof({ weight: 3, arbitrary: literal }, { weight: 2, arbitrary: fc.constant('{}') })
const template = fc.tuple(fc.array(templateSegment, { maxLength: 5 }), fc.boolean()).map(([segments, hasRest]) => {
  const named = segments.map((segment, index) => (segment === '{}' ? `{p${index}}` : segment))
  return `/${[...named, ...(hasRest ? ['{rest+}'] : [])].join('/')}`
})
const methods = fc.constantFrom('', 'GET ', 'POST ', 'HEAD ', 'GET,PUT ')
const routeSets = fc
  .array(fc.tuple(methods, template), { minLength: 1, maxLength: 24 })
  .map((pairs) => pairs.map((pair) => pair.join('')))
const paths = fc
  .array(fc.constantFrom('a', 'b', 'A', 'ab', 'x', ''), { maxLength: 6 })
  .map((segments) => `/${segments.join('/')}`)
const asked = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE')
const options = fc.record({ strictSlash: fc.boolean(), caseSensitive: fc.boolean() })
const cases = fc.record({ routes: routeSets, path: paths, method: asked, options })

describe('the router', () => {
  it('finds what a naive search finds', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const { routes, path, method, options } = given
        const router = routerOf({ routes, ...options })
        // Other readings of the path are another test's.
        const result = router.match({ ...requestOf(`${method} ${path}`), readings: undefined })
        assert.equal(sayResult(result), findNaively(given))
      }),
      { numRuns: 3000 },
    )
  })

  it('finds the same below a base path', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const { routes, path, method, options } = given
        const router = routerOf(
          { routes, ...options, basePath: '/base/a', value: '' },
          { basePath: '/base', value: 'other' },
        )
        const result = router.match({ ...requestOf(`${method} /base/a${path}`), readings: undefined })
        assert.equal(sayResult(result), findNaively(given))
      }),
      { numRuns: 3000 },
    )
  })

  it('does not blow up where many templates overlap', () => {
    // Template i has its one literal at i: a search that tried both ways at each segment anew would take 2^40 steps.
    const depth = 40
    const routes = Array.from({ length: depth }, (_, literalAt) => {
      const segments = Array.from({ length: depth }, (_, index) => (index === literalAt ? 'x' : `{p${index}}`))
      return `/${segments.join('/')}/end${literalAt}`
    })
    const router = routerOf({ routes })
    const path = '/x'.repeat(depth)
    for (const end of [0, 1, depth - 1]) {
      const result = router.match(requestOf(`GET ${path}/end${end}`))
      assert.ok(result.kind === 'route')
      assert.equal(result.route, routes[end])
      assert.equal(Object.keys(result.parameters).length, depth - 1)
    }
    assert.equal(router.match(requestOf(`GET ${path}/none`)).kind, 'no-route')
    assert.equal(router.match(requestOf(`POST ${path}/none/${'y/'.repeat(2000)}`)).kind, 'no-route')
  })

  it('backs out of every branch of a full tree', () => {
    const depth = 10
    const routes = Array.from({ length: 2 ** depth }, (_, bits) => {
      const segments = Array.from({ length: depth }, (_, index) => ((bits >> index) & 1 ? `{p${index}}` : 'x'))
      return `${bits === 2 ** depth - 1 ? 'POST' : 'GET'} /${segments.join('/')}`
    })
    const router = routerOf({ routes })
    const result = router.match(requestOf(`POST ${'/x'.repeat(depth)}`))
    assert.ok(result.kind === 'route')
    assert.equal(result.route, routes.at(-1))
    assert.equal(sayResult(router.match(requestOf(`PUT ${'/x'.repeat(depth)}`))), ' allows GET, HEAD, POST')
  })
})
