import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GatewayResponse } from '../messages/response.ts'
import { type PolicyRun, run, type TestRequest } from '../testing/index.ts'
import { csrf } from './csrf.ts'

type Options = NonNullable<Parameters<typeof run<typeof csrf.options>>[1]>
type Fields = NonNullable<TestRequest['headers']>

const OWN = 'https://api.example.com'
const guarded = (options: Options = {}): PolicyRun => run(csrf, options)

/** `passes`, or the code and reason of the refusal. */
async function judge(options: Options, request: TestRequest): Promise<string> {
  const { problem, upstream, status } = await guarded(options).with({ scheme: 'https', ...request })
  assert.equal(upstream.length, problem === undefined ? 1 : 0)
  return problem === undefined ? 'passes' : `${status} ${problem.code} ${problem.reason}`
}

const post = (headers: Fields, more: TestRequest = {}): TestRequest => ({ method: 'POST', headers, ...more })
const DENIED = '403 origin-denied'

describe('csrf', () => {
  it('lets requests pass that change nothing, wherever they come from', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const headers = { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' }
      assert.equal(await judge({}, { method, headers }), 'passes', method)
    }
  })

  it('looks at every other method, also those that only look like a safe one (RFC 9110 §9.1)', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'PURGE', 'get', 'Head', 'CONNECT']) {
      assert.equal(await judge({}, { method, headers: { Origin: 'https://evil.test' } }), `${DENIED} origin`, method)
    }
  })

  for (const [says, headers, verdict] of [
    ['its own origin', { Origin: OWN }, 'passes'],
    ['its own origin, and that it is', { Origin: OWN, 'Sec-Fetch-Site': 'same-origin' }, 'passes'],
    ['nothing but that it is', { 'Sec-Fetch-Site': 'same-origin' }, 'passes'],
    ['that the user did it', { 'Sec-Fetch-Site': 'none' }, 'passes'],
    ['a page of its own', { Referer: `${OWN}/form?a=1` }, 'passes'],
    ['a page of its own without a path', { Referer: OWN }, 'passes'],
    ['neither', {}, `${DENIED} no-origin`],
    ['another origin', { Origin: 'https://evil.test' }, `${DENIED} origin`],
    ['another origin, and a page of its own', { Origin: 'https://evil.test', Referer: `${OWN}/` }, `${DENIED} origin`],
    ['that it comes from another site', { 'Sec-Fetch-Site': 'cross-site' }, `${DENIED} fetch-site`],
    ['that it comes from a neighbour', { 'Sec-Fetch-Site': 'same-site' }, `${DENIED} fetch-site`],
    ['that, and a page of its own', { 'Sec-Fetch-Site': 'cross-site', Referer: `${OWN}/` }, `${DENIED} fetch-site`],
    ['its own origin from another site', { Origin: OWN, 'Sec-Fetch-Site': 'cross-site' }, `${DENIED} fetch-site`],
    ['a site that no browser says', { 'Sec-Fetch-Site': 'Same-Origin' }, `${DENIED} fetch-site`],
    ['an empty site', { 'Sec-Fetch-Site': '' }, `${DENIED} fetch-site`],
    ['a page of another site', { Referer: 'https://evil.test/' }, `${DENIED} referrer`],
  ] as [string, Record<string, string>, string][]) {
    it(`says ${says}: ${verdict}`, async () => assert.equal(await judge({}, post(headers)), verdict))
  }
})

