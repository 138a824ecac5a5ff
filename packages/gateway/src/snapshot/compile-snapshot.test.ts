/** Proves what a new snapshot keeps of the one that serves, and that what it keeps is what compiling anew would make. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePattern } from '@gatewright/expressions'
import { type GatewayModel, resolve } from '@gatewright/model'
import { definePolicy, GatewayResponse, type PolicyDefinition, z } from '@gatewright/policies'
import { applyApiPatch, toApiPatch } from './api-patch.ts'
import { type CompiledSnapshot, compileSnapshot, runInSlices } from './compile-snapshot.ts'
import type { RouteRuntime } from './runtime.ts'
import { type SnapshotPart, type SnapshotParts, toSnapshot } from './snapshot.ts'

type Parts = Record<string, unknown>

/** Says that it was compiled, and on whose behalf it counts. */
function createStage() {
  const created: string[] = []
  const partsOf = new WeakMap<CompiledSnapshot, SnapshotParts>()
  const mark = definePolicy({
    name: 'mark',
    phase: 'observe',
    summary: 'Marks.',
    options: z.strictObject({ name: z.string(), field: z.string().optional(), place: z.string().optional() }),
    identityFields: ({ field }) => (field === undefined ? [] : [field]),
    credentialPlaces: ({ place }) =>
      place === undefined
        ? []
        : [
            { in: 'header', name: place },
            { in: 'query', name: 'q' },
          ],
    create({ name }, { useId }) {
      created.push(`${name} ${useId}`)
      return (exchange, next) => next(exchange)
    },
  })
  const nest = definePolicy({
    name: 'nest',
    phase: 'authenticate',
    summary: 'Holds others.',
    options: z.strictObject({ policies: z.array(z.looseObject({ policy: z.string() })) }),
    lists: ['policies'],
    create: ({ policies }, { uses }) => uses.compile(policies),
  })
  const catalogue = new Map<string, PolicyDefinition>([
    ['mark', mark as unknown as PolicyDefinition],
    ['nest', nest as unknown as PolicyDefinition],
  ])
  const upstream = { forward: () => new GatewayResponse({ status: 200 }), retire() {} }
  const begin = (parts: Parts, previous?: CompiledSnapshot) => {
    created.length = 0
    const createdUpstreams: string[] = []
    const nothing = {} as never
    const { snapshot, parts: wanted } = toSnapshot(toModel(parts), { version: 1, extensions: [] })
    const there = ship(wanted, previous === undefined ? new Map() : (partsOf.get(previous) ?? new Map()))
    const compilation = compileSnapshot({ snapshot, parts: there }, previous, {
      services: {
        clock: nothing,
        counters: nothing,
        revocations: nothing,
        replays: nothing,
        credentials: nothing,
        http: nothing,
        directories: nothing,
        shared: nothing,
        files: nothing,
        log: nothing,
      },
      compilePattern,
      createUpstream({ id }) {
        createdUpstreams.push(id)
        return { ...upstream }
      },
      loadCatalogue: async () => catalogue,
      toApiMeter: () => undefined,
    })
    return { compilation, createdUpstreams, there }
  }
  const compile = async (parts: Parts, previous?: CompiledSnapshot): Promise<CompiledSnapshot> => {
    const { compilation, there } = begin(parts, previous)
    const compiled = await runInSlices(compilation)
    partsOf.set(compiled, there)
    return compiled
  }
  return { created, begin, compile }
}

/** What a thread holds that had `former`: of an API that changed, only what is new is another object. */
function ship(wanted: SnapshotParts, former: SnapshotParts): SnapshotParts {
  const apis = [...former.values()].filter((part) => 'releases' in part)
  const there = new Map<string, SnapshotPart>()
  for (const [hash, part] of wanted) {
    const base = apis.find(({ id }) => id === part.id)
    const isPatched = base !== undefined && 'releases' in part
    const sent = isPatched ? applyApiPatch(structuredClone(toApiPatch(part, base)), base) : structuredClone(part)
    there.set(hash, former.get(hash) ?? sent)
  }
  return there
}

