import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeaderList } from '../messages/header-list.ts'
import { GatewayResponse } from '../messages/response.ts'
import { Problem } from '../problem.ts'
import { externalAuth } from './external-auth.ts'
import { type Options, SERVICE, stage } from './external-auth-stage.fixture.ts'

const parse = (options: Options) => externalAuth.options.safeParse({ url: SERVICE, ...options })

describe('a request that may pass', () => {
  it('goes on as it came', async () => {
    const { subject, service } = stage()
    const { status, upstream, exchange } = await subject.with({
      headers: { Authorization: 'Bearer a', 'X-Other': '1' },
    })
    assert.equal(status, 200)
    assert.deepEqual(
      [...(upstream[0]?.headers ?? [])],
      [
        ['Authorization', 'Bearer a'],
        ['X-Other', '1'],
      ],
    )
    assert.equal(exchange.caller, undefined)
    assert.equal(service.calls.length, 1)
  })

  it('keeps from the upstream what the service learned the caller from, wherever nobody said another place for it', async () => {
    const caller = { id: 'json:id' } as const
    const answer = () => ({ body: { id: 'ann' } })
    const headers = { Authorization: 'Bearer a', 'X-Other': '1' }
    const { upstream } = await stage({ caller }, answer).subject.with({ headers })
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [['X-Other', '1']])
    const asked = await stage({ caller, forward: true }, answer).subject.with({ headers })
    assert.equal(asked.upstream[0]?.headers.get('authorization'), 'Bearer a')
    const options = externalAuth.options.parse({ url: SERVICE, caller })
    assert.deepEqual(externalAuth.credentialPlaces?.(options), [{ in: 'header', name: 'Authorization' }])
  })

  it('carries what the service says, and not what the client says in its place', async () => {
    const { subject } = stage({ copyToUpstream: ['X-Auth-User', 'X-Auth-Role'] }, () => ({
      headers: [
        ['x-auth-user', 'ann'],
        ['X-Evil', '1'],
      ],
    }))
    const { upstream } = await subject.with({
      headers: { 'X-Auth-User': 'root', X_Auth_User: 'root', 'X-Auth-Role': 'admin' },
    })
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [['X-Auth-User', 'ann']])
  })

  it('lets nobody pass where the service says a field twice that goes on: which of them counts is anybody’s guess', async () => {
    const { subject } = stage({ copyToUpstream: ['Remote-User'], onError: 'allow' }, () => ({
      headers: [
        ['Remote-User', 'ann'],
        ['remote-user', 'root'],
      ],
    }))
    const { status, problem, upstream } = await subject.with()
    assert.deepEqual([status, problem?.reason, upstream.length], [503, 'field-twice', 0])
  })

  it('has fields that clients may not send anywhere, but their credential', () => {
    const options = externalAuth.options.parse({
      url: SERVICE,
      credential: { name: 'X-Token' },
      copyToUpstream: ['X-Auth-User', 'Authorization', 'cookie', 'x-token'],
      toUpstream: { id: 'X-Id' },
    })
    assert.deepEqual(externalAuth.identityFields?.(options), ['X-Auth-User', 'X-Id'])
  })

  it('has another credential for the upstream, where the service says one', async () => {
    const { subject } = stage({ credential: {}, copyToUpstream: ['Authorization'] }, () => ({
      headers: [['Authorization', 'Bearer inner']],
    }))
    const { upstream } = await subject.with({ headers: { Authorization: 'Basic outer' } })
    assert.deepEqual(upstream[0]?.headers.getAll('authorization'), ['Bearer inner'])
    const silent = stage({ credential: {}, forward: true, copyToUpstream: ['Authorization'] })
    assert.equal(
      (await silent.subject.with({ headers: { Authorization: 'a' } })).upstream[0]?.headers.has('authorization'),
      false,
    )
  })

  it('is answered with what the service tells the client: cookies beside the upstream’s, other fields instead of them', async () => {
    const upstream = () =>
      new GatewayResponse({
        status: 200,
        headers: HeaderList.of([
          ['Set-Cookie', 'u=1'],
          ['X-Session', 'old'],
        ]),
      })
    const { subject } = stage(
      { copyToClient: ['Set-Cookie', 'X-Session'] },
      () => ({
        headers: [
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
          ['X-Session', 'new'],
          ['X-Internal', 's3cret'],
        ],
      }),
      { upstream },
    )
    const { headers } = await subject.with()
    assert.deepEqual(headers.getAll('set-cookie'), ['u=1', 'a=1', 'b=2'])
    assert.deepEqual([headers.getAll('x-session'), headers.has('x-internal')], [['new'], false])
  })

  it('is told cookies with a problem too', async () => {
    const { subject } = stage({ copyToClient: ['Set-Cookie'] }, () => ({ headers: [['Set-Cookie', 'a=1']] }), {
      upstream() {
        throw new Problem('upstream-timeout')
      },
    })
    const { status, headers } = await subject.with()
    assert.deepEqual([status, headers.get('set-cookie')], [504, 'a=1'])
  })

  for (const status of [201, 204, 299]) {
    it(`is one with ${status}, but not in envoy-ext-authz`, async () => {
      assert.equal((await stage({}, () => ({ status })).subject.with()).status, 200)
      const envoy = await stage({ protocol: 'envoy-ext-authz' }, () => ({ status })).subject.with()
      assert.deepEqual([envoy.status, envoy.problem?.reason], [503, `status-${status}`])
    })
  }
})