describe('an origin that only looks like the own one', () => {
  for (const origin of [
    'null',
    '',
    ' ',
    'https://api.example.com.evil.test',
    'https://evil-api.example.com',
    'https://evil.api.example.com',
    'https://example.com',
    'https://api.example.co',
    'https://api.example.com:444',
    'https://api.example.com:443',
    'https://api.example.com.',
    'https://api.example.com/',
    'https://api.example.com#',
    'https://api.example.com@evil.test',
    'https://evil.test/https://api.example.com',
    'https://evil.test?https://api.example.com',
    'https://evil.test\\api.example.com',
    'https://api.example.com\\.evil.test',
    'http://api.example.com',
    'HTTPS://api.example.com',
    'https://API.example.com',
    'https:/api.example.com',
    'https//api.example.com',
    'api.example.com',
    'https://api.example.com https://evil.test',
    'https://evil.test https://api.example.com',
    'https://xn--pi-7ia.example.com',
    `${OWN}, ${OWN}`,
  ]) {
    it(`${JSON.stringify(origin)} is refused`, async () =>
      assert.equal(await judge({}, post({ Origin: origin })), `${DENIED} origin`))
  }

  it('two of them are none (RFC 6454 §7.3)', async () => {
    for (const pair of [
      [OWN, OWN],
      [OWN, 'https://evil.test'],
      ['https://evil.test', OWN],
    ]) {
      const headers = pair.map((origin): [string, string] => ['Origin', origin])
      assert.equal(await judge({}, post(headers)), `${DENIED} origin`)
    }
    const sites: [string, string][] = [
      ['Sec-Fetch-Site', 'same-origin'],
      ['Sec-Fetch-Site', 'cross-site'],
    ]
    assert.equal(await judge({}, post(sites)), `${DENIED} fetch-site`)
  })

  for (const referrer of [
    'https://api.example.com.evil.test/',
    'https://api.example.com@evil.test/',
    'https://api.example.com:pass@evil.test/',
    'https://evil.test/https://api.example.com/',
    'https://evil.test/?https://api.example.com',
    'https://evil.test#https://api.example.com',
    'https://api.example.com\\@evil.test/',
    '//api.example.com/',
    '/form',
    'about:blank',
    '',
    'javascript://api.example.com/',
  ]) {
    it(`a Referer of ${JSON.stringify(referrer)} is none of it`, async () =>
      assert.equal(await judge({}, post({ Referer: referrer })), `${DENIED} referrer`))
  }
})

describe('the own origin', () => {
  for (const [says, request, origin] of [
    ['is of the scheme that the client speaks', { scheme: 'http' }, 'http://api.example.com'],
    ['has the port that is not the usual', { host: 'api.example.com:8443' }, 'https://api.example.com:8443'],
    ['leaves out the usual port', { host: 'api.example.com:443' }, 'https://api.example.com'],
    ['leaves out the usual port of http', { host: 'a.test:80', scheme: 'http' }, 'http://a.test'],
    ['keeps the port of the other scheme', { host: 'a.test:80' }, 'https://a.test:80'],
    ['is in lower case, however the client wrote the host', { host: 'API.Example.com' }, 'https://api.example.com'],
    ['is an IPv6 address in brackets', { host: '[2001:db8::1]:8443' }, 'https://[2001:db8::1]:8443'],
  ] as [string, TestRequest, string][]) {
    it(says, async () => assert.equal(await judge({}, post({ Origin: origin }, request)), 'passes'))
  }

  it('is nobody’s where the request has no host', async () => {
    for (const origin of ['https://', 'http://']) {
      assert.equal(await judge({}, post({ Origin: origin }, { host: '' })), `${DENIED} origin`)
    }
  })

  it('is what a trusted proxy says, and not what a stranger does', async () => {
    const headers = { Origin: 'https://public.example', 'X-Forwarded-Host': 'public.example, inner.example' }
    const subject = guarded()
    const sendAs = async (isPeerTrusted: boolean): Promise<number> => {
      const exchange = subject.open({ method: 'POST', scheme: 'https', headers })
      Object.assign(exchange.client, { isPeerTrusted })
      return (await subject.start(exchange).answer).status
    }
    assert.deepEqual([await sendAs(true), await sendAs(false)], [200, 403])
  })

  it('does not count where the options say so', async () => {
    const options = { self: false, origins: ['https://app.example.com'] }
    assert.equal(await judge(options, post({ Origin: OWN })), `${DENIED} origin`)
    assert.equal(await judge(options, post({ Referer: `${OWN}/` })), `${DENIED} referrer`)
    assert.equal(await judge(options, post({ Origin: 'https://app.example.com' })), 'passes')
  })
})