function toModel(parts: Parts): GatewayModel {
  const text = JSON.stringify({ gatewright: 1, ...parts })
  const { draft, findings } = resolve({
    files: [{ path: 'test.yaml', text }],
    env: () => undefined,
    readFile: () => undefined,
  })
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'fault'),
    [],
  )
  return draft
}

const use = (name: string, options: object = {}) => ({ policy: 'mark', options: { name, ...options } })
const route = (id: string, more: object = {}) => ({ id, path: `/${id}`, ...more })
const withRoutes = (routes: unknown[], api: object = {}, parts: Parts = {}): Parts => ({
  upstreams: [
    { id: 'one', targets: ['http://127.0.0.1:9001'] },
    { id: 'two', targets: ['http://127.0.0.1:9002'] },
  ],
  apis: [{ id: 'api', upstream: 'one', routes, ...api }],
  ...parts,
})

function getRoute(compiled: CompiledSnapshot, path: string): RouteRuntime {
  const none = () => []
  const request = { method: 'GET', host: '', path, headerValues: none, queryValues: none, cookieValues: none }
  const result = compiled.runtime.router.match(request)
  assert.ok(result.kind === 'route', `${path}: ${result.kind}`)
  return result.route
}

const ROUTES = [route('a', { policies: [use('a')] }), route('b', { policies: [use('b')] }), route('c'), route('d')]