describe('who calls', () => {
  const CALLER = {
    id: 'json:user.id',
    app: 'json:app',
    scopes: 'json:scope',
    groups: 'header:X-Groups',
    claims: { mail: 'json:user.mail', level: 'json:user.level', none: 'json:nothing' },
  }
  const answer = () => ({
    headers: [['X-Groups', 'ops, dev']] as const,
    body: { user: { id: 'ann', mail: 'a@example.com', level: 3 }, app: 'shop', scope: ['read'] },
  })

  it('is read from fields and JSON of the answer, and told to the upstream', async () => {
    const { subject, credentials } = stage(
      { caller: CALLER, toUpstream: { id: 'X-User', claims: { level: 'X-Level' } } },
      answer,
    )
    credentials.setApp('shop', { plan: 'gold' })
    const { exchange, upstream } = await subject.with({ headers: { 'X-User': 'root' } })
    assert.deepEqual(exchange.caller, {
      ...{ id: 'ann', app: 'shop', plan: 'gold', credential: { kind: 'external', id: 'ann' } },
      ...{ scopes: ['read'], groups: ['ops', 'dev'], claims: { mail: 'a@example.com', level: 3 } },
    })
    assert.deepEqual(Object.fromEntries(upstream[0]?.headers ?? []), { 'X-User': 'ann', 'X-Level': '3' })
  })

  it('is refused with an app that is disabled', async () => {
    const { subject, credentials } = stage({ caller: CALLER }, answer)
    credentials.setApp('shop', { isEnabled: false })
    const { status, problem } = await subject.with()
    assert.deepEqual([status, problem?.code, problem?.reason], [403, 'access-denied', 'disabled-app'])
  })

  it('is named in UTF-8, as most write names into fields', async () => {
    const name = Buffer.from('Änn', 'utf8').toString('latin1')
    const { subject } = stage({ caller: { id: 'header:X-User' } }, () => ({ headers: [['X-User', name]] }))
    assert.equal((await subject.with()).exchange.caller?.id, 'Änn')
    const latin1 = stage({ caller: { id: 'header:X-User' } }, () => ({ headers: [['X-User', '\xc4nn']] }))
    assert.equal((await latin1.subject.with()).exchange.caller?.id, 'Änn')
  })

  for (const [what, source, given, reason] of [
    ['no field', 'header:X-User', {}, 'no-caller'],
    ['an empty field', 'header:X-User', { headers: [['X-User', '']] }, 'no-caller'],
    ['no member', 'json:id', { body: {} }, 'no-caller'],
    ['a number', 'json:id', { body: { id: 1 } }, 'no-caller'],
    ['an inherited name', 'json:constructor.name', { body: {} }, 'no-caller'],
    ['a broken document', 'json:id', { body: '{"id":"ann"' }, 'no-json'],
    ['no document', 'json:id', {}, 'no-json'],
    // A service that copies what it was sent, and adds its own, would let clients say who they are.
    [
      'two fields',
      'header:X-User',
      {
        headers: [
          ['X-User', 'root'],
          ['x-user', 'ann'],
        ],
      },
      'field-twice',
    ],
  ] as const) {
    it(`is nobody with ${what} (${source}), who does not pass even where failures do`, async () => {
      const { subject } = stage({ caller: { id: source }, onError: 'allow' }, () => given)
      const { status, problem, upstream } = await subject.with()
      assert.deepEqual([status, problem?.code, problem?.reason], [503, 'verifier-unavailable', reason])
      // It was asked, and it did answer.
      assert.match(problem?.detail ?? '', /does not answer as it should/)
      assert.match(subject.log.entries[0]?.message ?? '', /does not answer as it should/)
      assert.equal(upstream.length, 0)
    })
  }

  it('may be nobody where that is allowed', async () => {
    const { subject } = stage({ caller: { id: 'header:X-User' }, anonymous: true })
    const { status, exchange } = await subject.with()
    assert.deepEqual([status, exchange.caller], [200, undefined])
  })

  it('stays who an earlier policy found, where the answer is not asked', async () => {
    const caller = { id: 'acme', credential: { kind: 'key', id: 'k' } }
    const { subject } = stage()
    assert.equal((await subject.with({}, { caller })).exchange.caller, caller)
  })
})