describe('other origins', () => {
  const options = { origins: ['https://app.example.com', 'https://*.partner.example', 'http://localhost:3000'] }
  for (const [origin, verdict] of [
    ['https://app.example.com', 'passes'],
    ['https://a.partner.example', 'passes'],
    ['http://localhost:3000', 'passes'],
    [OWN, 'passes'],
    ['https://partner.example', `${DENIED} origin`],
    ['https://a.b.partner.example', `${DENIED} origin`],
    ['https://evil.test/.partner.example', `${DENIED} origin`],
    ['https://evil.test#.partner.example', `${DENIED} origin`],
    ['https://app.example.com.evil.test', `${DENIED} origin`],
    ['https://xapp.example.com', `${DENIED} origin`],
    ['http://localhost:30000', `${DENIED} origin`],
    ['http://localhost', `${DENIED} origin`],
    ['http://app.example.com', `${DENIED} origin`],
  ] as const) {
    it(`${origin}: ${verdict}`, async () => assert.equal(await judge(options, post({ Origin: origin })), verdict))
  }

  it('are other sites, and their pages may say so', async () => {
    for (const site of ['cross-site', 'same-site', 'same-origin']) {
      const headers = { Origin: 'https://app.example.com', 'Sec-Fetch-Site': site }
      assert.equal(await judge(options, post(headers)), 'passes')
    }
    const strange = { Origin: 'https://app.example.com', 'Sec-Fetch-Site': 'elsewhere' }
    assert.equal(await judge(options, post(strange)), `${DENIED} fetch-site`)
    assert.equal(await judge(options, post({ Referer: 'https://app.example.com/a' })), 'passes')
  })

  it('are not those that every page can have, nor what is no origin', () => {
    for (const origin of ['*', 'null', 'https://app.example.com/', 'https://App.example.com', 'example.com', '']) {
      assert.equal(csrf.options.safeParse({ origins: [origin] }).success, false, origin)
    }
    assert.equal(csrf.options.safeParse({ self: false }).success, false)
  })
})

describe('what only looks harmless', () => {
  for (const [says, request] of [
    ['another method in a field', { headers: { 'X-HTTP-Method-Override': 'DELETE' } }],
    ['the same field as CGI knows it', { headers: { X_HTTP_Method_Override: 'DELETE' } }],
    ['another method in other fields', { headers: { 'x-http-method': 'PUT' } }],
    ['another method in yet others', { headers: { 'X-METHOD-OVERRIDE': 'post' } }],
    ['two methods in a field', { headers: { 'X-HTTP-Method-Override': 'GET, DELETE' } }],
    ['another method in the query', { target: '/?_method=DELETE' }],
    ['another method in the query, encoded', { target: '/?a=1&%5Fmeth%6Fd=delete' }],
    ['two methods in the query', { target: '/?_method=GET&_method=DELETE' }],
    ['a WebSocket', { headers: { Upgrade: 'websocket', Connection: 'Upgrade' } }],
    ['a WebSocket over HTTP/2 (RFC 8441 §5)', { headers: { 'Sec-WebSocket-Version': '13' } }],
  ] as [string, TestRequest][]) {
    it(`is ${says} behind a GET`, async () => {
      const { headers = {} } = request
      const from = (origin: string) => ({ ...request, headers: { ...headers, Origin: origin } }) as TestRequest
      assert.equal(await judge({}, from('https://evil.test')), `${DENIED} origin`)
      assert.equal(await judge({}, from(OWN)), 'passes')
      assert.equal(await judge({}, request), `${DENIED} no-origin`)
    })
  }

  for (const request of [
    { target: '/?method=DELETE&x_method=1&_methods=DELETE' },
    { target: '/?_method=GET&a=%20' },
    { headers: { 'X-HTTP-Method-Override': 'GET' } },
  ]) {
    it(`is not ${JSON.stringify(request)}`, async () => assert.equal(await judge({}, request), 'passes'))
  }

  it('is a form of any content type, or of none', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=a',
      'application/json',
      'text/plain; application/json',
      'APPLICATION/JSON; charset=utf-8',
      '',
    ]) {
      const headers = { Origin: 'https://evil.test', 'Content-Type': type }
      assert.equal(await judge({}, post(headers, { body: '{"a":1}' })), `${DENIED} origin`, type)
    }
  })
})

describe('the cookies at stake', () => {
  const options = { cookies: ['session', 'sid'] }
  const evil = { Origin: 'https://evil.test' }
  for (const [says, headers, verdict] of [
    ['none', {}, 'passes'],
    ['another', { Cookie: 'theme=dark; xsession=1; Session=2' }, 'passes'],
    ['one of them', { Cookie: 'theme=dark; sid=1' }, `${DENIED} origin`],
    ['an empty one', { Cookie: 'session=' }, `${DENIED} origin`],
    ['one without blanks', { Cookie: 'a=1;session=1' }, `${DENIED} origin`],
  ] as [string, Record<string, string>, string][]) {
    it(`${says}: ${verdict}`, async () => assert.equal(await judge(options, post({ ...evil, ...headers })), verdict))
  }

  it('may come in several fields (RFC 9113 §8.2.3)', async () => {
    const headers: [string, string][] = [
      ['Cookie', 'a=1'],
      ['Cookie', 'session=1'],
      ['Origin', 'https://evil.test'],
    ]
    assert.equal(await judge(options, post(headers)), `${DENIED} origin`)
  })

  it('are all, if none is named', async () => assert.equal(await judge({}, post(evil)), `${DENIED} origin`))
})