describe('compileSnapshot', () => {
  it('gives way between any two upstreams', async () => {
    const { compilation, createdUpstreams } = createStage().begin(withRoutes(ROUTES))
    let most = 0
    for (let before = 0, isDone = false; !isDone; before = createdUpstreams.length) {
      isDone = (await compilation.next()).done === true
      most = Math.max(most, createdUpstreams.length - before)
    }
    assert.deepEqual([createdUpstreams, most], [['one', 'two'], 1])
  })

  it('compiles of a changed API only the routes that changed', async () => {
    const { compile, created } = createStage()
    const before = await compile(withRoutes(ROUTES))
    assert.deepEqual(created, ['a api/a/mark/0', 'b api/b/mark/0'])
    const changed = ROUTES.with(1, route('b', { policies: [use('changed')] }))
    const after = await compile(withRoutes(changed), before)
    assert.deepEqual(created, ['changed api/b/mark/0'])
    for (const path of ['/a', '/c', '/d']) assert.equal(getRoute(after, path), getRoute(before, path))
    assert.notEqual(getRoute(after, '/b'), getRoute(before, '/b'))
  })

  it('keeps routes when others come, go and change places', async () => {
    const { compile, created } = createStage()
    const before = await compile(withRoutes(ROUTES))
    const [a, b, c] = ROUTES
    const after = await compile(withRoutes([route('new'), c, b, a]), before)
    assert.deepEqual(created, [])
    for (const path of ['/a', '/b', '/c']) assert.equal(getRoute(after, path), getRoute(before, path))
    assert.equal(getRoute(after, '/new').facts.route, 'new')
    assert.throws(() => getRoute(after, '/d'), /no-route/)
  })

  it('gives routes without uses of their own one pipeline for each upstream', async () => {
    const { compile } = createStage()
    const routes = [route('a'), route('b'), route('c', { upstream: 'two' }), route('d', { policies: [use('d')] })]
    const before = await compile(withRoutes(routes))
    const run = (path: string) => getRoute(before, path).run
    assert.equal(run('/a'), run('/b'))
    assert.equal(new Set([run('/a'), run('/c'), run('/d')]).size, 3)
    const after = await compile(withRoutes([...routes, route('new')]), before)
    assert.equal(getRoute(after, '/new').run, run('/a'))
  })

  for (const [what, now] of [
    ["the API's uses", withRoutes(ROUTES, { policies: [use('outer')] })],
    ["the API's base path", withRoutes(ROUTES, { basePath: '/base' })],
    ['a global use', withRoutes(ROUTES, {}, { policies: [use('outer')] })],
    ['a variable', withRoutes(ROUTES, {}, { variables: { region: 'north' } })],
    ['a variable of the API', withRoutes(ROUTES, { variables: { region: 'north' } })],
    ["the API's environment", withRoutes(ROUTES, { environment: 'dev' })],
    ["the API's upstream", withRoutes(ROUTES, { upstream: 'two' })],
    [
      'what the upstream is',
      withRoutes(ROUTES, {}, { upstreams: [{ id: 'one', targets: ['http://127.0.0.1:9009'] }] }),
    ],
  ] as const) {
    it(`compiles every route anew where ${what} changed`, async () => {
      const { compile, created } = createStage()
      const before = await compile(withRoutes(ROUTES))
      const after = await compile(now, before)
      assert.deepEqual(created.slice(-2), ['a api/a/mark/0', 'b api/b/mark/0'])
      const base = after.apis.get('api')?.compiled.value.model.basePath ?? ''
      for (const { path } of ROUTES) assert.notEqual(getRoute(after, base + path).run, getRoute(before, path).run)
    })
  }

  it('lets uses of releases count together, and go on from those of the API', async () => {
    const { compile, created } = createStage()
    await compile(withRoutes(ROUTES.slice(0, 1), { policies: [use('one')] }))
    assert.deepEqual(created, ['one api/mark/0', 'a api/a/mark/0'])
    const releases = ['v1', 'v2'].map((revision) => ({ revision, share: 50, policies: [use(revision)] }))
    await compile(withRoutes(ROUTES.slice(0, 1), { releases }))
    assert.deepEqual(created, ['v1 api/mark/0', 'a api/a/mark/0', 'v2 api/mark/0', 'a api/a/mark/0'])
    await compile(withRoutes(ROUTES.slice(0, 1), { policies: [use('outer')], releases }))
    assert.deepEqual(
      created.filter((line) => line.includes('@')),
      ['v1 api@release/mark/0', 'v2 api@release/mark/0'],
    )
  })

  it('says in the facts of a route which release it is of, as soon as there are several and no longer', async () => {
    const { compile } = createStage()
    const withReleases = (...revisions: readonly string[]) =>
      withRoutes(ROUTES, {
        releases: revisions.map((revision) => ({ revision, share: 100 / revisions.length })),
      })
    const releaseOf = (compiled: CompiledSnapshot) => getRoute(compiled, '/a').facts.release
    const alone = await compile(withReleases('v1'))
    const both = await compile(withReleases('v1', 'v2'), alone)
    const again = await compile(withReleases('v1'), both)
    assert.deepEqual([releaseOf(alone), releaseOf(both), releaseOf(again)], [undefined, 'v1', undefined])
  })

  it('compiles only those routes anew whose upstream changed', async () => {
    const { compile } = createStage()
    const routes = [route('a'), route('b', { upstream: 'two' })]
    const before = await compile(withRoutes(routes))
    const [one] = (withRoutes(routes).upstreams as unknown[]) ?? []
    const upstreams = [one, { id: 'two', targets: ['http://127.0.0.1:9009'] }]
    const after = await compile(withRoutes(routes, {}, { upstreams }), before)
    assert.equal(getRoute(after, '/a'), getRoute(before, '/a'))
    assert.notEqual(getRoute(after, '/b').run, getRoute(before, '/b').run)
  })

  it('keeps an API as it is where nothing of it changed', async () => {
    const { compile, created } = createStage()
    const before = await compile(withRoutes(ROUTES, { policies: [use('outer')] }))
    const after = await compile(
      withRoutes(ROUTES, { policies: [use('outer')] }, { problemBase: 'https://x.test/' }),
      before,
    )
    assert.deepEqual(created, [])
    assert.equal(after.apis.get('api'), before.apis.get('api'))
    assert.equal(after.runtime.problemBase, 'https://x.test/')
  })

  it('leaves the snapshot that serves as it was', async () => {
    const { compile } = createStage()
    const before = await compile(withRoutes(ROUTES))
    const routes = new Map(['/a', '/b', '/c', '/d'].map((path) => [path, getRoute(before, path)]))
    await compile(withRoutes([route('a', { policies: [use('x')] }), route('new')]), before)
    for (const [path, route] of routes) assert.equal(getRoute(before, path), route)
    assert.throws(() => getRoute(before, '/new'), /no-route/)
  })

  it('knows the fields about callers of every use, kept, changed or switched off, and forgets those that are gone', async () => {
    const { compile } = createStage()
    const field = (name: string, more: object = {}) => ({ policies: [{ ...use('x', { field: name }), ...more }] })
    const routes = [route('a', field('X_A')), route('b', { ...field('X-B'), enabled: false })]
    const before = await compile(withRoutes([...routes, route('c', field('X-C', { enabled: false }))], field('X-Api')))
    assert.deepEqual([...before.runtime.heldFields.anywhere].sort(), ['x-a', 'x-api', 'x-b', 'x-c'])
    const after = await compile(withRoutes([...routes, route('d', field('X-D'))], field('X-Api')), before)
    assert.deepEqual([...after.runtime.heldFields.anywhere].sort(), ['x-a', 'x-api', 'x-b', 'x-d'])
  })

  it('makes policies in the options of others, each with an id of its own, and knows their fields', async () => {
    const { compile, created } = createStage()
    const inner = [use('x', { field: 'X-A' }), use('y'), { ...use('z'), id: 'mine' }]
    const compiled = await compile(
      withRoutes([route('a', { policies: [{ policy: 'nest', options: { policies: inner } }] })]),
    )
    assert.deepEqual(created, ['x api/a/nest/0/mark/0', 'y api/a/nest/0/mark/1', 'z mine'])
    assert.deepEqual([...compiled.runtime.heldFields.anywhere], ['x-a'])
  })

  it('knows in which fields credentials stand, of every use, and lets clients say those of who calls nowhere', async () => {
    const { compile } = createStage()
    const place = (name: string) => ({ policies: [use('x', { place: name })] })
    const nested = { policies: [{ policy: 'nest', options: { policies: [use('y', { place: 'X-Nested' })] } }] }
    const routes = [
      route('a', place('X_A')),
      route('b', nested),
      route('c', { policies: [use('z', { field: 'X-C' })] }),
    ]
    const { runtime } = await compile(withRoutes(routes, place('X-Api')))
    assert.deepEqual([...runtime.heldFields.inTrailers].sort(), ['x-a', 'x-api', 'x-c', 'x-nested'])
    assert.deepEqual([...runtime.heldFields.anywhere], ['x-c'])
  })

  it('keeps what it kept after many changes', async () => {
    const { compile } = createStage()
    const routes = Array.from({ length: 60 }, (_, index) =>
      route(`r${index}`, { path: `/area-${index % 6}/{id}/k${index}` }),
    )
    let compiled = await compile(withRoutes(routes))
    const kept = getRoute(compiled, '/area-3/x/k3')
    for (let change = 1; change <= 80; change++) {
      compiled = await compile(withRoutes([route(`change-${change}`), ...routes]), compiled)
      assert.equal(getRoute(compiled, '/area-3/x/k3'), kept)
      assert.equal(getRoute(compiled, `/change-${change}`).facts.route, `change-${change}`)
    }
    assert.throws(() => getRoute(compiled, '/change-1'), /no-route/)
  })
})