describe('a refusal', () => {
  it('is the service’s own: status, body, and the fields that are listed', async () => {
    const { subject } = stage({}, () => ({
      status: 403,
      headers: [
        ['Content-Type', 'text/html'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['X-Internal', 's3cret'],
        ['Server', 'x'],
      ],
      body: '<p>No.',
    }))
    const answer = await subject.with()
    assert.deepEqual([answer.status, await answer.text(), answer.problem], [403, '<p>No.', undefined])
    assert.deepEqual(
      [...answer.headers],
      [
        ['Content-Type', 'text/html'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['Cache-Control', 'no-store'],
      ],
    )
    assert.equal(answer.upstream.length, 0)
  })

  it('keeps what it says of caches itself', async () => {
    const { subject } = stage({}, () => ({ status: 404, headers: [['Cache-Control', 'max-age=1']] }))
    assert.deepEqual((await subject.with()).headers.getAll('cache-control'), ['max-age=1'])
  })

  for (const status of [301, 302, 303, 307, 308]) {
    it(`may be a redirect to a login page, which is followed by nobody here: ${status}`, async () => {
      const { subject, service } = stage({ protocol: 'traefik-forward-auth' }, () => ({
        status,
        headers: [['Location', 'https://login.example.com/?rd=x']],
      }))
      const answer = await subject.with()
      assert.deepEqual([answer.status, answer.headers.get('location')], [status, 'https://login.example.com/?rd=x'])
      assert.equal(service.calls.length, 1)
    })
  }

  it('is never two messages: framing and hop-by-hop fields stay behind, whatever is listed (RFC 9110 §7.6.1, RFC 9112 §6.3)', async () => {
    const { subject } = stage({ refusalFields: 'all' }, () => ({
      status: 403,
      headers: [
        ...([
          ['Content-Length', '0'],
          ['Transfer-Encoding', 'chunked'],
          ['Connection', 'close, X-Hop'],
          ['Keep-Alive', 'timeout=5'],
        ] as const),
        ...([
          ['X-Hop', '1'],
          ['Upgrade', 'h2c'],
          ['Trailer', 'X-T'],
          ['TE', 'trailers'],
          ['Proxy-Authenticate', 'Basic'],
        ] as const),
        ...([
          ['X-Request-Id', 'forged'],
          ['Date', 'yesterday'],
          ['Server', 'nginx'],
          ['X-Custom', '1'],
        ] as const),
      ],
      body: 'HTTP/1.1 200 OK\r\n\r\n',
    }))
    const { headers } = await subject.with()
    assert.deepEqual(
      [...headers],
      [
        ['X-Custom', '1'],
        ['Cache-Control', 'no-store'],
      ],
    )
    for (const name of ['Content-Length', 'Transfer-Encoding', 'Connection', 'X-Request-Id']) {
      assert.equal(parse({ refusalFields: [name] }).success, false, name)
      assert.equal(parse({ copyToClient: [name] }).success, false, name)
      assert.equal(parse({ copyToUpstream: [name] }).success, false, name)
    }
    for (const name of ['Host', 'X-Forwarded-For', 'Forwarded', 'Expect'])
      assert.equal(parse({ copyToUpstream: [name] }).success, false, name)
  })

  it('copies nothing that `Connection` of the answer names (CVE-2024-45410 is the same with a client’s)', async () => {
    const { subject } = stage({ copyToUpstream: ['X-User'], copyToClient: ['X-Session'] }, () => ({
      headers: [
        ['Connection', 'X-User'],
        ['X-User', 'ann'],
        ['connection', ' x-session '],
        ['X-Session', '1'],
      ],
    }))
    const { upstream, headers } = await subject.with()
    assert.deepEqual([upstream[0]?.headers.has('x-user'), headers.has('x-session')], [false, false])
  })

  for (const [status, code, reason] of [
    [401, 'credential-invalid', 'external-401'],
    [302, 'credential-invalid', 'external-302'],
    [403, 'access-denied', 'external-403'],
    [404, 'access-denied', 'external-404'],
    [429, 'access-denied', 'external-429'],
  ] as const) {
    it(`is one of the gateway’s where that is asked for: ${status} is ${code}`, async () => {
      const { subject } = stage({ refusal: 'problem' }, () => ({
        status,
        headers: [
          ['Location', 'https://login.example.com/'],
          ['WWW-Authenticate', 'Basic realm="x"'],
          ['Retry-After', '7'],
          ['Set-Cookie', 'a=1'],
        ],
        body: 's3cret',
      }))
      const { problem, headers } = await subject.with()
      assert.deepEqual([problem?.code, problem?.reason], [code, reason])
      assert.ok(!JSON.stringify(problem).includes('s3cret'))
      const challenge = { 401: 'Basic realm="x"', 302: 'External realm="api"' }[status as 401]
      assert.equal(headers.get('www-authenticate'), challenge)
      assert.deepEqual([headers.has('location'), headers.has('set-cookie')], [false, false])
      assert.equal(headers.get('retry-after'), status >= 403 ? '7' : undefined)
    })
  }

  for (const protocol of ['envoy-ext-authz', 'traefik-forward-auth', 'generic'] as const) {
    for (const [status, headers] of [
      [300, [['Location', '/']]],
      [304, []],
      [305, [['Location', '/']]],
      [302, []],
      [
        302,
        [
          ['Location', '/a'],
          ['Location', '/b'],
        ],
      ],
      [407, []],
      [408, []],
      [600, []],
      [100, []],
    ] as const) {
      it(`is none of ${protocol} with ${status} and ${JSON.stringify(headers)}: nobody passes`, async () => {
        const { subject } = stage({ protocol, onError: status >= 500 ? 'refuse' : 'allow' }, () => ({
          status,
          headers,
        }))
        const { problem } = await subject.with()
        assert.deepEqual([problem?.code, problem?.reason], ['verifier-unavailable', `status-${status}`])
      })
    }
  }

  it('is 401 and 403 in nginx-auth-request, and nothing else', async () => {
    const statusOf = async (status: number) =>
      (await stage({ protocol: 'nginx-auth-request' }, () => ({ status, headers: [['Location', '/']] })).subject.with())
        .status
    assert.deepEqual(await Promise.all([401, 403, 302, 400, 404, 429].map(statusOf)), [401, 403, 503, 503, 503, 503])
  })

  it('may be dressed by policies around it without changing the next one', async () => {
    const { subject } = stage({ cache: {} }, () => ({ status: 403, headers: [['Cache-Control', 'max-age=60']] }))
    const first = await subject.with()
    first.response.headers.set('X-Dress', '1')
    const second = await subject.with()
    assert.deepEqual([second.status, second.response.headers.has('x-dress')], [403, false])
  })
})

describe('options', () => {
  for (const [options, path] of [
    [{ url: 'ftp://x/' }, 'url'],
    [{ url: 'http://a/?x=1', protocol: 'envoy-ext-authz' }, 'url'],
    [{ protocol: 'nginx-auth-request', bodyBytes: 1 }, 'bodyBytes'],
    // Then one answer would be everybody's.
    [{ cache: { by: ['path', 'method'] } }, 'cache.by'],
    [{ cache: { by: ['client', 'user'] } }, 'cache.by.1'],
    [{ copyToUpstream: ['x-user'], toUpstream: { id: 'X-User' } }, 'copyToUpstream.0'],
    [{ credential: {}, toUpstream: { id: 'authorization' } }, 'toUpstream.id'],
    [{ credential: { name: 'X-Key' }, toUpstream: { id: 'x-key' } }, 'toUpstream'],
    [{ caller: { id: 'X-User' } }, 'caller.id'],
  ] as const) {
    it(`are refused: ${JSON.stringify(options)}`, () => {
      const { error } = parse(options as Options)
      assert.deepEqual(
        error?.issues.map((issue) => issue.path.join('.')),
        [path],
      )
    })
  }

  for (const by of [['client'], ['path', 'caller'], ['header:Authorization']]) {
    it(`may remember answers by ${by}`, () => assert.ok(parse({ cache: { by } }).success))
  }

  it('may remember answers by the path alone where a credential belongs to the key', () => {
    assert.ok(parse({ credential: {}, cache: { by: ['path'] } }).success)
  })
})