const SECRET = 'thirty-two characters that nobody knows'
const TOKEN: Options = { token: { secret: SECRET, session: 'sid' } }

/** The token that a GET brings in this session. */
async function obtain(session: string, options: Options = TOKEN): Promise<string> {
  const { headers } = await guarded(options).with({ scheme: 'https', headers: { Cookie: `sid=${session}` } })
  return (
    /^__Host-csrf-token=([^;]+);/.exec(headers.get('set-cookie') ?? '')?.[1] ?? assert.fail('no token was given out')
  )
}

const withToken = (cookies: string, ...tokens: string[]): TestRequest =>
  post([['Origin', OWN], ['Cookie', cookies], ...tokens.map((token): [string, string] => ['X-CSRF-Token', token])])

const REFUSED = '403 csrf-token-invalid'

describe('the token', () => {
  it('is given out once to who has a session, in a cookie that only pages of this host read', async () => {
    const request = { scheme: 'https', headers: { Cookie: 'sid=1' } } as const
    const { headers } = await guarded(TOKEN).with(request)
    assert.match(
      headers.get('set-cookie') ?? '',
      /^__Host-csrf-token=[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}; Path=\/; SameSite=Strict; Secure$/,
    )
    const token = await obtain('1')
    const again = await guarded(TOKEN).with({ ...request, headers: { Cookie: `sid=1; __Host-csrf-token=${token}` } })
    assert.equal(again.headers.has('set-cookie'), false)
  })

  it('is another one each time, and anew for another session or secret', async () => {
    const token = await obtain('1')
    assert.notEqual(token, await obtain('1'))
    for (const [options, session] of [
      [TOKEN, '2'],
      [{ token: { secret: `${SECRET}!`, session: 'sid' } }, '1'],
    ] as [Options, string][]) {
      const headers = { Cookie: `sid=${session}; __Host-csrf-token=${token}` }
      const { headers: fields } = await guarded(options).with({ scheme: 'https', headers })
      assert.ok(fields.has('set-cookie'))
    }
  })

  it('is added to what the upstream sets, on answers that come later too', async () => {
    const subject = run(csrf, TOKEN, {
      async upstream() {
        const response = GatewayResponse.ofText(200, '')
        response.headers.append('Set-Cookie', 'a=1')
        return response
      },
    })
    const { headers } = await subject.with({ headers: { Cookie: 'sid=1' } })
    assert.equal(headers.getAll('set-cookie').length, 2)
    assert.equal(headers.getAll('set-cookie')[0], 'a=1')
  })

  it('is not given out where there is no session, or two, or with what changes something', async () => {
    for (const request of [
      {},
      { headers: { Cookie: 'a=1' } },
      { headers: { Cookie: 'sid=1; sid=2' } },
      withToken('sid=1'),
    ] as TestRequest[]) {
      assert.equal((await guarded(TOKEN).with({ scheme: 'https', ...request })).headers.has('set-cookie'), false)
    }
  })

  it('is Secure over https, and where its name demands it', async () => {
    const setCookie = async (scheme: 'http' | 'https', cookie: string) =>
      (
        await guarded({ token: { secret: SECRET, session: 'sid', cookie } }).with({
          scheme,
          headers: { Cookie: 'sid=1' },
        })
      ).headers.get('set-cookie') ?? ''
    assert.match(await setCookie('https', 'token'), /; Secure$/)
    assert.match(await setCookie('http', '__Secure-token'), /; Secure$/)
    assert.doesNotMatch(await setCookie('http', 'token'), /Secure/)
  })

  it('lets a request pass that sends it back', async () => {
    const token = await obtain('1')
    assert.equal(await judge(TOKEN, withToken(`sid=1; __Host-csrf-token=${token}`, token)), 'passes')
  })

  it('is not enough where the origin is another', async () => {
    const token = await obtain('1')
    const headers = { Origin: 'https://evil.test', Cookie: `sid=1; __Host-csrf-token=${token}`, 'X-CSRF-Token': token }
    assert.equal(await judge(TOKEN, post(headers)), `${DENIED} origin`)
  })

  it('is asked for in a session only, and not of WebSockets', async () => {
    assert.equal(await judge(TOKEN, post({ Origin: OWN })), 'passes')
    const headers = { Origin: OWN, Cookie: 'sid=1', Upgrade: 'websocket' }
    assert.equal(await judge(TOKEN, { headers }), 'passes')
  })

  it('is asked for where a GET hides another method', async () => {
    const headers = { Origin: OWN, Cookie: 'sid=1' }
    assert.equal(await judge(TOKEN, { headers, target: '/?_method=DELETE' }), `${REFUSED} no-token`)
  })

  it('stands in the fields that the options name', async () => {
    const options: Options = { token: { secret: SECRET, session: 'sid', cookie: 'c', header: 'X-T' } }
    const { headers } = await guarded(options).with({ headers: { Cookie: 'sid=1' } })
    const token = /^c=([^;]+)/.exec(headers.get('set-cookie') ?? '')?.[1] ?? ''
    assert.equal(await judge(options, post({ Origin: OWN, Cookie: `sid=1; c=${token}`, 'x-t': token })), 'passes')
  })

  it('answers without a promise', () => {
    const subject = guarded(TOKEN)
    for (const request of [{ headers: { Cookie: 'sid=1' } }, {}, post({ Origin: 'http://api.example.com' })]) {
      assert.ok(subject.start(subject.open(request)).isSync)
    }
  })
})