describe('plans of a snapshot', () => {
  const GOLD = { id: 'gold', policies: [use('limit'), { ...use('fixed'), id: 'fixed' }] }
  const FREE = { id: 'free', policies: [use('free')] }
  const acme = (overrides: object) => ({ id: 'acme', overrides: { gold: overrides } })
  const other = { id: 'other', overrides: { gold: { fixed: { name: 'of other' } } } }
  const withPlans = (plans: object[], apps: object[] = []) =>
    withRoutes(ROUTES, { policies: [{ policy: 'nest', options: { policies: [] } }] }, { plans, apps })
  const BOTH = [GOLD, FREE]
  const ofRoutes = ['a api/a/mark/0', 'b api/b/mark/0']

  const run = async (parts: Parts, ...then: Parts[]) => {
    const { compile, created } = createStage()
    const all: CompiledSnapshot[] = [await compile(parts)]
    const first = [...created]
    for (const next of then) all.push(await compile(next, all.at(-1)))
    return { all, first, created }
  }

  it('are compiled once, and what is different once for each app, whatever routes they stand in', async () => {
    const { first } = await run(withPlans(BOTH, [acme({ fixed: { name: 'of acme' } }), other]))
    assert.deepEqual(first, [
      ...['limit plan gold/mark/0', 'fixed fixed'],
      ...['of acme fixed of acme', 'of other fixed of other', 'free plan free/mark/0'],
      ...ofRoutes,
    ])
  })

  it('share what is not different, and count for themselves what is', async () => {
    const { all } = await run(withPlans(BOTH, [acme({ fixed: { name: 'of acme' } })]))
    const gold = all[0]?.plans.get('gold')
    const own = gold?.variants?.get('acme')
    assert.ok(gold !== undefined && own !== undefined)
    assert.equal(own[0], gold.uses[0])
    assert.notEqual(own[1], gold.uses[1])
    const { first } = await run(
      withPlans([{ id: 'gold', policies: [use('limit')] }], [acme({ mark: { name: 'of acme' } })]),
    )
    assert.ok(first.includes('of acme plan gold of acme/mark/0'), first.join())
  })

  for (const [what, now, expected] of [
    [
      'what is different for one app',
      withPlans(BOTH, [acme({ fixed: { name: 'new' } }), other]),
      ['new fixed of acme'],
    ],
    ['nothing any more for one app', withPlans(BOTH, [other]), []],
    [
      'one plan',
      withPlans([GOLD, { id: 'free', policies: [use('more')] }], [acme({ fixed: { name: 'of acme' } }), other]),
      ['more plan free/mark/0'],
    ],
    [
      'what a plan opens',
      withPlans([{ ...GOLD, apis: [{ api: 'api' }] }, FREE], [acme({ fixed: { name: 'of acme' } }), other]),
      [],
    ],
  ] as const) {
    it(`are compiled anew only where they changed: ${what}`, async () => {
      const before = withPlans(BOTH, [acme({ fixed: { name: 'of acme' } }), other])
      const { all, created } = await run(before, now)
      assert.deepEqual(created, expected)
      for (const path of ['/a', '/b', '/c', '/d'])
        assert.equal(getRoute(all[1] as CompiledSnapshot, path), getRoute(all[0] as CompiledSnapshot, path))
    })
  }

  it('are the same object where none has changed', async () => {
    const parts = withPlans(BOTH, [other])
    const { all } = await run(parts, withPlans(BOTH, [other]), withPlans([GOLD], [other]))
    assert.equal(all[1]?.plans, all[0]?.plans)
    assert.notEqual(all[2]?.plans, all[0]?.plans)
  })

  it('are put on the shelf by who serves them, but for the first', async () => {
    const { all } = await run(withPlans(BOTH), withPlans([FREE]))
    const [first, second] = all
    assert.equal(first?.planShelf, second?.planShelf)
    assert.equal(first?.planShelf.plans, first?.plans)
  })

  it('give way between any two apps', async () => {
    const apps = Array.from({ length: 5 }, (_, at) => ({
      id: `app${at}`,
      overrides: { gold: { fixed: { name: `of ${at}` } } },
    }))
    const { begin, created } = createStage()
    const { compilation } = begin(withPlans(BOTH, apps))
    const count = () => created.filter((each) => / of app\d$/.test(each)).length
    const steps: number[] = []
    for (let isDone = false; !isDone; ) {
      const before = count()
      isDone = (await compilation.next()).done === true
      steps.push(count() - before)
    }
    assert.deepEqual([count(), Math.max(...steps)], [5, 1])
  })

  it('say whom upstreams are told of, also in what is different for an app', async () => {
    const plan = { id: 'gold', policies: [use('a', { field: 'X_One' })] }
    const app = acme({ mark: { field: 'X-Two' } })
    const { all } = await run(withPlans([plan], [app]))
    const fields = [...(all[0]?.runtime.heldFields.anywhere ?? [])].filter((name) => name.startsWith('x-'))
    assert.deepEqual(fields.sort(), ['x-one', 'x-two'])
  })
})
