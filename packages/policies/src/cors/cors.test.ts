import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeaderList } from '../messages/header-list.ts'
import { GatewayResponse } from '../messages/response.ts'
import { Problem } from '../problem.ts'
import { run, type TestAnswer } from '../testing/index.ts'
import { cors } from './cors.ts'

const APP = 'https://app.example.com'
const from = (origin: string, headers: Record<string, string> = {}) => ({ headers: { Origin: origin, ...headers } })
const preflight = (origin: string, method = 'PUT', headers: Record<string, string> = {}) => ({
  method: 'OPTIONS',
  headers: { Origin: origin, 'Access-Control-Request-Method': method, ...headers },
})
/** What CORS says in an answer, names in lower case. */
const said = ({ headers }: TestAnswer) =>
  Object.fromEntries(
    [...headers]
      .map(([name, value]) => [name.toLowerCase(), value])
      .filter(([name]) => name?.startsWith('access-control-')),
  )

describe('cors: an actual request', () => {
  it('of any origin may be read where all are allowed, and is the same for all', async () => {
    const answer = await run(cors, {}).with(from(APP))
    assert.deepEqual(said(answer), { 'access-control-allow-origin': '*' })
    assert.equal(answer.headers.has('vary'), false)
    assert.equal(await answer.text(), 'upstream')
  })

  it('of an allowed origin may be read by it', async () => {
    const answer = await run(cors, { origins: [APP], credentials: true, exposedHeaders: ['X-Total', 'ETag'] }).with(
      from(APP),
    )
    assert.deepEqual(said(answer), {
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'X-Total, ETag',
    })
    assert.equal(answer.headers.get('vary'), 'Origin')
  })

  it('of another origin is answered, but not to be read; caches keep them apart', async () => {
    const answer = await run(cors, { origins: [APP] }).with(from('https://evil.example'))
    assert.equal(answer.status, 200)
    assert.deepEqual(said(answer), {})
    assert.equal(answer.headers.get('vary'), 'Origin')
  })

  it('without an origin varies by it all the same: a cache may meet both', async () => {
    const answer = await run(cors, { origins: [APP] }).with()
    assert.deepEqual(said(answer), {})
    assert.equal(answer.headers.get('vary'), 'Origin')
  })

  for (const [allowed, origin, isAllowed] of [
    ['https://*.example.com', 'https://shop.example.com', true],
    ['https://*.example.com', 'https://example.com', false],
    ['https://*.example.com', 'https://a.b.example.com', false],
    ['https://*.example.com', 'https://.example.com', false],
    ['https://*.example.com', 'http://shop.example.com', false],
    ['https://*.example.com', 'https://shop.example.com:8443', false],
    ['https://*.example.com', 'https://evil.com/.example.com', false],
    ['https://*.example.com:8443', 'https://shop.example.com:8443', true],
    [APP, `${APP}.evil.example`, false],
    [APP, 'https://app.example.co', false],
    [APP, `${APP}, ${APP}`, false],
    ['null', 'null', true],
    [APP, 'null', false],
    ['http://[::1]:3000', 'http://[::1]:3000', true],
    ['capacitor://localhost', 'capacitor://localhost', true],
  ] as const) {
    it(`of ${origin} is ${isAllowed ? '' : 'not '}allowed by ${allowed}`, async () => {
      const answer = await run(cors, { origins: [allowed] }).with(from(origin))
      assert.equal(answer.headers.get('access-control-allow-origin'), isAllowed ? origin : undefined)
    })
  }

  it('that became a problem can be read as well', async () => {
    const upstream = () => {
      throw new Problem('rate-limited')
    }
    const answer = await run(cors, { origins: [APP] }, { upstream }).with(from(APP))
    assert.equal(answer.status, 429)
    assert.equal(answer.headers.get('access-control-allow-origin'), APP)
  })

  it('has nothing of what the upstream says about CORS', async () => {
    const upstream = async () =>
      new GatewayResponse({
        status: 200,
        headers: HeaderList.of([
          ['Access-Control-Allow-Origin', '*'],
          ['access-control-allow-credentials', 'true'],
          ['Vary', 'Accept-Encoding, origin'],
        ]),
      })
    const answer = await run(cors, { origins: [APP] }, { upstream }).with(from(APP))
    assert.deepEqual(said(answer), { 'access-control-allow-origin': APP })
    assert.equal(answer.headers.get('vary'), 'Accept-Encoding, origin')
  })

  it('keeps what the upstream varies by', async () => {
    for (const [vary, expected] of [
      ['Accept', 'Accept, Origin'],
      ['*', '*'],
    ] as const) {
      const upstream = () => new GatewayResponse({ status: 200, headers: HeaderList.of([['Vary', vary]]) })
      const answer = await run(cors, { origins: [APP] }, { upstream }).with(from(APP))
      assert.equal(answer.headers.get('vary'), expected)
    }
  })
})