describe('a token that is not good', async () => {
  const token = await obtain('1')
  const other = await obtain('1')
  const ofAnother = await obtain('2')
  const foreign = await obtain('1', { token: { secret: `${SECRET}!`, session: 'sid' } })
  const cookieOf = (value: string, session = 'sid=1'): string => `${session}; __Host-csrf-token=${value}`
  const [nonce = '', signature = ''] = token.split('.')
  for (const [says, request, reason] of [
    ['is not sent back', withToken(cookieOf(token)), 'no-token'],
    ['has no cookie', withToken('sid=1', token), 'no-cookie'],
    ['is another than the cookie', withToken(cookieOf(token), other), 'another-token'],
    ['is of another session', withToken(cookieOf(ofAnother), ofAnother), 'token'],
    ['is signed with another secret', withToken(cookieOf(foreign), foreign), 'token'],
    [
      'was tossed: two cookies of the name',
      withToken(`${cookieOf(other)}; __Host-csrf-token=${token}`, token),
      'two-tokens',
    ],
    ['is sent back twice', withToken(cookieOf(token), token, other), 'two-tokens'],
    ['comes with two sessions', withToken(cookieOf(token, 'sid=2; sid=1'), token), 'two-sessions'],
    ['is made up', withToken(cookieOf('a'), 'a'), 'token'],
    ['is empty', withToken(cookieOf(''), ''), 'token'],
    [
      'has another random part',
      withToken(
        cookieOf(`A${nonce.slice(1)}.${signature}`.replace(token, 'x')),
        `A${nonce.slice(1)}.${signature}`.replace(token, 'x'),
      ),
      'token',
    ],
    ['has no signature', withToken(cookieOf(`${nonce}.`), `${nonce}.`), 'token'],
    ['is cut off', withToken(cookieOf(token.slice(0, -1)), token.slice(0, -1)), 'token'],
    ['is longer', withToken(cookieOf(`${token}A`), `${token}A`), 'token'],
    ['is very long', withToken(cookieOf('A'.repeat(50_000)), 'A'.repeat(50_000)), 'token'],
    ['is in other letters', withToken(cookieOf(token.toUpperCase()), token.toUpperCase()), 'token'],
  ] as [string, TestRequest, string][]) {
    it(`${says}: ${reason}`, async () => assert.equal(await judge(TOKEN, request), `${REFUSED} ${reason}`))
  }

  it('is never said in a problem, and neither is the secret', async () => {
    const { problem } = await guarded(TOKEN).with({ scheme: 'https', ...withToken(cookieOf(token), other) })
    for (const secret of [token, other, SECRET]) assert.ok(!JSON.stringify(problem).includes(secret))
    assert.ok(!JSON.stringify(csrf.options.parse(TOKEN)).includes(SECRET))
  })
})

describe('the options of csrf', () => {
  it('refuse a secret that can be guessed, and cookies without that of the session', () => {
    for (const options of [
      { token: { secret: 'short', session: 'sid' } },
      { token: { secret: SECRET } },
      { token: { secret: SECRET, session: 'a b' } },
      { token: { secret: SECRET, session: 'sid' }, cookies: ['other'] },
      { cookies: [] },
    ]) {
      assert.equal(csrf.options.safeParse(options).success, false, JSON.stringify(options))
    }
    assert.ok(csrf.options.safeParse({ ...TOKEN, cookies: ['sid', 'other'] }).success)
  })
})