describe('cors: a preflight', () => {
  it('is answered here', async () => {
    const answer = await run(cors, {
      origins: [APP],
      methods: ['GET', 'PUT'],
      headers: ['X-Api-Key'],
      maxAgeSeconds: 60,
    }).with(preflight(APP))
    assert.equal(answer.status, 204)
    assert.equal(answer.upstream.length, 0)
    assert.deepEqual(said(answer), {
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'X-Api-Key',
      'access-control-max-age': '60',
    })
    assert.equal(answer.headers.get('vary'), 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
  })

  it('gets what it asks for where all is allowed, since `*` is a mere name to credentialed requests (Fetch §4.10)', async () => {
    const answer = await run(cors, { origins: [APP], credentials: true, methods: ['*'] }).with(
      preflight(APP, 'PURGE', { 'Access-Control-Request-Headers': 'authorization,x-a' }),
    )
    assert.equal(answer.headers.get('access-control-allow-methods'), 'PURGE')
    assert.equal(answer.headers.get('access-control-allow-headers'), 'authorization,x-a')
    assert.equal(answer.headers.get('access-control-allow-credentials'), 'true')
  })

  it('gets nothing back that is no list of names', async () => {
    const answer = await run(cors, {}).with(preflight(APP, 'PUT', { 'Access-Control-Request-Headers': 'x-a; <b>' }))
    assert.equal(answer.headers.has('access-control-allow-headers'), false)
  })

  it('of another origin learns nothing', async () => {
    const answer = await run(cors, { origins: [APP] }).with(preflight('https://evil.example'))
    assert.deepEqual([answer.status, said(answer), answer.upstream.length], [204, {}, 0])
  })

  it('may reach a private network where that is allowed', async () => {
    const asks = preflight(APP, 'PUT', { 'Access-Control-Request-Private-Network': 'true' })
    const open = await run(cors, { privateNetwork: true }).with(asks)
    assert.equal(open.headers.get('access-control-allow-private-network'), 'true')
    assert.equal((await run(cors, {}).with(asks)).headers.has('access-control-allow-private-network'), false)
  })

  it('is only an OPTIONS with an origin and a method: others go on', async () => {
    const subject = run(cors, {})
    assert.equal((await subject.with({ method: 'OPTIONS', headers: { Origin: APP } })).upstream.length, 1)
    assert.equal(
      (await subject.with({ method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'PUT' } })).upstream.length,
      1,
    )
  })
})

describe('cors options', () => {
  it('refuse credentials for every origin', () => {
    const issue = cors.options.safeParse({ credentials: true }).error?.issues[0]
    assert.deepEqual(issue?.path, ['origins'])
    assert.match(issue?.message ?? '', /name the origins/)
  })

  for (const origin of [
    'https://app.example.com/',
    'https://App.example.com',
    'app.example.com',
    'https://a.*.com',
    'https://*',
    'https://*.*.com',
    'https://a*.com',
    '',
  ]) {
    it(`refuse ${JSON.stringify(origin)}, which no browser sends`, () =>
      assert.equal(cors.options.safeParse({ origins: [origin] }).success, false))
  }
})
